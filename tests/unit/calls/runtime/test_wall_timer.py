"""One timer for a moment of the wall clock: the last that was set, and a day at the longest."""

from collections.abc import Callable

from softswitch.calls.runtime.wall_timer import DAY_S, WallTimer


class Timer:
    def __init__(self, delay: float, callback: Callable[[], object]) -> None:
        self.delay = delay
        self.callback = callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Loop:
    def __init__(self) -> None:
        self.timers: list[Timer] = []

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        self.timers.append(Timer(delay, callback))
        return self.timers[-1]

    def running(self) -> list[float]:
        return [timer.delay for timer in self.timers if not timer.is_cancelled]


def test_the_moment_that_was_set_last_counts_and_a_day_at_the_longest() -> None:
    loop, told = Loop(), list[str]()
    timer = WallTimer(loop, lambda: 1000.0, lambda: told.append("now"))
    for due_wall, wait_s in ((1060.0, 60.0), (900.0, 0.0), (1000.0 + 2 * DAY_S, DAY_S), (None, DAY_S)):
        timer.set(due_wall)
        assert loop.running() == [wait_s]
    loop.timers[-1].callback()
    assert told == ["now"]


def test_once_stopped_it_is_not_set_again() -> None:
    loop = Loop()
    timer = WallTimer(loop, lambda: 1000.0, lambda: None)
    timer.set(1060.0)
    timer.stop()
    timer.set(1060.0)
    assert loop.running() == []
