"""Guessing of PINs is limited, for each caller in each room, and for each room in all.

| who has typed so many wrong PINs    | what becomes of it                                                            |
|-------------------------------------|-------------------------------------------------------------------------------|
| a caller, WRONG_MAX within WINDOW_S | he is asked no more until the oldest of them is WINDOW_S old                  |
| all callers of a room, ROOM_MAX     | nobody is asked any more until then; who need not say a PIN still comes in    |

A caller is his phone's account, or the number he shows; all who show none are one. Half an hour of guessing at a room
finds a PIN of six digits with a probability of one in ten thousand.
"""

from collections import deque

from softswitch.calls.conferences.limits import CALLERS_REMEMBERED_MAX

WRONG_MAX = 6
"""Two calls of three tries."""
ROOM_MAX = 60
WINDOW_S = 900.0


class PinGuard:
    """Of all rooms. Times are monotonic seconds."""

    __slots__ = ("_wrong",)

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], deque[float]] = {}
        """When wrong PINs were typed, by room and caller (a room's own: "*"); who typed one last is last."""

    def may_try(self, room: str, caller: str, now: float) -> bool:
        return self._count((room, caller), now) < WRONG_MAX and self._count((room, "*"), now) < ROOM_MAX

    def wrong(self, room: str, caller: str, now: float) -> None:
        for key, most in (((room, caller), WRONG_MAX), ((room, "*"), ROOM_MAX)):
            times = self._wrong.pop(key, None) or deque(maxlen=most)
            times.append(now)
            self._wrong[key] = times
        while len(self._wrong) > CALLERS_REMEMBERED_MAX:
            del self._wrong[next(iter(self._wrong))]

    def right(self, room: str, caller: str) -> None:
        """He knows it: what he has mistyped is forgotten."""
        self._wrong.pop((room, caller), None)

    def _count(self, key: tuple[str, str], now: float) -> int:
        times = self._wrong.get(key)
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if not times:
            self._wrong.pop(key, None)
            return 0
        return len(times)
