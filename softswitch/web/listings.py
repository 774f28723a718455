"""Listings that were asked for a moment ago, so that many wallboards cost the switch no more than one.

Whoever asks while the same is being asked waits for that answer; one that came less than `LISTING_FRESH_S` ago is good
enough. What changes something from here makes all of them old at once, so that everybody sees what he has done.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from softswitch.web.limits import CACHED_LISTINGS_MAX, LISTING_FRESH_S

T = TypeVar("T")


class RecentListings(Generic[T]):
    """Answers (or promises of them) by what was asked, the most recent last."""

    def __init__(self, *, fresh_s: float = LISTING_FRESH_S, entries_max: int = CACHED_LISTINGS_MAX) -> None:
        self._fresh_s = fresh_s
        self._entries_max = entries_max
        self._entries: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def find(self, asked: Hashable, now: float) -> T | None:
        entry = self._entries.get(asked)
        if entry is None or now - entry[0] >= self._fresh_s:
            return None
        return entry[1]

    def put(self, asked: Hashable, answer: T, now: float) -> None:
        """Asked for at `now`: what is in it is at least as new."""
        self._entries.pop(asked, None)
        self._entries[asked] = (now, answer)
        while self._is_too_much(now):
            self._entries.popitem(last=False)

    def forget(self) -> None:
        """Something has changed."""
        self._entries.clear()

    def forget_one(self, asked: Hashable, answer: T) -> None:
        """It came to nothing; the next one asks again."""
        entry = self._entries.get(asked)
        if entry is not None and entry[1] is answer:
            del self._entries[asked]

    def __len__(self) -> int:
        return len(self._entries)

    def _is_too_much(self, now: float) -> bool:
        """The first is too old for anybody, or there are too many."""
        asked_at, _ = next(iter(self._entries.values()))
        return now - asked_at >= self._fresh_s or len(self._entries) > self._entries_max
