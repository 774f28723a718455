"""The archive of a switch with its real archiver process: what is done after a call, and what outlives which death."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from softswitch.app import archive as archives
from softswitch.app.archive import Archive, ArchiveSettings, Keeping
from softswitch.base.clock import SystemClock
from softswitch.base.ids import CallId, QueueId, RecordingId
from softswitch.media.runtime.recording.archiver import sha256_of
from softswitch.store import Store
from softswitch.store.schema import Cdr, StoredRecording
from softswitch.store.store import memory_store
from softswitch.testing.recordings import read_recording, speech_like, write_recording

pytestmark = pytest.mark.network

SOUND = speech_like(1.0)
AT = SystemClock().wall() - 3600.0
FLAC = ArchiveSettings(otherwise=Keeping(format="flac"))


class Centre:
    """A store with recordings, and the archive that looks after them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store: Store = memory_store()
        self.settings = FLAC
        self.in_progress: set[CallId] = set()

    def add(self, name: str, *, age_days: float = 0.0, queue: str = "", **changes: object) -> StoredRecording:
        """A recording of a call of this name, with its file and its CDR."""
        call_id = CallId(name)
        path = self.directory / f"{name}-1.wav"
        write_recording(path, SOUND)
        recording = StoredRecording(
            recording_id=RecordingId(f"id-{name}"),
            call_id=call_id,
            path=str(path),
            started_at=AT - age_days * 86400,
            duration_s=1.0,
            size_bytes=path.stat().st_size,
            queue=QueueId(queue) if queue else None,
            call_started_at=AT - age_days * 86400 - 5,
        )
        recording = msgspec.structs.replace(recording, **changes)
        self.store.put_recording(recording)
        self.store.end_call(
            Cdr(
                call_id=call_id,
                started_at=recording.call_started_at,
                ended_at=AT,
                calling_number="1",
                called_number="2",
                end_reason="completed",
                ended_by="caller",
                recordings=(str(path), "/another.wav"),
            )
        )
        return recording

    def entries(self) -> dict[str, StoredRecording]:
        return {str(each.call_id): each for each in self.store.recordings.ascending()}

    def files(self) -> set[str]:
        return {path.name for path in self.directory.iterdir()}

    def run(self, scenario: Callable[[Archive], Awaitable[None]]) -> None:
        async def go() -> None:
            archive = Archive(
                self.store, SystemClock(), lambda: self.settings, is_in_progress=self.in_progress.__contains__
            )
            archive.start()
            try:
                await scenario(archive)
            finally:
                await archive.stop()

        asyncio.run(go())


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


def test_a_complete_recording_is_converted_and_index_and_cdr_know_its_file(centre: Centre) -> None:
    async def scenario(archive: Archive) -> None:
        await asyncio.sleep(0)
        archive.recording_complete(centre.add("a"))
        await until(lambda: centre.files() == {"a-1.flac"} and not centre.entries()["a"].leftover)

    centre.run(scenario)
    entry = centre.entries()["a"]
    assert np.array_equal(read_recording(Path(entry.path)), SOUND)
    assert entry.sha256 == sha256_of(entry.path)
    assert (entry.format, entry.size_bytes) == ("flac", Path(entry.path).stat().st_size)
    (cdr,) = centre.store.cdrs.ascending()
    assert cdr.recordings == (entry.path, "/another.wav")


def test_what_a_dead_switch_has_left_is_done_at_the_next_start(centre: Centre) -> None:
    """Killed before the job, after the file was made, and after the index was written."""
    centre.add("before")
    centre.add("made")
    (centre.directory / "made-1.flac").write_bytes(b"nobody knows of it")
    done = centre.directory / "indexed-1.flac"
    done.write_bytes(b"whole")
    indexed = centre.add("indexed", sha256="5e", path=str(done), leftover=str(centre.directory / "indexed-1.wav"))
    centre.add("talking")
    centre.in_progress.add(CallId("talking"))

    async def scenario(_: Archive) -> None:
        await until(lambda: len(centre.files()) == 4 and not any(each.leftover for each in centre.entries().values()))

    centre.run(scenario)
    assert centre.files() == {"before-1.flac", "made-1.flac", "indexed-1.flac", "talking-1.wav"}
    assert centre.entries()["indexed"] == msgspec.structs.replace(indexed, leftover="")
    assert np.array_equal(read_recording(centre.directory / "made-1.flac"), SOUND)
    assert not centre.entries()["talking"].sha256, "nobody touches the file of a call in progress"


