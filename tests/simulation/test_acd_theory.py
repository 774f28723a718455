"""The router against queueing theory: the means of many simulated days are those of the formulas.

Each model runs as several days with seeds of their own. The first hours of a day are left out, because it begins with
nobody there. A figure passes when the mean of the days is within three standard errors (from the spread between the
days) of the exact value, and it must be known well enough for that to mean something.
"""

from collections.abc import Callable, Sequence
from math import inf, sqrt
from statistics import fmean, stdev

from msgspec.structs import replace

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue
from softswitch.acd.simulation.arrivals import Arrival, Demand, Habits, expected_calls
from softswitch.acd.simulation.durations import Constant, Exponential
from softswitch.acd.simulation.erlang import predict_a, predict_c, priority_waits_s, waits_a
from softswitch.acd.simulation.simulator import Shift, Simulation
from softswitch.acd.simulation.tally import Cell, Tally
from softswitch.base.ids import AgentId, QueueId

DAYS = 12
HOUR_S = 3600.0
WARM_UP_HOURS = 2
SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, max_wait_s=None, max_length=1_000_000)
STRICT_S = 86_400.0
"""A boost no wait comes near: whoever has it goes before everybody who has none."""


def day(
    *, per_hour: float, handle_s: float, patience_s: float, hours: int, seed: int, queues: Sequence[Queue] = (SALES,)
) -> list[Arrival]:
    """Calls at random, in each of the queues at the same rate."""
    calls = per_hour * hours / len(queues)
    demands = [Demand(queue_id=queue.queue_id, from_s=0.0, until_s=hours * HOUR_S, calls=calls) for queue in queues]
    patience = Constant(inf) if patience_s == inf else Exponential(patience_s)
    return expected_calls(demands, Habits(talk=Exponential(handle_s), patience=patience), seed=seed)


def lived_through(arrivals: Sequence[Arrival], *, agents: int, hours: int, queues: Sequence[Queue] = (SALES,)) -> Tally:
    team = [Agent(agent_id=AgentId(str(number))) for number in range(agents)]
    tally = Tally(interval_s=HOUR_S)
    shifts = [Shift(agent_id=agent.agent_id) for agent in team]
    Simulation(ConfigurationSet(list(queues), team), arrivals, shifts, tally).run()
    return tally


def settled(tally: Tally, *, hours: int, queue: Queue = SALES) -> Cell:
    """Everything but the warm-up."""
    total = Cell()
    for hour in range(WARM_UP_HOURS, hours):
        total.add(tally.cells[queue.queue_id, hour])
    return total


def assert_agree(figures: Sequence[float], exact: float, *, known_to: float) -> None:
    """Within three standard errors; `known_to` is the greatest such error, as a share, that still says something."""
    error = stdev(figures) / sqrt(len(figures))
    assert error < known_to * exact, f"{error / exact:.1%} of noise: too few days to tell"
    assert abs(fmean(figures) - exact) < 3 * error, f"{fmean(figures):.6g} is not {exact:.6g} +- {error:.3g}"


def test_erlang_c() -> None:
    """M/M/n: the textbooks' ten erlangs and fourteen agents."""
    hours = 26
    exact = predict_c(arrivals_per_s=200 / HOUR_S, handle_s=180.0, agents=14, within_s=20.0)
    days = [
        settled(
            lived_through(
                day(per_hour=200.0, handle_s=180.0, patience_s=inf, hours=hours, seed=seed), agents=14, hours=hours
            ),
            hours=hours,
        )
        for seed in range(1, DAYS + 1)
    ]
    assert_agree([1 - cell.answered_at_once / cell.offered for cell in days], exact.wait_probability, known_to=0.05)
    assert_agree([cell.waited_s / cell.offered for cell in days], exact.average_wait_s, known_to=0.1)
    assert_agree([cell.answered_within / cell.offered for cell in days], exact.service_level, known_to=0.01)


def test_erlang_a() -> None:
    """M/M/n+M: forty-eight erlangs, fifty agents, patience of three minutes."""
    hours, rate = 9, 720 / HOUR_S
    exact = predict_a(arrivals_per_s=rate, handle_s=240.0, patience_s=180.0, agents=50, within_s=20.0)
    shares = waits_a(arrivals_per_s=rate, handle_s=240.0, patience_s=180.0, agents=50, within_s=20.0)
    days = [
        settled(
            lived_through(
                day(per_hour=720.0, handle_s=240.0, patience_s=180.0, hours=hours, seed=seed), agents=50, hours=hours
            ),
            hours=hours,
        )
        for seed in range(1, DAYS + 1)
    ]
    figures: list[tuple[Callable[[Cell], float], float, float]] = [
        (lambda cell: 1 - cell.answered_at_once / cell.offered, exact.wait_probability, 0.05),
        (lambda cell: cell.abandoned / cell.offered, exact.abandoned, 0.1),
        (lambda cell: cell.waited_s / cell.offered, exact.average_wait_s, 0.1),
        (lambda cell: cell.answered_s / cell.answered, exact.average_speed_of_answer_s, 0.1),
        (lambda cell: cell.answered_within / cell.offered, shares.answered_within, 0.03),
        (lambda cell: cell.abandoned_within / cell.offered, shares.abandoned_within, 0.1),
    ]
    for figure, value, known_to in figures:
        assert_agree([figure(cell) for cell in days], value, known_to=known_to)


def test_two_classes_of_priority() -> None:
    """A boost of a day is strict priority: Cobham's waits for half of the calls urgent, and the mean unchanged."""
    urgent = Queue(queue_id=QueueId("urgent"), wrap_up_s=0.0, max_wait_s=None, max_length=1_000_000)
    hours, rate = 26, 200 / HOUR_S
    exact_s = priority_waits_s(urgent_per_s=rate / 2, other_per_s=rate / 2, handle_s=180.0, agents=12)
    urgent_s: list[float] = []
    other_s: list[float] = []
    for seed in range(1, DAYS + 1):
        both = (SALES, urgent)
        calls = day(per_hour=200.0, handle_s=180.0, patience_s=inf, hours=hours, seed=seed, queues=both)
        arrivals = [replace(call, boost_s=STRICT_S * (call.queue_id == urgent.queue_id)) for call in calls]
        tally = lived_through(arrivals, agents=12, hours=hours, queues=both)
        for queue, waits_s in ((urgent, urgent_s), (SALES, other_s)):
            cell = settled(tally, hours=hours, queue=queue)
            waits_s.append(cell.waited_s / cell.offered)
    assert_agree(urgent_s, exact_s[0], known_to=0.1)
    assert_agree(other_s, exact_s[1], known_to=0.15)
