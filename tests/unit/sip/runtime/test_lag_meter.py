"""When calls are refused for lag, and when they are let in again."""

from typing import cast

from softswitch.sip.runtime.lag_meter import CALM_S, ENTER_S, EVERY_S, LEAVE_S, LagMeter, Schedule


class FakeLoop:
    """A loop's clock and its one timer."""

    def __init__(self) -> None:
        self.now = 0.0
        self.armed: list[tuple[float, object]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: object) -> "FakeLoop":
        self.armed.append((when, callback))
        return self

    def cancel(self) -> None:
        self.armed.clear()


def test_a_lag_is_entered_at_once_and_left_after_a_calm_second() -> None:
    changes: list[bool] = []
    meter = LagMeter(cast(Schedule, FakeLoop()), changes.append)
    meter.note(ENTER_S, 0.1)
    assert changes == []
    meter.note(ENTER_S + 0.01, 0.2)
    meter.note(ENTER_S + 0.5, 0.9)
    meter.note(0.0, 1.0)
    meter.note(LEAVE_S + 0.01, 1.5)
    meter.note(0.0, 1.5 + CALM_S - 0.1)
    assert changes == [True]
    meter.note(0.0, 1.5 + CALM_S)
    assert changes == [True, False]
    assert meter.lag_max_s == ENTER_S + 0.5


def test_the_lag_is_how_late_the_timer_fires() -> None:
    loop = FakeLoop()
    meter = LagMeter(cast(Schedule, loop), lambda is_overloaded: None)
    ((due, measure),) = loop.armed
    assert due == EVERY_S
    loop.now = due + 0.03
    assert callable(measure)
    measure()
    assert meter.lag_s == loop.now - due
    assert loop.armed[-1][0] == loop.now + EVERY_S
    meter.stop()
    assert loop.armed == []
