"""A program talks to the caller: the verb `stream`, from the dialling of the program to what it says at the end.

The caller hears what the program says, and nothing else; the program hears the caller, and learns which keys he
presses. A program that is slow or silent leaves him in silence; one that is lost, or never came, ends the verb, and the
flow goes on and decides. Nothing a program says does anything to the call but what the flow makes of its result.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from softswitch.calls.outcomes import StreamOutcome, StreamReason
from softswitch.media.feeds.orders import EndReason, ProgramLeft

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

_REASONS: dict[EndReason, StreamReason] = {
    "stopped": StreamReason.STOPPED,
    "closed": StreamReason.CLOSED,
    "lost": StreamReason.LOST,
    "refused": StreamReason.REFUSED,
}


def _read(result: str) -> Any:
    """What it means; None for nothing, and for what is nested so deeply that nobody can want it."""
    try:
        return msgspec.json.decode(result) if result else None
    except (msgspec.MsgspecError, RecursionError):
        return None


async def talk_with_program(
    call: "ActiveCall",
    target: str,
    *,
    rate_hz: int | None,
    record: bool | None,
    timeout_s: float | None,
    values: dict[str, Any],
) -> StreamOutcome:
    """Until the program is done with the caller, or the time is over. The caller is answered.

    Raises `LocalError` for a program that there is not, and `CallEnded` when the caller is gone.
    """
    stream = call.streams.start(target, side="caller", rate_hz=rate_hz, values=values, talks=True)
    voice = stream.voice
    assert voice is not None, "a stream that talks has a voice"
    began_at = call.around.clock.now()
    deadline = None if timeout_s is None else began_at + timeout_s
    call.caller_stream.hear(voice)
    call.recordings.conversation_began(voice.stream_id, call.recordings.policy_for(record))
    try:
        while True:
            left = None if deadline is None else deadline - call.around.clock.now()
            if left is not None and left <= 0:
                return StreamOutcome(reason=StreamReason.TIMED_OUT, program=target)
            event = await call.mailbox.next(left)
            if isinstance(event, ProgramLeft) and event.feed_id == stream.feed.feed_id:
                return StreamOutcome(
                    reason=_REASONS[event.reason],
                    program=target,
                    result=_read(event.result),
                    fault=event.fault,
                )
    finally:
        call.streams.stop(stream.facts.stream_id, "the flow goes on")
        call.recordings.conversation_ended(began_at)
        if call.caller.stream is not None:
            call.caller.stream.hear()
        call.digits_typed.clear()
        call.changed()  # else the next switch would have the program talk to him once more
