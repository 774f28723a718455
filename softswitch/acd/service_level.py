"""How many of a queue's contacts were answered in time over the last while, each judged once (`acd/rescue.py`)."""

from collections import deque
from collections.abc import Iterable

from softswitch.acd.limits import JUDGED_MAX


class ServiceLevelWindow:
    """The contacts of one queue judged in the last while: how many were answered in time."""

    __slots__ = ("_in_time", "_judged")

    def __init__(self) -> None:
        self._judged: deque[tuple[float, bool]] = deque()
        self._in_time = 0

    def __len__(self) -> int:
        return len(self._judged)

    def judged(self, is_in_time: bool, now: float) -> None:
        if len(self._judged) == JUDGED_MAX:
            self._drop()
        self._judged.append((now, is_in_time))
        self._in_time += is_in_time

    def forget(self, window_s: float, now: float) -> None:
        """What was judged so long ago, or longer, does not count any more."""
        while self._judged and self._judged[0][0] + window_s <= now:
            self._drop()

    @property
    def level(self) -> float | None:
        """The share 0-1 answered in time; None when nobody was judged."""
        return self._in_time / len(self._judged) if self._judged else None

    @property
    def oldest_at(self) -> float | None:
        """When the oldest was judged."""
        return self._judged[0][0] if self._judged else None

    def entries(self) -> list[tuple[float, bool]]:
        """When each was judged, and whether it was answered in time, the oldest first."""
        return list(self._judged)

    def remember(self, entries: Iterable[tuple[float, bool]]) -> None:
        """Remember these, as they were given out by `entries`."""
        for at, is_in_time in entries:
            self.judged(is_in_time, at)

    def _drop(self) -> None:
        self._in_time -= self._judged.popleft()[1]


class RescueState:
    """What a queue with a rescue remembers."""

    __slots__ = ("since", "window")

    def __init__(self) -> None:
        self.window = ServiceLevelWindow()
        self.since: float | None = None
        """Since when the rescue goes on; None: it does not."""
