"""Everything the router knows, and the moves that keep it consistent.

What holds after each move: no agent is available while a contact waits whom he may serve and has not just failed; an
agent holds one reservation at most; a contact waits in one line, or alerts agents, or talks to one.
"""

from collections import deque
from math import inf
from typing import Literal, TypeAlias

from softswitch.acd import decisions, hook_words
from softswitch.acd import events as told
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.chance import Chance
from softswitch.acd.channels import ON_THE_PHONE, PER_CONTACT_S, FreeFor, slot_of
from softswitch.acd.customers import Customers
from softswitch.acd.decisions import Decision
from softswitch.acd.doing import ABSENT, OFF_DUTY
from softswitch.acd.events import AcdEvent, StepReason
from softswitch.acd.limits import DECISIONS_TOLD_MAX, EVENTS_UNTAKEN_MAX, HOOK_OTHERS_MAX, RING_ALL_MAX, VETOES_MAX
from softswitch.acd.matching import Matching
from softswitch.acd.model import AgentState, Channel, RoutingPolicy
from softswitch.acd.outputs import (
    AcdOutput,
    AgentReserved,
    AnnouncementCut,
    ContactContinued,
    ContactInterrupted,
    EndCause,
    ReservationEnded,
    RoutingSettled,
)
from softswitch.acd.presence import Presence
from softswitch.acd.reserved import Reservation
from softswitch.acd.sites import Sites
from softswitch.acd.skills import Roster, Rows
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.base.deadlines import Deadlines
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

Timer: TypeAlias = (
    tuple[Literal["ring", "hook"], ReservationId]
    | tuple[Literal["wrap_up"], AgentId, ContactId]
    | tuple[Literal["watch_call"], AgentId]
    | tuple[Literal["rescue", "empty"], QueueId]
    | tuple[Literal["max_wait", "announcement", "text", "retry", "stage", "late", "watch"], ContactId]
)

_READY, _RESERVED = AgentState.READY, AgentState.RESERVED
NOT_FREE: tuple[FreeFor, float] = (), inf


