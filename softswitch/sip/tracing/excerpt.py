"""What the log holds of a call, fit to be shown or stored: masked, with times of day, and not too much."""

from collections.abc import Sequence

import msgspec

from softswitch.base.traced_message import TracedMessage
from softswitch.sip.tracing.limits import CALL_BYTES_MAX, FIRST_MESSAGES_KEPT, LAST_MESSAGES_KEPT
from softswitch.sip.tracing.masking import masked
from softswitch.sip.tracing.message_log import LoggedMessage


class Excerpt(msgspec.Struct, frozen=True):
    """Messages in the order of time; `left_out` of them are missing in the middle."""

    messages: tuple[TracedMessage, ...]
    left_out: int = 0


def make_excerpt(messages: Sequence[LoggedMessage], wall_offset: float) -> Excerpt:
    """The beginning and the end matter most. `wall_offset` is what makes a monotonic time one of day."""
    first, last = list(messages), list[LoggedMessage]()
    if len(messages) > FIRST_MESSAGES_KEPT + LAST_MESSAGES_KEPT:
        first, last = list(messages[:FIRST_MESSAGES_KEPT]), list(messages[-LAST_MESSAGES_KEPT:])
    size_bytes = sum(len(each.message) for each in (*first, *last))
    while size_bytes > CALL_BYTES_MAX and first:
        size_bytes -= len(first.pop().message)
    while size_bytes > CALL_BYTES_MAX:
        size_bytes -= len(last.pop(0).message)
    kept = tuple(trace(each, wall_offset) for each in (*first, *last))
    return Excerpt(kept, len(messages) - len(kept))


def trace(logged: LoggedMessage, wall_offset: float) -> TracedMessage:
    """One message as others may see it."""
    return TracedMessage(logged.at + wall_offset, logged.is_sent, logged.flow, masked(logged.message))
