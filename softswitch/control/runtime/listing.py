"""A listing in frames, made a little at a time between what calls want of the event loop.

```
 rows for TURN_S ──► frame ──► everybody else for REST_S ──► rows for TURN_S ──► frame ──► ... the last frame
```

An INVITE takes several turns of the loop from packet to packet. With a frame in each of them it would wait for as many
frames, so between two of them there is time for all of its turns: it waits for one frame at most, and a listing of any
length takes a small share of the loop.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TypeVar

from softswitch.control.limits import REST_S, ROWS_PER_FRAME, TURN_S
from softswitch.control.protocol.replies import Rows

RowT = TypeVar("RowT")
RowsT = TypeVar("RowsT", bound=Rows)


async def in_frames(
    rows: Iterable[RowT],
    frame: Callable[[list[RowT], bool], RowsT],
    *,
    seconds: Callable[[], float] = time.perf_counter,
) -> AsyncIterator[RowsT]:
    """`rows` may be made as they are taken. The last frame says that it is; it may have no rows.

    `seconds` is a clock that goes on within a turn of the loop, which the loop's own may not.
    """
    remaining = iter(rows)
    while True:
        some, is_last = _some(remaining, seconds)
        yield frame(some, is_last)
        if is_last:
            return
        await asyncio.sleep(REST_S)


def _some(rows: Iterator[RowT], seconds: Callable[[], float]) -> tuple[list[RowT], bool]:
    """The next ones, and whether there are no more for certain."""
    taken: list[RowT] = []
    until = seconds() + TURN_S
    for row in rows:
        taken.append(row)
        if len(taken) == ROWS_PER_FRAME or seconds() >= until:
            return taken, False
    return taken, True