class Floor:
    """The call centre's floor: agents, queues, contacts, reservations, timers, and what is to be said about them."""

    __slots__ = (
        "agents",
        "chance",
        "contacts",
        "customers",
        "deadlines",
        "events",
        "has_lost_staff",
        "last_reservation",
        "last_serial",
        "matching",
        "outputs",
        "policy",
        "presence",
        "queues",
        "reservations",
        "ringing",
        "sites",
        "tell",
    )

    def __init__(self) -> None:
        self.agents: dict[AgentId, AgentMachine] = {}
        self.queues: dict[QueueId, QueueRecord] = {}
        self.contacts: dict[ContactId, Contact] = {}
        self.reservations: dict[ReservationId, Reservation] = {}
        self.ringing: dict[ContactId, Contact] = {}
        """For whom all who are free are alerted, and nobody has answered: who becomes free meanwhile is alerted too."""
        self.deadlines: Deadlines[Timer] = Deadlines()
        self.chance = Chance()
        self.matching = Matching(Roster([]), [], self.chance)
        self.presence = Presence(self.matching.roster, [])
        self.sites: Sites | None = None
        """Those of the roster."""
        self.customers = Customers()
        self.policy = RoutingPolicy()
        self.has_lost_staff = False
        """Somebody takes no contacts any more: steps that wait for him may have to be skipped."""
        self.outputs: list[AcdOutput] = []
        self.events: deque[AcdEvent] = deque(maxlen=EVENTS_UNTAKEN_MAX)
        self.tell = self.events.append
        """Writes down what has happened, for whoever takes the events."""
        self.last_reservation = 0
        self.last_serial = 0

    def next_serial(self) -> int:
        """Numbers contacts by arrival."""
        self.last_serial += 1
        return self.last_serial

    # Agents

    def settle(self, agent: AgentMachine, now: float, source: str, by: str = "", since: float | None = None) -> None:
        """A fact about the agent changed: derive his state, say so, and show it in the roster.

        `source` and `by` are as in `events.AgentStateChanged`. A state that began before now began at `since`.
        """
        began, old_reason, old_kind = agent.since, agent.reason, agent.busy_kind
        if agent.contacts:
            self._continue(agent, now)
        change = agent.settle(now if since is None else since, self.policy, source, by)
        self.show(agent)
        if change is not None:
            self.outputs.append(change)
            lasted_s = now - began if now > began else 0.0
            if agent.row is not None:
                self.matching.roster.workload.count_state(agent.row, change.old, agent.state, lasted_s)
            self.tell(
                told.AgentStateChanged(
                    now,
                    agent.agent_id,
                    change.old,
                    agent.state,
                    lasted_s,
                    source,
                    agent.reason,
                    old_reason,
                    agent.busy_kind,
                    old_kind,
                    agent.by,
                )
            )
            if agent.failed_contacts and agent.state is _READY and change.old is not _RESERVED:
                self._forgive(agent)
        if agent.is_removed and agent.state is AgentState.LOGGED_OUT and not agent.contacts:
            self.agents.pop(agent.agent_id, None)

    def _continue(self, agent: AgentMachine, now: float) -> None:
        """What he had put aside he takes up again when nothing is left that it gave way to."""
        resting = [contact for contact in agent.contacts.values() if contact.interrupted_at is not None]
        if not resting or agent.wrap_ups or agent.other_call is not None:
            return
        active = [contact.channel for contact in agent.contacts.values() if not contact.is_interrupted]
        for contact in resting:
            giving_way = self.policy.interrupted_by.get(contact.channel, ())
            if contact.interrupted_at is not None and not any(channel in giving_way for channel in active):
                rested_s = now - contact.interrupted_at
                contact.interrupted_at = None
                self.outputs.append(ContactContinued(contact.contact_id, agent.agent_id))
                queue_id = contact.queue.settings.queue_id
                self.tell(told.ContactContinued(now, contact.contact_id, queue_id, agent.agent_id, rested_s))

    def interrupt(self, agent: AgentMachine, by: Contact, now: float) -> None:
        """The agent has taken a contact: what gives way to it is put aside."""
        for contact in agent.contacts.values():
            if (
                slot_of(contact.channel) is not slot_of(by.channel)
                and not contact.is_interrupted
                and by.channel in self.policy.interrupted_by.get(contact.channel, ())
            ):
                contact.interrupted_at = now
                self.outputs.append(ContactInterrupted(contact.contact_id, agent.agent_id, by.contact_id))
                queue_id = contact.queue.settings.queue_id
                self.tell(told.ContactInterrupted(now, contact.contact_id, queue_id, agent.agent_id))

    def count_answered(self, agent: AgentMachine) -> None:
        """He answered a contact."""
        if agent.row is not None:
            self.matching.roster.workload.count_contact(agent.row)

    def _forgive(self, agent: AgentMachine) -> None:
        """He is ready afresh: whom he failed before may be given to him again."""
        for contact_id in agent.failed_contacts:
            contact = self.contacts.get(contact_id)
            if contact is not None and contact.shunned_by == agent.agent_id:
                contact.shunned_by = None
        agent.failed_contacts.clear()

    def show(self, agent: AgentMachine) -> None:
        """Mirror in the roster for which channels the agent is free, and since when, and what he is doing."""
        if agent.row is not None:
            channels, since = NOT_FREE if agent.reservation_id is not None else self._free_for(agent)
            self.matching.roster.show_free(agent.row, channels, since)
            self.show_doing(agent)
        if self.sites is not None:
            self.sites.show(agent.agent, agent.row, is_on_a_call=self.is_on_a_call(agent))

    def is_on_a_call(self, agent: AgentMachine) -> bool:
        """He is alerted for a contact on the phone, or talks to one."""
        reservation = None if agent.reservation_id is None else self.reservations[agent.reservation_id]
        return agent.is_on_the_phone or (reservation is not None and reservation.contact.channel in ON_THE_PHONE)

    def show_doing(self, agent: AgentMachine) -> None:
        """Mirror in the roster what the agent is doing, and whether he is there at all."""
        row = agent.row
        if row is not None:
            now, numbers = agent.doing, self.matching.roster.doing_of
            was = numbers[row]
            if was != now:
                numbers[row] = now
                self.presence.changed(row, was, now)
                lost = now & ~was & OFF_DUTY
                if lost & ABSENT or (lost and not was & OFF_DUTY):
                    self.has_lost_staff = True

    def _free_for(self, agent: AgentMachine) -> tuple[FreeFor, float]:
        """For which channels, and since when. Whoever has something in hand comes after all who have nothing."""
        if not agent.takes_contacts:
            return NOT_FREE
        if not agent.contacts:
            assert agent.idle_since is not None, "he is ready"
            return agent.open_channels[agent.is_reachable], agent.idle_since
        since = agent.taken_at + agent.active_contacts * PER_CONTACT_S
        giving_way = self.policy.interrupted_by
        return tuple(channel.row for channel in Channel if agent.is_free_for(channel, giving_way)), since

    # Bringing together

    def serve_agent(self, agent: AgentMachine, now: float) -> None:
        """Give an agent who may be free the oldest contact he serves."""
        if self.sites is not None and self.sites.has_opening:
            self.share_places(now, agent)
        if agent.takes_contacts and not agent.is_removed:
            found = self.matching.contact_for(agent.agent_id)
            if found is not None:
                agent_ids = self.matching.alerted_with(agent.agent_id, found, now)
                self._decided(agent_ids, found, now, decisions.by_agent(self.matching, found))
            elif self.ringing:
                self._join_in(agent, now)

    def _join_in(self, agent: AgentMachine, now: float) -> None:
        """Nobody waits for him; but others may be alerted for somebody for whom all who are free are."""
        agent_id = agent.agent_id
        for contact in self.matching.in_order_of(agent_id, self.ringing.values()):
            is_failed = contact.shunned_by == agent_id or contact.contact_id in agent.failed_contacts
            if is_failed or not agent.is_free_for(contact.channel, self.policy.interrupted_by):
                continue
            if self.sites is not None and not self.sites.open_to(agent.row, (contact.channel.row,)):
                continue
            alerted = [self.reservations[each].agent.agent_id for each in contact.reservations]
            if len(alerted) < RING_ALL_MAX and (able := self.matching.able_beside(contact, agent_id, alerted, now)):
                self.ring(self.reserve(agent, contact, now), now, Decision("ring_all", able, free=1))
                self.settle(agent, now, "reservation")
                return

    def let_join_in(self, rows: Rows, channel: Channel, now: float) -> None:
        """Any of these agents may be free while others are alerted: of those who are, the longest idle first."""
        if self.ringing:
            roster = self.matching.roster
            since = roster.available_since[channel.row][rows]
            idle: list[int] = rows[since.argsort(kind="stable")].tolist()
            for row in idle:
                agent = self.agents[roster.agent_ids[row]]
                if agent.takes_contacts:
                    self._join_in(agent, now)

    def index_ringing(self) -> None:
        """The configuration may be another one: see anew for whom all who are free are alerted."""
        self.ringing.clear()
        for reservation in self.reservations.values():
            if reservation.asked_about is None and reservation.answered_at is None:
                self.note_ringing(reservation.contact)

    def note_ringing(self, contact: Contact) -> None:
        """Somebody is alerted for the contact: perhaps all who become free meanwhile are to be."""
        if self.matching.rings_all(contact):
            self.ringing[contact.contact_id] = contact

    def settle_and_serve(self, agent: AgentMachine, now: float, source: str, by: str = "") -> None:
        """A fact about the agent changed, and he may be free by it."""
        self.settle(agent, now, source, by)
        self.serve_agent(agent, now)

    def serve_contact(self, contact: Contact, now: float) -> None:
        """Give a waiting contact an agent; if there is none, start what belongs to waiting."""
        if self.find_agent(contact, now):
            return
        if contact.decisions_told < DECISIONS_TOLD_MAX:
            contact.decisions_told += 1
            self.tell(decisions.nobody_free(self.matching, contact, now))
        contact.queue.estimator.somebody_waits(now)
        overdue_at = contact.overdue_at
        if overdue_at is not None:
            self.deadlines.set(("max_wait", contact.contact_id), overdue_at)
        if contact.announce_at is not None:
            self.deadlines.set(("announcement", contact.contact_id), max(now, contact.announce_at))
        if contact.text_at is not None:
            self.deadlines.set(("text", contact.contact_id), max(now, contact.text_at))
        if contact.shunned_by is not None:
            self.deadlines.set(("retry", contact.contact_id), max(now, contact.retry_at))

    def find_agent(self, contact: Contact, now: float) -> bool:
        """Give a waiting contact an agent if there is one; if not, it stands in line until the next step opens."""
        if self.sites is not None and self.sites.has_opening:
            self.matching.stand(contact)
            self.share_places(now)
            if contact.line is None:
                return True
        chosen = self.matching.agents_for(contact, now)
        if chosen.agent_ids:
            self._decided(chosen.agent_ids, contact, now, decisions.by_contact(self.matching, contact, chosen))
            return True
        self.matching.stand(contact)
        opens_at = self.matching.next_opening(contact, now)
        if opens_at is not None:
            self.deadlines.set(("stage", contact.contact_id), opens_at)
        return False

    def share_places(self, now: float, freed: AgentMachine | None = None) -> None:
        """Sites that were full have room: of those who wait for their agents the oldest come first.

        Who is chosen may be an agent who has just become `freed`, and then takes what he would take anyhow.
        """
        if self.sites is None or not self.sites.has_opening:
            return
        rows = self.sites.open()
        while not self.sites.are_shut_again and (contact := self.matching.first_for_any(rows)) is not None:
            chosen = self.matching.agents_for(contact, now)
            if freed is not None and chosen.agent_ids == [freed.agent_id]:
                found = self.matching.contact_for(freed.agent_id)
                if found is not None and found is not contact:
                    self._decided([freed.agent_id], found, now, decisions.by_agent(self.matching, found))
                    continue
            self._decided(chosen.agent_ids, contact, now, decisions.by_contact(self.matching, contact, chosen))
        self.let_join_in(rows, Channel.VOICE, now)

    def open_stage(self, contact: Contact, why: StepReason, now: float) -> None:
        """A waiting contact goes on to the stage that holds now, in its old place."""
        former, was_kept = contact.step, contact.preferred_until is not None
        self.matching.remove(contact)
        self.matching.lead(contact, now)
        if was_kept and contact.preferred_until is None:
            self.tell_step(contact, "preferred_agent_over", now)
        elif contact.step != former:
            self.tell_step(contact, why, now)
        self.find_agent(contact, now)

    def tell_step(self, contact: Contact, why: StepReason, now: float) -> None:
        """Write down that a waiting contact has come to another step of its queue."""
        line = contact.line
        assert line is not None
        queue_id = contact.queue.settings.queue_id
        self.tell(told.StepBegan(now, contact.contact_id, queue_id, contact.step + 1, why, len(line.rows)))

    def _decided(self, agent_ids: list[AgentId], contact: Contact, now: float, decision: Decision) -> None:
        """Alert these agents, or first ask the queue's routing hook."""
        deadline_s = contact.queue.settings.hook_deadline_s
        if deadline_s is None or not self._is_open_to_doubt(agent_ids, contact):
            self.alert(agent_ids, contact, now, decision)
        else:
            self._ask(self.agents[agent_ids[0]], contact, now, decision, deadline_s)

    def _is_open_to_doubt(self, agent_ids: list[AgentId], contact: Contact) -> bool:
        assert contact.line is not None
        return len(agent_ids) == 1 and contact.vetoes < VETOES_MAX and not contact.line.is_assigned

    def alert(self, agent_ids: list[AgentId], contact: Contact, now: float, decision: Decision) -> None:
        """Alert these agents, who are free, for a waiting contact."""
        queue, line = contact.queue, contact.line
        assert line is not None
        queue.estimator.reserved(now)
        self.leave_line(contact)
        queue.alerting += 1
        if line.strategy == "ring_all":
            self.note_ringing(contact)
        contact.agent_id = queue.previous_agent_id = agent_ids[0]
        if contact.is_told:
            self.outputs.append(AnnouncementCut(contact.contact_id))
        for agent_id in agent_ids:
            agent = self.agents[agent_id]
            self.ring(self.reserve(agent, contact, now), now, decision)
            self.settle(agent, now, "reservation")

    def reserve(self, agent: AgentMachine, contact: Contact, now: float) -> Reservation:
        """From now on he has this contact and no other; what else belongs to alerting him is the caller's business."""
        self.last_reservation += 1
        reservation = Reservation(ReservationId(self.last_reservation), agent, contact, now)
        self.reservations[reservation.reservation_id] = reservation
        contact.reservations.append(reservation.reservation_id)
        agent.reserve(reservation.reservation_id)
        return reservation

    def ring(self, reservation: Reservation, now: float, decision: Decision) -> None:
        """Alert the reserved agent from now on."""
        agent, contact, reservation_id = reservation.agent, reservation.contact, reservation.reservation_id
        settings = contact.queue.settings
        self.deadlines.set(("ring", reservation_id), now + settings.ring_timeout_s)
        self.outputs.append(AgentReserved(reservation_id, agent.agent_id, contact.contact_id, settings.queue_id))
        self.tell(decisions.reserved(decision, agent, contact, reservation_id, now))

    # The routing hook

    def _ask(self, agent: AgentMachine, contact: Contact, now: float, decision: Decision, deadline_s: float) -> None:
        """Reserve the agent, but do not alert him before the hook has spoken or its time is over."""
        queue = contact.queue
        others = self.matching.free_besides(contact, agent.agent_id, HOOK_OTHERS_MAX)
        queue.estimator.reserved(now)
        self.leave_line(contact)
        queue.alerting += 1
        contact.agent_id = agent.agent_id
        reservation = self.reserve(agent, contact, now)
        reservation.asked_about = decision
        self.deadlines.set(("hook", reservation.reservation_id), now + deadline_s)
        self.outputs.append(hook_words.question(reservation, others, deadline_s))
        self.settle(agent, now, "reservation")

    # Reservations that end

    def close_reservation(self, reservation: Reservation, cause: str, now: float) -> None:
        """Forget a reservation; what becomes of agent and contact is the caller's business."""
        del self.reservations[reservation.reservation_id]
        self.deadlines.cancel(("ring", reservation.reservation_id))
        contact = reservation.contact
        contact.reservations.remove(reservation.reservation_id)
        contact.agent_id = self.reservations[contact.reservations[0]].agent.agent_id if contact.reservations else None
        if not contact.reservations:
            contact.queue.alerting -= 1
            self.ringing.pop(contact.contact_id, None)
        if reservation.asked_about is not None:
            self.deadlines.cancel(("hook", reservation.reservation_id))
            return
        rang_until = now if reservation.answered_at is None else reservation.answered_at
        self.tell(
            told.ReservationEnded(
                now,
                reservation.reservation_id,
                contact.contact_id,
                contact.queue.settings.queue_id,
                reservation.agent.agent_id,
                cause,
                rang_until - reservation.made_at,
            )
        )

    def end_reservation(self, reservation: Reservation, cause: EndCause, now: float) -> None:
        """Forget a reservation that came to nothing, and say so."""
        self.close_reservation(reservation, cause, now)
        if reservation.asked_about is not None:
            self.outputs.append(
                RoutingSettled(reservation.reservation_id, reservation.contact.contact_id, is_late=False)
            )
            self.tell(hook_words.answer(reservation, "settled", now))
            return
        self.outputs.append(
            ReservationEnded(
                reservation.reservation_id, reservation.agent.agent_id, reservation.contact.contact_id, cause
            )
        )

    def release_all(
        self, contact: Contact, cause: EndCause, now: float, *, but: Reservation | None = None
    ) -> list[AgentMachine]:
        """End the reservations the contact still has, which is no doing of their agents; returns these."""
        known = [self.reservations[reservation_id] for reservation_id in contact.reservations]
        reservations = [reservation for reservation in known if reservation is not but]
        for reservation in reservations:
            self.end_reservation(reservation, cause, now)
            reservation.agent.release()
            self.settle(reservation.agent, now, "contact")
        return [reservation.agent for reservation in reservations]

    # Lines

    def join_line(self, contact: Contact, now: float) -> None:
        """The contact comes to wait: find it an agent, or it stands in the place its key gives it (`find_agent`)."""
        self.matching.lead(contact, now)
        contact.queue.waiting += 1

    def leave_line(self, contact: Contact) -> None:
        """The contact waits no more."""
        self.matching.remove(contact)
        queue = contact.queue
        queue.waiting -= 1
        if queue.waiting == 0:
            queue.estimator.nobody_waits()

    def forget(self, contact: Contact) -> None:
        """The contact, which waits no more, is no business of the router's any more."""
        self.contacts.pop(contact.contact_id, None)
        self.deadlines.cancel(("late", contact.contact_id))
        self.deadlines.cancel(("watch", contact.contact_id))
        self._drop_if_gone(contact.queue)

    def watch(self, contact: Contact, now: float) -> None:
        """Ask after a while whether it is still there."""
        if self.policy.watchdog_s is not None:
            self.deadlines.set(("watch", contact.contact_id), now + self.policy.watchdog_s)

    def watch_call_of(self, agent: AgentMachine, now: float) -> None:
        """Ask after a while whether he is still in his call."""
        if self.policy.watchdog_s is not None:
            self.deadlines.set(("watch_call", agent.agent_id), now + self.policy.watchdog_s)

    def stop_waiting_timers(self, contact: Contact) -> None:
        """The contact waits no more, or is about to wait anew."""
        self.deadlines.cancel(("max_wait", contact.contact_id))
        self.deadlines.cancel(("announcement", contact.contact_id))
        self.deadlines.cancel(("text", contact.contact_id))
        self.deadlines.cancel(("retry", contact.contact_id))
        self.deadlines.cancel(("stage", contact.contact_id))

    def _drop_if_gone(self, queue: QueueRecord) -> None:
        if not queue.is_open and len(queue) == 0 and self.queues.get(queue.settings.queue_id) is queue:
            self.matching.close_queue(queue)
            del self.queues[queue.settings.queue_id]
