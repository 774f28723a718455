"""The store is copied at random moments while it is written to: each copy opens, and is a state that was.

What a process leaves that is killed is what the kernel has of its file at that instant. Here the writer is stopped at
random instants (SIGSTOP), its file is read as it is, and it goes on. What a machine leaves that loses its power is
less: of what was not synced yet any part may be missing. LMDB syncs the pages of a transaction before it writes the
meta page that leads to them. So of two stops with the same newest meta page whatever differs is of a transaction that
is not there yet, and any part of it may be on the disk; and of two stops with one transaction between them the meta
page may be missing. Such files are put together from the two, and are held to the same.

A file that is merely read while it is written to is none of that: its beginning is older than its end. Nobody promises
that such a copy opens; `softswitch backup` makes one that does (`copy_store`), which is tested here too.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.store import open_store
from softswitch.store.backup import copy_store
from softswitch.store.environment import DATA_FILE
from tests.survival.store_program import check, turn

pytestmark = pytest.mark.timeout(240)

COPIES = 200
BACKUPS = 15
KILLS = 10
PAGE = 4096
_META_PAGES = 2
_TXNID = slice(144, 152)
"""In a meta page, after MDB_page's header, magic and version, address, map size, two trees and the last page."""


class Writer:
    """The process, and how many calls it has said are on the disk."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / DATA_FILE
        self._said = directory.with_name(f"{directory.name}.said")
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._said.open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.survival.store_program", str(self.directory)], stdout=said
            )

    def wait_until_it_writes(self, calls: int) -> None:
        deadline = time.monotonic() + 60
        while self.on_disk() < calls:
            assert self._process.poll() is None
            assert time.monotonic() < deadline, "it writes nothing"
            time.sleep(0.01)

    def on_disk(self) -> int:
        lines = self._said.read_bytes().split(b"\n")[:-1]
        return int(lines[-1]) if lines else 0

    def stop(self) -> None:
        """Between two of its instructions, or after the call to the kernel it is in."""
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self._process = self._start()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "store")
    writer.wait_until_it_writes(1500)
    yield writer
    writer.kill()


def test_what_a_kill_at_any_moment_leaves_opens_and_is_whole(writer: Writer, tmp_path: Path) -> None:
    dice = random.Random(8)
    torn = without_meta = 0
    for number in range(COPIES):
        time.sleep(dice.random() * 0.02)
        writer.stop()
        on_disk, first = writer.on_disk(), writer.file.read_bytes()
        writer.go_on()
        time.sleep(dice.random() * 0.004)
        writer.stop()
        second = writer.file.read_bytes()
        writer.go_on()
        found = open_and_check(tmp_path / f"copy{number}", first, on_disk)
        crashed = after_loss_of_power(first, second, dice)
        if crashed is not None:
            torn += newest(first) == newest(second)
            without_meta += newest(first) != newest(second)
            assert open_and_check(tmp_path / f"torn{number}", crashed, on_disk) == found
    print(f"{COPIES} copies, {torn} with half a transaction, {without_meta} without its meta page")
    assert torn + without_meta > 0, "the machine never lost its power at the right moment"


def test_a_backup_while_it_is_written_to_is_whole(writer: Writer, tmp_path: Path) -> None:
    dice = random.Random(9)
    for number in range(BACKUPS):
        time.sleep(dice.random() * 0.05)
        on_disk, copy = writer.on_disk(), tmp_path / f"copy{number}"
        copy.mkdir()
        copy_store(str(writer.directory), copy)
        open_and_check(copy, None, on_disk)


def test_who_is_killed_again_and_again_goes_on_where_he_was(writer: Writer) -> None:
    """Each time it checks by itself what it finds, or it would not write."""
    dice = random.Random(10)
    for _ in range(KILLS):
        time.sleep(dice.random() * 0.1)
        writer.kill()
        said = writer.on_disk()
        writer.start_again()
        writer.wait_until_it_writes(said + 1)


def open_and_check(directory: Path, content: bytes | None, on_disk: int) -> int:
    """As a switch that starts there: all rows are read, and it can be written to. Returns the calls begun."""
    if content is not None:
        directory.mkdir()
        (directory / DATA_FILE).write_bytes(content)
    store = open_store(str(directory), map_size_mb=64, report=pytest.fail)
    found = check(store, on_disk)
    for number in range(found, found + 30):
        turn(store, number, random.Random(number))
    store.commit().result(timeout=30)
    assert check(store, found) == found + 30
    store.close()
    shutil.rmtree(directory)
    return found


def after_loss_of_power(first: bytes, second: bytes, dice: random.Random) -> bytes | None:
    """A file that could be on the disk at the moment of the second; None if the two tell nothing of that."""
    since = newest(second) - newest(first)
    if since == 0:
        unsynced = [place for place in pages(second) if first[place] != second[place]]
        some = [place for place in unsynced if dice.random() < 0.5]
        return together(first, second, some) if some else None
    if since == 1 and meta_of(second, newest(second)) != meta_of(first, newest(first)):
        data = [place for place in pages(second) if place.start >= _META_PAGES * PAGE]
        return together(first, second, data)
    return None


def pages(content: bytes) -> list[slice]:
    return [slice(start, start + PAGE) for start in range(0, len(content), PAGE)]


def together(first: bytes, second: bytes, of_second: list[slice]) -> bytes:
    """The first, but for these pages."""
    content = bytearray(first.ljust(len(second), b"\0"))
    for place in of_second:
        content[place] = second[place]
    return bytes(content)


def newest(content: bytes) -> int:
    """The last transaction."""
    return max(transactions(content))


def meta_of(content: bytes, transaction: int) -> int:
    return transactions(content).index(transaction)


def transactions(content: bytes) -> list[int]:
    return [int.from_bytes(content[number * PAGE :][_TXNID], sys.byteorder) for number in range(_META_PAGES)]
