"""Tallies of queues and agents put together again from their quarters of an hour, for whatever a row is of."""

from collections.abc import Callable
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.reporting.reports import ALL
from softswitch.acd.reporting.tallies import QUEUE_SUMS, AgentTally, QueueTally
from softswitch.base.ids import AgentId, QueueId
from softswitch.reports.facts.call_facts import CallFacts
from softswitch.reports.facts.event_facts import PRESENCE_SUMS, WORK_SUMS, EventFacts
from softswitch.reports.facts.groups import Groups
from softswitch.reports.facts.names import Names
from softswitch.reports.local_time import QUARTER_S
from softswitch.reports.terms import Terms

NAMED = frozenset(
    ("project", "queue", "agent", "reason", "disposition", "survey", "question", "ended_by", "trunk", "end_reason")
)
"""Columns of rows that hold names."""
Bucket = Callable[[int], int]
"""Which row a quarter of an hour (when it began) counts in."""


class QueueSums:
    """Tallies of queues by row, of what the terms let through; or of all queues together."""

    __slots__ = ("_bucket", "_found", "_is_by_queue", "_names", "_terms")

    def __init__(self, terms: Terms, bucket: Bucket, *, by_queue: bool = True) -> None:
        self._terms = terms
        self._bucket = bucket
        self._is_by_queue = by_queue
        self._found: dict[tuple[int, str], tuple[NDArray[np.float64], float, float]] = {}
        self._names: dict[str, str] = {}

    def add(self, facts: EventFacts) -> None:
        self._names.update(facts.carried.queue_names)
        rows = facts.rows["queue_tallies"]
        is_wanted = wanted(rows, facts.names, self._terms)
        rows, sums = rows[is_wanted], facts.queue_sums[is_wanted]
        if not len(rows):
            return
        queues = rows["queue"] if self._is_by_queue else np.zeros(len(rows), np.int64)
        groups = Groups(buckets(rows["quarter"], self._bucket), queues)
        totals = groups.sum(sums)
        longest = groups.largest(rows["longest_wait_s"]).tolist()
        levels = groups.last(rows["level_s"]).tolist()
        for place, (row, queue) in enumerate(groups.keys):
            key = row, facts.names.text(queue) if self._is_by_queue else ALL
            former, level_s, longest_s = self._found.get(key, (0.0, 0.0, 0.0))
            self._found[key] = totals[place] + former, levels[place] or level_s, max(longest_s, longest[place])

    def rows(self) -> dict[int, list[QueueTally]]:
        """By row, in order; in each the queues by their ids."""
        found: dict[int, list[QueueTally]] = {}
        for (row, queue), (sums, level_s, longest_s) in sorted(self._found.items(), key=lambda item: item[0]):
            tally = QueueTally(
                queue_id=QueueId(queue),
                name=self._names.get(queue, ""),
                project=self._terms.project,
                level_s=level_s,
                longest_wait_s=longest_s,
            )
            _fill(tally, QUEUE_SUMS, sums)
            found.setdefault(row, []).append(tally)
        return found

    def tallies(self) -> list[QueueTally]:
        """Where there is one row: those of the queues, by their ids."""
        return [tally for tallies in self.rows().values() for tally in tallies]


class AgentSums:
    """Tallies of agents, of what the terms let through: of their contacts, or of the time they were there."""

    __slots__ = ("_found", "_is_presence", "_terms")

    def __init__(self, terms: Terms, *, presence: bool) -> None:
        self._terms = terms
        self._is_presence = presence
        self._found: dict[str, NDArray[np.float64]] = {}

    def add(self, facts: EventFacts) -> None:
        rows = facts.rows["presence" if self._is_presence else "agent_tallies"]
        sums = facts.presence_sums if self._is_presence else facts.agent_sums
        is_wanted = wanted(rows, facts.names, self._terms)
        groups = Groups(rows["agent"][is_wanted])
        totals = groups.sum(sums[is_wanted])
        for place, (agent,) in enumerate(groups.keys):
            name = facts.names.text(agent)
            self._found[name] = self._found.get(name, 0.0) + totals[place]

    def tallies(self) -> list[AgentTally]:
        """By the agents' ids."""
        found: list[AgentTally] = []
        for agent, sums in sorted(self._found.items()):
            tally = AgentTally(agent_id=AgentId(agent))
            _fill(tally, PRESENCE_SUMS if self._is_presence else WORK_SUMS, sums)
            found.append(tally)
        return found


