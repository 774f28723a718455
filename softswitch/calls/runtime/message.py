"""Recording what a caller has to say: a message, a name, an answer to an open question."""

from softswitch.calls.kept.kept_verbs import KeptMessage
from softswitch.calls.outcomes import HUNG_UP, CallEnded, RecordedMessage
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.media.protocol import Recording, RecordingFinished

CLOSING_S = 5.0
"""How long the worker may take to close the file before the verb returns without its size."""


class Message:
    """One message, from when it is made: recorded until a digit, for `limit_s` seconds, or until the caller hangs up.

    With `path` it is a voice message or a greeting, and in no index of recordings. `kept` is of one that was being
    recorded in the switch before: it goes on in the same file.
    """

    def __init__(self, call: ActiveCall, *, limit_s: float, path: str = "", kept: KeptMessage | None = None) -> None:
        self._call = call
        going_on = None if kept is None else call.recordings.going_on(kept.recording_id)
        self._is_new = kept is None or going_on is None
        self._recording = going_on or call.recordings.begin(None, has_beep=False, path=path)
        self._ends_at = call.around.clock.now() + limit_s if kept is None else kept.ends_at

    def keep(self) -> KeptMessage:
        return KeptMessage(recording_id=self._recording.recording_id, ends_at=self._ends_at)

    async def run(self, end_digits: str) -> RecordedMessage:
        """Until its end."""
        call, recording, clock = self._call, self._recording, self._call.around.clock
        try:
            if self._is_new:
                call.digits_typed.clear()
            ended_by = await self._until_digit(end_digits)
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

    async def _until_digit(self, end_digits: str) -> str:
        """Digits that end nothing were typed into the message and mean nothing afterwards."""
        call = self._call
        while (left := self._ends_at - call.around.clock.now()) > 0:
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
