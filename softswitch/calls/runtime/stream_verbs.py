"""Programs that hear the caller, and talk to him."""

from collections.abc import Mapping

from softswitch.base.log import get_logger
from softswitch.calls.outcomes import StreamOutcome
from softswitch.calls.runtime.call_streams import StreamsFull
from softswitch.calls.runtime.streaming import talk_with_program
from softswitch.calls.runtime.verb_steps import VerbSteps
from softswitch.media.feeds.orders import Side

log = get_logger("calls")


class StreamVerbs(VerbSteps):
    """The part of `CallerVerbs` about programs. Each raises `LocalError` for a program that there is not."""

    async def stream(
        self,
        program: str,
        *,
        rate_hz: int | None,
        record: bool | None,
        timeout_s: float | None,
        values: Mapping[str, str],
    ) -> StreamOutcome:
        """Let a program talk to the caller, until it is done or the time is over."""
        self._call.unreached = None
        await self._answer_for("stream")
        await self._tell_of_recording(self._call.recordings.policy_for(record))
        self._call.mailbox.clear()
        return await talk_with_program(
            self._call, program, rate_hz=rate_hz, record=record, timeout_s=timeout_s, values=dict(values)
        )

    async def start_stream(self, program: str, *, side: Side, rate_hz: int | None, values: Mapping[str, str]) -> bool:
        """Let a program hear the call from now on; False when there are too many streams."""
        await self._answer_for("start_stream")
        try:
            self._call.streams.start(program, side=side, rate_hz=rate_hz, values=dict(values), talks=False)
        except StreamsFull as error:
            log.warning("stream not begun", call_id=self._call.call_id, program=program, reason=str(error))
            return False
        return True

    async def stop_stream(self, program: str) -> None:
        """End what `start_stream` began."""
        await self._step("stop_stream")
        self._call.streams.stop_listening(program)
