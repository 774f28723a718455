"""The mailbox of one call: everything that happens to it, in order, read by the one flow that runs it.

A verb takes events until it has what it waits for; what it does not know it leaves out. When the caller is gone the
mailbox is closed, and whoever waits or comes later gets `CallEnded`, at once and before anything still in the box.
While it is interrupted that is `FaxCame`: one flow is over, and another one goes on with the call.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from softswitch.calls.outcomes import CallEnded, FaxCame

T = TypeVar("T")

EVENTS_MAX = 256
"""A call whose flow does not read (it waits for somebody else's server) keeps this many of its latest events."""


class Mailbox(Generic[T]):
    """An unbounded wait on a bounded box."""

    __slots__ = ("_closed", "_events", "_loop", "_waiter", "_when_closed", "is_interrupted")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: deque[T] = deque(maxlen=EVENTS_MAX)
        self._waiter: asyncio.Future[None] | None = None
        self._closed: str | None = None
        self.is_interrupted = False
        self._when_closed: list[Callable[[], object]] = []

    @property
    def is_closed(self) -> bool:
        return self._closed is not None

    def put(self, event: T) -> None:
        self._events.append(event)
        self._wake()

    def clear(self) -> None:
        """Forget what is in the box: it belongs to what is over."""
        self._events.clear()

    def close(self, reason: str) -> None:
        if self._closed is None:
            self._closed = reason
            self._wake()
            told_of_it, self._when_closed = self._when_closed, []
            for told in told_of_it:
                told()

    def interrupt(self) -> None:
        """The flow is to end; another one reads what comes from now on."""
        self.is_interrupted = True
        self._wake()

    def resume(self) -> None:
        """The other flow begins."""
        self.is_interrupted = False
        self._events.clear()

    def when_closed(self, told: Callable[[], object]) -> None:
        """Call `told` when the box is closed."""
        self._when_closed.append(told)

    async def check(self) -> None:
        """Raise `CallEnded` if the caller is gone.

        A flow that goes on regardless, in a loop, still lets everybody else have their turn.
        """
        if self._closed is not None or self.is_interrupted:
            await asyncio.sleep(0)
        self._raise_if_over()

    async def next(self, timeout_s: float | None = None) -> T | None:
        """The next event, or None after `timeout_s` seconds without one. Raises `CallEnded`."""
        await self.check()
        if not self._events:
            await self._wait(timeout_s)
            self._raise_if_over()
        return self._events.popleft() if self._events else None

    async def next_after_end(self, timeout_s: float) -> T | None:
        """Like `next`, for what comes whether or not the caller is still there."""
        if not self._events:
            await self._wait(timeout_s)
        return self._events.popleft() if self._events else None

    def _raise_if_over(self) -> None:
        if self._closed is not None:
            raise CallEnded(self._closed)
        if self.is_interrupted:
            raise FaxCame("the caller is a fax machine")

    async def _wait(self, timeout_s: float | None) -> None:
        self._waiter = self._loop.create_future()
        timer = None if timeout_s is None else self._loop.call_later(timeout_s, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
