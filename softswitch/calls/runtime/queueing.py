"""One caller's stay in the ACD: music, announcements, the agent's phone, the conversation.

The router decides, this executes. What the caller hears never decides anything: an agent who becomes free cuts the
announcement, not the other way round.

```
  ContactQueued ──► WAITING ──AgentReserved──► ALERTING ──200──► ReservationAccepted ──ContactConnected──► TALKING
                       ▲                          │ busy, declined, unreachable: ReservationFailed              │
                       └───── ReservationEnded ◄──┘ ring time over: the router ends it                          │
  caller gone: ContactAbandoned (or ContactFinished while talking)          agent or caller gone: ContactFinished
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.acd.inputs import (
    ContactAbandoned,
    ContactFinished,
    ContactQueued,
    FailureCause,
    ReservationAccepted,
    ReservationFailed,
)
from softswitch.acd.model import ToFlow
from softswitch.acd.outputs import (
    AgentReserved,
    AnnouncementCut,
    AnnouncementDue,
    ContactConnected,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ReservationEnded,
)
from softswitch.base.ids import ContactId, QueueId, ReservationId
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent
from softswitch.calls.outcomes import DialReason, QueueOutcome, QueueReason
from softswitch.calls.runtime.alerting import Alerting
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import ring_extension
from softswitch.calls.settings import QueueTreatment
from softswitch.media.errors import MediaUnavailable
from softswitch.media.protocol import PlayFinished
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

# What the router is told of an agent whose phone did not take the call.
_CAUSES: dict[DialReason, FailureCause] = {
    DialReason.BUSY: "declined",
    DialReason.DECLINED: "declined",
    DialReason.NO_ANSWER: "no_answer",
    DialReason.UNREACHABLE: "unreachable",
}


class QueueVisit:
    """From joining the queue to the end of the conversation, or to any other way out of the queue."""

    def __init__(self, call: ActiveCall, queue_id: str, *, is_recorded: bool | None) -> None:
        self._call = call
        self._around = call.around
        self._queue = queue_id
        self._treatment = call.around.settings().queues.get(queue_id, QueueTreatment())
        self._is_recorded = self._treatment.is_recorded if is_recorded is None else is_recorded
        self._contact = ContactId(call.call_id)
        self._queued_at = call.around.clock.now()
        self._announcement: int | None = None
        self._reservation: AgentReserved | None = None
        self._alerting: Alerting | None = None
        self._agent: Party | None = None
        self._conversation: Conversation | None = None
        self._wait_s = 0.0

    async def run(self, *, boost_s: float, skills: dict[str, int]) -> QueueOutcome:
        self._call.record.queue = self._queue
        self._call.set_state(CallState.WAITING)
        self._play_music()
        self._around.acd.apply(ContactQueued(self._contact, QueueId(self._queue), boost_s=boost_s, skills=skills))
        try:
            while True:
                event = await self._call.mailbox.next()
                outcome = None if event is None else await self._take(event)
                if outcome is not None:
                    return outcome
        finally:
            self._leave()
            self._call.set_state(CallState.ANSWERED)

    async def _take(self, event: CallEvent) -> QueueOutcome | None:
        match event:
            case AnnouncementDue():
                self._announce(event)
            case AnnouncementCut():
                self._end_announcement()
            case PlayFinished() if event.play_id == self._announcement:
                self._end_announcement()
            case AgentReserved():
                await self._alert(event)
            case LegProgress() | LegAnswered() | LegFailed():
                self._agent_leg(event)
            case ReservationEnded():
                self._reservation_ended(event)
            case ContactConnected():
                self._connect(event)
            case ContactMoved():
                self._queue = event.queue_id
                self._call.record.queue = event.queue_id
                self._treatment = self._around.settings().queues.get(event.queue_id, QueueTreatment())
                self._play_music()
            case LegEnded() if self._agent is not None and event.leg_id == self._agent.leg.leg_id:
                return self._agent_left()
            case ContactOverflowed():
                return self._overflowed(event)
            case ContactRefused():
                self._wait_s = 0.0
                reason = QueueReason.FULL if event.reason == "full" else QueueReason.CLOSED
                return QueueOutcome(reason=reason, queue=self._queue)
            case _:
                pass
        return None

    # Waiting

    def _play_music(self) -> None:
        self._announcement = None
        music = self._around.sounds.music(self._treatment.music)
        self._call.caller_stream.play([music], loop=True, started_at=0.0)

    def _announce(self, event: AnnouncementDue) -> None:
        language = self._call.language
        sounds: list[str] = []
        if event.position is not None:
            sounds += self._around.sounds.announce_position(event.position, language)
        if event.estimated_wait_s is not None:
            minutes = round(event.estimated_wait_s / 60)
            sounds += self._around.sounds.announce_wait(minutes, language)
        if sounds and self._reservation is None:
            self._announcement = self._call.caller_stream.play(sounds)

    def _end_announcement(self) -> None:
        if self._announcement is not None:
            self._play_music()

    # The agent's phone

    async def _alert(self, event: AgentReserved) -> None:
        self._reservation = event
        extension = self._around.settings().extension_of_agent(event.agent_id)
        self._alerting = Alerting(self._call)
        try:
            if extension is not None:
                await ring_extension(self._alerting, extension, self._call)
        except MediaUnavailable:
            self._stop_alerting()
        self._judge_alerting()

    def _agent_leg(self, event: LegProgress | LegAnswered | LegFailed) -> None:
        if self._alerting is None or self._reservation is None:
            return
        self._alerting.receive(event)
        if self._alerting.answered is not None and self._agent is None:
            self._agent = self._alerting.answered
            self._around.acd.apply(ReservationAccepted(self._reservation.reservation_id))
        else:
            self._judge_alerting()

    def _judge_alerting(self) -> None:
        """Tell the router when no phone of the agent's can answer any more."""
        if self._alerting is None or self._reservation is None:
            return
        verdict = self._alerting.verdict
        if verdict is not None:
            reservation_id = self._forget_reservation()
            self._around.acd.apply(ReservationFailed(reservation_id, _CAUSES.get(verdict, "unreachable")))

    def _reservation_ended(self, event: ReservationEnded) -> None:
        if self._reservation is None or event.reservation_id != self._reservation.reservation_id:
            return
        self._stop_alerting()
        self._forget_reservation()

    def _forget_reservation(self) -> ReservationId:
        assert self._reservation is not None, "only called while an agent is reserved"
        reservation_id = self._reservation.reservation_id
        self._reservation = None
        self._alerting = None
        return reservation_id

    def _stop_alerting(self) -> None:
        if self._alerting is not None:
            self._alerting.cancel()
        if self._agent is not None and self._conversation is None:
            self._call.part(self._agent)
            self._agent = None

    # The conversation

    def _connect(self, event: ContactConnected) -> None:
        if self._agent is None or self._reservation is None:
            return
        self._wait_s = event.wait_s
        record = self._call.record
        record.agent = event.agent_id
        record.queue_wait_s += event.wait_s
        if self._alerting is not None:
            record.ring_s += self._around.clock.now() - self._alerting.ringing_since
        self._announcement = None
        self._conversation = self._call.converse(self._agent, self._treatment.music, self._is_recorded)

    def _agent_left(self) -> QueueOutcome:
        talk_s, recording = self._end_conversation()
        agent = self._call.record.agent
        return QueueOutcome(
            reason=QueueReason.ANSWERED,
            queue=self._queue,
            agent=agent,
            wait_s=self._wait_s,
            talk_s=talk_s,
            recording=recording,
        )

    def _end_conversation(self) -> tuple[float, str | None]:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        talk_s = self._call.part_conversation(conversation)
        self._agent = None
        self._around.acd.apply(ContactFinished(self._contact))
        self._contact = ContactId("")
        return talk_s, None if conversation.recording is None else conversation.recording.path

    # Leaving

    def _overflowed(self, event: ContactOverflowed) -> QueueOutcome:
        self._contact = ContactId("")
        self._call.record.queue_wait_s += event.wait_s
        flow = event.target.flow if isinstance(event.target, ToFlow) else None
        reason = QueueReason.TIMED_OUT if flow is None else QueueReason.OVERFLOWED
        return QueueOutcome(reason=reason, queue=self._queue, wait_s=event.wait_s, flow=flow)

    def _leave(self) -> None:
        """Whatever the reason: nothing rings, nobody waits, the router knows."""
        if self._conversation is not None:
            self._end_conversation()
        elif self._contact:
            self._call.record.queue_wait_s += self._around.clock.now() - self._queued_at
            self._around.acd.apply(ContactAbandoned(self._contact))
        self._stop_alerting()
        if self._call.caller.stream is not None:
            self._call.caller.stream.stop_play()
