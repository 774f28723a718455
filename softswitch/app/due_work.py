"""Work that falls due at moments of the wall clock and takes a while: one run at a time, and again after a fault."""

import asyncio
from collections.abc import Callable, Coroutine

from softswitch.base.log import get_logger
from softswitch.calls.runtime.wall_timer import WallTimer

RETRY_S = 3600.0
"""After a run that failed."""


class Unfinished(Exception):
    """Something could not be done, and has been logged: the work is called again later."""


class DueWork:
    """`due` says when there is something to do next (None: never, as things are), `work` does all that is due then.

    `work` may be called when nothing is due. What it raises is logged under `name` (but for `Unfinished`), and it is
    called again later.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wall: Callable[[], float],
        *,
        name: str,
        due: Callable[[], float | None],
        work: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        self._loop = loop
        self._wall = wall
        self._name = name
        self._log = get_logger(name)
        self._due = due
        self._work = work
        self._timer = WallTimer(loop, wall, self._time_is_up)
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """At the start, and whenever what is due may be another than it was."""
        if self._task is None:
            self._timer.set(self._due())

    async def stop(self) -> None:
        """For good. A run in progress is given up."""
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _time_is_up(self) -> None:
        self._task = self._loop.create_task(self._work(), name=self._name)
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.look()
        else:
            if not isinstance(error, Unfinished):
                self._log.error(f"{self._name} failed", fault=str(error) or repr(error))
            due = self._due()
            self._timer.set(None if due is None else max(due, self._wall() + RETRY_S))
