"""`dial`: one caller, one extension or outside number, ringing and then talking.

No call leaves for a trunk unless the caller is a registered phone that the trunk's configuration permits: that is
decided here, once, for every flow.

An agent who is called so is busy for the ACD from the moment his phone rings until the call is over.
"""

from softswitch.acd.model import BusyKind
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import ring_extension, ring_trunk
from softswitch.calls.settings import Extension, RecordingPolicy
from softswitch.media.errors import MediaUnavailable
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress


class Dialling:
    """One attempt to reach `target`, and the conversation if it succeeds."""

    def __init__(self, call: ActiveCall, target: str, *, record: bool | None) -> None:
        self._call = call
        self._around = call.around
        self._target = target
        self._is_record_wished = record
        self._alerting = Alerting(call)
        self._called: Extension | None = None
        """Whose phones ring, if he is one of ours."""
        self._conversation: Conversation | None = None
        self._ring_s = 0.0

    async def run(self, ring_s: float | None) -> DialOutcome:
        self._call.record.began_to_wait()
        self._call.set_state(CallState.ALERTING)
        try:
            refusal = await self._start()
            if refusal is not None:
                return self._outcome(refusal)
            await self._call.ring()
            longest_s = self._around.settings().ring_s if ring_s is None else ring_s
            deadline = self._around.clock.now() + longest_s
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
        caller = self._call.caller.extension
        extension = settings.extension_for(self._target)
        if extension is not None and caller is not None and extension.username == caller.username:
            return DialReason.BUSY
        trunk = settings.trunk_for(self._target) if extension is None else None
        if trunk is not None and (caller is None or trunk.name not in caller.trunks):
            return DialReason.FORBIDDEN
        if extension is None and trunk is None:
            return DialReason.UNREACHABLE
        try:
            await self._call.open_audio()
            if extension is not None:
                self._called = extension
                self._around.lines.taken(extension.agent_id, BusyKind.DIRECT_IN)
                await ring_extension(self._alerting, extension, self._call)
            elif trunk is not None:
                await ring_trunk(self._alerting, trunk, self._target, self._call)
        except MediaUnavailable:
            return DialReason.UNREACHABLE
        return self._alerting.verdict

    async def _take(self, event: CallEvent) -> DialOutcome | None:
        match event:
            case LegProgress() | LegAnswered() | LegFailed():
                self._alerting.receive(event)
                if self._alerting.answered is not None and self._conversation is None:
                    await self._connect(self._alerting.answered)
                elif self._alerting.verdict is not None:
                    return self._outcome(self._alerting.verdict)
            case LegEnded() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                return self._far_left()
            case _:
                pass
        return None

    async def _connect(self, answered: Party) -> None:
        self._ring_s = self._alerting.ring_s
        self._alerting.end()
        await self._call.answer()
        policy = self._call.recordings.policy_for(self._is_record_wished, RecordingPolicy.ON_DEMAND)
        self._conversation = self._call.converse(answered, "default", policy)

    def _outcome(self, reason: DialReason) -> DialOutcome:
        return DialOutcome(
            reason=reason, target=self._target, ring_s=self._alerting.ring_s, sip_status=self._alerting.status
        )

    def _far_left(self) -> DialOutcome:
        conversation = self._end_conversation()
        return DialOutcome(
            reason=DialReason.ANSWERED,
            target=self._target,
            ring_s=self._ring_s,
            talk_s=conversation.talk_s,
            sip_status=200,
            recording=conversation.recording_path,
        )

    def _end_conversation(self) -> Conversation:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        self._call.part_conversation(conversation)
        return conversation

    def _leave(self) -> None:
        """Whatever the reason: nothing rings, nobody talks."""
        if self._conversation is not None:
            self._end_conversation()
        self._alerting.end()
        if self._alerting.answered is not None:
            self._call.part(self._alerting.answered)
        if self._called is not None:
            self._around.lines.released(self._called.agent_id)
        if self._call.caller.stream is not None and self._call.is_answered:
            self._call.caller.stream.stop_play()
        self._call.end_wait()
