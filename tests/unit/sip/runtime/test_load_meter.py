"""What the load meter measures: lateness, processor time, and what waits before the sockets."""

from typing import cast

import pytest

from softswitch.sip.runtime.load_meter import DATAGRAM_BYTES, EVERY_S, LoadMeter, Schedule


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

    def fire(self, late_s: float) -> None:
        due, measure = self.armed.pop()
        self.now = due + late_s
        assert callable(measure)
        measure()


def test_lateness_processor_time_and_datagrams_that_wait() -> None:
    loop, loads = FakeLoop(), list[tuple[float, float]]()
    cpu = iter((0.0, 0.05, 0.15, 0.15))
    waiting = iter((0, 100 * DATAGRAM_BYTES, 10 * DATAGRAM_BYTES))
    meter = LoadMeter(
        cast(Schedule, loop),
        lambda busy, queue_s: loads.append((busy, queue_s)),
        lambda: next(waiting),
        lambda: next(cpu),
    )
    assert loop.armed[0][0] == EVERY_S
    loop.fire(0.0)
    meter.taken = 50
    loop.fire(0.01)
    loop.fire(0.3)
    assert loads[0] == (pytest.approx(0.5), 0.0)
    assert loads[1] == (pytest.approx(0.1 / 0.11), pytest.approx(0.22)), "100 wait, and 50 take 0.11 s"
    assert loads[2] == (0.0, pytest.approx(0.3))
    assert (meter.lag_s, meter.lag_max_s) == (pytest.approx(0.3), pytest.approx(0.3))
    meter.stop()
    assert loop.armed == []
