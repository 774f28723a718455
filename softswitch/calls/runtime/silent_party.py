"""A party of whom nothing comes any more, neither sound nor RTCP: his phone, or the way to it, is dead."""

from typing import TYPE_CHECKING

from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.record import EndReason
from softswitch.media.protocol import StreamTimedOut

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

MEDIA_TIMEOUT = 'Q.850;cause=102;text="Media timeout"'
"""RFC 3326: why we hung up; 102 is recovery on the expiry of a timer."""

log = get_logger("calls")


def part_from_silent(call: "ActiveCall", event: StreamTimedOut) -> None:
    """Hang him up; the call is over if it is the caller, and its record says why."""
    party = next((each for each in call.parties if each.stream and each.stream.stream_id == event.stream_id), None)
    if party is None or not party.is_answered or call.mailbox.is_closed:
        return
    if party is call.caller and call.state is CallState.SUPERVISING:
        return  # who listens need not say anything, and some phones then send nothing at all
    call.record.fault = call.record.fault or f"nothing came from {party.leg.party} for {event.silent_s:.0f} s"
    log.warning("media timeout", call_id=call.call_id, leg=party.leg.party, silent_s=round(event.silent_s))
    if party is call.caller:
        call.record.ended("switch", EndReason.SILENT)
        call.take_leave(408)
    else:
        call.record.is_far_silent = call.conversation is not None and party is call.conversation.far
        call.around.sip.hang_up(party.leg.leg_id, reason=MEDIA_TIMEOUT)
