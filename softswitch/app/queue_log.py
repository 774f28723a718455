"""Asterisk's queue_log: every line of an event that is stored once, and none of another, whenever the switch is killed.

A line is written to the file when its event is on disk, not before: an event that a kill has undone may come again, and
would be in the file twice. With the event the store gets the lines that may not be in the file yet. So a switch that
starts sees which of them are its end, and adds the others.

```
  event ── stored, and its line with it ── line in the file ── the next events are stored, and their lines instead
                                      └ killed: the next switch adds it
```

Where events are not stored, or the disk refuses them, lines are written at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future

from softswitch.acd.events import Stamped
from softswitch.acd.reporting.queue_log import QueueLog, Visit
from softswitch.acd.runtime.queue_log_file import QueueLogFile, cut_torn_line, missing_lines
from softswitch.base.clock import Clock
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger
from softswitch.store import Store
from softswitch.store.queue_log_schema import TAIL_KEY, StoredQueueLogTail

log = get_logger("queue_log")


class QueueLogLines:
    """Takes every event, in order; `hand_over` with the events they are of."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        former: Callable[[ContactId], Visit | None],
    ) -> None:
        """`former` is what is known of a contact that came while another switch ran."""
        self._store = store
        self._clock = clock
        self._loop = loop
        self._log = QueueLog(former)
        self._file: QueueLogFile | None = None
        self._path = ""
        self._fresh: list[str] = []
        """Of events that are not handed over yet."""
        self._handed_over: list[str] = []
        """And of those that are on their way to the disk."""
        self._written = 0
        """Lines ever written to the file."""

    @property
    def is_written(self) -> bool:
        """Whether somebody wants the file."""
        return self._file is not None

    def start(self, path: str) -> None:
        """Write to this file from now on; what a former switch has still to write there comes first."""
        if path:
            tail = self._store.queue_log_tail.get(TAIL_KEY)
            missing = self._missing(path, () if tail is None else tail.lines)
            self.use(path)
            self._write(missing)

    def use(self, path: str) -> None:
        """Another file, or the same, which may have been moved away."""
        if path == self._path:
            if self._file is not None:
                self._file.reopen()
            return
        self.write_at_once()
        if self._file is not None:
            self._file.close()
        self._path = path
        self._file = QueueLogFile(path) if path else None

    def take(self, events: Iterable[Stamped]) -> None:
        """These are to be written with those they belong to."""
        if self._file is not None:
            self._fresh += [line for stamped in events for line in self._log.take(stamped)]

    def hand_over(self) -> None:
        """The events so far have been put into the store."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._handed_over += fresh
            self._store.queue_log_tail.put(TAIL_KEY, StoredQueueLogTail(lines=tuple(self._handed_over)))
            until = self._written + len(self._handed_over)
            stored = self._store.stored()
            if stored.done():
                self._write_until(until)
            else:
                stored.add_done_callback(lambda done: self._stored(done, until))

    def write_at_once(self) -> None:
        """Nobody stores their events, or nobody will tell when they are stored."""
        self._handed_over += self._fresh
        self._fresh = []
        self._write_until(self._written + len(self._handed_over))

    def close(self) -> None:
        self.write_at_once()
        if self._file is not None:
            self._file.close()

    def _missing(self, path: str, lines: Sequence[str]) -> Sequence[str]:
        try:
            cut_torn_line(path)
            return missing_lines(path, lines)
        except FileNotFoundError:
            return lines
        except OSError as error:
            log.warning("the end of the queue_log cannot be read", path=path, reason=error.strerror)
            return ()

    def _stored(self, done: "Future[None]", until: int) -> None:
        """In the store's thread. If the disk refuses the events, the lines are written all the same."""
        if not done.cancelled():
            done.exception()
        try:
            self._loop.call_soon_threadsafe(self._write_until, until)
        except RuntimeError:
            return  # the loop is closed, and all was written before

    def _write_until(self, number: int) -> None:
        """So many lines ever, if it is not more already."""
        count = max(0, number - self._written)
        lines, self._handed_over = self._handed_over[:count], self._handed_over[count:]
        self._written += len(lines)
        self._write(lines)

    def _write(self, lines: Sequence[str]) -> None:
        if lines and self._file is not None:
            self._file.write(lines, self._clock.now())
