"""The ACD: contacts and agents in, reservations out, decided on the event and never on a poll.

A pure state machine. After every `apply` and `handle_timeout` drain `take_outputs`, and call `handle_timeout` when
`next_timeout` has come. `take_events` has the diary of it all, whenever it is wanted. The same facts at the same times
give the same outputs, so a day can be replayed in seconds.

The facts are applied by subject: `contacts`, `reservations`, `agent_fsm`, `reload`, all on one `Floor`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from softswitch.acd import (
    announcing,
    closing,
    contacts,
    conversations,
    explaining,
    reload,
    rescue,
    reservations,
    restart,
    router_snapshot,
    routing_hook,
    snapshot,
    summaries,
    supervision,
    watchdog,
    wrapping_up,
)
from softswitch.acd import events as told
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.events import AcdEvent
from softswitch.acd.explanation import ContactExplanation
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentSkillsSet,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactAssigned,
    ContactConfirmed,
    ContactConsulted,
    ContactExited,
    ContactFinished,
    ContactHeld,
    ContactPrioritised,
    ContactQueued,
    ContactRated,
    ContactReplied,
    ContactRequeued,
    ContactResumed,
    ContactTransferred,
    ContactWithdrawn,
    DispositionSet,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationAnswered,
    ReservationFailed,
    RoutingAnswered,
    SwitchRestarted,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import AgentState, ContactState
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.snapshot import AgentSnapshot
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.acd.summaries import AgentSummary, ContactSummary, QueueSummary, SiteSummary
from softswitch.base.errors import LocalError
from softswitch.base.ids import (
    AgentId,
    ContactId,
    QueueId,
    ReservationId,
)


class Router:
    """Queues, agents and contacts of one switch. Empty until the first `ConfigurationSet`."""

    __slots__ = ("_floor", "ignored")

    def __init__(self) -> None:
        self._floor = Floor()
        self.ignored = 0
        """Facts about contacts, agents or reservations that are not known (any more)."""

    # Inputs

    def apply(self, fact: AcdInput, now: float) -> None:
        """Take in one fact. Raises LocalError, and changes nothing, where the fact's description says so."""
        match fact:
            case ContactQueued():
                contacts.queued(self._floor, fact, now)
            case ReservationAnswered() | ReservationAccepted() | ReservationFailed() | RoutingAnswered():
                self._apply_to_reservation(fact, now)
            case ContactFinished() | ContactAbandoned() | ContactWithdrawn() | ContactExited():
                self._apply_to_contact(fact, now)
            case ContactHeld() | ContactResumed() | ContactConsulted() | ContactTransferred() | ContactReplied():
                self._apply_to_conversation(fact, now)
            case ContactConfirmed():
                self._confirm(fact)
            case ContactPrioritised() | ContactRequeued() | ContactAssigned():
                self._apply_supervision(fact, now)
            case ContactRated():
                self._rated(fact, now)
            case ConfigurationSet():
                reload.configure(self._floor, fact, now)
            case QueueClosed() | QueueOpened():
                self._apply_to_queue(fact, now)
            case SwitchRestarted():
                restart.restarted(self._floor, fact, now)
            case _:
                agent = self._floor.agents.get(fact.agent_id)
                if agent is None or agent.is_removed:
                    self.ignored += 1
                else:
                    self._apply_to_agent(agent, fact, now)
        if self._floor.sites is not None:
            self._floor.share_places(now)
        closing.leave_empty_queues(self._floor, now)
        contacts.skip_steps(self._floor, now)

    def restore(self, agents: Iterable[AgentSnapshot], now: float) -> None:
        """Put agents where they were before a restart. Call it once, after the first `ConfigurationSet`."""
        for saved in agents:
            agent = self._floor.agents.get(saved.agent_id)
            if agent is not None:
                snapshot.restore(self._floor, agent, saved, now)

    def take_snapshot(self, now: float, offset_s: float = 0.0) -> RouterSnapshot:
        """All the router knows, in rows that do not change any more; its outputs have been taken.

        `offset_s` is what is to be added to `now` for seconds since the epoch.
        """
        copied = self.copy(now, offset_s)
        return router_snapshot.joined(copied.head, copied.parts())

    def copy(self, now: float, offset_s: float) -> router_snapshot.FloorCopy:
        """The same, to be made into rows some at a time while the router goes on."""
        return router_snapshot.FloorCopy(self._floor, now, offset_s, self.ignored)

    def is_configured_as(self, configuration: ConfigurationSet) -> bool:
        """Whether this configuration is the one in force."""
        return reload.is_in_force(self._floor, configuration)

    @classmethod
    def restored(cls, taken: RouterSnapshot) -> "Router":
        """A router that knows what was taken. Raises KeyError, IndexError or ValueError for rows that do not fit."""
        router = cls()
        router._floor = router_snapshot.restore(taken)
        router.ignored = taken.ignored
        return router

    # Time

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._floor.deadlines.next()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at `now`; nothing when nothing is."""
        floor = self._floor
        for timer in floor.deadlines.pop_due(now):
            if timer in floor.deadlines:
                continue  # set anew by what was due before it
            match timer:
                case ("stage", contact_id):  # far more often than all others
                    contact = floor.contacts.get(contact_id)
                    if contact is not None:
                        contacts.stage_due(floor, contact, now)
                case ("ring", reservation_id):
                    reservation = floor.reservations.get(reservation_id)
                    if reservation is not None:
                        reservations.failed(floor, reservation, "no_answer", now)
                case ("hook", reservation_id):
                    reservation = floor.reservations.get(reservation_id)
                    if reservation is not None:
                        routing_hook.late(floor, reservation, now)
                case ("wrap_up", agent_id, contact_id):
                    agent = floor.agents.get(agent_id)
                    if agent is not None:
                        wrapping_up.time_is_up(floor, agent, contact_id, now)
                        floor.settle_and_serve(agent, now, "timer")
                case ("watch_call", agent_id):
                    agent = floor.agents.get(agent_id)
                    if agent is not None:
                        watchdog.agent_is_due(floor, agent, now)
                case ("rescue" | "empty" as subject, queue_id):
                    queue = floor.queues.get(queue_id)
                    if queue is not None:
                        look = rescue.look if subject == "rescue" else closing.grace_over
                        look(floor, queue, now)
                case (kind, contact_id):
                    contact = floor.contacts.get(contact_id)
                    if contact is None:
                        continue
                    if kind == "max_wait":
                        contacts.waited_too_long(floor, contact, now)
                    elif kind == "announcement":
                        announcing.announce(floor, contact, now)
                    elif kind == "text":
                        announcing.say_text(floor, contact, now)
                    elif kind == "late":
                        rescue.late(floor, contact, now)
                    elif kind == "watch":
                        watchdog.contact_is_due(floor, contact, now)
                    else:
                        reservations.worth_another_try(floor, contact, now)
            if floor.sites is not None:
                floor.share_places(now)
            closing.leave_empty_queues(floor, now)
        contacts.skip_steps(floor, now)

    # Outputs

    def take_outputs(self) -> list[AcdOutput]:
        """What is to be done and told, in order; each output is handed out once."""
        outputs = self._floor.outputs
        self._floor.outputs = []
        return outputs

    def take_events(self) -> list[AcdEvent]:
        """What has happened since they were last taken, in order; of very many the newest."""
        events = list(self._floor.events)
        self._floor.events.clear()
        return events

    # Getters

    def queue_summaries(self, now: float) -> list[QueueSummary]:
        return summaries.queue_summaries(self._floor, now)

    def agent_summaries(self, now: float) -> list[AgentSummary]:
        return summaries.agent_summaries(self._floor, now)

    def each_agent(self, now: Callable[[], float]) -> Iterator[AgentSummary]:
        """All agents, each as he is when he is taken."""
        return summaries.each_agent(self._floor, now)

    def agent_summary(self, agent_id: AgentId, now: float) -> AgentSummary | None:
        return summaries.agent_summary(self._floor, agent_id, now)

    def agent_states(self) -> Counter[AgentState]:
        return summaries.agent_states(self._floor)

    def agents_at_work(self) -> int:
        return summaries.agents_at_work(self._floor)

    def waiting(self) -> int:
        """How many contacts are in queues."""
        return summaries.waiting(self._floor)

    def site_summaries(self) -> list[SiteSummary]:
        return summaries.site_summaries(self._floor)

    def contact_summaries(self, now: float) -> list[ContactSummary]:
        return summaries.contact_summaries(self._floor, now)

    def each_contact(self, now: Callable[[], float]) -> Iterator[ContactSummary]:
        """All contacts, each as it is when it is taken."""
        return summaries.each_contact(self._floor, now)

    def contact_summary(self, contact_id: ContactId, now: float) -> ContactSummary | None:
        return summaries.contact_summary(self._floor, contact_id, now)

    def reservation_of(self, contact_id: ContactId, agent_id: AgentId) -> ReservationId | None:
        """The reservation by which this agent is alerted for this contact."""
        agent = self._floor.agents.get(agent_id)
        reservation_id = None if agent is None else agent.reservation_id
        reservation = None if reservation_id is None else self._floor.reservations[reservation_id]
        if reservation is None or reservation.contact.contact_id != contact_id or reservation.asked_about is not None:
            return None
        return reservation_id

    def state_of(self, contact_id: ContactId) -> ContactState | None:
        """Where a contact is; None for one that is not known."""
        contact = self._floor.contacts.get(contact_id)
        return None if contact is None else contact.state

    def contact_ids(self) -> list[ContactId]:
        return list(self._floor.contacts)

    def explain(self, contact_id: ContactId, now: float) -> ContactExplanation | None:
        """Why a contact is where it is, and what it waits for; None for one that is not known."""
        contact = self._floor.contacts.get(contact_id)
        return None if contact is None else explaining.explain(self._floor, contact, now)

    def queue_of(self, contact_id: ContactId) -> QueueId | None:
        """The queue of a contact; None for one that is not known."""
        contact = self._floor.contacts.get(contact_id)
        return None if contact is None else contact.queue.settings.queue_id

    def is_logged_in(self, agent_id: AgentId) -> bool:
        """Whether there is such an agent, and he is at work."""
        agent = self._floor.agents.get(agent_id)
        return agent is not None and agent.is_logged_in

    def queue_in_hand(self, agent_id: AgentId) -> QueueId | None:
        """The queue of the contact an agent has, or wraps up; None if there is none."""
        agent = self._floor.agents.get(agent_id)
        if agent is None:
            return None
        for contact in agent.contacts.values():
            if not contact.is_interrupted:
                return contact.queue.settings.queue_id
        return next((each.queue.queue_id for each in agent.wrap_ups.values()), None)

    def head(self, queue_id: QueueId) -> ContactId | None:
        """Who waits at the head of a queue; None if nobody does."""
        queue = self._floor.queues.get(queue_id)
        head = None if queue is None else queue.head()
        return None if head is None else head.contact_id

    def is_closed(self, queue_id: QueueId) -> bool:
        """Whether the queue takes nobody at present, by its hours or by command."""
        queue = self._floor.queues.get(queue_id)
        return queue is not None and queue.closing is not None

    def is_staffed(self, queue_id: QueueId) -> bool:
        """Whether somebody who serves the queue is at work: logged in, not on a break, with a phone that can ring."""
        queue, presence = self._floor.queues.get(queue_id), self._floor.presence
        return queue is not None and presence.is_anybody_there(queue.own_plan.rows, ("paused", "unavailable"))

    def agent_snapshot(self, agent_id: AgentId) -> AgentSnapshot | None:
        """What to save of an agent; None when he is not configured."""
        agent = self._floor.agents.get(agent_id)
        return None if agent is None else snapshot.take(agent)

    # Facts by subject

    def _apply_to_contact(self, fact: "ContactFact", now: float) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None:
            self.ignored += 1
        elif contact.line is None and not contact.reservations:
            if isinstance(fact, ContactExited):
                self.ignored += 1
                return
            conversations.finished(self._floor, contact, _ended_by(fact), now)
        elif isinstance(fact, ContactWithdrawn):
            contacts.withdrawn(self._floor, contact, now, reason=fact.reason, by=fact.by)
        elif isinstance(fact, ContactExited):
            contacts.exited(self._floor, contact, fact, now)
        else:
            contacts.abandoned(self._floor, contact, now)

    def _confirm(self, fact: ContactConfirmed) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None:
            self.ignored += 1
        else:
            contact.is_questioned = False

    def _rated(self, fact: ContactRated, now: float) -> None:
        """The contact is mostly forgotten by now; its queue and agent are not."""
        if fact.queue_id not in self._floor.queues or fact.agent_id not in self._floor.agents:
            self.ignored += 1
            return
        self._floor.tell(
            told.ContactRated(
                now, fact.contact_id, fact.queue_id, fact.agent_id, fact.survey, fact.question, fact.score
            )
        )

    def _apply_to_conversation(self, fact: "ConversationFact", now: float) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None or contact.state is not ContactState.CONNECTED:
            self.ignored += 1
        elif isinstance(fact, ContactHeld):
            conversations.held(self._floor, contact, now)
        elif isinstance(fact, ContactResumed):
            conversations.resumed(self._floor, contact, now)
        elif isinstance(fact, ContactConsulted):
            conversations.consulted(self._floor, contact, fact.target, now)
        elif isinstance(fact, ContactReplied):
            conversations.replied(self._floor, contact, now)
        else:
            conversations.transferred(self._floor, contact, fact, now)

    def _apply_supervision(self, fact: ContactPrioritised | ContactRequeued | ContactAssigned, now: float) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None:
            self.ignored += 1
        elif isinstance(fact, ContactPrioritised):
            supervision.prioritised(self._floor, contact, fact, now)
        elif isinstance(fact, ContactRequeued):
            supervision.requeued(self._floor, contact, fact, now)
        else:
            supervision.assigned(self._floor, contact, fact, now)

    def _apply_to_reservation(
        self, fact: ReservationAnswered | ReservationAccepted | ReservationFailed | RoutingAnswered, now: float
    ) -> None:
        reservation = self._floor.reservations.get(fact.reservation_id)
        is_answer = isinstance(fact, RoutingAnswered)
        if reservation is None or (reservation.asked_about is not None) != is_answer:
            self.ignored += 1
        elif isinstance(fact, RoutingAnswered):
            routing_hook.answered(self._floor, reservation, fact, now)
        elif isinstance(fact, ReservationAnswered):
            reservations.answered(self._floor, reservation, now)
        elif isinstance(fact, ReservationAccepted):
            reservations.accepted(self._floor, reservation, now)
        else:
            reservations.failed(self._floor, reservation, fact.cause, now)

    def _apply_to_agent(self, agent: AgentMachine, fact: "AgentFact", now: float) -> None:
        floor = self._floor
        match fact:
            case AgentLoggedIn():
                if not agent.is_logged_in:
                    floor.tell(told.AgentLoggedIn(now, agent.agent_id, by=fact.by))
                agent.log_in(fact.by)
                floor.show_doing(agent)
            case AgentLoggedOut():
                if agent.is_logged_in:
                    floor.tell(told.AgentLoggedOut(now, agent.agent_id, by=fact.by))
                agent.log_out(fact.by)
                floor.show_doing(agent)
                wrapping_up.cut_short(floor, agent, now)
                reservations.taken_away(floor, agent, "logged_out", now, by=fact.by)
            case AgentPaused():
                self._check_reason(fact)
                agent.pause(fact.reason[:REASON_LENGTH_MAX], fact.by)
            case AgentResumed():
                agent.resume()
            case WrapUpEnded():
                wrapping_up.end_early(floor, agent, now)
            case WrapUpExtended():
                wrapping_up.extend(floor, agent, fact.by_s)
            case DispositionSet():
                wrapping_up.dispose(floor, agent, fact, now)
            case AgentSkillsSet():
                supervision.skills_set(floor, agent, fact, now)
            case _:
                self._apply_to_phone(agent, fact, now)
                floor.settle_and_serve(agent, now, "phone")
                return
        floor.settle_and_serve(agent, now, "agent", fact.by)

    def _apply_to_phone(self, agent: AgentMachine, fact: "PhoneFact", now: float) -> None:
        floor = self._floor
        match fact:
            case AgentReachable():
                agent.reach()
            case AgentUnreachable():
                agent.lose()
                if self._is_alerted_by_phone(agent):
                    reservations.taken_away(floor, agent, "unreachable", now, "phone")
            case AgentBusy():
                agent.begin_other_call(fact.kind)
                floor.watch_call_of(agent, now)
            case AgentFree():
                agent.end_other_call()
            case _:
                assert_never(fact)

    def _is_alerted_by_phone(self, agent: AgentMachine) -> bool:
        reservation = None if agent.reservation_id is None else self._floor.reservations[agent.reservation_id]
        return reservation is not None and reservation.contact.channel in ON_THE_PHONE

    def _check_reason(self, fact: AgentPaused) -> None:
        reasons = self._floor.policy.not_ready_reasons
        if reasons and fact.reason not in reasons:
            raise LocalError(f'"{fact.reason}" is no reason to be not ready: there are {", ".join(reasons)}')

    def _apply_to_queue(self, fact: QueueClosed | QueueOpened, now: float) -> None:
        queue = self._floor.queues.get(fact.queue_id)
        if queue is None:
            self.ignored += 1
        elif isinstance(fact, QueueClosed):
            closing.closed(self._floor, queue, fact, now)
        else:
            closing.opened(self._floor, queue, fact, now)


def _ended_by(fact: "ContactFact") -> told.EndedBy:
    if isinstance(fact, ContactFinished):
        return fact.ended_by
    return "caller" if isinstance(fact, ContactAbandoned) else "switch"


ContactFact = ContactAbandoned | ContactWithdrawn | ContactExited | ContactFinished
ConversationFact = ContactHeld | ContactResumed | ContactConsulted | ContactTransferred | ContactReplied
PhoneFact = AgentReachable | AgentUnreachable | AgentBusy | AgentFree
AgentFact = (
    AgentLoggedIn
    | AgentLoggedOut
    | AgentPaused
    | AgentResumed
    | AgentSkillsSet
    | WrapUpEnded
    | WrapUpExtended
    | DispositionSet
    | PhoneFact
)
