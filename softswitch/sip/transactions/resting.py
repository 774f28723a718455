"""Transactions that are over but for repetitions of their messages (Timers D, I, J, K, L and M).

Nearly all that there are at any time: half a minute of calls. Those in one state rest equally long and so end in the
order in which they came: one queue for each state does what would take a heap of tens of thousands, and a turn of the
machine for every one of them.
"""

from collections import deque
from typing import Protocol

from softswitch.base.deadlines import Deadlines
from softswitch.sip.transactions.transaction import Timed


class Exchange(Protocol):
    def forget(self) -> None: ...


class Resting:
    """Those in one state; has at most one deadline among `deadlines`."""

    __slots__ = ("_deadlines", "_queue")

    def __init__(self, deadlines: Deadlines[Timed]) -> None:
        self._deadlines = deadlines
        self._queue: deque[tuple[float, Exchange]] = deque()

    def add(self, exchange: Exchange, at: float) -> None:
        """It is forgotten then, and not before those that were added before it."""
        if not self._queue:
            self._deadlines.set(self, at)
        self._queue.append((at, exchange))

    def handle_timeout(self, now: float) -> None:
        queue = self._queue
        while queue and queue[0][0] <= now:
            queue.popleft()[1].forget()
        if queue:
            self._deadlines.set(self, queue[0][0])
