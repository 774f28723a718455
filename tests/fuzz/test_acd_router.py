"""Whatever happens in whatever order, the router keeps its promises.

No agent holds two reservations, no contact two unless its queue rings all; every contact is in one place and ends
exactly once; nobody waits for whom an agent is idle; the oldest goes first, and of equally old ones the first to come;
nobody is promised a longer wait than before; an agent is in one state at a time, and in none without its leg or timer;
logins survive a restart; the same facts give the same outputs.
"""

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
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactExited,
    ContactFinished,
    ContactQueued,
    ContactWithdrawn,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationFailed,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import (
    Agent,
    AgentState,
    Announcements,
    BusyKind,
    ContactState,
    HangUp,
    Queue,
    Skills,
    ToFlow,
    ToQueue,
    WhoWaitsAtClosing,
)
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
)
from softswitch.acd.router import Router
from softswitch.acd.summaries import ContactSummary
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

RETRY_S = 30.0
SOUNDS = Announcements(first_after_s=3.0, every_s=7.0)
FULL = ConfigurationSet(
    queues=[
        Queue(
            queue_id=QueueId("gold"),
            skills={"en": 5},
            max_length=3,
            max_wait_s=60.0,
            overflow=ToQueue(QueueId("any")),
            announcements=SOUNDS,
            no_answer_limit=2,
        ),
        Queue(
            queue_id=QueueId("any"),
            max_length=6,
            max_wait_s=40.0,
            overflow=ToFlow("sorry"),
            wrap_up_s=0.0,
            no_answer_limit=3,
        ),
        Queue(
            queue_id=QueueId("few"),
            skills={"ru": 2},
            agents=(AgentId("ann"), AgentId("bob")),
            join_empty=("invalid",),
            leave_when_empty=("invalid",),
            max_wait_s=None,
            announcements=SOUNDS,
        ),
        Queue(
            queue_id=QueueId("all"),
            strategy="ring_all",
            skills={"en": 4},
            max_wait_s=90.0,
            wrap_up_s=5.0,
            no_answer_limit=2,
            overflow=ToQueue(QueueId("any")),
        ),
    ],
    agents=[
        Agent(agent_id=AgentId("ann"), skills={"en": 9, "ru": 1}),
        Agent(agent_id=AgentId("bob"), skills={"en": 5, "ru": 8}),
        Agent(agent_id=AgentId("cyd"), skills={"en": 3}, queues=(QueueId("any"),)),
        Agent(agent_id=AgentId("dan"), skills={"en": 10, "ru": 10}, queues=(QueueId("gold"), QueueId("few"))),
    ],
)
SMALLER = ConfigurationSet(
    queues=[
        Queue(queue_id=QueueId("any"), overflow=HangUp(), max_wait_s=20.0, announcements=SOUNDS),
        Queue(queue_id=QueueId("few"), overflow=ToQueue(QueueId("few")), skills={"en": 4}),
    ],
    agents=[
        Agent(agent_id=AgentId("bob"), skills={"ru": 8}),
        Agent(agent_id=AgentId("eve"), skills={"en": 4, "ru": 2}),
    ],
)

agents = st.sampled_from([AgentId(name) for name in ("ann", "bob", "cyd", "dan", "eve")])
queues = st.sampled_from([QueueId(name) for name in ("gold", "any", "few", "all", "none")])
extra = st.sampled_from([{}, {}, {"en": 8}, {"ru": 3}, {"en": 2, "ru": 2}, {"fr": 1}])


