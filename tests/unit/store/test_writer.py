"""The writer thread, over an environment whose disk fills and empties when the test says so."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Event, Lock

import lmdb
import pytest

from softswitch.store.environment import Environment, Operation
from softswitch.store.limits import HASTE_S
from softswitch.store.writer import GroupCommitWriter, NotStored


class ScriptedDisk(Environment):
    """A real environment in front of which stands a disk that can be full, or slow."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), lmdb.open(str(path), max_dbs=4), ["things"], create=True)
        self.is_full = False
        self.is_writing = Event()
        self.may_go_on = Event()
        self.may_go_on.set()
        self.groups: list[list[Operation]] = []

    def write(self, operations: Iterable[Operation]) -> None:
        group = list(operations)
        self.is_writing.set()
        assert self.may_go_on.wait(10)
        if self.is_full:
            raise lmdb.Error("No space left on device")
        super().write(group)
        self.groups.append(group)


class Reports:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._lock = Lock()

    def __call__(self, line: str) -> None:
        with self._lock:
            self.lines.append(line)


@pytest.fixture
def disk(tmp_path: Path) -> ScriptedDisk:
    return ScriptedDisk(tmp_path)


def put(writer: GroupCommitWriter, key: str, value: str = "v") -> None:
    writer.apply([("things", key.encode(), value.encode())])


def done(barrier: Future[None]) -> None:
    barrier.result(timeout=10)


def test_without_a_barrier_records_are_written_soon(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports())
    put(writer, "a")
    assert disk.is_writing.wait(10)
    writer.close()
    assert disk.get("things", b"a") == b"v"
    disk.close()


def test_what_is_urgent_is_written_at_once_and_what_is_urgent_again_and_again_together(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports(), group_s=60.0)
    put(writer, "first")
    writer.hasten()
    assert disk.is_writing.wait(10)
    began_at = time.monotonic()
    for number in range(500):
        put(writer, f"key{number}")
        writer.hasten()
    writer.close()
    most = 3 + (time.monotonic() - began_at) / HASTE_S
    assert sum(len(group) for group in disk.groups) == 501
    assert len(disk.groups) <= most
    disk.close()


def test_what_comes_during_one_write_is_one_group(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports())
    disk.may_go_on.clear()
    put(writer, "first")
    first = writer.commit()
    assert disk.is_writing.wait(10)
    barriers: list[Future[None]] = []
    for number in range(100):
        put(writer, f"k{number}")
        barriers.append(writer.commit())
    assert not first.done()
    disk.may_go_on.set()
    for barrier in [first, *barriers]:
        done(barrier)
    assert [len(group) for group in disk.groups] == [1, 100]
    assert (writer.commits, writer.writes) == (2, 101)
    writer.close()
    disk.close()


def test_of_one_key_only_the_latest_value_is_written(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports(), group_s=10)
    for number in range(50):
        put(writer, "same", str(number))
    done(writer.commit())
    assert disk.groups == [[("things", b"same", b"49")]]
    writer.close()
    disk.close()


def test_operations_handed_over_together_are_written_together(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports())
    for number in range(20):
        writer.apply([("things", b"a%d" % number, b"v"), ("things", b"b%d" % number, b"v")])
    done(writer.commit())
    for group in disk.groups:
        assert sum(key[:1] == b"a" for _, key, _ in group) == sum(key[:1] == b"b" for _, key, _ in group)
    writer.close()
    disk.close()


def test_a_barrier_with_nothing_to_write_is_done_at_once(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports())
    done(writer.commit())
    assert writer.commits == 0
    writer.close()
    disk.close()


def test_a_cancelled_barrier_harms_nobody(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports())
    disk.may_go_on.clear()
    put(writer, "a")
    barrier = writer.commit()
    other = writer.commit()
    barrier.cancel()
    disk.may_go_on.set()
    done(other)
    put(writer, "b")
    done(writer.commit())
    writer.close()
    disk.close()


def test_a_full_disk_is_reported_once_and_nothing_is_lost(disk: ScriptedDisk):
    reports = Reports()
    writer = GroupCommitWriter(disk, report=reports, retry_s=0.001)
    disk.is_full = True
    for number in range(3):
        put(writer, f"k{number}")
        with pytest.raises(NotStored, match="No space left on device"):
            done(writer.commit())
    put(writer, "k0", "newer")
    assert writer.is_failing
    disk.is_full = False
    done(writer.commit())
    assert not writer.is_failing
    assert disk.scan("things", None, None, reverse=False, limit=9) == [(b"k0", b"newer"), (b"k1", b"v"), (b"k2", b"v")]
    writer.close()
    assert len(reports.lines) == 2
    assert "See that there is room in" in reports.lines[0]
    assert reports.lines[1] == "the store is written again; 0 records were lost meanwhile"
    disk.close()


