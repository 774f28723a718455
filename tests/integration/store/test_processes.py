"""The store between processes: a writer that is killed, a disk that is full, readers beside a growing file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from softswitch.store import open_reader

pytestmark = pytest.mark.network

WRITER = """
import os, resource, sys
from softswitch.base.ids import CallId
from softswitch.store import NotStored, open_store
from softswitch.store.schema import ActiveCall, Cdr

def say(line):
    os.write(1, f"{line}\\n".encode())  # one call, so that lines of two threads do not mix

def report(line):
    say(f"report {line}")

def put(number, size=10):
    store.cdrs.put((float(number), "call"), Cdr(
        call_id=CallId(str(number)), started_at=float(number), ended_at=0.0, calling_number="1", called_number="2",
        end_reason="completed", ended_by="caller", fault="x" * size))

store = open_store(sys.argv[1], map_size_mb=16, report=report)
"""


def start(script: str, directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER + script, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def next_line(writer: subprocess.Popen[str]) -> str:
    assert writer.stdout is not None
    return writer.stdout.readline().strip()


def go_on(writer: subprocess.Popen[str]) -> None:
    assert writer.stdin is not None
    writer.stdin.write("\n")
    writer.stdin.flush()


def end(writer: subprocess.Popen[str]) -> None:
    writer.communicate(timeout=20)
    assert writer.returncode == 0


def test_what_was_committed_survives_kill_9(tmp_path: Path):
    writer = start(
        """
number = 0
while True:
    number += 1
    put(number)
    store.commit().result()
    say(number)
""",
        tmp_path,
    )
    told = [int(next_line(writer)) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    rest, _ = writer.communicate(timeout=20)
    told += [int(line) for line in rest.split()]
    with open_reader(str(tmp_path)) as reader:
        stored = [int(cdr.call_id) for cdr in reader.cdrs.ascending()]
    assert stored[: len(told)] == told
    assert len(stored) <= len(told) + 1  # at most the one that was on disk and not yet told


def test_a_reader_beside_the_writer_follows_a_growing_map(tmp_path: Path):
    writer = start(
        """
put(1)
store.commit().result()
say("ready")
sys.stdin.readline()
for number in range(2, 42):
    put(number, size=1_000_000)
store.commit().result()
say("grown")
sys.stdin.readline()
store.close()
""",
        tmp_path,
    )
    assert next_line(writer) == "ready"
    with open_reader(str(tmp_path)) as reader:
        assert reader.cdrs.count() == 1
        go_on(writer)
        assert next_line(writer) == "grown"
        assert reader.cdrs.count() == 41
        assert next(reader.cdrs.descending()).call_id == "41"
    go_on(writer)
    end(writer)


def test_a_full_disk_is_one_line_and_what_waited_is_written_when_there_is_room(tmp_path: Path):
    writer = start(
        """
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # the disk is full beyond the first megabyte
for number in range(1, 4):
    put(number, size=600_000)
    try:
        store.commit().result()
        say("stored")
    except NotStored as error:
        say("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.commit().result()
say(store.cdrs.count())
store.close()
""",
        tmp_path,
    )
    output, _ = writer.communicate(timeout=20)
    lines = output.splitlines()
    assert writer.returncode == 0
    assert [line for line in lines if not line.startswith("report")] == ["stored", "refused", "refused", "3"]
    reports = [line for line in lines if line.startswith("report")]
    assert len(reports) == 2
    assert "cannot be written" in reports[0]
    assert "written again" in reports[1]


def test_a_disk_that_is_full_at_the_start_is_one_line(tmp_path: Path):
    script = """
import resource, signal, sys
from softswitch.base.errors import StartError
from softswitch.store import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    open_store(sys.argv[1], report=print)
except StartError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=20, check=True
    )
    assert len(done.stdout.splitlines()) == 1
    assert "cannot be opened" in done.stdout
    assert "room" in done.stdout
