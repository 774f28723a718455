"""Opening a store: versions, damage, missing rights; and a map that grows."""

import fcntl
import os
import resource
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import lmdb
import pytest

from softswitch.base.errors import StartError
from softswitch.store import NotStored, open_reader, open_store, size_on_disk_bytes
from softswitch.store.environment import Environment, open_for_writing
from softswitch.store.tables import DamagedRecord


def unexpected(line: str) -> None:
    raise AssertionError(line)


def open_with_table(directory: Path, *, map_size_mb: int = 16) -> Environment:
    return open_for_writing(str(directory), ["things"], map_size_mb=map_size_mb)


def one_line(error: pytest.ExceptionInfo[StartError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_directory_is_made_private(tmp_path: Path):
    open_with_table(tmp_path / "a" / "b").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "a" / "b" / "data.mdb").stat().st_mode & 0o777 == 0o600


def test_a_store_has_a_size_on_disk(tmp_path: Path):
    assert size_on_disk_bytes(str(tmp_path)) == 0
    open_with_table(tmp_path).close()
    assert 0 < size_on_disk_bytes(str(tmp_path)) < 1024 * 1024


def test_what_was_written_is_there_after_reopening(tmp_path: Path):
    environment = open_with_table(tmp_path)
    environment.write([("things", b"k", b"v"), ("things", b"gone", b"v"), ("things", b"gone", None)])
    environment.close()
    environment = open_with_table(tmp_path)
    assert environment.scan("things", None, None, reverse=False, limit=10) == [(b"k", b"v")]
    environment.close()


def test_the_map_grows_when_it_is_full(tmp_path: Path):
    environment = open_with_table(tmp_path, map_size_mb=1)
    before = environment.map_size_bytes()
    value = bytes(100_000)
    for number in range(30):
        environment.write([("things", b"%d" % number, value)])
    assert environment.count("things") == 30
    assert environment.map_size_bytes() > before
    environment.close()


def test_the_map_has_a_greatest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("softswitch.store.environment.MAP_BYTES_MAX", 2 * 1024 * 1024)
    environment = open_with_table(tmp_path, map_size_mb=1)
    with pytest.raises(lmdb.MapFullError, match="greatest size"):
        environment.write([("things", b"%d" % number, bytes(100_000)) for number in range(30)])
    environment.write([("things", b"k", b"v")])
    assert environment.scan("things", None, None, reverse=False, limit=10) == [(b"k", b"v")]
    environment.close()


def break_disk(directory: Path) -> None:
    """The page that says which state of the file holds can be written no more; the pages with the rows can."""
    inode, metas = (directory / "data.mdb").stat().st_ino, list[int]()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.stat(int(name)).st_ino == inode and fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_DSYNC:
                metas.append(int(name))
    (meta,) = metas
    broken = os.open(directory / "data.mdb", os.O_RDONLY)
    os.dup2(broken, meta)
    os.close(broken)


def test_after_a_failure_that_lmdb_takes_for_final_it_is_read_and_written(tmp_path: Path):
    environment = open_with_table(tmp_path)
    environment.write([("things", b"before", b"v")])
    break_disk(tmp_path)
    with pytest.raises(lmdb.Error):
        environment.write([("things", b"during", b"v")])
    assert environment.get("things", b"before") == b"v"
    environment.write([("things", b"after", b"v")])
    assert [key for key, _ in environment.scan("things", None, None, reverse=False, limit=10)] == [b"after", b"before"]
    environment.close()


def test_the_writer_is_back_after_it_without_a_reader(tmp_path: Path):
    environment = open_with_table(tmp_path)
    break_disk(tmp_path)
    with pytest.raises(lmdb.Error):
        environment.write([("things", b"during", b"v")])
    environment.write([("things", b"after", b"v")])
    assert environment.count("things") == 1
    environment.close()


def test_one_group_larger_than_the_map_is_written(tmp_path: Path):
    environment = open_with_table(tmp_path, map_size_mb=1)
    environment.write([("things", b"%d" % number, bytes(100_000)) for number in range(30)])
    assert environment.count("things") == 30
    environment.close()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path):
    open_with_table(tmp_path).close()
    raw = lmdb.open(str(tmp_path), max_dbs=4)
    with raw.begin(write=True) as transaction:
        transaction.put(b"schema_version", b"999", db=raw.open_db(b"meta", txn=transaction))
    raw.close()
    for opening in (lambda: open_store(str(tmp_path), report=unexpected), lambda: open_reader(str(tmp_path))):
        with pytest.raises(StartError, match="newer softswitch") as error:
            opening()
        assert "schema 999" in one_line(error)
        assert "start the newer version" in one_line(error)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path):
    (tmp_path / "data.mdb").write_bytes(b"this is a text, not a database. " * 1000)
    for opening in (lambda: open_store(str(tmp_path), report=unexpected), lambda: open_reader(str(tmp_path))):
        with pytest.raises(StartError, match="move it away") as error:
            opening()
        one_line(error)


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="Not a directory") as error:
        open_store(str(tmp_path / "file" / "store"), report=unexpected)
    assert "change [store] directory" in one_line(error)


@contextmanager
def full_disk() -> Generator[None]:
    """No file of this process may grow: what a full disk does, without one. Not even the test run's own output may."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_store_of_our_own_version_opens_on_a_full_disk(tmp_path: Path):
    open_with_table(tmp_path).close()
    with full_disk():
        environment = open_with_table(tmp_path)
    assert environment.count("things") == 0
    environment.close()


def test_a_full_disk_is_one_line(tmp_path: Path):
    with full_disk(), pytest.raises(StartError, match="see that the disk has room") as error:
        open_store(str(tmp_path / "store"), report=unexpected)
    one_line(error)


def test_there_is_nothing_to_read_before_the_switch_has_started(tmp_path: Path):
    with pytest.raises(StartError, match="there is no store in") as error:
        open_reader(str(tmp_path))
    one_line(error)
    lmdb.open(str(tmp_path), max_dbs=4).close()  # a switch that was killed while it made its store
    with pytest.raises(StartError, match="there is no store in"):
        open_reader(str(tmp_path))


def test_opening_twice_in_one_process_is_refused(tmp_path: Path):
    store = open_store(str(tmp_path), report=unexpected)
    with pytest.raises(StartError, match="already open in this process") as error:
        open_reader(str(tmp_path))
    one_line(error)
    store.close()


def test_reading_after_the_switch_has_stopped(tmp_path: Path):
    open_store(str(tmp_path), map_size_mb=16, report=unexpected).close()
    with open_reader(str(tmp_path)) as reader:
        assert list(reader.cdrs.descending()) == []


def test_a_damaged_record_is_named(tmp_path: Path):
    environment = open_for_writing(str(tmp_path), ["agent_states"], map_size_mb=16)
    environment.write([("agent_states", b"anna", b"\xc1")])
    environment.close()
    store = open_store(str(tmp_path), map_size_mb=16, report=unexpected)
    with pytest.raises(DamagedRecord, match="agent_states"):
        store.agent_states.get("anna")
    store.close()


def test_a_closed_store_takes_no_more(tmp_path: Path):
    store = open_store(str(tmp_path), map_size_mb=16, report=unexpected)
    store.close()
    with pytest.raises(NotStored, match="closed"):
        store.commit().result(10)
