"""The newest events in memory, each with its number: written by the switch, read by any number of followers, each at
his own pace. Who is too slow finds that what he wants is no longer here."""

from typing import NamedTuple

from softswitch.calls.told.events import Numbered, SwitchEvent


class Following(NamedTuple):
    """Some events after a number, and the number that was looked at last. `is_behind`: those that come first are not
    here any more."""

    events: list[Numbered]
    cursor: int
    is_behind: bool


class EventLog:
    """Keeps the newest `keeps`, or up to twice as many."""

    __slots__ = ("_events", "_keeps", "_next")

    def __init__(self, next_number: int, keeps: int) -> None:
        self._next = next_number
        self._keeps = keeps
        self._events: list[Numbered] = []

    @property
    def newest(self) -> int:
        """The number of the last event, or, before the first, one less than it will get."""
        return self._next - 1

    @property
    def oldest(self) -> int:
        """The number of the first that is here; of the next one, if there is none."""
        return self._next - len(self._events)

    def append(self, event: SwitchEvent, at_wall: float, project: str) -> Numbered:
        numbered = Numbered(self._next, at_wall, event, project)
        self._next += 1
        self._events.append(numbered)
        if len(self._events) >= 2 * self._keeps:
            del self._events[: -self._keeps]
        return numbered

    def after(self, number: int, limit: int) -> Following:
        """At most `limit` events after the one of this number."""
        start = number + 1 - self.oldest
        if start < 0:
            return Following([], number, is_behind=True)
        events = self._events[start : start + limit]
        return Following(events, events[-1].number if events else max(number, self.newest), is_behind=False)
