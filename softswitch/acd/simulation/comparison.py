"""What Erlang's formulas say of the calls of a simulated day.

The formulas know one kind of agent and one kind of call, and no change from minute to minute. So queues that share
agents are compared as one group, each interval by itself with the calls and the agents it had, and the results are
their means, each interval counting by its calls. Where the two differ much, the centre has something a formula does not
know: skills, overflow, limits, conversations that are not exponential, a rush that outlasts its interval.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf

import msgspec

from softswitch.acd.reporting.tallies import AgentTally
from softswitch.acd.simulation.erlang import Prediction, estimated_patience_s, predict_a, predict_c
from softswitch.acd.simulation.simulator import Shift
from softswitch.acd.simulation.tally import Cell, Tally
from softswitch.acd.statistics import service_level
from softswitch.base.ids import AgentId, QueueId


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What simulation and formulas are compared by. None where a formula has no answer."""

    service_level: float | None
    average_speed_of_answer_s: float | None
    abandoned: float
    occupancy: float | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Queues that share agents, as simulated and as Erlang C (nobody hangs up) and A see them.

    `agents` is the mean number logged in, `handle_s` the mean an answered call took of an agent's time, ringing and
    wrap-up included, `patience_s` the mean patience most likely behind the calls that hung up; None: none did.
    """

    queue_ids: list[QueueId]
    calls: int
    agents: float
    handle_s: float
    patience_s: float | None
    service_level_s: float
    simulated: Figures
    erlang_c: Figures | None
    """None where some interval had more work than its agents could ever do."""
    erlang_a: Figures | None


def compare(
    tally: Tally,
    agents: Mapping[AgentId, AgentTally],
    *,
    groups: Iterable[tuple[Sequence[QueueId], Sequence[AgentId]]],
    shifts: Sequence[Shift],
    within_s: Mapping[QueueId, float],
    interval_s: float,
) -> list[Comparison]:
    """One comparison for each group of queues with the agents they share. Groups without calls are left out."""
    comparisons = (
        _compare(
            tally,
            queue_ids,
            [agents[agent_id] for agent_id in agent_ids],
            shifts=shifts,
            within_s=within_s[queue_ids[0]],
            interval_s=interval_s,
        )
        for queue_ids, agent_ids in groups
    )
    return [comparison for comparison in comparisons if comparison is not None]


def groups_of(served: Mapping[AgentId, Iterable[QueueId]]) -> list[tuple[list[QueueId], list[AgentId]]]:
    """Queues that share agents, directly or through other queues, and those agents."""
    groups: list[tuple[set[QueueId], list[AgentId]]] = []
    for agent_id, queue_ids in served.items():
        mine = set(queue_ids)
        if not mine:
            continue
        together = [group for group in groups if group[0] & mine]
        merged = (mine.union(*(group[0] for group in together)), [each for group in together for each in group[1]])
        merged[1].append(agent_id)
        groups = [group for group in groups if group not in together] + [merged]
    return [(sorted(queue_ids), agent_ids) for queue_ids, agent_ids in groups]


def level_of(cell: Cell) -> float | None:
    """The service level, 0 to 1, of those who wait no more, who abandoned within it left out."""
    return service_level(
        offered=cell.offered - cell.waiting,
        answered_within=cell.answered_within,
        abandoned_within=cell.abandoned_within,
    )


class _Interval(msgspec.Struct, frozen=True):
    """What the formulas are told of one interval of a group."""

    calls: int
    agents: int


def _compare(
    tally: Tally,
    queue_ids: Sequence[QueueId],
    agents: Sequence[AgentTally],
    *,
    shifts: Sequence[Shift],
    within_s: float,
    interval_s: float,
) -> Comparison | None:
    total, calls_in = Cell(), dict[int, int]()
    for (queue_id, number), cell in tally.cells.items():
        if queue_id in queue_ids:
            total.add(cell)
            calls_in[number] = calls_in.get(number, 0) + cell.offered
    worked_s = sum(agent.worked_s for agent in agents)
    there_s = worked_s + sum(agent.ready_s for agent in agents)
    agent_ids = [agent.agent_id for agent in agents]
    if not total.answered or not worked_s:
        return None
    handle_s = worked_s / total.answered
    patience_s = estimated_patience_s(waited_s=total.waited_s, abandoned=total.abandoned)
    intervals = [
        _Interval(calls, round(_at_work(shifts, agent_ids, number * interval_s, (number + 1) * interval_s)))
        for number, calls in sorted(calls_in.items())
        if calls
    ]

    def erlang_c(interval: _Interval) -> Prediction:
        return predict_c(
            arrivals_per_s=interval.calls / interval_s, handle_s=handle_s, agents=interval.agents, within_s=within_s
        )

    def erlang_a(interval: _Interval) -> Prediction:
        return predict_a(
            arrivals_per_s=interval.calls / interval_s,
            handle_s=handle_s,
            patience_s=patience_s,
            agents=interval.agents,
            within_s=within_s,
        )

    return Comparison(
        queue_ids=list(queue_ids),
        calls=total.offered,
        agents=sum(interval.agents * interval.calls for interval in intervals) / total.offered,
        handle_s=handle_s,
        patience_s=None if patience_s == inf else patience_s,
        service_level_s=within_s,
        simulated=Figures(
            service_level=level_of(total),
            average_speed_of_answer_s=total.answered_s / total.answered,
            abandoned=total.abandoned / total.offered,
            occupancy=worked_s / there_s,
        ),
        erlang_c=_mean(intervals, erlang_c),
        erlang_a=None if patience_s == inf else _mean(intervals, erlang_a),
    )


def _at_work(shifts: Sequence[Shift], agent_ids: Sequence[AgentId], from_s: float, until_s: float) -> float:
    """The mean number of these agents who were there."""
    members = set(agent_ids)
    there_s = sum(
        max(0.0, min(shift.until_s, until_s) - max(shift.from_s, from_s))
        for shift in shifts
        if shift.agent_id in members
    )
    return there_s / (until_s - from_s)


def _mean(intervals: Sequence[_Interval], predict: Callable[[_Interval], Prediction]) -> Figures | None:
    """Each interval counts by its calls. None where one has no agents, or a queue that only grows."""
    if any(interval.agents == 0 for interval in intervals):
        return None
    predictions = [(interval.calls, predict(interval)) for interval in intervals]
    if any(prediction.average_wait_s == inf for _, prediction in predictions):
        return None
    calls = sum(weight for weight, _ in predictions)
    answered = sum(weight * (1.0 - prediction.abandoned) for weight, prediction in predictions)
    return Figures(
        service_level=sum(weight * prediction.service_level for weight, prediction in predictions) / calls,
        average_speed_of_answer_s=sum(
            weight * (1.0 - prediction.abandoned) * prediction.average_speed_of_answer_s
            for weight, prediction in predictions
        )
        / answered,
        abandoned=sum(weight * prediction.abandoned for weight, prediction in predictions) / calls,
        occupancy=_occupancy(predictions),
    )


def _occupancy(predictions: Sequence[tuple[int, Prediction]]) -> float:
    busy = sum(prediction.occupancy * prediction.agents for _, prediction in predictions)
    return busy / sum(prediction.agents for _, prediction in predictions)
