"""One caller's stay in the ACD: music, announcements, the agent's phone, the conversation.

The router decides, this executes. What the caller hears never decides anything: an agent who becomes free cuts the
announcement, not the other way round.

```
  ContactQueued ──► WAITING ──AgentReserved──► ALERTING ──200──► ReservationAccepted ──ContactConnected──► TALKING
                       ▲                          │ busy, declined, unreachable: ReservationFailed              │
                       └───── ReservationEnded ◄──┘ ring time over: the router ends it                          │
  caller gone: ContactAbandoned (or ContactFinished while talking)          agent or caller gone: ContactFinished
```

Where the queue has words for its agents (agent_greeting.py) they come between the 200, which is ReservationAnswered
then, and ReservationAccepted. An agent who hangs up during them has not spoken to the caller: ReservationFailed.

While no media worker can give the agent's phone a stream he cannot be rung, which is no fault of his: ReservationFailed
("no_media") leaves the contact in its place, and the agent free for callers on other workers.

After a restart of the switch a stay goes on (`kept`): who talks talks, who waits keeps his place and hears what he
heard, and an agent whose phone rang, or who was being told about the caller, is reserved anew. If the router has
forgotten who waits (ContactForgotten) he is queued again, as old as he is.

What becomes of the caller is the router's to say. Should its word be lost (a fault of ours, a watchdog that was wrong),
he would hear music for ever: so who was told nothing for `LOOK_S` looks whether the router still thinks as he does, and
if not his flow goes on with WITHDRAWN.
"""

from softswitch.acd.inputs import (
    ContactAbandoned,
    ContactConfirmed,
    ContactConsulted,
    ContactExited,
    ContactFinished,
    ContactHeld,
    ContactResumed,
    ContactTransferred,
    ContactWithdrawn,
)
from softswitch.acd.model import ContactState, HangUp, ToFlow, ToQueue
from softswitch.acd.outputs import (
    AgentReserved,
    AnnouncementCut,
    AnnouncementDue,
    ContactConnected,
    ContactForgotten,
    ContactInQuestion,
    ContactLost,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ContactTakenOut,
    ReservationEnded,
)
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent, FarDone, FarReplaced
from softswitch.calls.kept.kept_verbs import KeptVisit
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import QueueOutcome, QueueReason
from softswitch.calls.queue_stays import Outcome
from softswitch.calls.queue_wishes import QueueStay, QueueWishes
from softswitch.calls.record import EndedBy, EndReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_greeting import AgentGreeting, words_for
from softswitch.calls.runtime.agent_phones import AgentPhones
from softswitch.calls.runtime.belonging import belong_to, policy_in_queue
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.conversing import converse, part_conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.queue_newcomer import newcomer
from softswitch.calls.runtime.queue_notes import departure_of, note_talk, note_wait
from softswitch.calls.runtime.queue_sounds import QueueSounds
from softswitch.calls.runtime.taking_over import name_of
from softswitch.calls.settings import QueueTreatment
from softswitch.media.errors import MediaUnavailable
from softswitch.media.protocol import DtmfReceived, PlayFinished
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress

log = get_logger("calls")

LOOK_S = 60.0
"""As often as the router asks after him (`watchdog`)."""

RING_ATTEMPTS_MAX = 5
"""Each waits two seconds for a media worker; one that is away for longer is not coming back by itself."""

# What the flow is told of a caller who waits no longer.
_REASONS = {
    "max_wait": QueueReason.TIMED_OUT,
    "full": QueueReason.FULL,
    "empty": QueueReason.CLOSED,
    "closed": QueueReason.CLOSED,
    "predicted_wait": QueueReason.FULL,
}


