"""A loop timer for a moment of the wall clock, which may be weeks away."""

from collections.abc import Callable

from softswitch.acd.runtime.timers import TimerHandle, TimerLoop

DAY_S = 86_400.0


class WallTimer:
    """`time_is_up` is called at the moment that was set last, or a day after it was set if that is sooner."""

    __slots__ = ("_is_stopped", "_loop", "_time_is_up", "_timer", "_wall")

    def __init__(self, loop: TimerLoop, wall: Callable[[], float], time_is_up: Callable[[], None]) -> None:
        self._loop = loop
        self._wall = wall
        self._time_is_up = time_is_up
        self._timer: TimerHandle | None = None
        self._is_stopped = False

    def set(self, due_wall: float | None) -> None:
        """In the place of what was set before. None: there is no moment, but a day has an end."""
        self._cancel()
        if not self._is_stopped:
            wait_s = DAY_S if due_wall is None else min(DAY_S, max(0.0, due_wall - self._wall()))
            self._timer = self._loop.call_later(wait_s, self._time_is_up)

    def stop(self) -> None:
        """For good: what is set from now on does nothing."""
        self._is_stopped = True
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
