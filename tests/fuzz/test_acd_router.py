"""Whatever happens in whatever order, the router keeps its promises.

No agent holds two reservations, no contact two unless its queue rings all; every contact is in one place and ends
exactly once; nobody waits for whom an agent is idle; the oldest goes first, and of equally old ones the first to come;
nobody is promised a longer wait than before; an agent is in one state at a time, and in none without its leg or timer;
logins survive a restart; the same facts give the same outputs. All that with a routing hook that says anything at any
time.
"""

from math import inf
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

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
    ContactAbandoned,
    ContactAssigned,
    ContactExited,
    ContactFinished,
    ContactPrioritised,
    ContactQueued,
    ContactRequeued,
    ContactWithdrawn,
    FailureCause,
    HookVerdict,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationAnswered,
    ReservationFailed,
    RoutingAnswered,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import AgentState, BusyKind, ContactState, Skills, WhoWaitsAtClosing
from softswitch.acd.outputs import (
    AcdOutput,
    AgentReserved,
    AgentStateChanged,
    AnnouncementDue,
    ContactConnected,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ReservationEnded,
    RoutingAsked,
    RoutingSettled,
)
from softswitch.acd.router import Router
from softswitch.acd.summaries import ContactSummary
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import replayed
from tests.fuzz.acd_rules import FULL, SKIPPING, SMALLER, Answer, Known, Rules

RETRY_S = 30.0
SHUNNED = ("no_answer", "declined", "unreachable", "hung_up")
"""Why a contact is not given to the same agent again at once."""

agents = st.sampled_from([AgentId(name) for name in ("ann", "bob", "cyd", "dan", "eve")])
queues = st.sampled_from([QueueId(name) for name in ("gold", "any", "few", "all", "stepped", "skipping", "none")])
extra = st.sampled_from([{}, {}, {"en": 8}, {"ru": 3}, {"en": 2, "ru": 2}, {"fr": 1}])


wishes = st.sampled_from(["", "", "", "ru >= 5 or en >= 9", "not trainee"])
customers = st.sampled_from(["", "", "+1", "+2"])


class RouterMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.router = Router()
        self.now = 1000.0
        self.log: list[tuple[float, AcdInput | None]] = []
        self.said: list[AcdOutput] = []
        self.known: dict[ContactId, Known] = {}
        self.connected: dict[ContactId, AgentId] = {}
        self.reservations: dict[ReservationId, AgentReserved] = {}
        self.ring_until: dict[ReservationId, float] = {}
        """When the phone has rung for long enough, or the hook was asked for long enough."""
        self.asked: dict[ReservationId, RoutingAsked] = {}
        self.ever_asked: set[ReservationId] = set()
        self.failed: set[tuple[AgentId, ContactId]] = set()
        """Who has ever failed whom, or was not wanted for him."""
        self.own_calls: set[AgentId] = set()
        """Agents whose phone is in a call of their own, as far as the router was told."""
        self.last_extended_at = 0.0
        self.is_followed = True
        """Every output so far fitted what we know; else nothing more can be said."""
        self.ends: dict[ContactId, str] = {}
        """What became of everybody who is gone."""
        self.past_reservations: list[ReservationId] = [ReservationId(0)]
        self.states: dict[AgentId, AgentState] = {}
        self.serial = 0
        self.configuration = FULL
        self.law = Rules(FULL, SMALLER)
        self.tell(FULL)

    # Facts

    @rule(
        queue_id=queues,
        skills=extra,
        requirement=wishes,
        boost_s=st.sampled_from([0.0, 0.0, 25.0, -10.0]),
        age_s=st.integers(-5, 30),
        customer=customers,
    )
    def queue_contact(
        self, queue_id: QueueId, skills: Skills, requirement: str, boost_s: float, age_s: int, customer: str
    ) -> None:
        self.queue(
            ContactQueued(
                self.next_id(),
                queue_id,
                boost_s,
                skills,
                self.now - age_s if age_s else None,
                requirement=requirement,
                customer=customer,
            )
        )

    @rule(queue_id=queues, agent_id=agents, for_s=st.sampled_from([1.0, 12.0, 50.0]))
    def queue_contact_for_one_agent(self, queue_id: QueueId, agent_id: AgentId, for_s: float) -> None:
        self.queue(ContactQueued(self.next_id(), queue_id, preferred_agent=agent_id, preferred_for_s=for_s))

    def next_id(self) -> ContactId:
        self.serial += 1
        return ContactId(f"c{self.serial}")

    def queue(self, fact: ContactQueued) -> None:
        known = self.known[fact.contact_id] = Known(fact, self.now, self.serial)
        if known.kept_for not in self.logged_in():
            known.released(known.entered_at)
        self.tell(fact)

    @rule(pick=st.integers(0, 20), leave=st.sampled_from([ContactAbandoned, ContactWithdrawn, ContactFinished]))
    def contact_leaves(self, pick: int, leave: type[ContactAbandoned | ContactWithdrawn | ContactFinished]) -> None:
        if self.known:
            contact_id = list(self.known)[pick % len(self.known)]
            self.end(contact_id, leave.__name__)
            self.tell(leave(contact_id))

    @rule(pick=st.integers(0, 20), queue_id=st.one_of(st.none(), queues))
    def contact_presses_a_key(self, pick: int, queue_id: QueueId | None) -> None:
        if self.known:
            contact_id = list(self.known)[pick % len(self.known)]
            if queue_id is None and contact_id not in self.connected:
                self.end(contact_id, "exited")
            self.tell(ContactExited(contact_id, "1", queue_id))

    @rule(pick=st.integers(0, 20), boost_s=st.sampled_from([0.0, 40.0, -15.0]))
    def supervisor_gives_a_boost(self, pick: int, boost_s: float) -> None:
        if self.known:
            contact_id = list(self.known)[pick % len(self.known)]
            if self.tell(ContactPrioritised(contact_id, boost_s, "sue")):
                known = self.known[contact_id]
                known.order = (known.enqueued_at - boost_s, known.order[1])

    @rule(pick=st.integers(0, 20), queue_id=queues)
    def supervisor_moves(self, pick: int, queue_id: QueueId) -> None:
        if self.known:
            self.tell(ContactRequeued(list(self.known)[pick % len(self.known)], queue_id, "sue"))

    @rule(pick=st.integers(0, 20), agent_id=agents)
    def supervisor_assigns(self, pick: int, agent_id: AgentId) -> None:
        if self.known:
            contact_id = list(self.known)[pick % len(self.known)]
            known = self.known[contact_id]
            former = (known.kept_for, known.kept_until, known.is_assigned, known.failed_by)
            known.assigned(agent_id)
            if not self.tell(ContactAssigned(contact_id, agent_id, "sue")):
                known.kept_for, known.kept_until, known.is_assigned, known.failed_by = former

    @rule(agent_id=agents, skills=st.sampled_from([None, {}, {"en": 7}, {"en": 9, "ru": 9}]))
    def supervisor_teaches(self, agent_id: AgentId, skills: Skills | None) -> None:
        self.tell(AgentSkillsSet(agent_id, skills, "sue"))

    @rule(queue_id=queues, waiting=st.sampled_from(["finish", "announce", "overflow"]))
    def queue_closes(self, queue_id: QueueId, waiting: WhoWaitsAtClosing) -> None:
        self.tell(QueueClosed(queue_id, "night", waiting))

    @rule(queue_id=queues)
    def queue_opens(self, queue_id: QueueId) -> None:
        self.tell(QueueOpened(queue_id))

    @rule(pick=st.integers(0, 20), is_stale=st.booleans())
    def agent_answers(self, pick: int, is_stale: bool) -> None:
        self.tell(ReservationAccepted(self.pick_reservation(pick, is_stale)))

    @rule(pick=st.integers(0, 20), is_stale=st.booleans(), goes_on=st.sampled_from(["accepts", "hangs up", "waits"]))
    def agent_is_told_first(self, pick: int, is_stale: bool, goes_on: str) -> None:
        """He answers, and hears who it is before he hears the contact; his phone does not ring any more."""
        reservation_id = self.pick_reservation(pick, is_stale)
        if reservation_id in self.reservations:
            self.ring_until[reservation_id] = inf
        self.tell(ReservationAnswered(reservation_id))
        if goes_on == "accepts":
            self.tell(ReservationAccepted(reservation_id))
        elif goes_on == "hangs up":
            self.tell(ReservationFailed(reservation_id, "hung_up"))

    @rule(
        pick=st.integers(0, 20),
        is_stale=st.booleans(),
        cause=st.sampled_from(["no_answer", "declined", "unreachable", "hung_up", "no_media"]),
    )
    def agent_fails(self, pick: int, is_stale: bool, cause: FailureCause) -> None:
        self.tell(ReservationFailed(self.pick_reservation(pick, is_stale), cause))

    @rule(
        pick=st.integers(0, 20),
        is_stale=st.booleans(),
        verdict=st.sampled_from(["accept", "choose", "choose", "veto", "failed", "skipped"]),
        chosen=agents,
    )
    def hook_answers(self, pick: int, is_stale: bool, verdict: HookVerdict, chosen: AgentId) -> None:
        if not self.asked:  # else it is rarely asked at all
            self.shift_begins([AgentId("ann"), AgentId("cyd")])
            self.queue(ContactQueued(self.next_id(), QueueId("any")))
        choice = list(self.asked) if self.asked and not is_stale else [*self.reservations, *self.past_reservations]
        reservation_id = choice[pick % len(choice)]
        question = self.asked.pop(reservation_id, None)
        if verdict == "veto" and question is not None:
            contact = self.known[question.contact_id]
            contact.failed_by, contact.failed_at = question.agent_id, self.now
            self.failed.add((question.agent_id, question.contact_id))
        self.tell(RoutingAnswered(reservation_id, verdict, chosen))

    @rule(
        pick=st.integers(0, 20),
        change=st.sampled_from(["skills", "configuration", "colleague"]),
        then=st.sampled_from(["accept", "choose", "failed", "late"]),
        chosen=agents,
    )
    def something_changes_while_the_hook_is_asked(
        self, pick: int, change: str, then: HookVerdict | Literal["late"], chosen: AgentId
    ) -> None:
        ann, bob = AgentId("ann"), AgentId("bob")
        if change == "colleague":
            self.tell(AgentLoggedOut(bob))
        self.shift_begins([ann] if change == "colleague" else [ann, bob])
        queue_id = QueueId("all" if change == "colleague" else "any")
        self.queue(ContactQueued(self.next_id(), queue_id, skills={"en": 2}))
        questions = list(self.asked.values())
        if not questions:
            return
        question = questions[pick % len(questions)]
        if change == "skills":
            self.supervisor_teaches(question.agent_id, {})
        elif change == "colleague":
            self.shift_begins([bob])
        else:
            self.reload(is_full=self.configuration is SMALLER)
        if then == "late":
            self.time_passes(2.0)
        else:
            self.asked.pop(question.reservation_id, None)
            self.tell(RoutingAnswered(question.reservation_id, then, chosen))

    @rule(
        agent_id=agents,
        fact=st.sampled_from(
            [AgentLoggedIn, AgentLoggedOut, AgentResumed, AgentReachable, AgentUnreachable, AgentFree, WrapUpEnded]
        ),
    )
    def agent_does(
        self,
        agent_id: AgentId,
        fact: type[
            AgentLoggedIn | AgentLoggedOut | AgentResumed | AgentReachable | AgentUnreachable | AgentFree | WrapUpEnded
        ],
    ) -> None:
        if fact is AgentFree:
            self.own_calls.discard(agent_id)
        self.tell(fact(agent_id))

    @rule(agent_ids=st.lists(agents, min_size=1, unique=True))
    def shift_begins(self, agent_ids: list[AgentId]) -> None:
        for agent_id in agent_ids:
            self.tell(AgentLoggedIn(agent_id))
            self.tell(AgentReachable(agent_id))

    @rule(agent_id=agents, kind=st.sampled_from([BusyKind.DIRECT_IN, BusyKind.OUTBOUND, BusyKind.OTHER]))
    def agent_calls(self, agent_id: AgentId, kind: BusyKind) -> None:
        if agent_id in {agent.agent_id for agent in self.configuration.agents}:
            self.own_calls.add(agent_id)
        self.tell(AgentBusy(agent_id, kind))

    @rule(agent_id=agents, reason=st.sampled_from(["lunch", "x" * 1000, "unreachable"]))
    def agent_pauses(self, agent_id: AgentId, reason: str) -> None:
        self.tell(AgentPaused(agent_id, reason))

    @rule(agent_id=agents, by_s=st.sampled_from([5.0, -100.0, 1e9]))
    def wrap_up_extends(self, agent_id: AgentId, by_s: float) -> None:
        self.last_extended_at = self.now
        self.tell(WrapUpExtended(agent_id, by_s))

    @rule(is_full=st.booleans())
    def reload(self, is_full: bool) -> None:
        configuration = FULL if is_full else SMALLER
        if configuration is not self.configuration:
            self.law = Rules(configuration, self.configuration)
        self.configuration = configuration
        self.tell(configuration)

    @rule(seconds=st.sampled_from([0.0, 1.0, 7.0, 15.0, 40.0]))
    def time_passes(self, seconds: float) -> None:
        until = self.now + seconds
        turns = 0
        while (due := self.router.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.tell(None)
            turns += 1
            assert turns < 1000, "time stands still"
        self.now = until

    # The run

    def pick_reservation(self, pick: int, is_stale: bool) -> ReservationId:
        choice = list(self.reservations) if self.reservations and not is_stale else self.past_reservations
        return choice[pick % len(choice)]

    def end(self, contact_id: ContactId, how: str) -> None:
        """Something is known that ended, and it is known no more."""
        assert contact_id not in self.ends, f"{self.ends[contact_id]} before {how}"
        del self.known[contact_id]
        self.connected.pop(contact_id, None)
        self.ends[contact_id] = how

    def tell(self, fact: AcdInput | None) -> bool:
        """One fact, or the time: one mutation, then drain. False if a supervisor is told that it is not possible."""
        before = self.eligible(self.now - 0.5)
        self.log.append((self.now, fact))
        try:
            if fact is None:
                self.router.handle_timeout(self.now)
            else:
                self.router.apply(fact, self.now)
        except LocalError:
            assert isinstance(fact, ContactPrioritised | ContactRequeued | ContactAssigned)
            assert self.router.take_outputs() == [], "what is refused changes nothing"
            self.log.pop()
            return False
        outputs = self.router.take_outputs()
        self.said += outputs
        for row in self.router.agent_summaries(self.now):
            self.law.learn_skills(row.agent_id, row.skills)
        self.release_kept()
        self.learn_order(fact)
        self.follow_all(outputs)
        self.release_kept()
        eligible = before & self.eligible(self.now)
        for output in outputs:
            if isinstance(output, RoutingAsked) or (
                isinstance(output, AgentReserved) and self.is_decision(output, fact)
            ):
                self.check_oldest_first(output, eligible)
        return True

    def logged_in(self) -> set[AgentId]:
        configured = {agent.agent_id for agent in self.configuration.agents}
        rows = self.router.agent_summaries(self.now)
        return {row.agent_id for row in rows if row.is_logged_in and row.agent_id in configured}

    def release_kept(self) -> None:
        """Nobody is kept for an agent who is gone, has failed him, or has had his time."""
        logged_in = self.logged_in()
        for contact in self.known.values():
            agent_id = contact.kept_for
            if agent_id is not None:
                is_over = self.now >= contact.kept_until or contact.failed_by == agent_id
                if is_over or agent_id not in logged_in:
                    contact.released(self.now)

    def learn_order(self, fact: AcdInput | None) -> None:
        """Of a customer who is known, the router says how much older he counts."""
        if isinstance(fact, ContactQueued) and fact.customer:
            for row in self.router.contact_summaries(self.now):
                if row.contact_id == fact.contact_id:
                    enqueued_at = self.now if fact.enqueued_at is None else min(self.now, fact.enqueued_at)
                    self.known[fact.contact_id].order = (enqueued_at - row.boost_s, self.serial)

    def eligible(self, now: float) -> set[tuple[AgentId, ContactId]]:
        """Who may certainly serve whom of those who wait and were never failed."""
        return {
            (agent_id, row.contact_id)
            for row in self.waiting()
            for agent_id in self.law.agents
            if row.contact_id in self.known
            and self.known[row.contact_id].failed_by is None
            and self.law.may_serve(agent_id, self.known[row.contact_id], now) is Answer.YES
        }

    def is_decision(self, reserved: AgentReserved, fact: AcdInput | None) -> bool:
        """Not one the hook was asked about before, when others waited, and not the hook's own choice."""
        is_choice = isinstance(fact, RoutingAnswered) and fact.agent_id == reserved.agent_id
        return not is_choice and reserved.reservation_id not in self.ever_asked

    def follow_all(self, outputs: list[AcdOutput]) -> None:
        """Each output must fit what was said before."""
        self.is_followed = False
        for output in outputs:
            self.follow(output)
        self.is_followed = True

    def follow(self, output: AcdOutput) -> None:
        match output:
            case RoutingAsked():
                held = [*self.reservations.values(), *self.asked.values()]
                assert output.agent_id not in {other.agent_id for other in held}
                assert output.contact_id not in {other.contact_id for other in held}
                assert output.agent_id not in output.others
                self.asked[output.reservation_id] = output
                self.ever_asked.add(output.reservation_id)
                self.ring_until[output.reservation_id] = self.now + output.deadline_s
            case RoutingSettled():
                del self.asked[output.reservation_id]
                self.past_reservations.append(output.reservation_id)
            case AgentReserved():
                assert output.agent_id not in {other.agent_id for other in self.reservations.values()}
                settings = self.law.queues[output.queue_id]
                if settings.strategy != "ring_all" and settings is not SKIPPING:
                    assert output.contact_id not in {other.contact_id for other in self.reservations.values()}
                assert output.agent_id not in self.connected.values()
                assert output.contact_id in self.known
                assert output.contact_id not in self.connected
                assert output.queue_id == self.known[output.contact_id].queue_id
                able = self.law.may_serve(output.agent_id, self.known[output.contact_id], self.now)
                assert able is not Answer.NO, "he may not serve it yet, or at all"
                self.reservations[output.reservation_id] = output
                self.ring_until[output.reservation_id] = self.now + settings.ring_timeout_s
            case ReservationEnded():
                reserved = self.reservations.pop(output.reservation_id)
                assert (reserved.agent_id, reserved.contact_id) == (output.agent_id, output.contact_id)
                if output.cause != "restart":
                    assert (output.contact_id in self.known) == (output.cause not in ("abandoned", "withdrawn"))
                self.past_reservations.append(output.reservation_id)
                self.failed.add((output.agent_id, output.contact_id))
                contact = self.known.get(output.contact_id)
                is_his = isinstance(self.log[-1][1], ReservationFailed | None)
                if contact is not None and is_his and output.cause in SHUNNED:
                    contact.failed_by, contact.failed_at = output.agent_id, self.now
                    self.release_kept()
            case ContactConnected():
                (reserved,) = (each for each in self.reservations.values() if each.contact_id == output.contact_id)
                assert reserved.agent_id == output.agent_id, "whoever else was alerted is released first"
                assert output.wait_s >= 0
                del self.reservations[reserved.reservation_id]
                self.past_reservations.append(reserved.reservation_id)
                self.connected[output.contact_id] = output.agent_id
            case ContactMoved():
                assert self.known[output.contact_id].queue_id == output.from_queue_id
                self.known[output.contact_id].moved(output.queue_id, self.now)
            case ContactOverflowed() | ContactRefused():
                assert output.contact_id not in self.connected
                assert output.contact_id not in {each.contact_id for each in self.reservations.values()}
                self.end(output.contact_id, type(output).__name__)
            case AnnouncementDue():
                if output.estimated_wait_s is not None:
                    assert 0.0 <= output.estimated_wait_s <= self.known[output.contact_id].told_s
                    self.known[output.contact_id].told_s = output.estimated_wait_s
            case AgentStateChanged():
                assert self.states.get(output.agent_id, AgentState.LOGGED_OUT) is output.old
                assert output.since == self.now
                self.states[output.agent_id] = output.new
                assert len(output.reason) <= 80
            case _:
                pass

    def check_oldest_first(
        self, reserved: AgentReserved | RoutingAsked, eligible: set[tuple[AgentId, ContactId]]
    ) -> None:
        """Nobody waits still whom this agent could have taken before, and should have taken first."""
        chosen = self.known.get(reserved.contact_id)
        if chosen is None or reserved.agent_id not in self.law.agents:
            return
        for agent_id, contact_id in eligible:
            if agent_id == reserved.agent_id:
                order = self.law.order(agent_id, self.known[contact_id])
                assert self.law.order(agent_id, chosen) < order, "an older contact was passed over"

    def waiting(self) -> list[ContactSummary]:
        rows = self.router.contact_summaries(self.now)
        return [row for row in rows if row.state is ContactState.WAITING]

    # What always holds

    @invariant()
    def every_contact_is_where_we_think(self) -> None:
        rows = self.router.contact_summaries(self.now)
        assert {row.contact_id for row in rows} == set(self.known)
        alerting = {other.contact_id for other in [*self.reservations.values(), *self.asked.values()]}
        for row in rows:
            if row.state is ContactState.CONNECTED:
                assert row.agent_id == self.connected[row.contact_id]
            else:
                assert (row.state is ContactState.ALERTING) == (row.contact_id in alerting)
            assert row.queue_id == self.known[row.contact_id].queue_id

    @invariant()
    def everybody_who_came_is_there_or_has_ended(self) -> None:
        assert len(self.known) + len(self.ends) == self.serial
        assert not self.known.keys() & self.ends.keys()

    @invariant()
    def nobody_waits_for_whom_an_agent_is_free(self) -> None:
        free = [
            row for row in self.router.agent_summaries(self.now) if row.state is AgentState.READY and row.is_reachable
        ]
        for row in self.waiting():
            contact = self.known[row.contact_id]
            for agent in free:
                failed_lately = contact.failed_by == agent.agent_id and self.now <= contact.failed_at + RETRY_S
                assert failed_lately or self.law.may_serve(agent.agent_id, contact, self.now) is not Answer.YES

    @invariant()
    def who_is_free_is_alerted_where_all_are(self) -> None:
        """Unless somebody is told of the contact already, was kept for it alone, or has failed it."""
        free = [
            row.agent_id
            for row in self.router.agent_summaries(self.now)
            if row.state is AgentState.READY and row.is_reachable
        ]
        for reservation_id, reserved in self.reservations.items():
            if reserved.queue_id == "all" and self.ring_until[reservation_id] != inf:
                contact = self.known[reserved.contact_id]
                for agent_id in () if contact.was_kept else free:
                    may_serve = self.law.may_serve(agent_id, contact, self.now)
                    assert (agent_id, reserved.contact_id) in self.failed or may_serve is not Answer.YES

    @invariant()
    def the_counters_add_up(self) -> None:
        for row in self.router.queue_summaries(self.now):
            ended = row.answered + row.abandoned + row.overflowed + row.withdrawn
            assert row.offered == ended + row.waiting
            assert row.answered_within <= row.answered
            assert row.abandoned_within <= row.abandoned

    @invariant()
    def every_state_hangs_on_a_leg_or_a_timer(self) -> None:
        alerted = {other.agent_id for other in [*self.reservations.values(), *self.asked.values()]}
        held = [*self.reservations, *self.asked]
        assert all(self.ring_until[each] >= self.now for each in held), "a phone rings, or a hook is asked, for ever"
        for row in self.router.agent_summaries(self.now):
            assert (row.state is AgentState.RESERVED) == (row.agent_id in alerted)
            is_talking = row.state is AgentState.BUSY and row.busy_kind is BusyKind.ACD
            assert is_talking == (row.agent_id in self.connected.values())
            if row.state is AgentState.BUSY and not is_talking:
                assert row.agent_id in self.own_calls
            if row.state is AgentState.RESERVED and not self.is_being_told(row.agent_id):
                assert self.router.next_timeout() is not None
            if row.state is AgentState.WRAP_UP:
                assert self.router.next_timeout() is not None
                began_at = self.now - row.since_s
                limit_s = 10.0 if self.last_extended_at < began_at else WRAP_UP_S_MAX
                assert row.since_s <= limit_s

    def is_being_told(self, agent_id: AgentId) -> bool:
        """He has answered, and what he is told will end: that hangs on his leg."""
        return any(
            reserved.agent_id == agent_id and self.ring_until[reservation_id] == inf
            for reservation_id, reserved in self.reservations.items()
        )

    def teardown(self) -> None:
        if not self.is_followed:
            return  # another failure here would be shown instead of the one that was found
        self.restart()
        self.everything_comes_to_rest()
        self.replay()

    def restart(self) -> None:
        """Logins, reasons and idle times survive; what hung on legs and timers does not."""
        before = [
            saved
            for agent in self.configuration.agents
            if (saved := self.router.agent_snapshot(agent.agent_id)) is not None
        ]
        other = Router()
        other.apply(self.configuration, self.now)
        other.restore(before, self.now)
        for saved in before:
            restored = other.agent_snapshot(saved.agent_id)
            assert restored is not None
            assert (restored.is_logged_in, restored.pause_reason) == (saved.is_logged_in, saved.pause_reason)
            if saved.idle_since is not None and restored.idle_since is not None:
                assert restored.idle_since == saved.idle_since

    def everything_comes_to_rest(self) -> None:
        for contact_id in list(self.connected):
            self.end(contact_id, "finished")
            self.tell(ContactFinished(contact_id))
        for row in self.router.agent_summaries(self.now):
            self.tell(AgentFree(row.agent_id))
            self.tell(AgentLoggedOut(row.agent_id))
        for contact_id in list(self.known):
            self.end(contact_id, "abandoned")
            self.tell(ContactAbandoned(contact_id))
        assert {row.state for row in self.router.agent_summaries(self.now)} <= {AgentState.LOGGED_OUT}
        assert self.router.contact_summaries(self.now) == []

    def replay(self) -> None:
        assert replayed(self.log) == self.said


TestRouter = RouterMachine.TestCase
TestRouter.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