class QueueVisit:
    """From joining the queue to the end of the conversation, or to any other way out of the queue.

    Raises `LocalError` for a queue that does not exist and for wishes the router does not take, `MediaUnavailable`
    when there is no worker for long.
    """

    def __init__(
        self,
        call: ActiveCall,
        queue_id: str,
        wishes: QueueWishes,
        *,
        queued_at: float | None = None,
        kept: KeptVisit | None = None,
        talk: Conversation | None = None,
    ) -> None:
        """`queued_at` (monotonic seconds) is since when he has waited, if that is not now; `kept` is of a stay in the
        switch before, `talk` what he was found in by this one."""
        self._call = call
        self._around = call.around
        self._queue = queue_id
        self._treatment = call.around.settings().queues.get(queue_id, QueueTreatment())
        self._wishes = wishes
        self._contact = ContactId(call.call_id)
        self._is_known = False
        """The router knows the contact."""
        self._queued_at = call.around.clock.now() if queued_at is None else queued_at
        self._phones = AgentPhones(call, self._greet)
        self._sounds = QueueSounds(call, self._phones)
        self._ring_attempts = 0
        self._agent: Party | None = None
        self._greeting: AgentGreeting | None = None
        self._is_amiss = False
        """The router thinks that he talks, and he does not."""
        self._conversation: Conversation | None = None
        self._wait_s = 0.0
        self._kept = kept
        self._talk = talk
        if kept is not None:
            self._queue, self._queued_at, self._wishes = kept.queue, kept.queued_at, kept.wishes
            self._treatment = call.around.settings().queues.get(self._queue, QueueTreatment())
            self._is_known, self._wait_s = kept.is_known, kept.wait_s

    def keep(self) -> KeptVisit:
        return KeptVisit(
            queue=self._queue,
            queued_at=self._queued_at,
            wishes=self._wishes,
            sounds=self._sounds.keep(),
            is_talking=self._conversation is not None,
            is_known=self._is_known,
            wait_s=self._wait_s,
        )

    async def run(self) -> QueueOutcome:
        record = self._call.record
        try:
            outcome = self._begin() if self._kept is None else self._go_on(self._kept)
            while outcome is None:
                event = await self._call.mailbox.next(self._patience_s())
                outcome = self._nothing_happened() if event is None else await self._take(event)
            record.is_unserved = not outcome.is_answered
            return outcome
        finally:
            self._leave()
            record.stays.rang(record.ring_s)
            self._call.end_wait()

    def _begin(self) -> None:
        record = self._call.record
        record.queue = self._queue
        waited_s = self._around.clock.now() - self._queued_at
        record.stays.entered(QueueId(self._queue), self._call.wall() - waited_s, record.ring_s)
        belong_to(self._call, self._treatment.project)
        self._call.queue_stay = QueueStay(queue_id=self._queue, queued_at=self._queued_at, wishes=self._wishes)
        self._call.record.began_to_wait()
        self._call.set_state(CallState.WAITING)
        self._call.digits_typed.clear()
        self._sounds.play_music(self._treatment.music)
        self._call.waits_in = self._sounds
        self._join_queue()

    def _go_on(self, kept: KeptVisit) -> QueueOutcome | None:
        """Where he was in the switch before."""
        conversation, record = self._call.conversation or self._talk, self._call.record
        if kept.is_talking and conversation is not None:
            self._talk_on(conversation)
            is_gone = conversation.far.leg.state is LegState.ENDED and not self._call.mailbox.is_closed
            return self._agent_left() if is_gone else None  # if the call is over, he may have been transferred
        if not kept.is_known:
            # The agent he was passed on to is gone, or he was just being told that nobody comes.
            reason = QueueReason.ANSWERED if kept.is_talking else QueueReason.CLOSED
            return QueueOutcome(reason=reason, queue=self._queue, agent=record.agent or None, wait_s=kept.wait_s)
        if kept.is_talking:  # whoever he talked to is gone: he has his place again
            record.stays.entered(QueueId(self._queue), self._call.wall(), record.ring_s)
        self._call.set_state(CallState.WAITING)
        self._sounds.go_on_from(kept.sounds)
        self._call.waits_in = self._sounds
        return None

    def _talk_on(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._attend(conversation)
        far, agent_id = conversation.far, AgentId(self._call.record.agent)
        if self._is_known:
            self._agent = far
            self._around.projects.serves(agent_id, self._call.record.project)
            if far.open_line:
                self._around.open_lines.taken(agent_id, far)

    async def _take(self, event: CallEvent) -> QueueOutcome | None:
        match event:
            case AnnouncementDue():
                if not self._phones.are_ringing:
                    self._sounds.announce(event)
            case AnnouncementCut():
                self._sounds.cut()
            case PlayFinished() if self._sounds.is_saying(event.play_id):
                self._sounds.go_on()
            case DtmfReceived():
                return self._pressed()
            case PlayFinished() if self._greeting is not None and self._greeting.ends_with(event.play_id):
                self._greeted()
            case LegEnded() if self._greeting is not None and self._phones.is_answered_leg(event.leg_id):
                self._end_greeting()
                self._phones.hung_up()
            case AgentReserved():
                await self._alert(event)
            case LegProgress() | LegAnswered() | LegFailed():
                self._phones.receive(event)
            case ReservationEnded():
                if event.reservation_id == self._phones.answered_by:
                    self._end_greeting()
                self._phones.ended(event)
            case ContactConnected():
                return self._connect(event)
            case ContactInQuestion():
                return self._confirm()
            case ContactLost():
                return self._lost(event)
            case FarReplaced():
                self._far_replaced(event)
            case ContactMoved():
                self._move(event.queue_id)
            case LegEnded() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                return self._agent_left()
            case FarDone() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                return self._agent_left()
            case ContactTakenOut():
                return self._taken_out(event)
            case ContactOverflowed():
                return await self._overflowed(event)
            case ContactRefused():
                return self._refused(event)
            case ContactForgotten():
                self._forgotten()
            case _:
                pass
        return None

    # Waiting

    def _join_queue(self) -> None:
        self._around.acd.apply(newcomer(self._call, self._queue, self._wishes, self._treatment, self._queued_at))
        self._is_known = True

    def _forgotten(self) -> None:
        """The router may have forgotten him; then he comes again, as old as he is."""
        if self._is_known and self._conversation is None and self._state() is None:
            self._join_queue()

    def _move(self, queue_id: QueueId) -> None:
        record = self._call.record
        self._queue = record.queue = queue_id
        record.stays.moved(queue_id, self._call.wall(), record.ring_s)
        self._treatment = self._around.settings().queues.get(queue_id, QueueTreatment())
        belong_to(self._call, self._treatment.project)
        self._sounds.play_music(self._treatment.music)
        self._call.changed()

    def _pressed(self) -> QueueOutcome | None:
        """The caller pressed a key; while he talks, it is meant for whoever he talks to."""
        if self._phones.answered is not None or self._agent is not None or self._conversation is not None:
            return None
        exits = self._treatment.exit_keys
        key = self._call.digits_typed.take("".join(exits))
        self._call.digits_typed.clear()
        if not key:
            return None
        target = exits[key]
        if isinstance(target, ToQueue):
            self._around.acd.apply(ContactExited(self._contact, key, target.queue_id))
            return None
        wait_s = self._leave_queue(ContactExited(self._contact, key), "exited")
        flow = target.flow if isinstance(target, ToFlow) else None
        return QueueOutcome(reason=QueueReason.EXITED, queue=self._queue, wait_s=wait_s, flow=flow, key=key)

    # The agent's phone

    async def _alert(self, event: AgentReserved) -> None:
        try:
            await self._phones.alert(event)
        except MediaUnavailable:
            self._ring_attempts += 1
            if self._ring_attempts == RING_ATTEMPTS_MAX:
                raise
            self._phones.not_rung(event)
        else:
            self._ring_attempts = 0

    def _greet(self, agent_id: AgentId, agent: Party) -> bool:
        """Tell an agent who has answered about the caller; False if there is nothing to be told."""
        sounds = words_for(self._call, self._treatment, agent_id, agent)
        if sounds:
            self._greeting = AgentGreeting(agent_id, agent, sounds, self._around.clock)
        return bool(sounds)

    def _greeted(self) -> None:
        """The agent knows who calls, or was told for long enough."""
        if self._greeting is not None:
            self._end_greeting()
            self._phones.heard()

    def _end_greeting(self) -> None:
        if self._greeting is not None:
            self._greeting.stop()
            self._greeting = None

    # The conversation

    def _connect(self, event: ContactConnected) -> QueueOutcome | None:
        self._agent = self._phones.connected()
        self._wait_s = event.wait_s
        self._sounds.forget()
        record = self._call.record
        record.agent = event.agent_id
        self._around.projects.serves(event.agent_id, record.project)
        record.queue_wait_s += event.wait_s
        record.stays.answered(event.agent_id, event.wait_s, record.ring_s)
        self._begin_conversation()
        return self._agent_left() if self._agent.leg.state is LegState.ENDED else None

    def _begin_conversation(self) -> None:
        assert self._agent is not None, "he has answered, and is still there"
        policy = policy_in_queue(self._call, self._wishes.record, self._treatment)
        self._conversation = converse(self._call, self._agent, self._treatment.music, policy)
        self._attend(self._conversation)

    def _attend(self, conversation: Conversation) -> None:
        conversation.on_hold = self._hold_changed
        conversation.on_consultation = self._consulted

    def _hold_changed(self, is_held: bool) -> None:
        if self._is_known:
            self._around.acd.apply(ContactHeld(self._contact) if is_held else ContactResumed(self._contact))

    def _consulted(self, target: str) -> None:
        if self._is_known:
            self._around.acd.apply(ContactConsulted(self._contact, target))

    def _far_replaced(self, event: FarReplaced) -> None:
        """The agent has given the caller to somebody he had asked before."""
        party = self._call.party(event.new_leg)
        if self._is_known:
            target = "" if party is None else name_of(party)
            self._around.acd.apply(ContactTransferred(self._contact, "attended", target, by="agent"))
        if self._conversation is not None:
            note_talk(self._call, self._conversation)
        self._agent_replaced("agent")

    def _agent_left(self) -> QueueOutcome:
        conversation = self._end_conversation("switch" if self._call.record.is_far_silent else "agent")
        return QueueOutcome(
            reason=QueueReason.ANSWERED,
            queue=self._queue,
            agent=self._call.record.agent,
            wait_s=self._wait_s,
            talk_s=conversation.talk_s,
            recording=conversation.recording_path,
        )

    def _end_conversation(self, ended_by: EndedBy) -> Conversation:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        part_conversation(self._call, conversation)
        note_talk(self._call, conversation)
        self._agent_replaced(ended_by)
        return conversation

    def _agent_replaced(self, ended_by: EndedBy) -> None:
        """The agent is done with the caller, who may go on talking to somebody else."""
        self._agent = None
        if self._is_known:
            self._is_known = False
            self._around.acd.apply(ContactFinished(self._contact, ended_by))

    def _part(self) -> None:
        """The call is over for its flow while the two talk: one has hung up, or was given to somebody else."""
        record = self._call.record
        is_transferred = record.end_reason is EndReason.TRANSFERRED and record.ended_by != "caller"
        if is_transferred and self._is_known:
            kind = "attended" if record.is_transfer_attended else "blind"
            self._around.acd.apply(
                ContactTransferred(self._contact, kind, record.transferred_to, by=record.transferred_by)
            )
        self._end_conversation("agent" if is_transferred else record.ended_by)

    # The router's word

    def _patience_s(self) -> float | None:
        """How long nothing need happen."""
        if self._greeting is not None:
            return self._greeting.left_s
        return None if self._conversation is not None else LOOK_S

    def _nothing_happened(self) -> QueueOutcome | None:
        if self._greeting is not None:
            self._greeted()
            return None
        is_amiss = self._state() not in (ContactState.WAITING, ContactState.ALERTING)
        return self._forsaken() if self._is_known and is_amiss else None

    def _confirm(self) -> QueueOutcome | None:
        """The router asks whether the caller is still here. If it thinks twice that he talks, its word was lost."""
        if not self._is_known:
            return None
        was_amiss, self._is_amiss = self._is_amiss, self._thinks_that_he_talks()
        if was_amiss and self._is_amiss:
            return self._forsaken()
        self._around.acd.apply(ContactConfirmed(self._contact))
        return None

    def _lost(self, event: ContactLost) -> QueueOutcome | None:
        """The router knows him no more. Of one who waits it says next that he is taken out."""
        if self._conversation is not None:
            self._is_known = False
            return None
        return self._forsaken() if event.state is ContactState.CONNECTED else None

    def _thinks_that_he_talks(self) -> bool:
        return self._conversation is None and self._state() is ContactState.CONNECTED

    def _state(self) -> ContactState | None:
        return self._around.acd.state_of(self._contact)

    def _forsaken(self) -> QueueOutcome:
        """He waits for a word that was lost."""
        log.error("the ACD has lost a caller", call_id=self._call.call_id, queue=self._queue)
        wait_s = self._leave_queue(ContactWithdrawn(self._contact, "lost"), "withdrawn")
        return QueueOutcome(reason=QueueReason.WITHDRAWN, queue=self._queue, wait_s=wait_s)

    # Leaving

    async def _overflowed(self, event: ContactOverflowed) -> QueueOutcome:
        self._is_known = False
        note_wait(self._call, "overflowed", event.wait_s)
        if event.reason == "closed" and isinstance(event.target, HangUp):
            await self._sounds.say_last(self._treatment.closing_prompt)
        flow = event.target.flow if isinstance(event.target, ToFlow) else None
        reason = _REASONS[event.reason] if flow is None else QueueReason.OVERFLOWED
        return QueueOutcome(reason=reason, queue=self._queue, wait_s=event.wait_s, flow=flow)

    def _taken_out(self, event: ContactTakenOut) -> QueueOutcome:
        self._is_known = False
        note_wait(self._call, "withdrawn", event.wait_s)
        return QueueOutcome(reason=QueueReason.WITHDRAWN, queue=self._queue, wait_s=event.wait_s)

    def _refused(self, event: ContactRefused) -> QueueOutcome:
        self._is_known = False
        if event.reason == "unknown":
            known = ", ".join(sorted(self._around.settings().queues)) or "none"
            self._call.record.stays.never_entered()
            raise LocalError(f'there is no queue "{self._queue}"; known: {known}')
        note_wait(self._call, "refused", 0.0)
        return QueueOutcome(reason=_REASONS[event.reason], queue=self._queue)

    def _leave_queue(self, departure: ContactAbandoned | ContactWithdrawn | ContactExited, outcome: Outcome) -> float:
        """Before he has talked to anybody; returns how long he has waited."""
        self._is_known = False
        wait_s = self._around.clock.now() - self._queued_at
        note_wait(self._call, outcome, wait_s)
        self._around.acd.apply(departure)
        return wait_s

    def _leave_during(self, greeting: AgentGreeting) -> None:
        """An agent has answered him, and was just being told about him."""
        record = self._call.record
        record.agent = greeting.agent_id
        wait_s = greeting.began_at - self._queued_at
        record.queue_wait_s += wait_s
        record.stays.answered(greeting.agent_id, wait_s, record.ring_s)
        record.stays.parted(self._call.wall(), talk_s=0.0, hold_s=0.0)
        self._greeted()
        self._is_known = False
        self._around.acd.apply(ContactFinished(self._contact, record.ended_by))

    def _leave(self) -> None:
        """Whatever the reason: nothing rings, nobody waits, the router knows."""
        self._call.waits_in = None
        if self._conversation is not None:
            self._part()
        elif self._greeting is not None and self._is_known:
            self._leave_during(self._greeting)
        elif self._is_known:
            departure = departure_of(self._call, self._contact)
            is_abandoned = isinstance(departure, ContactAbandoned)
            self._leave_queue(departure, "abandoned" if is_abandoned else "withdrawn")
        self._phones.stop()
        if self._call.caller.stream is not None:
            self._call.caller.stream.stop_play()
