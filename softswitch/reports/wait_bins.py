"""Waits counted to the second: how many fell into each span of time, and what most of them stayed below."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.reports.limits import WAIT_S_MAX
from softswitch.reports.tables import Chart, Column, Table, Value

BOUNDS_S = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
"""Waits of at least one of these and less than the next are told together."""


class WaitBins:
    """By queue and outcome. A wait is counted as the whole seconds it took at least."""

    __slots__ = ("_counts", "longest")

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], NDArray[np.int64]] = {}
        self.longest: dict[tuple[str, int], float] = {}

    def add(self, queue: str, outcome: int, waits_s: NDArray[Any]) -> None:
        if not len(waits_s):
            return
        seconds = np.clip(waits_s, 0, WAIT_S_MAX).astype(np.int64)
        key = queue, outcome
        counts = np.bincount(seconds, minlength=WAIT_S_MAX + 1)
        self._counts[key] = self._counts.get(key, 0) + counts
        self.longest[key] = max(self.longest.get(key, 0.0), float(np.max(waits_s)))

    def of(self, *keys: tuple[str, int]) -> NDArray[np.int64]:
        """The counts of each second, of all these together."""
        return sum((self._counts[key] for key in keys if key in self._counts), np.zeros(WAIT_S_MAX + 1, np.int64))

    @property
    def keys(self) -> list[tuple[str, int]]:
        return sorted(self._counts)

    def table(self, name: str, title: str, keys: Sequence[tuple[str, int]], *counted: tuple[str, str, str]) -> Table:
        """A row a span of time; for each of `counted` (name, title, formula) the counts of the key in its place."""
        columns = [Column(name="wait", title="Wait", kind="text", formula="seconds in the queue: from, and less than")]
        for each, head, formula in counted:
            columns += [
                Column(name=each, title=head, formula=formula),
                Column(
                    name=f"{each}_share",
                    title=f"{head}, share",
                    kind="ratio",
                    formula=f"{head} / all of the column",
                    is_wide=True,
                ),
                Column(
                    name=f"{each}_sum",
                    title=f"{head}, until",
                    kind="ratio",
                    formula=f"{head} of this row and those above / all of the column",
                ),
            ]
        found = [_binned(self.of(key)) for key in keys]
        rows: list[tuple[Value, ...]] = []
        until = [0] * len(found)
        for place in range(len(BOUNDS_S)):
            row: list[Value] = [_span(place)]
            for number, counts in enumerate(found):
                whole = sum(counts)
                until[number] += counts[place]
                shares = (counts[place] / whole, until[number] / whole) if whole else (None, None)
                row += [counts[place], *shares]
            rows.append(tuple(row))
        while rows and not any(value for value in rows[-1][1::3]):
            rows.pop()
        return Table(
            name=name,
            title=title,
            columns=tuple(columns),
            rows=rows,
            chart=Chart(kind="column", title=title, category="wait", series=tuple(each for each, _, _ in counted)),
        )


def percentile(counts: NDArray[np.int64], share: float) -> int | None:
    """The whole seconds that this share of the waits stayed below."""
    whole = int(counts.sum())
    if not whole:
        return None
    return int(np.searchsorted(np.cumsum(counts), ceil(share * whole))) + 1


def _binned(counts: NDArray[np.int64]) -> list[int]:
    bounds = [*BOUNDS_S, len(counts)]
    return [int(counts[low:high].sum()) for low, high in pairwise(bounds)]


def _span(place: int) -> str:
    return f"{BOUNDS_S[place]}-{BOUNDS_S[place + 1]}" if place + 1 < len(BOUNDS_S) else f"{BOUNDS_S[place]} and more"
