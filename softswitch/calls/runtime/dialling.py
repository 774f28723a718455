"""`dial`: one caller, one extension or outside number, ringing and then talking.

No call leaves for a trunk unless the caller is a registered phone that the trunk's configuration permits: that is
decided here, once, for every flow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.reaching import ring_extension, ring_trunk
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


class Dialling:
    """One attempt to reach `target`, and the conversation if it succeeds."""

    def __init__(self, call: ActiveCall, target: str, *, is_recorded: bool) -> None:
        self._call = call
        self._around = call.around
        self._target = target
        self._is_recorded = is_recorded
        self._alerting = Alerting(call)
        self._conversation: Conversation | None = None
        self._ring_s = 0.0

    async def run(self, ring_s: float | None) -> DialOutcome:
        settings = self._around.settings()
        try:
            refusal = await self._start()
            if refusal is not None:
                return self._outcome(refusal)
            await self._ringback()
            deadline = self._around.clock.now() + (settings.ring_s if ring_s is None else ring_s)
            while True:
                left = None if self._conversation else max(0.0, deadline - self._around.clock.now())
                event = await self._call.mailbox.next(left)
                outcome = await self._take(event) if event is not None else self._outcome(DialReason.NO_ANSWER)
                if outcome is not None:
                    return outcome
        finally:
            self._leave()

    async def _start(self) -> DialReason | None:
        """Ring; returns why that is not possible."""
        settings = self._around.settings()
        extension = settings.extension_for(self._target)
        try:
            if extension is not None:
                await ring_extension(self._alerting, extension, self._call)
            else:
                trunk = settings.trunk_for(self._target)
                caller = self._call.caller.extension
                if trunk is None:
                    return DialReason.UNREACHABLE
                if caller is None or trunk.name not in caller.trunks:
                    return DialReason.FORBIDDEN
                await ring_trunk(self._alerting, trunk, self._target, self._call)
        except MediaUnavailable:
            return DialReason.UNREACHABLE
        return self._alerting.verdict

    async def _ringback(self) -> None:
        """180 to a caller who is not connected yet; the country's ringing tone to one who is."""
        if self._call.caller.is_answered:
            tone = self._around.sounds.tone("ringback")
            self._call.caller_stream.play([tone], loop=True, started_at=self._around.clock.now())
        else:
            await self._call.ring()

    async def _take(self, event: CallEvent) -> DialOutcome | None:
        match event:
            case LegProgress() | LegAnswered() | LegFailed():
                self._alerting.receive(event)
                if self._alerting.answered is not None and self._conversation is None:
                    await self._connect()
                elif self._alerting.verdict is not None:
                    return self._outcome(self._alerting.verdict)
            case LegEnded() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                talk_s, recording = self._end_conversation()
                return DialOutcome(
                    reason=DialReason.ANSWERED,
                    target=self._target,
                    ring_s=self._ring_s,
                    talk_s=talk_s,
                    sip_status=200,
                    recording=recording,
                )
            case _:
                pass
        return None

    async def _connect(self) -> None:
        assert self._alerting.answered is not None, "only called after an answer"
        self._ring_s = self._around.clock.now() - self._alerting.ringing_since
        self._call.record.ring_s += self._ring_s
        await self._call.answer()
        self._conversation = self._call.converse(self._alerting.answered, "default", self._is_recorded)

    def _outcome(self, reason: DialReason) -> DialOutcome:
        self._ring_s = self._around.clock.now() - self._alerting.ringing_since
        return DialOutcome(reason=reason, target=self._target, ring_s=self._ring_s, sip_status=self._alerting.status)

    def _end_conversation(self) -> tuple[float, str | None]:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        talk_s = self._call.part_conversation(conversation)
        self._call.set_state(CallState.ANSWERED)
        return talk_s, None if conversation.recording is None else conversation.recording.path

    def _leave(self) -> None:
        if self._conversation is not None:
            self._end_conversation()
        self._alerting.cancel()
        if self._alerting.answered is not None:
            self._call.part(self._alerting.answered)
        if self._call.caller.stream is not None and self._call.caller.is_answered:
            self._call.caller.stream.stop_play()
