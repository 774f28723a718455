"""The newest of the switch's events, for all who follow them through this process.

It is filled from one connection to the switch and read by any number of readers, each at his own pace. It knows from
which number on it has everything: who wants older ones reads the store first.
"""

from bisect import bisect_right
from operator import attrgetter
from typing import NamedTuple

from softswitch.calls.told.events import Numbered

_number = attrgetter("number")


class Part(NamedTuple):
    """Some events, and the number that was looked at last. `is_behind`: what comes first is not here."""

    events: list[Numbered]
    cursor: int
    is_behind: bool


class RecentEvents:
    """The newest `keeps`, or up to twice as many."""

    __slots__ = ("_events", "_keeps", "newest", "since")

    def __init__(self, keeps: int) -> None:
        self._keeps = keeps
        self._events: list[Numbered] = []
        self.since: int | None = None
        """All after this number are here; None: nothing is known yet."""
        self.newest = 0
        """The number up to which the switch has told."""

    def take(self, events: list[Numbered], cursor: int, *, is_incomplete: bool) -> None:
        """What the switch has said. `is_incomplete`: what came before these is not known, and asked for elsewhere."""
        events = [each for each in events if each.number > self.newest]
        if self.since is None or is_incomplete:
            self._events.clear()
            self.since = events[0].number - 1 if events else cursor
        self._events += events
        self.newest = max(cursor, self.newest)
        if len(self._events) >= 2 * self._keeps:
            self.since = self._events[-self._keeps - 1].number
            del self._events[: -self._keeps]

    def after(self, number: int, limit: int) -> Part:
        """At most `limit` events after the one of this number."""
        if self.since is None or number < self.since:
            return Part([], number, is_behind=True)
        start = bisect_right(self._events, number, key=_number)
        found = self._events[start : start + limit]
        is_all = start + limit >= len(self._events)
        return Part(found, max(number, self.newest) if is_all else found[-1].number, is_behind=False)
