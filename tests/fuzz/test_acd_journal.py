"""Whenever the switch is killed, what is in the table leads to the router as it was after some input, exactly.

Snapshots are made while inputs come in, by a copy or by a compactor that takes its time, fails, or finds a full disk.
After every turn of the loop the table is read as the next switch would read it, and the router it leads to must have
the very state of the live one after the last input that had reached the table; no input that has is missing ever again.
"""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.inputs import AcdInput, ContactQueued
from softswitch.acd.model import Channel
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.rebuilding import Compacted, compact, rebuild
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.base.ids import ContactId, QueueId
from softswitch.testing.clock import ManualClock
from softswitch.testing.journal import TableInMemory, Turns
from tests.fuzz.test_acd_snapshot import FULL, SHIFT, Run, steps

ENTRIES_MAX = 6
"""Inputs between two snapshots."""


class SlowCompactor:
    """Reads the table some time after it was asked to, and says what came of it later still."""

    def __init__(self, table: TableInMemory) -> None:
        self._table = table
        self._done: Callable[[Compacted | None], None] | None = None
        self._made: Compacted | None = None
        self.made = 0

    def begin(self, offset_s: float, done: Callable[[Compacted | None], None]) -> None:
        assert self._done is None, "one at a time"
        self._done = done
        self._made = None

    def stop(self) -> None:
        self._done = None

    def read(self) -> None:
        if self._done is not None:
            self._made = compact(self._table.snapshot(), self._table.journal(), 0.0)
            self.made += 1

    def finish(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(self._made)


class NotingRun(Run):
    """Notes each input when it has been taken in, as the service does."""

    def __init__(self, journal: RouterJournal) -> None:
        super().__init__(Router(), 1000.0)
        self.kept = journal
        self.states: list[RouterSnapshot] = []
        """After so many inputs of the journal."""

    def apply(self, fact: AcdInput | None) -> None:
        before = len(self.journal)
        super().apply(fact)
        if self.states and len(self.journal) > before:
            self.kept.note(fact, self.now)
            self.states.append(self.snapshot())


class Switch:
    def __init__(self) -> None:
        self.table, self.loop, self.clock = TableInMemory(), Turns(), ManualClock(now=1000.0)
        self.compactor = SlowCompactor(self.table)
        journal = RouterJournal(self.table, self.clock, self.loop, "boot", self.compactor, entries_max=ENTRIES_MAX)
        self.run = NotingRun(journal)
        for step in (FULL, *SHIFT):
            self.run.take(step)
        self.run.states.append(self.run.snapshot())
        journal.begin(self.run.router)
        self.reached = 0

    def take(self, step: AcdInput | float) -> None:
        self.run.take(step)
        self.clock.advance(self.run.now - self.clock.now())

    def check(self) -> None:
        """The next switch would go on from a state that was."""
        if not self.table.parts:
            return
        rebuilt = rebuild(self.table.snapshot(), self.table.journal())
        assert rebuilt.next_entry >= self.reached, "what had reached the table is lost"
        self.reached = rebuilt.next_entry
        expected = self.run.states[rebuilt.next_entry]
        assert rebuilt.router.take_snapshot(expected.at) == expected


doings = st.one_of(
    steps, steps, st.sampled_from(["turn", "turn", "turn", "read", "finish", "disk fails", "disk works"])
)


def test_a_compactor_that_takes_its_time() -> None:
    """What chance may not bring: many snapshots, each of them made of the one before, and none of them a copy."""
    switch = Switch()
    switch.loop.turn()
    switch.loop.turn()
    for round_ in range(12):
        for number in range(ENTRIES_MAX):
            contact_id = ContactId(f"{round_}.{number}")
            switch.take(ContactQueued(contact_id, QueueId("any"), channel=Channel.TASK, customer=str(number)))
            switch.take(0.5)
        switch.loop.turn()
        switch.take(1.0)
        switch.compactor.read()
        switch.take(1.0)
        switch.loop.turn()
        switch.check()
        switch.compactor.finish()
        switch.check()
    assert switch.compactor.made == 12
    assert len(switch.table.records) <= 2, "and the journal before it goes"
    assert switch.table.snapshots == 13


@settings(max_examples=80, deadline=None)
@given(st.lists(doings, min_size=20, max_size=80))
def test_after_a_kill_at_any_time(doings: list[AcdInput | float | str]) -> None:
    switch = Switch()
    for doing in doings:
        match doing:
            case "turn":
                switch.loop.turn()
            case "read":
                switch.compactor.read()
            case "finish":
                switch.compactor.finish()
            case str():
                switch.table.is_failing = doing == "disk fails"
            case _:
                switch.take(doing)
        switch.check()