def test_a_full_disk_is_tried_again_without_being_asked(disk: ScriptedDisk):
    reports = Reports()
    writer = GroupCommitWriter(disk, report=reports, retry_s=0.001)
    disk.is_full = True
    put(writer, "a")
    with pytest.raises(NotStored):
        done(writer.commit())
    disk.is_writing.clear()
    assert disk.is_writing.wait(10)
    disk.is_full = False
    writer.close()
    assert disk.get("things", b"a") == b"v"
    disk.close()


def test_records_waiting_are_bounded_and_those_waiting_are_kept_up_to_date(disk: ScriptedDisk):
    reports = Reports()
    writer = GroupCommitWriter(disk, report=reports, pending_max=2, retry_s=60)
    disk.is_full = True
    put(writer, "a")
    with pytest.raises(NotStored):
        done(writer.commit())
    put(writer, "b")
    put(writer, "c")
    put(writer, "a", "newer")
    assert (writer.pending, writer.lost) == (2, 1)
    disk.is_full = False
    with pytest.raises(NotStored, match="something was lost"):
        done(writer.commit())
    put(writer, "d")
    done(writer.commit())
    writer.close()
    rows = disk.scan("things", None, None, reverse=False, limit=9)
    assert rows == [(b"a", b"newer"), (b"b", b"v"), (b"d", b"v")]
    assert reports.lines[-1] == "the store is written again; 1 records were lost meanwhile"
    disk.close()


def test_of_what_belongs_together_all_is_lost_or_nothing(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports(), pending_max=2, retry_s=60)
    disk.is_full = True
    put(writer, "a")
    writer.apply([("things", b"record", b"v"), ("things", b"a", None), ("things", b"b", b"v")])
    assert (writer.pending, writer.lost) == (1, 3)
    disk.is_full = False
    writer.close()
    assert disk.scan("things", None, None, reverse=False, limit=9) == [(b"a", b"v")]
    disk.close()


