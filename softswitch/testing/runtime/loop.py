"""An event loop in virtual time: when everybody waits, the clock jumps to the next timer. Nothing ever sleeps."""

import asyncio
import selectors

from softswitch.testing.clock import ManualClock


class NothingToWaitFor(Exception):
    """Every task waits and no timer is set: the program under test would hang for ever."""


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingToWaitFor("every task waits for something that will not happen")
        self._clock.advance(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop on a `ManualClock`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        super().__init__(_JumpingSelector(clock))

    def time(self) -> float:
        return self._clock.now()
