"""The router in the running switch: timer, order of outputs, agent states on disk."""

from collections.abc import Callable, Iterable, Iterator

import pytest

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentPaused,
    AgentReachable,
    ConfigurationSet,
    ContactFinished,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import AcdOutput, AgentReserved, AgentStateChanged, ContactConnected, WrapUpBegan
from softswitch.acd.router import Router
from softswitch.acd.runtime.service import AcdService, SavedAgent
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

ANN, BOB = AgentId("ann"), AgentId("bob")
CONFIGURATION = ConfigurationSet(
    [Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)], [Agent(agent_id=ANN), Agent(agent_id=BOB)]
)
QUEUED = ContactQueued(ContactId("c1"), QueueId("sales"))


class StatesInMemory:
    def __init__(self, states: Iterable[SavedAgent] = ()) -> None:
        self.rows = {state.agent_id: state for state in states}
        self.puts = 0

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        self.rows[agent_id] = state
        self.puts += 1

    def values(self) -> Iterable[SavedAgent]:
        return list(self.rows.values())


class Running:
    """A service in virtual time; `react`, when set, is told each output first."""

    def __init__(self, loop: VirtualLoop, clock: ManualClock, states: StatesInMemory) -> None:
        self.loop = loop
        self.clock = clock
        self.outputs: list[AcdOutput] = []
        self.react: Callable[[AcdOutput], None] = lambda _: None
        self.service = AcdService(Router(), clock, self.take, states, loop)
        self.known = self.service.start(CONFIGURATION)

    def take(self, output: AcdOutput) -> None:
        self.outputs.append(output)
        self.react(output)

    def tell(self, *facts: AcdInput) -> None:
        for fact in facts:
            self.service.apply(fact)

    def ready(self, agent_id: AgentId) -> None:
        self.tell(AgentLoggedIn(agent_id), AgentReachable(agent_id))

    def run(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def state(self, agent_id: AgentId) -> AgentState:
        return next(row.state for row in self.service.agent_summaries() if row.agent_id == agent_id)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


@pytest.fixture
def states() -> StatesInMemory:
    return StatesInMemory()


@pytest.fixture
def running(loop: VirtualLoop, clock: ManualClock, states: StatesInMemory) -> Running:
    return Running(loop, clock, states)


def test_timers_of_the_router_are_timers_of_the_loop(running: Running) -> None:
    running.ready(ANN)
    running.tell(QUEUED)
    running.run(14.9)
    assert running.state(ANN) is AgentState.RESERVED
    running.run(0.2)
    assert running.state(ANN) is AgentState.NOT_READY
    running.run(590.0)
    assert running.service.contact_summaries() == []


def test_after_stop_no_timer_runs(running: Running) -> None:
    running.ready(ANN)
    running.tell(QUEUED)
    running.service.stop()
    running.run(100.0)
    assert running.state(ANN) is AgentState.RESERVED


def test_facts_applied_from_within_wait_until_the_outputs_are_handed_on(running: Running) -> None:
    def answer(output: AcdOutput) -> None:
        if isinstance(output, AgentReserved):
            running.tell(ReservationAccepted(output.reservation_id))
        elif isinstance(output, ContactConnected):
            running.tell(ContactFinished(output.contact_id))

    running.react = answer
    running.ready(ANN)
    running.outputs.clear()
    running.tell(QUEUED)
    kinds = [output.new if isinstance(output, AgentStateChanged) else type(output) for output in running.outputs]
    assert kinds == [
        AgentReserved,
        AgentState.RESERVED,
        ContactConnected,
        AgentState.BUSY,
        WrapUpBegan,
        AgentState.WRAP_UP,
    ]
    assert running.service.queue_summaries()[0].answered == 1


def test_a_fault_in_one_output_costs_no_other(running: Running) -> None:
    def stumble(output: AcdOutput) -> None:
        if isinstance(output, AgentReserved):
            raise RuntimeError("a fault in one call")

    running.react = stumble
    running.ready(ANN)
    running.tell(QUEUED)
    assert isinstance(running.outputs[-1], AgentStateChanged)
    running.run(16.0)
    assert running.state(ANN) is AgentState.NOT_READY


def test_a_refused_fact_is_the_callers_affair(running: Running) -> None:
    running.tell(QUEUED)
    with pytest.raises(LocalError):
        running.tell(QUEUED)


def test_a_fact_refused_from_within_is_logged_and_the_rest_goes_on(running: Running) -> None:
    def repeat(output: AcdOutput) -> None:
        if isinstance(output, AgentReserved):
            running.tell(QUEUED, ReservationAccepted(output.reservation_id))

    running.react = repeat
    running.ready(ANN)
    running.tell(QUEUED)
    assert running.state(ANN) is AgentState.BUSY


def test_states_are_saved_when_they_change(running: Running, states: StatesInMemory, clock: ManualClock) -> None:
    running.tell(AgentLoggedIn(ANN))
    assert states.rows[ANN] == SavedAgent(
        agent_id=ANN, is_logged_in=True, since_wall=clock.wall(), idle_since_wall=clock.wall()
    )
    before = states.puts
    running.tell(AgentReachable(ANN), AgentReachable(ANN))
    assert states.puts == before


def test_a_break_planned_during_a_call_is_saved(running: Running, states: StatesInMemory) -> None:
    running.ready(ANN)
    running.tell(QUEUED)
    reserved = next(output for output in running.outputs if isinstance(output, AgentReserved))
    running.tell(ReservationAccepted(reserved.reservation_id), AgentPaused(ANN, "lunch"))
    assert states.rows[ANN] == SavedAgent(agent_id=ANN, is_logged_in=True, pause_reason="lunch")


def test_a_restart_finds_everybody_where_they_were(
    running: Running, states: StatesInMemory, loop: VirtualLoop, clock: ManualClock
) -> None:
    running.ready(ANN)
    running.run(5.0)
    running.ready(BOB)
    running.run(100.0)
    running.tell(AgentPaused(ANN, "lunch"))
    running.run(20.0)

    rebooted = ManualClock(now=50.0, wall=clock.wall())
    again = Running(loop, rebooted, states)
    assert again.known == {ANN, BOB}
    ann, bob = again.service.agent_summaries()
    assert (ann.state, ann.reason, round(ann.since_s, 3)) == (AgentState.NOT_READY, "lunch", 20.0)
    assert (bob.state, round(bob.idle_s or 0.0, 3)) == (AgentState.READY, 120.0)


def test_a_first_start_knows_nobody(running: Running) -> None:
    assert running.known == set()
    assert running.outputs == []