def test_what_waits_is_bounded_by_its_size_too(disk: ScriptedDisk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("softswitch.store.writer.PENDING_BYTES_MAX", 10)
    writer = GroupCommitWriter(disk, report=Reports(), group_s=60, retry_s=60)
    put(writer, "a", "elevenbytes")
    put(writer, "b")
    put(writer, "a", "short")
    put(writer, "c")
    assert (writer.pending, writer.lost) == (2, 1)
    writer.close()
    assert disk.scan("things", None, None, reverse=False, limit=9) == [(b"a", b"short"), (b"c", b"v")]
    disk.close()


class Watch:
    """A clock that a slow disk pushes on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_slow_disk_is_reported_now_and_then(disk: ScriptedDisk):
    reports, watch = Reports(), Watch()
    writer = GroupCommitWriter(disk, report=reports, now=watch)

    def write_slowly(key: str, seconds: float) -> None:
        disk.may_go_on.clear()
        disk.is_writing.clear()
        put(writer, key)
        stored = writer.commit()
        assert disk.is_writing.wait(10)
        watch.now += seconds
        assert writer.writing_s == seconds
        disk.may_go_on.set()
        done(stored)

    write_slowly("a", 2.0)
    write_slowly("b", 3.0)
    write_slowly("c", 0.5)
    write_slowly("d", 400.0)
    writer.close()
    assert (writer.writing_s, writer.last_write_s) == (0.0, 400.0)
    assert [line.partition(" s for")[0] for line in reports.lines] == [
        "the disk of the store took 2.0",
        "the disk of the store took 400.0",
    ]
    disk.close()


def test_a_disk_that_takes_long_to_refuse_is_left_alone_for_longer(disk: ScriptedDisk):
    watch = Watch()
    writer = GroupCommitWriter(disk, report=Reports(), now=watch, retry_s=1.0)
    disk.is_full = True
    disk.may_go_on.clear()
    put(writer, "a")
    stored = writer.commit()
    assert disk.is_writing.wait(10)
    watch.now += 0.5
    disk.may_go_on.set()
    with pytest.raises(NotStored):
        done(stored)
    assert writer.retry_s == 5.0
    writer.close()
    disk.close()


def test_closing_writes_what_waits(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports(), group_s=60)
    put(writer, "a")
    writer.close()
    assert disk.get("things", b"a") == b"v"
    disk.close()


def test_closing_on_a_full_disk_says_what_is_lost(disk: ScriptedDisk):
    reports = Reports()
    writer = GroupCommitWriter(disk, report=reports, group_s=60)
    disk.is_full = True
    put(writer, "a")
    put(writer, "b")
    writer.close()
    assert reports.lines[-1] == "2 records could not be stored before the end and are lost"
    disk.close()


# Between two turns of a loop


class Loop:
    """Which ends its turn when the test says so."""

    def __init__(self) -> None:
        self.asked = Event()
        self._callbacks: list[Callable[[], None]] = []
        self.is_closed = False

    def call_soon_threadsafe(self, callback: Callable[[], None]) -> None:
        if self.is_closed:
            raise RuntimeError("the loop is closed")
        self._callbacks.append(callback)
        self.asked.set()

    def end_turn(self) -> None:
        assert self.asked.wait(10)
        self.asked.clear()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


def nothing() -> None:
    pass


def test_a_turn_of_the_loop_is_written_whole(disk: ScriptedDisk):
    loop, writer = Loop(), GroupCommitWriter(disk, report=Reports(), group_s=0.0)
    writer.take_between_turns(loop.call_soon_threadsafe, nothing)
    put(writer, "event")
    assert loop.asked.wait(10), "the writer would have written it by now"
    put(writer, "state")
    loop.end_turn()
    writer.close()
    assert [[key for _, key, _ in group] for group in disk.groups] == [[b"event", b"state"]]
    disk.close()


def test_what_was_kept_back_goes_with_it(disk: ScriptedDisk):
    loop, writer = Loop(), GroupCommitWriter(disk, report=Reports(), group_s=0.0)
    kept_back = iter([b"journal"])

    def hand_over() -> None:
        for key in kept_back:
            writer.apply([("things", key, b"v")])

    writer.take_between_turns(loop.call_soon_threadsafe, hand_over)
    put(writer, "event")
    barrier = writer.commit()
    loop.end_turn()
    done(barrier)
    assert [[key for _, key, _ in group] for group in disk.groups] == [[b"event", b"journal"]]
    writer.close()
    disk.close()


def test_what_comes_while_it_is_written_is_of_the_next_group(disk: ScriptedDisk):
    loop, writer = Loop(), GroupCommitWriter(disk, report=Reports(), group_s=0.0)
    writer.take_between_turns(loop.call_soon_threadsafe, nothing)
    disk.may_go_on.clear()
    put(writer, "a")
    loop.end_turn()
    assert disk.is_writing.wait(10)
    put(writer, "b")
    barrier = writer.commit()
    disk.may_go_on.set()
    loop.end_turn()
    done(barrier)
    assert [[key for _, key, _ in group] for group in disk.groups] == [[b"a"], [b"b"]]
    writer.close()
    disk.close()


def test_a_loop_that_stands_still_holds_nothing_up(disk: ScriptedDisk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("softswitch.store.writer.TURN_S_MAX", 0.01)
    loop, writer = Loop(), GroupCommitWriter(disk, report=Reports(), group_s=0.0)
    writer.take_between_turns(loop.call_soon_threadsafe, nothing)
    put(writer, "a")
    done(writer.commit())
    put(writer, "b")
    loop.end_turn()
    done(writer.commit())
    assert [[key for _, key, _ in group] for group in disk.groups] == [[b"a"], [b"b"]]
    writer.close()
    disk.close()


@pytest.mark.parametrize("is_closed", [False, True])
def test_closing_waits_for_no_turn(disk: ScriptedDisk, *, is_closed: bool):
    loop, writer = Loop(), GroupCommitWriter(disk, report=Reports(), group_s=0.0)
    writer.take_between_turns(loop.call_soon_threadsafe, nothing)
    loop.is_closed = is_closed
    put(writer, "a")
    writer.close()
    assert disk.get("things", b"a") == b"v"
    disk.close()


def test_who_has_time_hurries_nobody(disk: ScriptedDisk):
    writer = GroupCommitWriter(disk, report=Reports(), group_s=60.0)
    put(writer, "a")
    patient = writer.stored()
    assert not patient.done()
    done(writer.commit())
    done(patient)
    writer.close()
    with pytest.raises(NotStored):
        done(writer.stored())
    disk.close()
