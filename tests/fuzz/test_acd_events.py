"""Reports need nothing but the events: whatever happens, they balance, and agree with the router's own state.

Of each queue, at any moment: offered = answered + abandoned + overflowed + withdrawn + still waiting. Every contact
ends once, every reservation that was made ends once, every second of an agent who is logged in is in one state.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.events import (
    AcdEvent,
    AgentReserved,
    AgentStateChanged,
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactOverflowed,
    ContactQueued,
    ContactWithdrawn,
    ReservationEnded,
    Stamped,
)
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
    ContactConsulted,
    ContactExited,
    ContactFinished,
    ContactHeld,
    ContactResumed,
    ContactTransferred,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationAnswered,
    ReservationFailed,
    WrapUpEnded,
)
from softswitch.acd.inputs import (
    ContactAbandoned as Abandons,
)
from softswitch.acd.inputs import (
    ContactQueued as Arrives,
)
from softswitch.acd.inputs import (
    ContactWithdrawn as Withdrawn,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, ContactState, Queue, RoutingStep, ToFlow, ToQueue
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.acd.reporting.story import tell
from softswitch.acd.router import Router
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId

ANY = QueueId("any")
STEPS = (RoutingStep(skills={"en": 9}, for_s=10.0), RoutingStep())
CONFIGURATION = ConfigurationSet(
    [
        Queue(
            queue_id=QueueId("gold"), skills={"en": 5}, max_length=2, max_wait_s=60.0, overflow=ToQueue(QueueId("any"))
        ),
        Queue(queue_id=ANY, max_wait_s=40.0, overflow=ToFlow("sorry"), wrap_up_s=5.0, no_answer_limit=3),
        Queue(queue_id=QueueId("all"), strategy="ring_all", leave_when_empty=("invalid",), no_answer_limit=2),
        Queue(
            queue_id=QueueId("steps"), steps=(RoutingStep(skills={"en": 9}, for_s=10.0), RoutingStep()), max_wait_s=None
        ),
    ],
    [Agent(agent_id=AgentId("ann"), skills={"en": 9}), Agent(agent_id=AgentId("bob"), skills={"en": 3})],
)
SMALLER = ConfigurationSet([Queue(queue_id=ANY)], [Agent(agent_id=AgentId("bob"))])

queues = st.sampled_from([queue.queue_id for queue in CONFIGURATION.queues])
agents = st.sampled_from([agent.agent_id for agent in CONFIGURATION.agents])
contacts = st.integers(1, 4).map(lambda number: ContactId(f"c{number}"))
facts: st.SearchStrategy[AcdInput] = st.one_of(
    st.builds(Arrives, contacts, queues, st.sampled_from([0.0, 30.0])),
    st.builds(Arrives, contacts, queues, preferred_agent=agents, preferred_for_s=st.just(15.0)),
    st.builds(Abandons, contacts),
    st.builds(Withdrawn, contacts),
    st.builds(ContactExited, contacts, st.just("2"), st.one_of(st.none(), queues)),
    st.builds(ContactFinished, contacts),
    st.builds(ContactHeld, contacts),
    st.builds(ContactResumed, contacts),
    st.builds(ContactConsulted, contacts, st.just("7")),
    st.builds(ContactTransferred, contacts, st.just("blind"), st.just("7")),
    st.builds(AgentLoggedIn, agents),
    st.builds(AgentReachable, agents),
    st.builds(AgentLoggedOut, agents),
    st.builds(AgentPaused, agents, st.just("lunch")),
    st.builds(AgentResumed, agents),
    st.builds(AgentUnreachable, agents),
    st.builds(AgentBusy, agents, st.sampled_from(BusyKind)),
    st.builds(AgentFree, agents),
    st.builds(WrapUpEnded, agents),
    st.builds(QueueClosed, queues, waiting=st.sampled_from(["finish", "announce", "overflow"])),
    st.builds(QueueOpened, queues),
    st.sampled_from([CONFIGURATION, SMALLER]),
)
arrivals = st.builds(Arrives, contacts, queues, st.sampled_from([0.0, 30.0]))
answers = st.sampled_from(["accepted", "accepted", "answered", "no_answer", "declined", "unreachable", "hung_up"])
"""By whoever is alerted first."""
finishes = st.builds(ContactFinished, contacts)
others = facts.map(lambda fact: fact)
"""As one alternative of the following, and not as so many."""
steps = st.lists(st.one_of(others, arrivals, answers, finishes, st.floats(0.5, 45.0)), min_size=40, max_size=80)


class Played:
    """A router that is told facts, and whose time passes; everything known comes from its events."""

    def __init__(self) -> None:
        self.router = Router()
        self.now = 100.0
        self.diary: list[AcdEvent] = []
        self.live = LiveFigures(0.0)
        self.log = QueueLog()
        self.apply(CONFIGURATION)
        for agent in CONFIGURATION.agents:
            self.apply(AgentLoggedIn(agent.agent_id))
            self.apply(AgentReachable(agent.agent_id))

    def apply(self, fact: AcdInput) -> None:
        with suppress(LocalError):  # a contact that is known already
            self.router.apply(fact, self.now)
        self._take()

    def answer(self, answer: str) -> None:
        ended = {event.reservation_id for event in self.diary if isinstance(event, ReservationEnded)}
        made = [event.reservation_id for event in self.diary if isinstance(event, AgentReserved)]
        alerted = next((reservation_id for reservation_id in made if reservation_id not in ended), None)
        if alerted is None:
            return
        match answer:
            case "no_answer" | "declined" | "unreachable" | "hung_up":
                self.apply(ReservationFailed(alerted, answer))
            case "answered":
                self.apply(ReservationAnswered(alerted))
            case _:
                self.apply(ReservationAccepted(alerted))

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.router.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.router.handle_timeout(self.now)
            self._take()
        self.now = until

    def _take(self) -> None:
        self.router.take_outputs()
        for event in self.router.take_events():
            self.diary.append(event)
            stamped = Stamped(event.at, event)
            self.live.take(stamped)
            assert all(line.isprintable() for line in self.log.take(stamped))
            assert all(line.text for line in tell([stamped]))

    # Promises

    def check_queues(self) -> None:
        waiting = Counter(
            row.queue_id for row in self.router.contact_summaries(self.now) if row.state is not ContactState.CONNECTED
        )
        for tally in self.live.queues():
            ended = tally.answered + tally.abandoned + tally.overflowed + tally.withdrawn
            assert tally.offered == ended + waiting[tally.queue_id], tally.queue_id
            assert tally.handled <= tally.answered
        talking = sum(row.state is ContactState.CONNECTED for row in self.router.contact_summaries(self.now))
        assert sum(tally.answered - tally.handled for tally in self.live.queues()) == talking

    def check_agents(self) -> None:
        spent = {tally.agent_id: tally.logged_in_s for tally in self.live.agents(self.now)}
        states = [event for event in self.diary if isinstance(event, AgentStateChanged)]
        for agent_id in {event.agent_id for event in states}:
            own = [event for event in states if event.agent_id == agent_id]
            assert all(former.new is later.old for former, later in pairwise(own))
            there = sum(event.lasted_s for event in own if event.old is not AgentState.LOGGED_OUT)
            if own[-1].new is not AgentState.LOGGED_OUT:
                there += self.now - own[-1].at
            assert abs(spent.get(agent_id, 0.0) - there) < 1e-6

    def check_ends(self) -> None:
        made = [event.reservation_id for event in self.diary if isinstance(event, AgentReserved)]
        closed = [event.reservation_id for event in self.diary if isinstance(event, ReservationEnded)]
        assert len(set(made)) == len(made)
        assert len(set(closed)) == len(closed)
        assert set(closed) <= set(made)
        check_lives(self.diary)


def check_lives(diary: Sequence[AcdEvent]) -> None:
    """A contact comes, is perhaps connected, and ends; then it may come again, and not before."""
    state: dict[ContactId, str] = {}
    for event in diary:
        match event:
            case ContactQueued():
                assert state.get(event.contact_id, "gone") == "gone"
                state[event.contact_id] = "waiting"
            case ContactConnected():
                assert state[event.contact_id] == "waiting"
                state[event.contact_id] = "talking"
            case ContactEnded():
                assert state[event.contact_id] == "talking"
                state[event.contact_id] = "gone"
            case ContactAbandoned() | ContactOverflowed() | ContactWithdrawn():
                assert state[event.contact_id] == "waiting"
                state[event.contact_id] = "gone"
            case _:
                pass


@settings(max_examples=100, deadline=None)
@given(steps)
def test_reports_balance_at_any_moment(played: list[AcdInput | str | float]) -> None:
    centre = Played()
    for step in played:
        if isinstance(step, float | int):
            centre.wait(step)
        elif isinstance(step, str):
            centre.answer(step)
        else:
            centre.apply(step)
        centre.check_queues()
    centre.check_agents()
    centre.check_ends()