class PresenceByInterval:
    """All agents together, by interval, and how many different ones were there."""

    __slots__ = ("_bucket", "_sums", "_terms", "_there")

    def __init__(self, terms: Terms, bucket: Bucket) -> None:
        self._terms = terms
        self._bucket = bucket
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._there: dict[int, set[str]] = {}

    def add(self, facts: EventFacts) -> None:
        rows = facts.rows["presence"]
        is_wanted = wanted(rows, facts.names, self._terms)
        rows, sums = rows[is_wanted], facts.presence_sums[is_wanted]
        intervals = buckets(rows["quarter"], self._bucket)
        groups = Groups(intervals)
        totals = groups.sum(sums)
        for place, (interval,) in enumerate(groups.keys):
            self._sums[interval] = self._sums.get(interval, 0.0) + totals[place]
        is_there = sums[:, 1:].sum(axis=1) > 0.0
        for interval, agent in Groups(intervals[is_there], rows["agent"][is_there]).keys:
            self._there.setdefault(interval, set()).add(intern(facts.names.text(agent)))

    def rows(self) -> dict[int, tuple[int, AgentTally]]:
        """How many agents, and their sum, by interval, in order."""
        found: dict[int, tuple[int, AgentTally]] = {}
        for interval, sums in sorted(self._sums.items()):
            tally = AgentTally(agent_id=AgentId(ALL))
            _fill(tally, PRESENCE_SUMS, sums)
            found[interval] = len(self._there.get(interval, ())), tally
        return found


def wanted(rows: NDArray[Any], names: Names, terms: Terms) -> NDArray[np.bool_]:
    """Which rows the terms let through. What a row does not say it is not asked for: a queue's has no agent."""
    columns = rows.dtype.names or ()
    if "quarter" in columns:
        mask = (rows["quarter"] + QUARTER_S > terms.since) & (rows["quarter"] < terms.until)
    else:
        mask = (rows["at"] >= terms.since) & (rows["at"] < terms.until)
    for column, text in (("project", terms.project), ("queue", terms.queue), ("agent", terms.agent)):
        if text and column in columns:
            mask &= rows[column] == names.known(text)
    return mask


def chosen(facts: EventFacts | CallFacts, name: str, terms: Terms) -> NDArray[Any]:
    """Of the rows with this name those the terms let through."""
    rows = facts.rows[name]
    return rows[wanted(rows, facts.names, terms)]


class NamedSums:
    """Sums by some columns of rows; the names in these are spelt out, so that blocks can be put together."""

    __slots__ = ("_columns", "found")

    def __init__(self, *columns: str) -> None:
        self._columns = columns
        self.found: dict[tuple[Any, ...], tuple[float, ...]] = {}
        """By the values of the columns: how many rows, then the sums."""

    def add(self, rows: NDArray[Any], names: Names, *values: NDArray[Any]) -> None:
        """`values` are summed, a column each."""
        if not len(rows):
            return
        groups = Groups(*(rows[column] for column in self._columns))
        sums = groups.sum(np.column_stack([np.ones(len(rows)), *values])).tolist()
        for key, new in zip(groups.keys, sums, strict=True):
            spelt = tuple(
                names.texts[number] if column in NAMED else number
                for column, number in zip(self._columns, key, strict=True)
            )
            former = self.found.get(spelt)
            self.found[spelt] = tuple(new) if former is None else tuple(map(sum, zip(former, new, strict=True)))

    def count(self, *key: Any) -> int:
        """Rows of this key."""
        return round(self.found.get(key, (0.0,))[0])


def buckets(quarters: NDArray[Any], bucket: Bucket) -> NDArray[np.int64]:
    """The row of each quarter; each distinct one is worked out once."""
    distinct, places = np.unique(quarters, return_inverse=True)
    rows = np.array([bucket(quarter) for quarter in distinct.tolist()], np.int64)
    return rows[places] if len(rows) else np.zeros(0, np.int64)


def quarters_of(moments: NDArray[Any]) -> NDArray[np.int64]:
    """When the quarter of an hour of each moment began."""
    return (moments // QUARTER_S).astype(np.int64) * QUARTER_S


def one_row(_: int) -> int:
    """All in one."""
    return 0


def _fill(tally: QueueTally | AgentTally, names: tuple[str, ...], sums: NDArray[np.float64]) -> None:
    """Counts are whole numbers again."""
    for name, value in zip(names, sums.tolist(), strict=True):
        setattr(tally, name, value if name.endswith("_s") else round(value))
