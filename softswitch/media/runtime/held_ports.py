"""The ports one worker holds open for streams to come: who needs one has it at once, and need not ask first.

```
  pool ──HoldPort──► asked ──done──► held ──take──► a stream's
    ▲                  │ refused      │
    └──────────────────┴──────────────┴── the connection is lost: the worker, or the next one, holds none
```

A port that is taken is replaced by another. When none is held (a burst, a worker that has only just come, a range too
small to set any aside) whoever opens a stream asks the worker, and waits.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from functools import partial

from softswitch.base.address import HostPort
from softswitch.base.clock import Clock
from softswitch.media.protocol import HoldPort
from softswitch.media.runtime.ports import PortPool
from softswitch.media.runtime.worker_link import Verdict

HELD_PORTS = 32
"""Of one worker: as many calls and agents' phones in the few milliseconds that another port takes are a rare burst."""
PAUSE_S = 1.0
"""Without asking for others after one was refused: another program has it, and may have its neighbours."""
RANGE_PER_HELD = 8
"""All workers together hold at most such a part of the range: ports are for calls."""


class HeldPorts:
    """Of one worker. `fill` whenever the worker is there and may hold more; `lose_all` when its connection is lost."""

    __slots__ = ("_ask", "_asked", "_clock", "_held", "_local_ip", "_paused_until", "_pool", "_wanted")

    def __init__(
        self,
        ask: Callable[[HoldPort], asyncio.Future[Verdict]],
        pool: PortPool,
        *,
        local_ip: str,
        clock: Clock,
        workers: int,
    ) -> None:
        """`ask` is the link's; so many `workers` share the pool."""
        self._ask = ask
        self._pool = pool
        self._local_ip = local_ip
        self._clock = clock
        self._wanted = min(HELD_PORTS, pool.size // (RANGE_PER_HELD * workers))
        self._asked: dict[int, asyncio.Future[Verdict]] = {}
        self._held: deque[int] = deque()
        self._paused_until = -math.inf

    def fill(self) -> None:
        """Have as many ports held as are wanted, or as there are."""
        now = self._clock.now()
        while now >= self._paused_until and len(self._asked) + len(self._held) < self._wanted:
            port = self._pool.take(now)
            if port is None:
                return
            answer = self._asked[port] = self._ask(HoldPort(HostPort(self._local_ip, port)))
            answer.add_done_callback(partial(self._take_answer, port))

    def take(self) -> int | None:
        """The port that has been held for longest, in use from now on; None when none is held."""
        return self._held.popleft() if self._held else None

    def lose_all(self) -> None:
        """The worker does not hold them any more, or will not once there is a connection again."""
        now = self._clock.now()
        for port in (*self._held, *self._asked):
            self._pool.release(port, now)
        self._held.clear()
        self._asked.clear()

    def _take_answer(self, port: int, answer: asyncio.Future[Verdict]) -> None:
        if self._asked.get(port) is not answer:
            return  # lost meanwhile
        del self._asked[port]
        if answer.result() == "":
            self._held.append(port)
        else:
            now = self._clock.now()
            self._paused_until = now + PAUSE_S
            self._pool.release(port, now)
