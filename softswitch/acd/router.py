"""The ACD: contacts and agents in, reservations out, decided on the event and never on a poll.

A pure state machine. After every `apply` and `handle_timeout` drain `take_outputs`, and call `handle_timeout` when
`next_timeout` has come. `take_events` has the diary of it all, whenever it is wanted. The same facts at the same times
give the same outputs, so a day can be replayed in seconds.

The facts are applied by subject: `contacts`, `reservations`, `agent_fsm`, `reload`, all on one `Floor`.
"""

from collections.abc import Iterable
from math import isfinite
from typing import assert_never

from softswitch.acd import (
    announcing,
    closing,
    contacts,
    conversations,
    reload,
    rescue,
    reservations,
    snapshot,
    summaries,
)
from softswitch.acd import events as told
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.events import AcdEvent
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
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactExited,
    ContactFinished,
    ContactHeld,
    ContactQueued,
    ContactResumed,
    ContactTransferred,
    ContactWithdrawn,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationFailed,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import ContactState
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.snapshot import AgentSnapshot
from softswitch.acd.summaries import AgentSummary, ContactSummary, QueueSummary
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId


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
            case ContactAbandoned() | ContactWithdrawn() | ContactExited() | ContactFinished():
                self._apply_to_contact(fact, now)
            case ContactHeld() | ContactResumed() | ContactTransferred():
                self._apply_to_conversation(fact, now)
            case ReservationAccepted() | ReservationFailed():
                self._apply_to_reservation(fact, now)
            case ConfigurationSet():
                reload.configure(self._floor, fact, now)
            case QueueClosed() | QueueOpened():
                self._apply_to_queue(fact, now)
            case _:
                agent = self._floor.agents.get(fact.agent_id)
                if agent is None or agent.is_removed:
                    self.ignored += 1
                else:
                    self._apply_to_agent(agent, fact, now)
        closing.leave_empty_queues(self._floor, now)
        contacts.skip_steps(self._floor, now)

    def restore(self, agents: Iterable[AgentSnapshot], now: float) -> None:
        """Put agents where they were before a restart. Call it once, after the first `ConfigurationSet`."""
        for saved in agents:
            agent = self._floor.agents.get(saved.agent_id)
            if agent is not None:
                snapshot.restore(self._floor, agent, saved, now)

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
                case ("ring", reservation_id):
                    reservation = floor.reservations.get(reservation_id)
                    if reservation is not None:
                        reservations.failed(floor, reservation, "no_answer", now)
                case ("wrap_up", agent_id):
                    agent = floor.agents.get(agent_id)
                    if agent is not None:
                        agent.end_wrap_up()
                        self._settle_and_serve(agent, now, "timer")
                case ("rescue", queue_id):
                    queue = floor.queues.get(queue_id)
                    if queue is not None:
                        rescue.look(floor, queue, now)
                case (kind, contact_id):
                    contact = floor.contacts.get(contact_id)
                    if contact is None:
                        continue
                    if kind == "max_wait":
                        contacts.waited_too_long(floor, contact, now)
                    elif kind == "stage":
                        contacts.stage_due(floor, contact, now)
                    elif kind == "announcement":
                        announcing.announce(floor, contact, now)
                    elif kind == "text":
                        announcing.say_text(floor, contact, now)
                    elif kind == "late":
                        rescue.late(floor, contact, now)
                    else:
                        reservations.worth_another_try(floor, contact, now)
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

    def contact_summaries(self, now: float) -> list[ContactSummary]:
        return summaries.contact_summaries(self._floor, now)

    def agent_snapshot(self, agent_id: AgentId) -> AgentSnapshot | None:
        """What to save of an agent; None when he is not configured."""
        agent = self._floor.agents.get(agent_id)
        return None if agent is None else snapshot.take(agent)

    # Facts by subject

    def _apply_to_contact(self, fact: "ContactFact", now: float) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None or (isinstance(fact, ContactExited) and contact.state is ContactState.CONNECTED):
            self.ignored += 1
        elif contact.state is ContactState.CONNECTED:
            conversations.finished(self._floor, contact, _ended_by(fact), now)
        elif isinstance(fact, ContactWithdrawn):
            contacts.withdrawn(self._floor, contact, now, reason=fact.reason, by=fact.by)
        elif isinstance(fact, ContactExited):
            contacts.exited(self._floor, contact, fact, now)
        else:
            contacts.abandoned(self._floor, contact, now)

    def _apply_to_conversation(self, fact: ContactHeld | ContactResumed | ContactTransferred, now: float) -> None:
        contact = self._floor.contacts.get(fact.contact_id)
        if contact is None or contact.state is not ContactState.CONNECTED:
            self.ignored += 1
        elif isinstance(fact, ContactHeld):
            conversations.held(self._floor, contact, now)
        elif isinstance(fact, ContactResumed):
            conversations.resumed(self._floor, contact, now)
        else:
            conversations.transferred(self._floor, contact, fact, now)

    def _apply_to_reservation(self, fact: ReservationAccepted | ReservationFailed, now: float) -> None:
        reservation = self._floor.reservations.get(fact.reservation_id)
        if reservation is None:
            self.ignored += 1
        elif isinstance(fact, ReservationAccepted):
            reservations.accepted(self._floor, reservation, now)
        else:
            reservations.failed(self._floor, reservation, fact.cause, now)

    def _apply_to_agent(self, agent: AgentMachine, fact: "AgentFact", now: float) -> None:
        match fact:
            case AgentLoggedIn():
                if not agent.is_logged_in:
                    self._floor.tell(told.AgentLoggedIn(now, agent.agent_id))
                agent.log_in()
                self._floor.show_login(agent)
            case AgentLoggedOut():
                if agent.is_logged_in:
                    self._floor.tell(told.AgentLoggedOut(now, agent.agent_id))
                agent.log_out()
                self._floor.show_login(agent)
                reservations.taken_away(self._floor, agent, "logged_out", now)
            case AgentPaused():
                agent.pause(fact.reason[:REASON_LENGTH_MAX])
            case AgentResumed():
                agent.resume()
            case AgentReachable():
                agent.reach()
            case AgentUnreachable():
                agent.lose()
                reservations.taken_away(self._floor, agent, "unreachable", now)
            case AgentBusy():
                agent.begin_other_call(fact.kind)
            case AgentFree():
                agent.end_other_call()
            case WrapUpEnded():
                agent.end_wrap_up()
            case WrapUpExtended():
                self._extend_wrap_up(agent, fact.by_s)
            case _:
                assert_never(fact)
        is_of_phone = isinstance(fact, AgentReachable | AgentUnreachable | AgentBusy | AgentFree)
        self._settle_and_serve(agent, now, "phone" if is_of_phone else "agent")

    def _apply_to_queue(self, fact: QueueClosed | QueueOpened, now: float) -> None:
        queue = self._floor.queues.get(fact.queue_id)
        if queue is None:
            self.ignored += 1
        elif isinstance(fact, QueueClosed):
            closing.closed(self._floor, queue, fact, now)
        else:
            closing.opened(self._floor, queue, fact, now)

    def _extend_wrap_up(self, agent: AgentMachine, by_s: float) -> None:
        if not isfinite(by_s):
            raise LocalError(f"agent {agent.agent_id}: wrap-up can be extended by a finite number of seconds only")
        agent.extend_wrap_up(by_s)
        if agent.wrap_up_until is not None:
            self._floor.deadlines.set(("wrap_up", agent.agent_id), agent.wrap_up_until)

    def _settle_and_serve(self, agent: AgentMachine, now: float, source: str) -> None:
        self._floor.settle(agent, now, source)
        self._floor.serve_agent(agent, now)


def _ended_by(fact: "ContactFact") -> told.EndedBy:
    if isinstance(fact, ContactFinished):
        return fact.ended_by
    return "caller" if isinstance(fact, ContactAbandoned) else "switch"


ContactFact = ContactAbandoned | ContactWithdrawn | ContactExited | ContactFinished
AgentFact = (
    AgentLoggedIn
    | AgentLoggedOut
    | AgentPaused
    | AgentResumed
    | AgentReachable
    | AgentUnreachable
    | AgentBusy
    | AgentFree
    | WrapUpEnded
    | WrapUpExtended
)
