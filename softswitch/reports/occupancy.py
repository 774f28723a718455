"""How many channels were held, by interval: erlangs (on average) and the most at once.

What began in one block of facts may end in a later one. Up to the end of a block everything is known, since a call of a
later block begins later; what ends afterwards waits for its time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.reports.local_time import LocalTime
from softswitch.reports.sums import buckets, quarters_of


class Occupancy:
    """Of one trunk, or of all, in the intervals of [since, until)."""

    def __init__(self, local: LocalTime, minutes: int, since: float, until: float) -> None:
        self._since = since
        self._until = until
        self._interval: Callable[[int], int] = lambda quarter: local.interval(quarter, minutes)
        self._end: Callable[[int], int] = lambda quarter: local.until(local.interval(quarter, minutes), minutes)
        self._held_s: dict[int, float] = {}
        self._peaks: dict[int, int] = {}
        self._last: dict[int, int] = {}
        """How many were held at the end of an interval in which that changed."""
        self._level = 0
        self._begins: NDArray[np.float64] = np.zeros(0)
        self._ends: NDArray[np.float64] = np.zeros(0)

    def add(self, began: NDArray[Any], ended: NDArray[Any], known_until: float) -> None:
        """Channels held from when to when; no further one begins before `known_until`."""
        self._hold(began, ended)
        self._begins = np.concatenate([self._begins, began])
        self._ends = np.concatenate([self._ends, ended])
        self._count(known_until)

    @property
    def is_waiting(self) -> bool:
        """Something ends later than what is known so far."""
        return bool(len(self._begins) or len(self._ends))

    def finish(self) -> None:
        self._count(np.inf)

    def erlangs(self, interval: int, length_s: float) -> float:
        return self._held_s.get(interval, 0.0) / length_s

    def peaks(self, intervals: list[int]) -> list[int]:
        """The most held at once in each of these intervals, which lie end to end."""
        found: list[int] = []
        before = max((each for each in self._last if intervals and each < intervals[0]), default=None)
        level = 0 if before is None else self._last[before]
        for interval in intervals:
            found.append(max(level, self._peaks.get(interval, 0)))
            level = self._last.get(interval, level)
        return found

    def _hold(self, began: NDArray[Any], ended: NDArray[Any]) -> None:
        at, until = np.maximum(began, self._since), np.minimum(ended, self._until)
        while len(at):
            is_left = at < until
            at, until = at[is_left], until[is_left]
            if not len(at):
                return
            quarters = quarters_of(at)
            intervals, bounds = buckets(quarters, self._interval), buckets(quarters, self._end)
            part = np.minimum(until, bounds) - at
            distinct, places = np.unique(intervals, return_inverse=True)
            for interval, held_s in zip(distinct.tolist(), np.bincount(places, part).tolist(), strict=True):
                self._held_s[interval] = self._held_s.get(interval, 0.0) + held_s
            at = bounds.astype(np.float64)

    def _count(self, known_until: float) -> None:
        begins, self._begins = _split(self._begins, known_until)
        ends, self._ends = _split(self._ends, known_until)
        moments = np.concatenate([ends, begins])  # whoever ends in the same instant makes room first
        if not len(moments):
            return
        steps = np.concatenate([np.full(len(ends), -1), np.full(len(begins), 1)])
        order = np.argsort(moments, kind="stable")
        levels = self._level + np.cumsum(steps[order])
        intervals = buckets(quarters_of(moments[order]), self._interval)
        before = np.concatenate([[self._level], levels[:-1]])
        starts = np.flatnonzero(np.concatenate([[True], intervals[1:] != intervals[:-1]]))
        most = np.maximum(np.maximum.reduceat(levels, starts), before[starts])
        lasts = levels[np.append(starts[1:], len(levels)) - 1]
        for interval, peak, last in zip(intervals[starts].tolist(), most.tolist(), lasts.tolist(), strict=True):
            self._peaks[interval] = max(self._peaks.get(interval, 0), peak)
            self._last[interval] = last
        self._level = int(levels[-1])


def _split(moments: NDArray[np.float64], bound: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    is_before = moments < bound
    return moments[is_before], moments[~is_before]
