"""What the router knows outlives the switch: a snapshot of it, and every input since with its time.

The router is deterministic, so the same inputs at the same times lead from the snapshot to where it was. An input costs
the loop an entry in a list; every `FLUSH_S` these go to the store's writer as one record, which reaches the disk with
its next group. A new snapshot takes the place of the former one and of the journal before it in one transaction.

```
  snapshot 7 ── inputs ── inputs ── is due ── inputs ── inputs ── snapshot 8 goes to the table, and what it has of
                   └─────────┴─ a process: snapshot 7, the inputs ─┘          the journal goes from there
```

A switch that starts goes on with the journal of the former one, so that it may be killed before its first snapshot is
written; only where the clock is another one, or the journal has a gap, it begins anew.

A `Compactor` makes it of what is in the table, in a process of its own: the router is not touched. The first snapshot
of a switch, the last, and one that has to mend a gap are copies of the router: its rows are copied at once and written
some at a time. So is one the compactor failed at.

While the disk refuses, the journal rests: it would have a gap. A snapshot mends it as soon as there is room (`mend`).
One that cannot be read, or another switch's, is worth a line in the log and nothing else: then agents' declared states
are all that is known. A journal that has a gap is followed up to it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from softswitch.acd.inputs import AcdInput
from softswitch.acd.limits import JOURNAL_AGE_S_MAX, JOURNAL_ENTRIES_MAX
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.router import Router
from softswitch.acd.router_snapshot import moved
from softswitch.acd.runtime.rebuilding import Compacted, Entry, SnapshotHead, encode, rebuild, written
from softswitch.acd.runtime.timers import TimerHandle, TimerLoop
from softswitch.acd.snapshot_rows import RouterSnapshot, SnapshotPart
from softswitch.base.clock import Clock
from softswitch.base.ids import ContactId
from softswitch.base.log import get_logger

logger = get_logger("acd")

FLUSH_S = 0.02
"""How long an input waits for company. It goes with whatever the store writes before (`hand_over`): what is on disk of
a moment is so with what led to it. The moments since the store's last group may be lost with a kill."""
PART_EVERY_S = 0.005
"""Between some rows of a snapshot and the next: it takes a third of the loop for a third of a second at the most."""


class JournalTable(Protocol):
    """Where snapshot and journal are kept."""

    @property
    def is_failing(self) -> bool:
        """The disk refuses at present."""
        ...

    def append(self, first_entry: int, entries: bytes) -> None:
        """Write soon."""
        ...

    def put_snapshot(self, parts: Sequence[bytes], obsolete: Iterable[int]) -> None:
        """Write soon, instead of the former snapshot and of these records of the journal: all of it or nothing."""
        ...

    def snapshot(self) -> list[bytes]:
        """The parts; empty when there is none."""
        ...

    def journal(self) -> Iterable[tuple[int, bytes]]:
        """The records in order, each with the number of its first entry."""
        ...


class Compactor(Protocol):
    """Makes a new snapshot of what is in the table."""

    def begin(self, offset_s: float, done: Callable[[Compacted | None], None]) -> None:
        """Start. `done` is called once, later: with None if it could not be made. `offset_s` is what is to be added to
        the clock's time for seconds since the epoch."""
        ...

    def stop(self) -> None:
        """`done` is not called any more."""
        ...


