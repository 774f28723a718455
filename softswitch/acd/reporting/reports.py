"""Tallies and their figures, as rows for people and programs."""

from collections.abc import Iterable

import msgspec

from softswitch.acd.reporting.formulas import AGENT_FORMULAS, QUEUE_FORMULAS, figures
from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.tallies import AgentTally, QueueTally, add_agent, add_queue
from softswitch.base.ids import AgentId, QueueId

ALL = "all"
"""Stands for the queue, or the agent, in a row of sums."""


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """A queue, or all of them, over a span of time (epoch seconds)."""

    from_at: float
    until_at: float
    counts: QueueTally
    figures: dict[str, float | None]
    ratings: dict[str, float]
    """The average of each question callers were asked."""


class AgentReport(msgspec.Struct, frozen=True, kw_only=True):
    """An agent, or all of them, over a span of time (epoch seconds)."""

    from_at: float
    until_at: float
    counts: AgentTally
    figures: dict[str, float | None]
    ratings: dict[str, float]
    """The average of each question callers were asked."""


def queue_reports(
    intervals: Iterable[Interval], *, queue_id: str = "", project: str = "", with_total: bool = True
) -> list[QueueReport]:
    """One row a queue and interval; of several queues also their sum, interval by interval."""
    rows: list[QueueReport] = []
    for interval in intervals:
        wanted = [
            tally
            for tally in interval.queues
            if queue_id in ("", tally.queue_id) and project in ("", tally.project) and _has_happened(tally)
        ]
        if with_total and len(wanted) > 1:
            total = QueueTally(queue_id=QueueId(ALL), project=project)
            for tally in wanted:
                add_queue(total, tally)
            wanted.append(total)
        rows += [
            QueueReport(
                from_at=interval.from_wall,
                until_at=interval.until_wall,
                counts=tally,
                figures=figures(tally, QUEUE_FORMULAS),
                ratings=_averages(tally),
            )
            for tally in wanted
        ]
    return rows


def agent_reports(intervals: Iterable[Interval], *, agent_id: str = "", with_total: bool = True) -> list[AgentReport]:
    """One row an agent and interval; of several agents also their sum, interval by interval."""
    rows: list[AgentReport] = []
    for interval in intervals:
        wanted = [
            tally
            for tally in interval.agents
            if agent_id in ("", tally.agent_id)
            and (tally.logged_in_s or tally.reservations or tally.handled or tally.ratings)
        ]
        if with_total and len(wanted) > 1:
            total = AgentTally(agent_id=AgentId(ALL))
            for tally in wanted:
                add_agent(total, tally)
            wanted.append(total)
        rows += [
            AgentReport(
                from_at=interval.from_wall,
                until_at=interval.until_wall,
                counts=tally,
                figures=figures(tally, AGENT_FORMULAS),
                ratings=_averages(tally),
            )
            for tally in wanted
        ]
    return rows


def _has_happened(tally: QueueTally) -> bool:
    return bool(tally.offered or tally.refused or tally.ended or tally.handled or tally.wrap_up_s or tally.ratings)


def _averages(tally: QueueTally | AgentTally) -> dict[str, float]:
    return {question: ratings.average for question, ratings in sorted(tally.ratings.items())}
