"""The one timer structure of every core: keyed deadlines in a heap, cancelled lazily.

A core owns one `Deadlines`; its driver arms a single event-loop timer for `next()` and calls `pop_due(now)`.
"""

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Deadlines(Generic[K]):
    """Deadlines by key. Setting a key again moves it. Equal times come out in the order they were set."""

    __slots__ = ("_at", "_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._at: dict[K, tuple[float, int, K]] = {}
        """The entry of the heap that counts, by key; others of that key are left to be met."""
        self._serial = 0

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: K) -> bool:
        return key in self._at

    def at(self, key: K) -> float | None:
        """When a key is due, or None."""
        entry = self._at.get(key)
        return None if entry is None else entry[0]

    def set(self, key: K, at: float) -> None:
        self._serial += 1
        entry = self._at[key] = (at, self._serial, key)
        heap = self._heap
        heappush(heap, entry)
        if len(heap) > 64 and len(heap) > 4 * len(self._at):
            self._heap = list(self._at.values())
            heapify(self._heap)

    def cancel(self, key: K) -> None:
        """Forget a key; unknown keys are fine."""
        self._at.pop(key, None)

    def next(self) -> float | None:
        """The earliest deadline, or None."""
        heap, at = self._heap, self._at
        while heap:
            entry = heap[0]
            if at.get(entry[2]) is entry:
                return entry[0]
            heappop(heap)
        return None

    def pop_due(self, now: float) -> list[K]:
        """Remove and return every key due at `now`, earliest first."""
        heap, entry_of = self._heap, self._at
        due: list[K] = []
        while heap and heap[0][0] <= now:
            entry = heappop(heap)
            key = entry[2]
            if entry_of.get(key) is entry:
                del entry_of[key]
                due.append(key)
        return due

    def entries(self) -> list[tuple[float, int, K]]:
        """All deadlines as (at, serial, key); sorted by the first two they are in the order in which they come out."""
        return list(self._at.values())
