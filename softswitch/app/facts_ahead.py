"""Has what reports are made of counted while the switch runs, so that nobody waits for it at a report.

```
 blocks of three hours   │ 06-09 │ 09-12 │ 12-15 │ ...
 counted                         ▲ 09:02  ▲ 12:02          and all that is not counted yet, two minutes after a start
 a report at 14:00       ◄── kept ───────►│◄─ read of the store
```

A report reads at most the records of the last three hours, whatever time it is about. The work is done by a process of
its own that gives way to all others (`fact_counter.py`): a second after each block of a large centre, a minute for a
month where there is nothing yet. Reports check what was kept against the store, and count for themselves what is
missing: nothing depends on this but how soon they are there.
"""

import asyncio
from collections.abc import Awaitable, Callable

from softswitch.app import side_process
from softswitch.app.due_work import DueWork
from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.reports.runtime.source import BLOCK_S

log = get_logger("facts")

SETTLED_S = 120.0
"""After a start, or the end of a block: calls and events of the last moment are stored, and a switch that starts has
better things to do."""
COUNTING_S = 3 * 3600.0
"""Years of a large centre, on a machine that has better things to do. What was done until then is kept."""


class FactsAhead:
    """For the store in one directory; `count` is how, and returns how many blocks it has counted."""

    def __init__(
        self,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        store_directory: str,
        count: Callable[[str, float], Awaitable[int]] | None = None,
    ) -> None:
        self._clock = clock
        self._store_directory = store_directory
        self._count = count or counted_beside
        self._due_wall = clock.wall() + SETTLED_S
        self._due_work = DueWork(loop, clock.wall, name="facts", due=lambda: self._due_wall, work=self._count_those_due)

    def start(self) -> None:
        self._due_work.look()

    async def stop(self) -> None:
        """What is being counted is counted by the next switch."""
        await self._due_work.stop()

    async def _count_those_due(self) -> None:
        now = self._clock.wall()
        async with asyncio.timeout(COUNTING_S):
            blocks = await self._count(self._store_directory, now)
        self._due_wall = (now // BLOCK_S + 1) * BLOCK_S + SETTLED_S
        if blocks:
            log.info("counted for reports", blocks=blocks, took_s=round(self._clock.wall() - now, 1))


async def counted_beside(store_directory: str, now: float) -> int:
    """By a process of its own. Raises OSError and ValueError."""
    process = await side_process.begin("softswitch.app.fact_counter", store_directory, repr(now))
    try:
        said, _ = await process.communicate()
    finally:
        await side_process.end(process)
    if process.returncode != 0:
        raise OSError(f"its process ended with {process.returncode}")
    return int(said)
