"""Recording what a caller has to say: a message, a name, an answer to an open question."""

from softswitch.calls.outcomes import HUNG_UP, CallEnded, RecordedMessage
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.media.protocol import Recording, RecordingFinished

CLOSING_S = 5.0
"""How long the worker may take to close the file before the verb returns without its size."""


async def record_message(call: ActiveCall, *, limit_s: float, end_digits: str, path: str = "") -> RecordedMessage:
    """Record until a digit of `end_digits`, for `limit_s` seconds, or until the caller hangs up.

    With `path` it is a voice message or a greeting, and in no index of recordings.
    """
    clock = call.around.clock
    recording = call.recordings.begin(None, has_beep=False, path=path)
    try:
        ended_by = await _until_digit(call, clock.now() + limit_s, end_digits)
    except CallEnded:
        ended_by = HUNG_UP
    finally:
        call.recordings.end(recording)
    stopped_at = clock.now()
    finished = await _until_closed(call, recording)
    duration_s = stopped_at - recording.started_at if finished is None else finished.duration_s
    size_bytes = 0 if finished is None else finished.size_bytes
    return RecordedMessage(
        path=recording.path,
        duration_s=duration_s,
        size_bytes=size_bytes,
        ended_by=ended_by,
        fault="" if finished is None else finished.fault,
    )


async def _until_digit(call: ActiveCall, deadline: float, end_digits: str) -> str:
    """Digits that end nothing were typed into the message and mean nothing afterwards."""
    call.digits_typed.clear()
    while (left := deadline - call.around.clock.now()) > 0:
        await call.mailbox.next(left)
        if digit := call.digits_typed.take(end_digits):
            call.digits_typed.clear()
            return digit
    return ""


async def _until_closed(call: ActiveCall, recording: Recording) -> RecordingFinished | None:
    deadline = call.around.clock.now() + CLOSING_S
    while (left := deadline - call.around.clock.now()) > 0:
        match await call.mailbox.next_after_end(left):
            case RecordingFinished() as event if event.recording_id == recording.recording_id:
                return event
            case _:
                pass
    return None
