"""The report of a simulated day: what a real day's would be, computed from the same events by the same formulas."""

from collections.abc import Mapping, Sequence

import msgspec

from softswitch.acd.reporting.formulas import AGENT_FORMULAS, QUEUE_FORMULAS, figures
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.tallies import AgentTally, QueueTally, add_agent, add_queue
from softswitch.acd.simulation.comparison import Comparison
from softswitch.acd.simulation.site_load import SiteReport
from softswitch.base.ids import AgentId, QueueId

FORMULAS = {formula.name: formula.text for formula in (*QUEUE_FORMULAS, *AGENT_FORMULAS)}


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """One queue in one interval, or (`from_s` None) from beginning to end; `figures` by the names of `FORMULAS`."""

    queue_id: QueueId
    from_s: float | None
    offered: int
    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int
    overflowed: int
    refused: int
    service_level_s: float
    longest_wait_s: float
    wait_s: float
    """Of all who wait no more, together."""
    figures: dict[str, float | None]


class AgentReport(msgspec.Struct, frozen=True, kw_only=True):
    """One agent, from beginning to end."""

    agent_id: AgentId
    answered: int
    missed: int
    logged_in_s: float
    alerted_s: float
    talking_s: float
    wrap_up_s: float
    ready_s: float
    not_ready_s: float
    figures: dict[str, float | None]


class SimulationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one run."""

    calls: int
    seed: int
    simulated_s: float
    run_s: float
    """How long the run took."""
    facts: int
    """What the router was told, timeouts included."""
    interval_s: float
    queues: list[QueueReport]
    """From beginning to end."""
    intervals: list[QueueReport]
    """As it happened: a call may be offered in one and answered in the next."""
    agents: list[AgentReport]
    sites: list[SiteReport]
    comparisons: list[Comparison]
    formulas: dict[str, str]


def queue_totals(intervals: Sequence[Interval], order: Sequence[QueueId]) -> list[QueueReport]:
    """Each queue from beginning to end."""
    totals: dict[QueueId, QueueTally] = {}
    for interval in intervals:
        for tally in interval.queues:
            total = totals.setdefault(tally.queue_id, QueueTally(queue_id=tally.queue_id, level_s=tally.level_s))
            add_queue(total, tally)
    return [_queue(None, totals[queue_id]) for queue_id in order if queue_id in totals]


def queue_intervals(intervals: Sequence[Interval], order: Sequence[QueueId]) -> list[QueueReport]:
    """Each queue in each interval in which something happened in it, in time."""
    place = {queue_id: number for number, queue_id in enumerate(order)}
    return [
        _queue(interval.from_wall, tally)
        for interval in intervals
        for tally in sorted(interval.queues, key=lambda tally: place[tally.queue_id])
    ]


def agent_totals(intervals: Sequence[Interval]) -> dict[AgentId, AgentTally]:
    """Each agent who was there, from beginning to end."""
    totals: dict[AgentId, AgentTally] = {}
    for interval in intervals:
        for tally in interval.agents:
            add_agent(totals.setdefault(tally.agent_id, AgentTally(agent_id=tally.agent_id)), tally)
    return totals


def agent_reports(totals: Mapping[AgentId, AgentTally], order: Sequence[AgentId]) -> list[AgentReport]:
    return [_agent(totals[agent_id]) for agent_id in order if agent_id in totals]


def _queue(from_s: float | None, tally: QueueTally) -> QueueReport:
    return QueueReport(
        queue_id=tally.queue_id,
        from_s=from_s,
        offered=tally.offered,
        answered=tally.answered,
        answered_within=tally.answered_within,
        abandoned=tally.abandoned,
        abandoned_within=tally.abandoned_within,
        overflowed=tally.overflowed,
        refused=tally.refused,
        service_level_s=tally.level_s,
        longest_wait_s=tally.longest_wait_s,
        wait_s=tally.wait_s,
        figures=figures(tally, QUEUE_FORMULAS),
    )


def _agent(tally: AgentTally) -> AgentReport:
    return AgentReport(
        agent_id=tally.agent_id,
        answered=tally.answered,
        missed=tally.no_answers + tally.declines,
        logged_in_s=tally.logged_in_s,
        alerted_s=tally.reserved_s,
        talking_s=tally.contact_s,
        wrap_up_s=tally.wrap_up_s,
        ready_s=tally.ready_s,
        not_ready_s=tally.not_ready_s,
        figures=figures(tally, AGENT_FORMULAS),
    )
