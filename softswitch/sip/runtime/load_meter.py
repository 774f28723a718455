"""How much the switch has to do: how busy its loop is, and how long work waits before it is done.

Work waits in two places: in the event loop, which a timer tells by being late, and in the kernel before our UDP
sockets, of which the loop knows nothing: it takes a few datagrams each time round and may look idle while thousands
wait. How many bytes wait there the kernel tells (SO_MEMINFO, Linux).
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

EVERY_S = 0.1
DATAGRAM_BYTES = 2_304
"""What the kernel counts for one datagram of up to 1,500 bytes that waits."""


class Schedule(Protocol):
    """The two things needed of an event loop."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle: ...


class LoadMeter:
    """Calls `on_load(busy, queue_s)` every tenth of a second: part of a core used, seconds work waits.

    `waiting_bytes` says what waits before the sockets, `cpu_s` what processor time the loop's thread has used (the
    store's writer is another).
    """

    def __init__(
        self,
        loop: Schedule,
        on_load: Callable[[float, float], None],
        waiting_bytes: Callable[[], int],
        cpu_s: Callable[[], float] = time.thread_time,
    ) -> None:
        self.lag_s = 0.0
        """How late the timer was, last."""
        self.lag_max_s = 0.0
        self.taken = 0
        """Datagrams taken from the sockets since the last measurement; counted by whoever takes them."""
        self._loop = loop
        self._on_load = on_load
        self._waiting_bytes = waiting_bytes
        self._cpu_s = cpu_s
        self._cpu_before_s = cpu_s()
        self._measured_at = loop.time()
        self._due = loop.time() + EVERY_S
        self._timer = loop.call_at(self._due, self._measure)

    def stop(self) -> None:
        self._timer.cancel()

    def _measure(self) -> None:
        now, cpu_s = self._loop.time(), self._cpu_s()
        self.lag_s = now - self._due
        self.lag_max_s = max(self.lag_max_s, self.lag_s)
        elapsed_s = max(now - self._measured_at, 0.001)
        waiting = self._waiting_bytes() / DATAGRAM_BYTES
        # Nothing was taken: what waits may wait as long as we were away.
        waits_s = waiting * elapsed_s / self.taken if self.taken else (self.lag_s if waiting else 0.0)
        self._on_load((cpu_s - self._cpu_before_s) / elapsed_s, max(self.lag_s, waits_s))
        self.taken = 0
        self._cpu_before_s, self._measured_at = cpu_s, now
        self._due = now + EVERY_S
        self._timer = self._loop.call_at(self._due, self._measure)