class RouterJournal:
    """One router's. First `restore`, then `begin`, then `note` every input once the router has taken it in."""

    __slots__ = (
        "_boot_id", "_clock", "_compactor", "_entries", "_entries_max", "_flushing", "_goes_on", "_has_gap", "_head",
        "_is_compacting", "_loop", "_next_entry", "_parts", "_records", "_router", "_snapshot_at", "_snapshot_entry",
        "_table", "_writing", "_written", "ends",
    )  # fmt: skip

    def __init__(
        self,
        table: JournalTable,
        clock: Clock,
        loop: TimerLoop,
        boot_id: str,
        compactor: Compactor | None = None,
        *,
        entries_max: int = JOURNAL_ENTRIES_MAX,
    ) -> None:
        """`boot_id` is the same as long as the monotonic clock goes on; empty: not known. Without a `compactor` every
        snapshot is a copy. After `entries_max` inputs a new one is due."""
        self._table = table
        self._clock = clock
        self._loop = loop
        self._boot_id = boot_id
        self._compactor = compactor
        self._entries_max = entries_max
        self._is_compacting = False
        self._router: Router | None = None
        self._entries: list[Entry] = []
        """Not handed to the table yet."""
        self._next_entry = 0
        self._records: deque[int] = deque()
        """Those of the journal in the table, by their first entries."""
        self._flushing: TimerHandle | None = None
        self._writing: TimerHandle | None = None
        self._parts: Iterator[SnapshotPart] | None = None
        """Of the snapshot that is being written."""
        self._written: list[bytes] = []
        self._head = RouterSnapshot(0.0)
        self._snapshot_at = 0.0
        self._snapshot_entry = 0
        self._has_gap = False
        self._goes_on = False
        """What is noted before the first snapshot follows what the table has."""
        self.ends: dict[ContactId, AcdOutput] = {}
        """What the former switch's router said last to contacts it knew no more, and they perhaps never heard."""

    # The former switch

    def restore(self) -> Router | None:
        """The router as it was, by the clock of now; None when nothing is known of it."""
        try:
            parts = self._table.snapshot()
            self._records.extend(first for first, _ in self._table.journal())
            if self._records:
                self._next_entry = self._records[-1] + 2 * JOURNAL_ENTRIES_MAX
            return self._restored(parts) if parts else None
        except Exception as error:  # whatever is on the disk, the switch starts
            logger.error("the ACD could not be restored: agents' states are", reason=str(error) or repr(error))
            return None

    def _restored(self, parts: list[bytes]) -> Router:
        rebuilt = rebuild(parts, self._table.journal())
        router, head, self.ends = rebuilt.router, rebuilt.head, rebuilt.ends
        by_s = self._by_how_much(head, rebuilt.last_at)
        self._goes_on = rebuilt.is_whole and not by_s
        self._next_entry = rebuilt.next_entry if self._goes_on else max(self._next_entry, rebuilt.next_entry)
        if by_s:
            router = Router.restored(moved(router.take_snapshot(rebuilt.last_at, head.router.offset_s), by_s))
        now, inputs = self._clock.now(), rebuilt.next_entry - head.next_entry
        contacts, agents = len(router.contact_summaries(now)), len(router.agent_summaries(now))
        logger.info("the ACD goes on", contacts=contacts, agents=agents, inputs=inputs)
        return router

    def _by_how_much(self, head: SnapshotHead, last_at: float) -> float:
        """What the clock of now shows more than that one. Nothing may lie in the future."""
        now, wall = self._clock.now(), self._clock.wall()
        is_same_clock = head.boot_id == self._boot_id != ""
        by_s = 0.0 if is_same_clock else head.router.offset_s - (wall - now)
        return min(by_s, now - last_at)

    # This one

    def begin(self, router: Router) -> None:
        """Keep what this router knows from now on."""
        self._router = router
        if self._goes_on and self._entries and not self._table.is_failing:
            self._table.append(self._next_entry, encode(self._entries))
            self._records.append(self._next_entry)
        self._begin_snapshot()

    def note(self, fact: AcdInput | None, now: float) -> None:
        """The router has taken in a fact, or that the time is up."""
        self._entries.append((now, fact))
        if self._flushing is None and self._router is not None:
            self._flushing = self._loop.call_later(FLUSH_S, self._flush)

    def hand_over(self) -> None:
        """Something is about to be written: what was noted goes with it, as far as it was."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flush()

    @property
    def is_whole(self) -> bool:
        """What the router knows is on the disk with what else is."""
        return not self._has_gap and self._parts is None

    def mend(self) -> None:
        """The disk takes again what it refused."""
        if self._has_gap and self._router is not None and self._parts is None and not self._table.is_failing:
            self._begin_snapshot()

    def stop(self) -> None:
        """The last snapshot: nothing is left to be done again at the next start."""
        for timer in (self._flushing, self._writing):
            if timer is not None:
                timer.cancel()
        self._flushing = self._writing = None
        if self._compactor is not None:
            self._compactor.stop()
        if self._router is not None:
            self._begin_snapshot()
            while self._parts is not None:
                if self._writing is not None:
                    self._writing.cancel()
                self._go_on()
            self._router = None

    def _flush(self) -> None:
        self._flushing = None
        entries, self._entries = self._entries, []
        first, self._next_entry = self._next_entry, self._next_entry + len(entries)
        if self._table.is_failing:
            self._has_gap = True
        elif entries and not self._has_gap:
            self._table.append(first, encode(entries))
            self._records.append(first)
        is_due = (
            self._has_gap
            or self._next_entry - self._snapshot_entry >= self._entries_max
            or self._clock.now() - self._snapshot_at >= JOURNAL_AGE_S_MAX
        )
        if not is_due or self._parts is not None or self._table.is_failing:
            return
        if self._has_gap or self._compactor is None:
            self._begin_snapshot()
        elif not self._is_compacting:
            self._is_compacting = True
            self._compactor.begin(self._clock.wall() - self._clock.now(), self._compacted)

    def _compacted(self, compacted: Compacted | None) -> None:
        """The compactor is done. Since it began a gap may have been mended by a copy, which is newer then."""
        self._is_compacting = False
        if self._router is None or self._parts is not None:
            return
        if compacted is None:
            if not self._table.is_failing:
                self._begin_snapshot()
        elif compacted.next_entry > self._snapshot_entry:
            self._snapshot_at, self._snapshot_entry = self._clock.now(), compacted.next_entry
            self._table.put_snapshot(compacted.parts, self._obsolete())

    def _begin_snapshot(self) -> None:
        """Copy everything, and write it down from now on. What was noted before is in it."""
        assert self._router is not None
        now, wall = self._clock.now(), self._clock.wall()
        self._next_entry += len(self._entries)
        self._entries = []
        copied = self._router.copy(now, wall - now)
        self._snapshot_at, self._snapshot_entry = now, self._next_entry
        self._has_gap = False
        self._parts, self._written = copied.parts(), []
        self._head = copied.head
        self._writing = self._loop.call_later(PART_EVERY_S, self._go_on)

    def _go_on(self) -> None:
        """Some more rows, and in the end all of it to the table."""
        assert self._parts is not None
        part = next(self._parts, None)
        if part is not None:
            self._written.append(written(part, self._snapshot_entry))
            self._writing = self._loop.call_later(PART_EVERY_S, self._go_on)
            return
        self._parts = self._writing = None
        head = SnapshotHead(len(self._written), self._snapshot_entry, self._boot_id, self._head)
        self._table.put_snapshot([encode(head), *self._written], self._obsolete())
        self._written = []

    def _obsolete(self) -> list[int]:
        """The records of the journal that the snapshot has."""
        obsolete: list[int] = []
        while self._records and self._records[0] < self._snapshot_entry:
            obsolete.append(self._records.popleft())
        return obsolete
