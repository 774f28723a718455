"""Snapshot and journal: what they cost the table, and that whatever is on the disk the switch starts."""

from collections.abc import Iterable, Iterator
from contextlib import closing

import msgspec
import pytest

from softswitch.acd.inputs import AcdInput, AgentLoggedIn, AgentPaused, AgentReachable, ConfigurationSet, ContactQueued
from softswitch.acd.limits import JOURNAL_AGE_S_MAX, JOURNAL_ENTRIES_MAX
from softswitch.acd.model import Agent, AgentState, Channel, Queue
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.service import AcdService, SavedAgent
from softswitch.acd.snapshot_rows import VERSION
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.clock import ManualClock
from softswitch.testing.journal import TableInMemory
from softswitch.testing.runtime.loop import VirtualLoop

ANN = AgentId("ann")
SALES = QueueId("sales")
CONFIGURATION = ConfigurationSet([Queue(queue_id=SALES)], [Agent(agent_id=ANN)])


class NoStates:
    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        pass

    def values(self) -> Iterable[SavedAgent]:
        return ()


class Running:
    """A switch's ACD; whoever makes another one with the same table restarts it."""

    def __init__(
        self,
        loop: VirtualLoop,
        clock: ManualClock,
        table: TableInMemory,
        *,
        boot_id: str = "boot",
        configuration: ConfigurationSet = CONFIGURATION,
    ) -> None:
        self.loop = loop
        journal = RouterJournal(table, clock, loop, boot_id)
        self.service = AcdService(Router(), clock, lambda _: None, NoStates(), loop, journal=journal)
        self.known = self.service.start(configuration)

    def tell(self, *facts: AcdInput) -> None:
        for fact in facts:
            self.service.apply(fact)

    def run(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def work(self) -> None:
        """An agent takes a break, and a task waits."""
        self.tell(AgentLoggedIn(ANN), AgentReachable(ANN), AgentPaused(ANN, "lunch"), task("t1"))
        self.run(1.0)

    def seen(self) -> tuple[list[tuple[AgentState, str]], list[tuple[str, float]]]:
        agents = [(row.state, row.reason) for row in self.service.agent_summaries()]
        return agents, [(row.contact_id, row.wait_s) for row in self.service.contact_summaries()]


def task(name: str) -> ContactQueued:
    return ContactQueued(ContactId(name), SALES, channel=Channel.TASK)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


@pytest.fixture
def table() -> TableInMemory:
    return TableInMemory()


AT_WORK = ([(AgentState.NOT_READY, "lunch")], [("t1", 1.0)])
NOTHING: tuple[list[tuple[AgentState, str]], list[tuple[str, float]]] = ([(AgentState.LOGGED_OUT, "")], [])


def test_a_switch_that_was_killed_goes_on(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    Running(loop, clock, table).work()
    assert (table.snapshots, len(table.records)) == (1, 1), "several inputs are one record"
    other = Running(loop, clock, table)
    assert other.seen() == AT_WORK
    assert other.known == {ANN}


def test_a_switch_that_is_killed_before_its_first_snapshot_is_written_goes_on_too(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Running(loop, clock, table)
    first.work()
    monkeypatch.setattr("softswitch.acd.runtime.journal.PART_EVERY_S", 60.0)
    for name in ("t2", "t3"):
        other = Running(loop, clock, table)
        other.tell(task(name))
        other.run(1.0)
    assert table.snapshots == 1
    last = Running(loop, clock, table)
    assert last.seen() == (AT_WORK[0], [("t1", 3.0), ("t2", 2.0), ("t3", 1.0)])


def test_a_switch_that_was_stopped_goes_on(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.work()
    first.service.stop()
    assert table.records == {}, "nothing is to be done again"
    assert Running(loop, clock, table).seen() == AT_WORK


def test_after_a_boot_of_the_machine_the_time_of_day_counts(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    Running(loop, clock, table).work()
    elsewhere = ManualClock(now=5.0, wall=clock.wall() + 100.0)
    with closing(VirtualLoop(elsewhere)) as other_loop:
        other = Running(other_loop, elsewhere, table, boot_id="another")
        assert other.seen() == ([(AgentState.NOT_READY, "lunch")], [("t1", pytest.approx(101.0))])


def test_a_clock_that_went_back_makes_nobody_wait_in_the_future(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    Running(loop, clock, table).work()
    elsewhere = ManualClock(now=5.0, wall=clock.wall() - 5000.0)
    with closing(VirtualLoop(elsewhere)) as other_loop:
        _, contacts = Running(other_loop, elsewhere, table, boot_id="another").seen()
    assert 0.0 <= contacts[0][1] <= 1.0


def test_another_configuration_is_taken_up(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    Running(loop, clock, table).work()
    bob = Agent(agent_id=AgentId("bob"))
    other = Running(loop, clock, table, configuration=ConfigurationSet(CONFIGURATION.queues, [bob]))
    assert [row.agent_id for row in other.service.agent_summaries()] == ["bob"]
    assert other.known == {ANN}, "bob is new, and may be logged in at start"


def test_a_refused_fact_is_nothing_to_be_done_again(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    first.work()
    with pytest.raises(Exception, match="known already"):
        first.tell(task("t1"))
    first.run(1.0)
    assert len(table.records) == 1


@pytest.mark.parametrize("harm", ["no bytes", "foreign", "version", "part", "rows"])
def test_what_cannot_be_read_keeps_no_switch_from_starting(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory, harm: str
) -> None:
    Running(loop, clock, table).work()
    head = msgspec.msgpack.decode(table.parts[0])
    if harm == "no bytes":
        table.parts[0] = b""
    elif harm == "foreign":
        table.parts = [msgspec.msgpack.encode({"something": "else"})]
    elif harm == "part":
        table.parts.pop()
    elif harm == "version":
        head["router"]["version"] = VERSION + 1
        table.parts[0] = msgspec.msgpack.encode(head)
    else:
        head["router"]["reservations"] = [
            {"reservation_id": 1, "agent_id": "ann", "contact_id": "nobody", "made_at": 1.0}
        ]
        table.parts[0] = msgspec.msgpack.encode(head)
    other = Running(loop, clock, table)
    assert other.seen() == NOTHING
    other.work()
    assert Running(loop, clock, table).seen() == AT_WORK, "and everything is kept from then on"


def test_a_damaged_journal_keeps_no_switch_from_starting(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    Running(loop, clock, table).work()
    table.records = dict.fromkeys(table.records, b"\xc1")
    assert Running(loop, clock, table).seen() == NOTHING


def test_a_gap_ends_what_is_known(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.work()
    for name in ("t2", "t3"):
        first.tell(task(name))
        first.run(1.0)
    del table.records[sorted(table.records)[1]]
    _, contacts = Running(loop, clock, table).seen()
    assert [contact_id for contact_id, _ in contacts] == ["t1"]


def test_a_full_disk_is_made_up_for(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.work()
    table.is_failing = True
    first.tell(task("lost"))
    first.run(1.0)
    assert (table.snapshots, len(table.records)) == (1, 1), "nothing is piled up"
    table.is_failing = False
    first.tell(task("t2"))
    first.run(1.0)
    assert (table.snapshots, len(table.records)) == (2, 0)
    _, contacts = Running(loop, clock, table).seen()
    assert [contact_id for contact_id, _ in contacts] == ["t1", "lost", "t2"]


def test_when_there_is_room_again_all_is_kept_without_anything_new(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    first.work()
    assert first.service.is_kept
    table.is_failing = True
    first.tell(task("lost"))
    first.run(1.0)
    first.service.keep_again()
    assert not first.service.is_kept, "nobody may be told that it is"
    table.is_failing = False
    first.service.keep_again()
    assert not first.service.is_kept, "it is still being written down"
    first.run(1.0)
    assert first.service.is_kept
    _, contacts = Running(loop, clock, table).seen()
    assert [contact_id for contact_id, _ in contacts] == ["t1", "lost"]


def test_the_journal_stays_short(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.work()
    for _ in range(JOURNAL_ENTRIES_MAX):
        first.tell(AgentReachable(ANN))
    first.run(1.0)
    assert (table.snapshots, len(table.records)) == (2, 0)
    first.run(JOURNAL_AGE_S_MAX)
    first.tell(AgentReachable(ANN))
    first.run(1.0)
    assert (table.snapshots, len(table.records)) == (3, 0)


def test_inputs_while_a_snapshot_is_written(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.tell(AgentLoggedIn(ANN), AgentPaused(ANN, "lunch"))
    assert table.snapshots == 0
    first.run(0.5)
    assert table.snapshots == 1
    assert Running(loop, clock, table).seen() == ([(AgentState.NOT_READY, "lunch")], [])
