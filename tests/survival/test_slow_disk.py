"""The disk of the store takes two seconds for every write: nobody who calls notices, and nothing untrue is said.

The system call by which LMDB waits for the disk is kept waiting, by strace, in the switch and in its successor.
"""

import contextlib
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from softswitch.control.protocol.replies import PhoneSet
from softswitch.control.protocol.requests import SetPhone
from tests.peers.program import program_path
from tests.survival.centre import TALK, Sizes
from tests.survival.ledger import faults, settled_books
from tests.survival.scene import SETTLED_WITHIN_S, Scene

pytestmark = [pytest.mark.network, pytest.mark.timeout(180)]

DISK_S = 2.0
SYNCS = "fdatasync,fsync,msync,sync_file_range"
AT_ONCE_S = 0.4
"""Within which a phone that is not answered sends its request again (T1 is half a second)."""
JITTER_MS = 60.0
SIZES = Sizes(talking=3, recorded=1, dialled=1, waiting=1, ringing=0, menu=0, conference=0, spare=2)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Scene(tmp_path_factory.mktemp("slow"), SIZES) as scene:
        scene.fill()
        yield scene
    assert "Traceback" not in scene.centre.log()


@contextlib.contextmanager
def slow_disk(pid: int) -> Generator[None]:
    """As long as this lasts, or the process lives."""
    command = [program_path("strace", "strace"), "-f", "-qq", "-o", "/dev/null", "-e", f"trace={SYNCS}"]
    command += ["-e", f"inject={SYNCS}:delay_enter={round(DISK_S * 1e6)}", "-p", str(pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as strace:
        try:
            deadline = time.monotonic() + SETTLED_WITHIN_S
            while not is_traced(pid):
                assert strace.poll() is None, "strace cannot trace the switch: may this user trace its processes?"
                assert time.monotonic() < deadline, "strace traces nothing"
                time.sleep(0.05)
            yield
        finally:
            strace.terminate()


def is_traced(pid: int) -> bool:
    """All its threads are."""
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    return all("TracerPid:\t0\n" not in (thread / "status").read_text() for thread in threads)


def write_s(scene: Scene) -> float:
    status = scene.centre.status()
    return 0.0 if status is None else status.store.write_s


def test_calls_come_and_go_as_ever(scene: Scene) -> None:
    gone, _, _ = scene.lines("talking")
    scene.crowd.mark()
    with slow_disk(scene.pid("switch")):
        began_at = time.monotonic()
        (line,) = scene.call(TALK, 1)
        scene.centre.wait_until(lambda: state_of(scene, line) == "talking", SETTLED_WITHIN_S)
        assert time.monotonic() - began_at < DISK_S / 2, "nobody who calls waits for the disk"
        assert scene.crowd.hang_up([gone]) == {gone: 200}
        assert goodbye_s(scene, gone) < AT_ONCE_S
        scene.centre.wait_until(lambda: write_s(scene) >= DISK_S / 2, SETTLED_WITHIN_S)
        began_at = time.monotonic()
        with scene.centre.control() as client:
            assert client.ask(SetPhone(phone="desk1", do_not_disturb=True), PhoneSet).phone.do_not_disturb
        assert time.monotonic() - began_at >= DISK_S / 2, "what is promised is on the disk"
        scene.settle()
        after = scene.look()
    assert after.gap_ms <= JITTER_MS, after.told()
    assert after.is_sound, after.told()
    assert "took" in scene.centre.log(), "the log says that the disk is slow"


def state_of(scene: Scene, line: int) -> str:
    return next(each.state for each in scene.crowd.lines() if each.line == line)


def goodbye_s(scene: Scene, line: int) -> float:
    """How long the caller's BYE was without an answer."""
    (said,) = [each for each in scene.crowd.lines() if each.line == line]
    return said.goodbye_at - said.ended_at


def test_a_switch_that_dies_meanwhile_has_a_successor_that_knows_what_was_promised(scene: Scene) -> None:
    """Calls that had begun before its last write go on."""
    with slow_disk(scene.pid("switch")):
        scene.centre.wait_until(lambda: write_s(scene) >= DISK_S / 2, SETTLED_WITHIN_S)
        with scene.centre.control() as client:
            assert client.ask(SetPhone(phone="desk2", do_not_disturb=True), PhoneSet).phone.do_not_disturb
        after = scene.kill("switch")
    assert after.lines_lost == 0, after.told()
    assert after.gap_ms <= JITTER_MS + after.withheld_ms, after.told()
    assert after.is_sound, after.told()
    with scene.centre.control() as client:
        for phone in ("desk1", "desk2"):
            assert client.ask(SetPhone(phone=phone, do_not_disturb=None), PhoneSet).phone.do_not_disturb


def test_the_books_are_right(scene: Scene) -> None:
    with slow_disk(scene.pid("switch")):
        assert scene.end() == []
        books = settled_books(scene.centre, calls=scene.dialled)
    assert faults(books, calls=scene.dialled) == []
