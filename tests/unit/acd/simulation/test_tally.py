"""What is counted where: a call belongs to the interval in which it came into the queue."""

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, HangUp, Queue, ToFlow, ToQueue
from softswitch.acd.simulation.arrivals import Arrival
from softswitch.acd.simulation.simulator import Shift, Simulation
from softswitch.acd.simulation.tally import Cell, Tally
from softswitch.base.ids import AgentId, QueueId

SALES, RESERVE = QueueId("sales"), QueueId("reserve")
ANN = AgentId("ann")


def counted(arrivals: list[Arrival], queues: list[Queue]) -> Tally:
    tally = Tally(interval_s=60.0)
    shifts = [Shift(agent_id=ANN)]
    simulation = Simulation(ConfigurationSet(queues, [Agent(agent_id=ANN)]), arrivals, shifts, tally)
    simulation.run()
    return tally


def call(at_s: float, *, patience_s: float = 1e6, queue_id: QueueId = SALES) -> Arrival:
    return Arrival(at_s=at_s, queue_id=queue_id, talk_s=100.0, patience_s=patience_s)


def test_answers_and_hang_ups_count_where_the_call_came_in() -> None:
    queue = Queue(queue_id=SALES, wrap_up_s=20.0, max_wait_s=None, service_level_s=20.0)
    tally = counted([call(0.0), call(30.0, patience_s=5.0), call(50.0, patience_s=60.0), call(110.0)], [queue])
    first, second = tally.cells[SALES, 0], tally.cells[SALES, 1]
    assert (first.offered, first.answered, first.answered_within, first.answered_at_once) == (3, 1, 1, 1)
    assert (first.abandoned, first.abandoned_within, first.waiting) == (2, 1, 0)
    assert (first.waited_s, first.answered_s) == (65.0, 0.0)
    assert (second.offered, second.answered, second.answered_within, second.answered_s) == (1, 1, 1, 10.0)


def test_a_call_that_moves_overflows_from_one_queue_and_is_offered_to_the_other() -> None:
    sales = Queue(queue_id=SALES, max_wait_s=70.0, overflow=ToQueue(RESERVE))
    reserve = Queue(queue_id=RESERVE, max_wait_s=40.0, overflow=ToFlow("sorry"))
    tally = counted([call(0.0), call(1.0), call(2.0, patience_s=80.0)], [sales, reserve])
    first, later = tally.cells[SALES, 0], tally.cells[RESERVE, 1]
    assert (first.offered, first.answered, first.overflowed) == (3, 1, 2)
    assert (later.offered, later.answered, later.abandoned) == (2, 1, 1)


def test_who_is_refused_was_never_offered() -> None:
    queue = Queue(queue_id=SALES, max_length=1, overflow=HangUp())
    cell = counted([call(0.0), call(1.0), call(2.0)], [queue]).cells[SALES, 0]
    assert (cell.offered, cell.refused, cell.answered) == (2, 1, 2)


def test_cells_add_up() -> None:
    one, other = Cell(), Cell()
    one.offered, one.waited_s = 2, 5.0
    other.offered, other.waited_s = 3, 4.0
    one.add(other)
    assert (one.offered, one.waited_s, one.waiting) == (5, 9.0, 5)