class Known:
    """What we remember of a contact, apart from the router."""

    def __init__(self, fact: ContactQueued, now: float, serial: int) -> None:
        self.queue_id = fact.queue_id
        self.skills = fact.skills
        self.order = ((now if fact.enqueued_at is None else min(now, fact.enqueued_at)) - fact.boost_s, serial)
        self.failed_by: AgentId | None = None
        self.failed_at = 0.0
        self.told_s = float("inf")


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
        self.own_calls: set[AgentId] = set()
        """Agents whose phone is in a call of their own, as far as the router was told."""
        self.last_extended_at = 0.0
        self.ends: dict[ContactId, str] = {}
        """What became of everybody who is gone."""
        self.past_reservations: list[ReservationId] = [ReservationId(0)]
        self.states: dict[AgentId, AgentState] = {}
        self.serial = 0
        self.configuration = FULL
        self.tell(FULL)

    # Facts

    @rule(queue_id=queues, skills=extra, boost_s=st.sampled_from([0.0, 0.0, 25.0, -10.0]), age_s=st.integers(-5, 30))
    def queue_contact(self, queue_id: QueueId, skills: Skills, boost_s: float, age_s: int) -> None:
        self.serial += 1
        contact_id = ContactId(f"c{self.serial}")
        fact = ContactQueued(contact_id, queue_id, boost_s, skills, self.now - age_s if age_s else None)
        self.known[contact_id] = Known(fact, self.now, self.serial)
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

    @rule(queue_id=queues, waiting=st.sampled_from(["finish", "announce", "overflow"]))
    def queue_closes(self, queue_id: QueueId, waiting: WhoWaitsAtClosing) -> None:
        self.tell(QueueClosed(queue_id, "night", waiting))

    @rule(queue_id=queues)
    def queue_opens(self, queue_id: QueueId) -> None:
        self.tell(QueueOpened(queue_id))

    @rule(pick=st.integers(0, 20), is_stale=st.booleans())
    def agent_answers(self, pick: int, is_stale: bool) -> None:
        self.tell(ReservationAccepted(self.pick_reservation(pick, is_stale)))

    @rule(
        pick=st.integers(0, 20),
        is_stale=st.booleans(),
        cause=st.sampled_from(["no_answer", "declined", "unreachable"]),
    )
    def agent_fails(self, pick: int, is_stale: bool, cause: str) -> None:
        reservation_id = self.pick_reservation(pick, is_stale)
        if cause == "no_answer":
            self.tell(ReservationFailed(reservation_id, "no_answer"))
        elif cause == "declined":
            self.tell(ReservationFailed(reservation_id, "declined"))
        else:
            self.tell(ReservationFailed(reservation_id, "unreachable"))

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

    @rule(configuration=st.sampled_from([FULL, SMALLER]))
    def reload(self, configuration: ConfigurationSet) -> None:
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

    def tell(self, fact: AcdInput | None) -> None:
        """One fact, or the time: one mutation, then drain."""
        waiting_before = {row.contact_id for row in self.waiting()}
        self.log.append((self.now, fact))
        if fact is None:
            self.router.handle_timeout(self.now)
        else:
            self.router.apply(fact, self.now)
        outputs = self.router.take_outputs()
        self.said += outputs
        for output in outputs:
            self.follow(output)
        still_waiting = {row.contact_id for row in self.waiting()} & waiting_before
        for output in outputs:
            if isinstance(output, AgentReserved):
                self.check_oldest_first(output, still_waiting)

    def follow(self, output: AcdOutput) -> None:
        """Each output must fit what was said before."""
        match output:
            case AgentReserved():
                assert output.agent_id not in {other.agent_id for other in self.reservations.values()}
                settings = self.settings_of(output.queue_id)
                if settings.strategy != "ring_all":
                    assert output.contact_id not in {other.contact_id for other in self.reservations.values()}
                assert output.agent_id not in self.connected.values()
                assert output.contact_id in self.known
                assert output.contact_id not in self.connected
                assert output.queue_id == self.known[output.contact_id].queue_id
                self.reservations[output.reservation_id] = output
                self.ring_until[output.reservation_id] = self.now + settings.ring_timeout_s
            case ReservationEnded():
                reserved = self.reservations.pop(output.reservation_id)
                assert (reserved.agent_id, reserved.contact_id) == (output.agent_id, output.contact_id)
                assert (output.contact_id in self.known) == (output.cause not in ("abandoned", "withdrawn"))
                self.past_reservations.append(output.reservation_id)
                contact = self.known.get(output.contact_id)
                if contact is not None and output.cause in ("no_answer", "declined", "unreachable"):
                    contact.failed_by, contact.failed_at = output.agent_id, self.now
            case ContactConnected():
                (reserved,) = (each for each in self.reservations.values() if each.contact_id == output.contact_id)
                assert reserved.agent_id == output.agent_id, "whoever else was alerted is released first"
                assert output.wait_s >= 0
                del self.reservations[reserved.reservation_id]
                self.past_reservations.append(reserved.reservation_id)
                self.connected[output.contact_id] = output.agent_id
            case ContactMoved():
                assert self.known[output.contact_id].queue_id == output.from_queue_id
                self.known[output.contact_id].queue_id = output.queue_id
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

    def check_oldest_first(self, reserved: AgentReserved, still_waiting: set[ContactId]) -> None:
        chosen = self.known.get(reserved.contact_id)
        for contact_id in still_waiting:
            other = self.known[contact_id]
            if chosen is not None and self.may_serve(reserved.agent_id, other) and other.failed_by is None:
                assert chosen.order < other.order, "an older contact was passed over"

    def waiting(self) -> list[ContactSummary]:
        rows = self.router.contact_summaries(self.now)
        return [row for row in rows if row.state is ContactState.WAITING]

    def settings_of(self, queue_id: QueueId) -> Queue:
        """Those in force; of a queue that is not configured any more the last there were."""
        former = FULL if self.configuration is SMALLER else SMALLER
        known = [*self.configuration.queues, *former.queues]
        return next(queue for queue in known if queue.queue_id == queue_id)

    def may_serve(self, agent_id: AgentId, contact: Known) -> bool:
        """The rule in plain words, apart from the router's tables."""
        agent = next((agent for agent in self.configuration.agents if agent.agent_id == agent_id), None)
        queue = self.settings_of(contact.queue_id)
        if agent is None or (agent.queues is not None and queue.queue_id not in agent.queues):
            return False
        if queue.agents is not None and agent_id not in queue.agents:
            return False
        required = [*queue.skills.items(), *contact.skills.items()]
        return all(agent.skills.get(skill, 0) >= level for skill, level in required)

    # What always holds

    @invariant()
    def every_contact_is_where_we_think(self) -> None:
        rows = self.router.contact_summaries(self.now)
        assert {row.contact_id for row in rows} == set(self.known)
        alerting = {other.contact_id for other in self.reservations.values()}
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
                assert failed_lately or not self.may_serve(agent.agent_id, contact)

    @invariant()
    def the_counters_add_up(self) -> None:
        for row in self.router.queue_summaries(self.now):
            ended = row.answered + row.abandoned + row.overflowed + row.withdrawn
            assert row.offered == ended + row.waiting
            assert row.answered_within <= row.answered
            assert row.abandoned_within <= row.abandoned

    @invariant()
    def every_state_hangs_on_a_leg_or_a_timer(self) -> None:
        alerted = {other.agent_id for other in self.reservations.values()}
        assert all(self.ring_until[each] >= self.now for each in self.reservations), "a phone rings for ever"
        for row in self.router.agent_summaries(self.now):
            assert (row.state is AgentState.RESERVED) == (row.agent_id in alerted)
            is_talking = row.state is AgentState.BUSY and row.busy_kind is BusyKind.ACD
            assert is_talking == (row.agent_id in self.connected.values())
            if row.state is AgentState.BUSY and not is_talking:
                assert row.agent_id in self.own_calls
            if row.state is AgentState.RESERVED:
                assert self.router.next_timeout() is not None
            if row.state is AgentState.WRAP_UP:
                assert self.router.next_timeout() is not None
                began_at = self.now - row.since_s
                limit_s = 10.0 if self.last_extended_at < began_at else WRAP_UP_S_MAX
                assert row.since_s <= limit_s

    def teardown(self) -> None:
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
        other = Router()
        said: list[AcdOutput] = []
        for now, fact in self.log:
            if fact is None:
                other.handle_timeout(now)
            else:
                other.apply(fact, now)
            said += other.take_outputs()
        assert said == self.said


TestRouter = RouterMachine.TestCase
TestRouter.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