def test_an_archiver_that_is_killed_is_replaced_and_does_the_job_again(centre: Centre) -> None:
    long = np.tile(SOUND, (200, 1))
    centre.settings = ArchiveSettings(otherwise=Keeping(format="opus"))

    async def scenario(archive: Archive) -> None:
        recording = centre.add("a")
        write_recording(Path(recording.path), long)
        archive.recording_complete(recording)
        await until(lambda: "a-1.wav.converting" in centre.files())
        (child,) = children()
        os.kill(child, signal.SIGKILL)
        await until(lambda: centre.files() == {"a-1.opus"} and not centre.entries()["a"].leftover)
        assert children() != [child]

    centre.run(scenario)
    assert len(read_recording(Path(centre.entries()["a"].path))) == len(long)
    assert children() == []


def test_the_archiver_gives_way_to_everybody(centre: Centre) -> None:
    async def scenario(archive: Archive) -> None:
        archive.recording_complete(centre.add("a"))
        await until(lambda: bool(centre.entries()["a"].sha256))
        (child,) = children()
        assert os.getpriority(os.PRIO_PROCESS, child) == 19
        assert os.sched_getscheduler(child) == os.SCHED_IDLE

    centre.run(scenario)


def test_a_file_that_cannot_be_converted_is_told_of_and_the_others_go_on(centre: Centre) -> None:
    async def scenario(archive: Archive) -> None:
        missing, good = centre.add("missing"), centre.add("good")
        (centre.directory / "missing-1.wav").unlink()
        archive.recording_complete(missing)
        archive.recording_complete(good)
        await until(lambda: bool(centre.entries()["good"].sha256))

    centre.run(scenario)
    assert centre.entries()["missing"].archive_fault == "the file is missing"
    assert centre.entries()["missing"].sha256 == ""


def test_without_its_key_nothing_is_archived_until_it_is_there(
    centre: Centre, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "RETRY_S", 0.02)
    key = tmp_path_factory.mktemp("keys") / "key"
    centre.settings = ArchiveSettings(key_file=str(key))

    async def scenario(archive: Archive) -> None:
        archive.recording_complete(centre.add("a"))
        await asyncio.sleep(0.3)
        assert centre.files() == {"a-1.wav"}
        key.write_text("5e" * 32)
        key.chmod(0o600)
        await until(lambda: centre.files() == {"a-1.wav.sealed"})

    centre.run(scenario)
    assert centre.entries()["a"].is_sealed


def test_what_is_too_old_is_deleted_unless_it_is_held_or_its_queue_keeps_it(centre: Centre) -> None:
    centre.settings = ArchiveSettings(
        otherwise=Keeping(days=30), queues={"long": Keeping(days=100), "short": Keeping(days=1), "ever": Keeping()}
    )
    for name, age_days, queue in (
        ("old", 31, ""),
        ("young", 29, ""),
        ("kept", 99, "long"),
        ("gone", 101, "long"),
        ("brief", 2, "short"),
        ("ever", 1000, "ever"),
        ("missing", 40, ""),
    ):
        centre.add(name, age_days=age_days, queue=queue)
    centre.add("held", age_days=50, is_held=True)
    (centre.directory / "missing-1.wav").unlink()
    expected = {"young", "kept", "ever", "held"}

    async def scenario(_: Archive) -> None:
        await until(lambda: set(centre.entries()) == expected)

    centre.run(scenario)
    assert centre.files() == {f"{name}-1.wav" for name in expected}


def test_what_is_held_while_others_are_deleted_is_kept(centre: Centre) -> None:
    centre.settings = ArchiveSettings(otherwise=Keeping(days=30))
    centre.add("first", age_days=50, sha256="5e")
    wanted = centre.add("wanted", age_days=40, sha256="5e")

    async def scenario(_: Archive) -> None:
        while "first" in centre.entries():
            await asyncio.sleep(0)
            if children():  # the first is being deleted
                centre.store.put_recording(msgspec.structs.replace(wanted, is_held=True))
        await asyncio.sleep(0.2)

    centre.run(scenario)
    assert set(centre.entries()) == {"wanted"}
    assert centre.files() == {"wanted-1.wav"}


def test_what_is_held_while_its_conversion_fails_stays_held(centre: Centre) -> None:
    recording = centre.add("a")
    Path(recording.path).unlink()

    async def scenario(archive: Archive) -> None:
        archive.recording_complete(recording)
        await until(lambda: bool(children()))
        centre.store.put_recording(msgspec.structs.replace(recording, is_held=True))
        await until(lambda: bool(centre.entries()["a"].archive_fault))

    centre.run(scenario)
    assert centre.entries()["a"].is_held


def test_the_archiver_ends_with_its_switch() -> None:
    command = (sys.executable, "-m", "softswitch.media.runtime.recording.archiver")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def children() -> list[int]:
    """Processes this one has started that still run."""
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        candidates = [int(pid) for pid in file.read().split()]
    return [pid for pid in candidates if b"archiver" in Path(f"/proc/{pid}/cmdline").read_bytes()]
