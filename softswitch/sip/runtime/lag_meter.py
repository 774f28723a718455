"""How late the event loop is: the one honest measure of a switch that has too much to do.

A timer that should fire every tenth of a second tells by how much it was late. When the loop lags for longer than
`ENTER_S`, new calls are refused; when it has kept up for `CALM_S`, they are let in again. Calls in progress go on.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

EVERY_S = 0.1
ENTER_S = 0.25
"""Half of T1: a caller's INVITE that waits longer is sent again, and makes things worse."""
LEAVE_S = 0.05
CALM_S = 1.0


class Schedule(Protocol):
    """The two things needed of an event loop."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle: ...


class LagMeter:
    """Calls `on_change(is_overloaded)` when that changes."""

    def __init__(self, loop: Schedule, on_change: Callable[[bool], None]) -> None:
        self.lag_s = 0.0
        """The last measurement."""
        self.lag_max_s = 0.0
        self.is_overloaded = False
        self._loop = loop
        self._on_change = on_change
        self._calm_since = loop.time()
        self._due = loop.time() + EVERY_S
        self._timer = loop.call_at(self._due, self._measure)

    def stop(self) -> None:
        self._timer.cancel()

    def note(self, lag_s: float, now: float) -> None:
        """One measurement at `now`."""
        self.lag_s = lag_s
        self.lag_max_s = max(self.lag_max_s, lag_s)
        if lag_s > LEAVE_S:
            self._calm_since = now
        if not self.is_overloaded and lag_s > ENTER_S:
            self._change(True)
        elif self.is_overloaded and now - self._calm_since >= CALM_S:
            self._change(False)

    def _measure(self) -> None:
        now = self._loop.time()
        self.note(now - self._due, now)
        self._due = now + EVERY_S
        self._timer = self._loop.call_at(self._due, self._measure)

    def _change(self, is_overloaded: bool) -> None:
        self.is_overloaded = is_overloaded
        self._on_change(is_overloaded)
