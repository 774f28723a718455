"""The writer thread: records are handed over in no time and reach the disk in groups.

A write transaction costs one wait for the disk (milliseconds) whether it holds one record or a thousand. So whatever
comes in while one group is being written is the next group. A group also waits a little for company, unless somebody
waits for the disk (`commit`). Of two records with the same key only the later is written.

A disk that refuses (it is full) harms no call: the records stay here, are tried again every second, and one line is
reported when it begins and one when it is over.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Condition, Thread

import lmdb

from softswitch.base.errors import SoftswitchError
from softswitch.store.environment import Environment, Operation
from softswitch.store.limits import GROUP_S, PENDING_KEYS_MAX, RETRY_S


class NotStored(SoftswitchError):
    """The disk refuses. What was put is kept and tried again, but it is not on disk now."""


class GroupCommitWriter:
    """Owns the environment's write transactions.

    `report` gets one line for people when the disk begins to refuse and when it takes again. It is called in the
    writer thread.
    """

    __slots__ = (
        "_barriers", "_closing", "_environment", "_group_s", "_pending", "_pending_max", "_report", "_retry_s",
        "_thread", "_wake", "commits", "is_failing", "lost", "writes",
    )  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        *,
        report: Callable[[str], None],
        group_s: float = GROUP_S,
        retry_s: float = RETRY_S,
        pending_max: int = PENDING_KEYS_MAX,
    ) -> None:
        self._environment = environment
        self._report = report
        self._group_s = group_s
        self._retry_s = retry_s
        self._pending_max = pending_max
        self._pending: dict[tuple[str, bytes], bytes | None] = {}
        self._barriers: list[Future[None]] = []
        self._closing = False
        self._wake = Condition()
        self.is_failing = False
        """The disk has refused, and has not taken anything since."""
        self.commits = 0
        self.writes = 0
        self.lost = 0
        """Records dropped because too many were waiting for the disk."""
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        return len(self._pending)

    def apply(self, operations: Sequence[Operation]) -> None:
        """Hand over operations that belong to one transaction. Returns at once."""
        with self._wake:
            is_first = not self._pending
            for table, key, value in operations:
                if len(self._pending) >= self._pending_max and (table, key) not in self._pending:
                    self.lost += 1
                else:
                    self._pending[table, key] = value
            if is_first:
                self._wake.notify()

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
                if self._closing and not self._pending:
                    self._settle(self._take_barriers(), None)
                    return
                group, self._pending = self._pending, {}
                barriers = self._take_barriers()
            if not group:
                self._settle(barriers, None)
                continue
            try:
                self._environment.write([(table, key, value) for (table, key), value in group.items()])
            except lmdb.Error as error:
                fault = NotStored(f"the store cannot be written: {error}")
                self._put_back(group)
                self._settle(barriers, fault)
                if not self.is_failing:
                    where = self._environment.directory
                    self._report(f"{fault}. See that there is room in {where}; calls go on, records wait meanwhile")
                self.is_failing = True
                if self._closing:
                    return
            else:
                self.commits += 1
                self.writes += len(group)
                self._settle(barriers, None)
                if self.is_failing:
                    self.is_failing = False
                    self._report(f"the store is written again; {self.lost} records were lost meanwhile")
                    self.lost = 0

    def _wait_for_group(self) -> None:
        """Wait, with the lock held, until there is something to write and it has waited long enough."""
        self._wake.wait_for(lambda: self._pending or self._barriers or self._closing)
        self._wake.wait_for(
            lambda: self._barriers or self._closing, timeout=self._retry_s if self.is_failing else self._group_s
        )

    def _take_barriers(self) -> list[Future[None]]:
        barriers, self._barriers = self._barriers, []
        return barriers

    def _put_back(self, group: dict[tuple[str, bytes], bytes | None]) -> None:
        """Keep what was not written, under what has come in since."""
        with self._wake:
            group.update(self._pending)
            self._pending = group

    @staticmethod
    def _settle(barriers: list[Future[None]], fault: NotStored | None) -> None:
        for barrier in barriers:
            if not barrier.set_running_or_notify_cancel():
                continue  # its owner no longer waits
            if fault is None:
                barrier.set_result(None)
            else:
                barrier.set_exception(fault)
