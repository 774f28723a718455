"""The simulated people do what their scenario says, at the nanosecond at which it says so."""

from math import inf
from typing import TypeVar

from softswitch.acd.events import (
    AcdEvent,
    AgentReserved,
    AgentStateChanged,
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactOverflowed,
    ContactQueued,
    ReservationEnded,
)
from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, AgentState, Queue, RoutingPolicy, ToFlow
from softswitch.acd.simulation.arrivals import Arrival
from softswitch.acd.simulation.durations import Constant, Distribution
from softswitch.acd.simulation.simulator import NS, Shift, Simulation
from softswitch.base.ids import AgentId, QueueId

EventT = TypeVar("EventT", bound=AcdEvent)

SALES = QueueId("sales")
ANN, BOB = AgentId("ann"), AgentId("bob")


class Notes:
    """The router's diary."""

    def __init__(self) -> None:
        self.events: list[AcdEvent] = []

    def happened(self, event: AcdEvent) -> None:
        self.events.append(event)

    def of(self, kind: type[EventT]) -> list[EventT]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def came_at(self) -> dict[str, float]:
        return {event.contact_id: event.at for event in self.of(ContactQueued)}

    @property
    def gave_up_at(self) -> dict[str, float]:
        return {event.contact_id: event.at for event in self.of(ContactAbandoned)}


def call(at_s: float, *, talk_s: float = 100.0, patience_s: float = inf) -> Arrival:
    return Arrival(at_s=at_s, queue_id=SALES, talk_s=talk_s, patience_s=patience_s)


def run(
    *arrivals: Arrival,
    queue: Queue | None = None,
    shifts: tuple[Shift, ...] = (Shift(agent_id=ANN),),
    answer: Distribution | None = None,
) -> tuple[Notes, Simulation]:
    queues = [queue or Queue(queue_id=SALES, wrap_up_s=10.0, max_wait_s=None)]
    configuration = ConfigurationSet(queues, [Agent(agent_id=ANN), Agent(agent_id=BOB)])
    notes = Notes()
    simulation = Simulation(configuration, arrivals, shifts, notes, answer=answer)
    simulation.run()
    return notes, simulation


def connected(notes: Notes) -> list[tuple[float, str, str, float]]:
    return [(event.at, event.contact_id, event.agent_id, event.wait_s) for event in notes.of(ContactConnected)]


def test_a_call_is_answered_and_the_next_waits_for_talk_and_wrap_up() -> None:
    notes, simulation = run(call(5.0), call(20.0))
    assert notes.came_at == {"call1": 5.0, "call2": 20.0}
    assert connected(notes) == [(5.0, "call1", "ann", 0.0), (115.0, "call2", "ann", 95.0)]
    assert simulation.now_ns == 215 * NS


def test_a_caller_hangs_up_when_his_patience_is_over_and_not_before() -> None:
    notes, _ = run(call(0.0), call(1.0, patience_s=50.25), call(2.0, patience_s=500.0))
    assert notes.gave_up_at == {"call2": 51.25}
    assert [row[1] for row in connected(notes)] == ["call1", "call3"]


def test_phones_ring_before_they_are_answered() -> None:
    notes, _ = run(call(0.0), answer=Constant(4.5))
    assert connected(notes) == [(4.5, "call1", "ann", 4.5)]


def test_a_caller_may_hang_up_while_the_phone_rings() -> None:
    notes, _ = run(call(0.0, patience_s=3.0), answer=Constant(4.5))
    assert notes.gave_up_at == {"call1": 3.0}
    assert connected(notes) == []


def test_an_agent_who_misses_a_call_is_back_after_a_minute() -> None:
    queue = Queue(queue_id=SALES, ring_timeout_s=10.0, max_wait_s=90.0, overflow=ToFlow("sorry"))
    notes, _ = run(call(0.0), queue=queue, answer=Constant(11.0))
    assert [event.at for event in notes.of(AgentReserved)] == [0.0, 70.0]
    assert [event.at for event in notes.of(ReservationEnded)] == [10.0, 80.0]
    assert [event.at for event in notes.of(ContactOverflowed)] == [90.0]


def test_agents_come_and_go_by_their_shifts() -> None:
    shifts = (Shift(agent_id=ANN, from_s=60.0, until_s=100.0), Shift(agent_id=BOB, from_s=150.0))
    notes, _ = run(call(0.0, talk_s=70.0), call(90.0), shifts=shifts)
    assert [row[:3] for row in connected(notes)] == [(60.0, "call1", "ann"), (150.0, "call2", "bob")]
    left = [event.at for event in notes.of(AgentStateChanged) if event.new is AgentState.LOGGED_OUT]
    assert left == [130.0], "he finishes what he is in"


def test_nobody_asks_whether_a_long_conversation_is_still_there() -> None:
    queues = [Queue(queue_id=SALES, wrap_up_s=0.0)]
    configuration = ConfigurationSet(queues, [Agent(agent_id=ANN)], RoutingPolicy(watchdog_s=60.0))
    notes = Notes()
    Simulation(configuration, [call(0.0, talk_s=5000.0)], [Shift(agent_id=ANN)], notes).run()
    assert [event.talk_s for event in notes.of(ContactEnded)] == [5000.0]


def test_dispositions_are_given_where_they_are_wanted() -> None:
    queue = Queue(
        queue_id=SALES,
        wrap_up_s=10.0,
        wrap_up_max_s=600.0,
        dispositions=("sold", "lost"),
        is_disposition_required=True,
        max_wait_s=None,
    )
    notes, _ = run(call(0.0), call(20.0), queue=queue)
    assert [row[0] for row in connected(notes)] == [0.0, 110.0]


def test_a_run_ends_even_if_nobody_ever_comes() -> None:
    notes, simulation = run(call(0.0), shifts=())
    assert connected(notes) == []
    assert notes.gave_up_at == {}
    assert simulation.now_ns == 0


def test_the_same_scenario_runs_the_same() -> None:
    arrivals = [call(number * 13.7, talk_s=50.0 + number % 7, patience_s=60.0) for number in range(200)]
    first, second = (run(*arrivals)[0] for _ in range(2))
    assert first.events == second.events


def test_what_the_running_switch_asks_of_calls_and_agents_is_not_asked_of_simulated_ones() -> None:
    queue = Queue(queue_id=SALES, wrap_up_s=10.0, max_wait_s=None, dispositions=("sold",), is_disposition_required=True)
    configuration = ConfigurationSet([queue], [Agent(agent_id=ANN)], RoutingPolicy(watchdog_s=60.0))
    notes = Notes()
    Simulation(configuration, [call(0.0, talk_s=600.0), call(0.0)], [Shift(agent_id=ANN)], notes).run()
    assert connected(notes) == [(0.0, "call1", "ann", 0.0), (610.0, "call2", "ann", 610.0)]
