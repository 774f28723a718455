"""The writer thread: records are handed over in no time and reach the disk in groups.

A write transaction costs one wait for the disk (milliseconds) whether it holds one record or a thousand. So whatever
comes in while one group is being written is the next group. A group also waits a little for company, less if it is
urgent (`hasten`), and not at all if somebody waits for the disk (`commit`). Of two records with the same key only the
later is written.

A kill must not leave half of what belongs together: an event without the state it led to, the state of a call without
its queue's. So the switch has its groups taken between two turns of its loop (`take_between_turns`), after everybody
who keeps something back to write it with company has handed it over. What one turn of the loop changes is then on disk
whole or not at all, and so is everything before it. Only a loop that stands still for `TURN_S_MAX` is not waited for.

```
  loop    ── turn ── turn ──┬ hand over, seal ┬── turn ── turn ──
  thread  ── waits a little ┘                 └ write ── done ──
```

A disk that refuses (it is full, or read-only) harms no call: the records stay here, are tried again every second, and
one line is reported when it begins and one when it is over. Nor does one that takes long. When too much waits, what
comes is lost: all of what belongs together, and nobody who waits for it is told that it is on disk.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread
from typing import NamedTuple, TypeAlias

import lmdb

from softswitch.base.errors import SoftswitchError
from softswitch.store.environment import Environment, Operation
from softswitch.store.limits import (
    GROUP_S,
    HASTE_S,
    PENDING_BYTES_MAX,
    PENDING_KEYS_MAX,
    RETRY_REST,
    RETRY_S,
    RETRY_S_MAX,
    SLOW_AGAIN_S,
    SLOW_WRITE_S,
    TURN_S_MAX,
)

CallSoon: TypeAlias = Callable[[Callable[[], None]], object]
_Rows: TypeAlias = dict[tuple[str, bytes], bytes | None]


class NotStored(SoftswitchError):
    """The disk refuses. What was put is kept and tried again, but it is not on disk now."""


class _Group(NamedTuple):
    """What is written together, who waits for it, and whether something they may wait for was lost."""

    rows: _Rows
    barriers: list[Future[None]]
    has_lost: bool


class GroupCommitWriter:
    """Owns the environment's write transactions.

    `report` gets one line for people when the disk begins to refuse and when it takes again, and now and then when it
    takes long. It is called in the writer thread.
    """

    __slots__ = (
        "_awaited", "_barriers", "_call_soon", "_closing", "_environment", "_group_s", "_hand_over", "_has_lost",
        "_is_asked", "_is_hurried", "_now", "_pending", "_pending_bytes", "_pending_max", "_report", "_retry_s",
        "_sealed", "_slow_at", "_thread", "_wake", "_writing_since", "_written_at", "commits", "is_failing",
        "last_write_s", "lost", "writes",
    )  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        *,
        report: Callable[[str], None],
        group_s: float = GROUP_S,
        retry_s: float = RETRY_S,
        pending_max: int = PENDING_KEYS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is a clock in seconds; any thread may ask it."""
        self._environment = environment
        self._report = report
        self._group_s = group_s
        self._retry_s = retry_s
        self._pending_max = pending_max
        self._now = now
        self._pending: _Rows = {}
        self._pending_bytes = 0
        self._has_lost = False
        """Of what came since the last group was taken, something was lost."""
        self._barriers: list[Future[None]] = []
        self._awaited: list[Future[None]] = []
        """The same for whoever has time."""
        self._call_soon: CallSoon | None = None
        self._hand_over: Callable[[], None] = lambda: None
        self._sealed: _Group | None = None
        """What the loop has taken to be written."""
        self._is_asked = False
        """The loop is to seal the group when its turn ends."""
        self._closing = False
        self._wake = Condition()
        self.is_failing = False
        """The disk has refused, and has not taken anything since."""
        self.commits = 0
        self.writes = 0
        self.lost = 0
        """Records dropped because too many were waiting for the disk."""
        self.last_write_s = 0.0
        """How long the disk took for the last group it took."""
        self._is_hurried = False
        self._written_at = 0.0
        """When the last group was."""
        self._writing_since: float | None = None
        self._slow_at = float("-inf")
        """When it was reported last that it takes long."""
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        return len(self._pending)

    @property
    def writing_s(self) -> float:
        """For how long the disk has been at the group that it is to take now; 0 if there is none."""
        since = self._writing_since
        return 0.0 if since is None else self._now() - since

    @property
    def retry_s(self) -> float:
        """How long a disk that refuses is left alone: much that waits takes half a second of CPU to be refused."""
        return max(self._retry_s, min(RETRY_S_MAX, RETRY_REST * self.last_write_s))

    def apply(self, operations: Sequence[Operation]) -> None:
        """Hand over operations that belong to one transaction. Returns at once."""
        with self._wake:
            is_first = not self._pending
            if not self._has_room(operations):
                self.lost += len(operations)
                self._has_lost = True
                return
            for table, key, value in operations:
                self._pending_bytes += _bytes(value) - _bytes(self._pending.get((table, key)))
                self._pending[table, key] = value
            if is_first:
                self._wake.notify()

    def _has_room(self, operations: Sequence[Operation]) -> bool:
        """For all of them, or for none: half of what belongs together would be worse than nothing."""
        if len(self._pending) + len(operations) <= self._pending_max and self._pending_bytes <= PENDING_BYTES_MAX:
            return True
        fresh = {(table, key) for table, key, _ in operations} - self._pending.keys()
        return not fresh

    def commit(self) -> Future[None]:
        """A future that is done when everything handed over before is on disk; `NotStored` if the disk refuses."""
        barrier: Future[None] = Future()
        with self._wake:
            if self._closing:
                barrier.set_exception(NotStored("the store is closed"))
            else:
                self._barriers.append(barrier)
                self._wake.notify()
        return barrier

    def hasten(self) -> None:
        """What was handed over is to be on disk soon: at once, or `HASTE_S` after the last group."""
        with self._wake:
            self._is_hurried = True
            self._wake.notify()

    def stored(self) -> Future[None]:
        """The same as `commit`, but that nothing is hurried by it."""
        awaited: Future[None] = Future()
        with self._wake:
            if self._closing:
                awaited.set_exception(NotStored("the store is closed"))
            else:
                self._awaited.append(awaited)
                self._wake.notify()
        return awaited

    def take_between_turns(self, call_soon: CallSoon | None, hand_over: Callable[[], None]) -> None:
        """From now on `hand_over` is called in the loop before a group is written, which has all that was put before.

        `call_soon` is the loop's `call_soon_threadsafe`; None: groups are taken whenever it is time again.
        """
        with self._wake:
            self._call_soon, self._hand_over = call_soon, hand_over

    def close(self) -> None:
        """Write what is left and end the thread. Reports what a refusing disk has cost."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self._pending:
            self._report(f"{len(self._pending)} records could not be stored before the end and are lost")

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wait_for_group()
                self._wait_for_turn()
                if self._closing and not self._pending and self._sealed is None:
                    self._settle(self._take_barriers(), None)
                    return
                group = self._sealed or self._seal()
                self._sealed = None
            lost = NotStored("too much waits for the disk, and something was lost") if group.has_lost else None
            if not group.rows:
                self._settle(group.barriers, lost)
                continue
            try:
                self._write(group.rows)
            except lmdb.Error as error:
                fault = NotStored(f"the store cannot be written: {error}")
                self._put_back(group.rows)
                self._settle(group.barriers, fault)
                self._refused(fault)
                if self._closing:
                    return
            else:
                self.commits += 1
                self.writes += len(group.rows)
                self._settle(group.barriers, lost)
                self._taken()

    def _write(self, rows: _Rows) -> None:
        began = self._writing_since = self._now()
        try:
            self._environment.write([(table, key, value) for (table, key), value in rows.items()])
        finally:
            self._writing_since = None
            self.last_write_s = self._now() - began
            self._written_at = time.monotonic()

    def _refused(self, fault: NotStored) -> None:
        if not self.is_failing:
            where = self._environment.directory
            self._report(
                f"{fault}. See that there is room in {where} and that it can be written; calls go on, records wait "
                "meanwhile"
            )
        self.is_failing = True

    def _taken(self) -> None:
        if self.is_failing:
            self.is_failing = False
            self._report(f"the store is written again; {self.lost} records were lost meanwhile")
            self.lost = 0
        if self.last_write_s >= SLOW_WRITE_S and self._now() - self._slow_at >= SLOW_AGAIN_S:
            self._slow_at = self._now()
            self._report(
                f"the disk of the store took {self.last_write_s:.1f} s for a write, and who is promised something "
                f"waits for it. See what else keeps the disk of {self._environment.directory} busy"
            )

    def _wait_for_group(self) -> None:
        """Wait, with the lock held, until there is something to write and it has waited long enough."""
        self._wake.wait_for(lambda: self._pending or self._barriers or self._awaited or self._closing)
        latest = time.monotonic() + (self.retry_s if self.is_failing else self._group_s)
        while not self._barriers and not self._closing:
            at = min(latest, self._written_at + HASTE_S) if self._is_hurried else latest
            left_s = at - time.monotonic()
            if left_s <= 0:
                break
            self._wake.wait(left_s)
        self._is_hurried = False

    def _wait_for_turn(self) -> None:
        """Wait, with the lock held, until the loop has sealed the group."""
        if self._call_soon is None or self._closing:
            return
        try:
            self._call_soon(self._between_turns)
        except RuntimeError:  # the loop is closed
            self._call_soon = None
            return
        self._is_asked = True
        self._wake.wait_for(lambda: not self._is_asked or self._closing, timeout=TURN_S_MAX)
        self._is_asked = False

    def _between_turns(self) -> None:
        """In the loop. It may come so late that it was not waited for."""
        try:
            self._hand_over()
        finally:
            with self._wake:
                if self._is_asked:
                    self._sealed, self._is_asked = self._seal(), False
                    self._wake.notify()

    def _seal(self) -> _Group:
        group = _Group(self._pending, self._take_barriers(), self._has_lost)
        self._pending, self._pending_bytes, self._has_lost = {}, 0, False
        return group

    def _take_barriers(self) -> list[Future[None]]:
        barriers, self._barriers, self._awaited = [*self._barriers, *self._awaited], [], []
        return barriers

    def _put_back(self, rows: _Rows) -> None:
        """Keep what was not written, under what has come in since."""
        with self._wake:
            rows.update(self._pending)
            self._pending = rows
            self._pending_bytes = sum(map(_bytes, rows.values()))

    @staticmethod
    def _settle(barriers: list[Future[None]], fault: NotStored | None) -> None:
        for barrier in barriers:
            if not barrier.set_running_or_notify_cancel():
                continue  # its owner no longer waits
            if fault is None:
                barrier.set_result(None)
            else:
                barrier.set_exception(fault)


def _bytes(value: bytes | None) -> int:
    return 0 if value is None else len(value)
