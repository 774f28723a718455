"""The queue_log and the store: a line is in the file if its event is on disk, and once."""

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from softswitch.acd.events import ContactAbandoned, ContactConnected, ContactEnded, ContactQueued, Stamped
from softswitch.app.acd_events import BATCH_S, AcdEvents
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.config.settings import EventsSection
from softswitch.store import Store, memory_store
from softswitch.store.memory import MemoryRows
from softswitch.store.writer import NotStored
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

SALES, ANN = QueueId("sales"), AgentId("ann")


class SlowRows(MemoryRows):
    """Rows that are on disk when the test says so."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Future[None]] = []

    def stored(self) -> Future[None]:
        self.waiting.append(Future())
        return self.waiting[-1]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


class Centre:
    def __init__(self, clock: ManualClock, loop: VirtualLoop, path: Path) -> None:
        self.clock, self.loop, self.path = clock, loop, path
        self.rows = SlowRows()
        self.store = Store(self.rows, self.rows, self.rows.close)
        self.started: list[AcdEvents] = []
        self.events = self.start()

    def start(self) -> AcdEvents:
        """A switch, or after a kill the next one."""
        events = AcdEvents(self.store, self.clock, self.loop, EventsSection(queue_log=str(self.path)))
        self.started.append(events)
        return events

    def queued(self, name: str, position: int = 1) -> None:
        event = ContactQueued(self.clock.now(), ContactId(name), SALES, self.clock.now(), position=position)
        self.take(Stamped(self.clock.wall(), event))

    def abandoned(self, name: str) -> None:
        event = ContactAbandoned(self.clock.now(), ContactId(name), SALES, 9.0, 9.0, 20.0, 1)
        self.take(Stamped(self.clock.wall(), event))

    def take(self, stamped: Stamped) -> None:
        self.events.take([stamped])
        self.run(BATCH_S + 0.01)

    def run(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def lines(self) -> list[str]:
        written = self.path.read_text().splitlines() if self.path.exists() else []
        return [f"{line.split('|')[4]} {line.split('|')[1]}" for line in written]


@pytest.fixture
def centre(clock: ManualClock, loop: VirtualLoop, tmp_path: Path) -> Iterator[Centre]:
    centre = Centre(clock, loop, tmp_path / "queue_log")
    yield centre
    for events in centre.started:
        events.stop()


def test_a_line_is_written_when_its_event_is_on_disk(centre: Centre) -> None:
    centre.queued("c1")
    assert centre.lines() == []
    centre.queued("c2")
    centre.rows.waiting[0].set_result(None)
    centre.run(0.01)
    assert centre.lines() == ["ENTERQUEUE c1"]
    centre.rows.waiting[1].set_result(None)
    centre.run(0.01)
    assert centre.lines() == ["ENTERQUEUE c1", "ENTERQUEUE c2"]


def test_a_line_is_not_lost_with_a_disk_that_refuses(centre: Centre) -> None:
    centre.queued("c1")
    centre.rows.waiting[0].set_exception(NotStored("it is full"))
    centre.run(0.01)
    assert centre.lines() == ["ENTERQUEUE c1"]


@pytest.mark.parametrize("written", [0, 1, 2, 3])
def test_the_next_switch_adds_what_is_missing(centre: Centre, written: int) -> None:
    for name in ("c1", "c2", "c3"):
        centre.queued(name)
    for stored in centre.rows.waiting[:written]:
        stored.set_result(None)
    centre.run(0.01)
    assert len(centre.lines()) == written
    centre.events = centre.start()
    assert centre.lines() == ["ENTERQUEUE c1", "ENTERQUEUE c2", "ENTERQUEUE c3"]
    centre.events = centre.start()
    assert len(centre.lines()) == 3, "and only once"


def test_a_line_that_was_half_written_is_written_again(centre: Centre) -> None:
    centre.queued("c1")
    centre.queued("c2")
    for stored in centre.rows.waiting:
        stored.set_result(None)
    centre.run(0.01)
    whole = centre.path.read_bytes()
    centre.path.write_bytes(whole[:-7])
    centre.start()
    assert centre.path.read_bytes() == whole


def test_after_rotation_the_lines_that_are_there_are_the_end(centre: Centre) -> None:
    for name in ("c1", "c2", "c3"):
        centre.queued(name)
    for stored in centre.rows.waiting[:2]:
        stored.set_result(None)
    centre.run(0.01)
    centre.path.write_text(centre.path.read_text().splitlines()[1] + "\n")
    centre.start()
    assert centre.lines() == ["ENTERQUEUE c2", "ENTERQUEUE c3"]


def test_who_came_while_another_switch_ran_has_his_first_place_and_his_wait(centre: Centre) -> None:
    centre.queued("waits", 7)
    centre.queued("talks", 8)
    connected = ContactConnected(
        centre.clock.now(), ContactId("talks"), SALES, ANN, ReservationId(1), 12.0, 12.0, 3.0, 20.0
    )
    centre.take(Stamped(centre.clock.wall(), connected))
    centre.events = centre.start()
    centre.abandoned("waits")
    ended = ContactEnded(centre.clock.now(), ContactId("talks"), SALES, ANN, 12.0, 30.0, ended_by="caller")
    centre.take(Stamped(centre.clock.wall(), ended))
    centre.events.stop()
    lines = [line.split("|")[4:] for line in centre.path.read_text().splitlines()]
    assert lines[-2:] == [["ABANDON", "1", "7", "9"], ["COMPLETECALLER", "12", "30", "8"]]


def test_another_file_begins_where_the_former_ends(centre: Centre, tmp_path: Path) -> None:
    centre.queued("c1")
    centre.events.configure(EventsSection(queue_log=str(tmp_path / "other")))
    assert centre.lines() == ["ENTERQUEUE c1"]
    centre.rows.waiting[0].set_result(None)
    centre.queued("c2")
    assert not (tmp_path / "other").exists(), "the first one's word is not the second one's"
    centre.rows.waiting[1].set_result(None)
    centre.run(0.01)
    assert len((tmp_path / "other").read_text().splitlines()) == 1


def test_where_nothing_is_stored_lines_are_written_at_once(
    clock: ManualClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    events = AcdEvents(memory_store(), clock, loop, EventsSection(keep_max=0, queue_log=str(path)))
    event = ContactQueued(clock.now(), ContactId("c1"), SALES, clock.now())
    events.take([Stamped(clock.wall(), event)])
    assert len(path.read_text().splitlines()) == 1
    events.stop()
