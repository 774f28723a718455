"""One simulated day from beginning to end: calls and shifts in, a report out."""

from collections import Counter
from collections.abc import Container, Sequence
from math import inf

import msgspec
from msgspec.structs import replace

from softswitch.acd.events import AcdEvent, Stamped
from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent
from softswitch.acd.reporting.intervals import Intervals
from softswitch.acd.simulation.arrivals import Arrival
from softswitch.acd.simulation.comparison import compare, groups_of
from softswitch.acd.simulation.durations import Constant, Distribution
from softswitch.acd.simulation.erlang import estimated_patience_s
from softswitch.acd.simulation.limits import AGENTS_MAX
from softswitch.acd.simulation.report import (
    FORMULAS,
    SimulationReport,
    agent_reports,
    agent_totals,
    queue_intervals,
    queue_totals,
)
from softswitch.acd.simulation.simulator import NS, Shift, Simulation
from softswitch.acd.simulation.site_load import SiteLoad
from softswitch.acd.simulation.staffing import Target, agents_for, smallest
from softswitch.acd.simulation.tally import Tally
from softswitch.acd.statistics import service_level
from softswitch.base.clock import Clock
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, QueueId


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated. Without `shifts` every agent is there from beginning to end.

    `answer` is how long agents' phones ring. The same scenario always gives the same report, but for the time it took.
    """

    configuration: ConfigurationSet
    arrivals: Sequence[Arrival]
    shifts: Sequence[Shift] | None = None
    answer: Distribution = Constant(0.0)
    interval_s: float = 1800.0
    seed: int = 0


class Chronicle:
    """Hears what happens, for the report and for the comparison."""

    def __init__(self, configuration: ConfigurationSet, interval_s: float) -> None:
        self.tally = Tally(interval_s=interval_s)
        self.sites = SiteLoad(configuration.policy.sites, configuration.agents)
        self.intervals = Intervals(0.0, inf, interval_s)

    def happened(self, event: AcdEvent) -> None:
        self.tally.happened(event)
        self.sites.happened(event)
        self.intervals.take(Stamped(event.at, event))


def run_day(scenario: Scenario, clock: Clock) -> SimulationReport:
    """Raises SimulationError for a call to a queue, or a shift of an agent, that is not in the configuration."""
    shifts = _shifts(scenario)
    within_s = {queue.queue_id: queue.service_level_s for queue in scenario.configuration.queues}
    _check_queues(scenario.arrivals, within_s)
    chronicle = Chronicle(scenario.configuration, scenario.interval_s)
    simulation = Simulation(
        scenario.configuration, scenario.arrivals, shifts, chronicle, answer=scenario.answer, seed=scenario.seed
    )
    began = clock.now()
    simulation.run()
    run_s = clock.now() - began
    intervals = chronicle.intervals.result(simulation.now_ns / NS)
    agents = agent_totals(intervals)
    return SimulationReport(
        calls=len(scenario.arrivals),
        seed=scenario.seed,
        simulated_s=simulation.now_ns / NS,
        run_s=run_s,
        facts=simulation.facts,
        interval_s=scenario.interval_s,
        formulas=FORMULAS,
        queues=queue_totals(intervals, list(within_s)),
        intervals=queue_intervals(intervals, list(within_s)),
        agents=agent_reports(agents, [agent.agent_id for agent in scenario.configuration.agents]),
        sites=chronicle.sites.reports(),
        comparisons=compare(
            chronicle.tally,
            agents,
            groups=groups_of(_served(simulation, chronicle.tally, agents)),
            shifts=shifts,
            within_s=within_s,
            interval_s=scenario.interval_s,
        ),
    )


def _served(simulation: Simulation, tally: Tally, agents: Container[AgentId]) -> dict[AgentId, list[QueueId]]:
    """For each agent who was there the queues with calls that he serves."""
    called = {queue_id for queue_id, _ in tally.cells}
    return {
        row.agent_id: [queue_id for queue_id in row.queues if queue_id in called]
        for row in simulation.router.agent_summaries(simulation.now_ns / NS)
        if row.agent_id in agents
    }


class Staffing(msgspec.Struct, frozen=True, kw_only=True):
    """How many agents reach a service level, by simulation and by formula.

    The formulas know only how many calls come: they are asked about the busiest interval, with an agent who does
    everything. `handle_s` and `patience_s` are as simulated; None: nobody hung up.
    """

    target_share: float
    target_within_s: float
    agents: int
    service_level: float
    """All calls together, as simulated with so many agents; who was refused counts as not answered in time."""
    busiest_calls: int
    interval_s: float
    handle_s: float
    patience_s: float | None
    erlang_c: int
    erlang_a: int | None
    report: SimulationReport
    """Of the day with so many agents."""


def staff(scenario: Scenario, target: Target, agents: Sequence[Agent], clock: Clock) -> Staffing:
    """The smallest number of agents, made after the pattern of `agents`, with whom all calls together reach the target.

    Every number that is tried meets the same callers. Raises SimulationError when no number is enough.
    """
    if not scenario.arrivals:
        raise SimulationError("no calls come, so no agents are needed")
    queues = [replace(queue, service_level_s=target.within_s) for queue in scenario.configuration.queues]
    reports: dict[int, SimulationReport] = {}

    def reaches(number: int) -> bool:
        staffed = replace(scenario.configuration, queues=queues, agents=alike(agents, number))
        reports[number] = run_day(replace(scenario, configuration=staffed, shifts=None), clock)
        return _level(reports[number]) >= target.share

    in_intervals = Counter(arrival.at_s // scenario.interval_s for arrival in scenario.arrivals)
    busiest = max(in_intervals.values())
    talk_s = sum(arrival.talk_s for arrival in scenario.arrivals) / len(scenario.arrivals)
    number = smallest(reaches, start=round(busiest * talk_s / scenario.interval_s))
    report = reports[number]
    answered = sum(row.answered for row in report.queues)
    worked_s = sum(day.alerted_s + day.talking_s + day.wrap_up_s for day in report.agents)
    patience_s = estimated_patience_s(
        waited_s=sum(row.wait_s for row in report.queues), abandoned=sum(row.abandoned for row in report.queues)
    )
    rate = busiest / scenario.interval_s
    handle_s = worked_s / answered
    return Staffing(
        target_share=target.share,
        target_within_s=target.within_s,
        agents=number,
        service_level=_level(report),
        busiest_calls=busiest,
        interval_s=scenario.interval_s,
        handle_s=handle_s,
        patience_s=None if patience_s == inf else patience_s,
        erlang_c=agents_for(target, arrivals_per_s=rate, handle_s=handle_s),
        erlang_a=None
        if patience_s == inf
        else agents_for(target, arrivals_per_s=rate, handle_s=handle_s, patience_s=patience_s),
        report=report,
    )


def _level(report: SimulationReport) -> float:
    """Of all queues together, 0 to 1."""
    level = service_level(
        offered=sum(row.offered + row.refused for row in report.queues),
        answered_within=sum(row.answered_within for row in report.queues),
        abandoned_within=sum(row.abandoned_within for row in report.queues),
    )
    return 0.0 if level is None else level


def alike(agents: Sequence[Agent], number: int) -> list[Agent]:
    """So many agents after the pattern of these: the first of them as they are, then the same again under other ids."""
    if number > AGENTS_MAX:
        raise SimulationError(f"{number} agents are too many for one simulation: {AGENTS_MAX} at most")
    if not agents:
        raise SimulationError("there is no agent to take as a pattern")
    return [
        agent if turn == 0 else replace(agent, agent_id=AgentId(f"{agent.agent_id}.{turn + 1}"))
        for turn, agent in ((each // len(agents), agents[each % len(agents)]) for each in range(number))
    ]


def _shifts(scenario: Scenario) -> Sequence[Shift]:
    agent_ids = {agent.agent_id for agent in scenario.configuration.agents}
    if scenario.shifts is None:
        return [Shift(agent_id=agent.agent_id) for agent in scenario.configuration.agents]
    for shift in scenario.shifts:
        if shift.agent_id not in agent_ids:
            raise SimulationError(f'there is no agent "{shift.agent_id}" to have a shift')
    return scenario.shifts


def _check_queues(arrivals: Sequence[Arrival], known: "dict[QueueId, float]") -> None:
    for queue_id in {arrival.queue_id for arrival in arrivals}:
        if queue_id not in known:
            raise SimulationError(
                f'there is no queue "{queue_id}" for calls to come into: known are {", ".join(known)}'
            )
