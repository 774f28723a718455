"""A recording's file through full disks, dead workers and early closes."""

import resource
import wave
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from softswitch.media.recording.recording import position_of
from softswitch.media.runtime.recording.recording_file import RecordingFile, repair_parts


def sound(frames: int, value: int = 7) -> bytes:
    return np.full((frames, 2), value, "<i2").tobytes()


def left_of(path: Path) -> list[int]:
    with wave.open(str(path)) as reader:
        assert reader.getnchannels() == 2
        return np.frombuffer(reader.readframes(1 << 24), "<i2").reshape(-1, 2)[:, 0].tolist()


@contextmanager
def no_file_larger_than(size_bytes: int) -> Generator[None]:
    """What a full disk does to a file, done by the kernel's limit on file sizes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_undisturbed_recording(tmp_path: Path) -> None:
    path = tmp_path / "2023" / "11" / "a.wav"
    file = RecordingFile(str(path), started_at=10.0, now=10.0)
    file.append(sound(100))
    assert not path.exists()
    assert left_of(Path(f"{path}.part")) == [7] * 100
    file.append(sound(50, 8))
    closed = file.close()
    assert (closed.path, closed.frames, closed.size_bytes, closed.fault) == (str(path), 150, position_of(150), "")
    assert left_of(path) == [7] * 100 + [8] * 50
    assert [entry.name for entry in path.parent.iterdir()] == ["a.wav"]


def test_time_before_the_first_sound_is_silence(tmp_path: Path) -> None:
    file = RecordingFile(str(tmp_path / "a.wav"), started_at=10.0, now=10.01)
    file.append(sound(2))
    assert file.close().frames == 82
    assert left_of(tmp_path / "a.wav") == [0] * 80 + [7] * 2


def test_a_part_a_dead_worker_left_is_continued_after_a_gap_of_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    RecordingFile(str(path), started_at=10.0, now=10.0).append(sound(80))
    part = Path(f"{path}.part")
    part.rename(tmp_path / "moved")  # its lock goes with the old file, as it would with the process
    part.write_bytes((tmp_path / "moved").read_bytes() + b"\x01")  # and half a frame
    file = RecordingFile(str(path), started_at=10.0, now=10.02)
    file.append(sound(10, 9))
    assert file.close().fault == ""
    assert left_of(path)[:80] == [7] * 80
    assert left_of(path)[81:] == [0] * 79 + [9] * 10


def test_a_recording_closed_by_an_orderly_stop_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    first = RecordingFile(str(path), started_at=10.0, now=10.0)
    first.append(sound(80))
    first.close()
    second = RecordingFile(str(path), started_at=10.0, now=10.015)
    assert not path.exists()
    second.append(sound(10, 9))
    assert second.close().frames == 130
    assert left_of(path) == [7] * 80 + [0] * 40 + [9] * 10


def test_what_is_there_already_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    first = RecordingFile(str(path), started_at=10.0, now=10.0)
    first.append(sound(80))
    first.close()
    second = RecordingFile(str(path), started_at=10.0, now=10.0)
    second.append(sound(10, 9))
    second.close()
    assert left_of(path) == [7] * 80 + [9] * 10


def test_a_full_disk_costs_sound_but_not_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    file = RecordingFile(str(path), started_at=10.0, now=10.0)
    file.append(sound(100))
    with no_file_larger_than(position_of(150)):
        file.append(sound(8000, 8))
        file.append(sound(80, 9))
    file.append(sound(20, 10))
    closed = file.close()
    assert closed.frames == 8200
    assert closed.fault == "File too large; 1.0 s are silent"
    assert left_of(path) == [7] * 100 + [8] * 50 + [0] * 8030 + [10] * 20


def test_a_disk_full_to_the_end_leaves_a_shorter_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with no_file_larger_than(position_of(150)):
        file = RecordingFile(str(path), started_at=10.0, now=10.0)
        file.append(sound(100))
        file.append(sound(8000, 8))
        closed = file.close()
    assert (closed.frames, closed.size_bytes) == (150, position_of(150))
    assert "File too large" in closed.fault
    assert left_of(path) == [7] * 100 + [8] * 50


def test_a_device_without_space(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").symlink_to("/dev/full")
    file = RecordingFile(str(tmp_path / "a.wav"), started_at=10.0, now=10.0)
    file.append(sound(80))
    closed = file.close()
    assert closed.frames == 0
    assert closed.fault == "No space left on device; 0.0 s are silent"


def test_a_folder_that_cannot_be_made_is_a_fault_until_it_can(tmp_path: Path) -> None:
    obstacle = tmp_path / "folder"
    obstacle.write_text("")
    file = RecordingFile(str(obstacle / "a.wav"), started_at=10.0, now=10.0)
    file.append(sound(80))
    obstacle.unlink()
    file.append(sound(80, 8))
    closed = file.close()
    assert closed.frames == 160
    assert "0.0 s are silent" in closed.fault
    assert left_of(obstacle / "a.wav") == [0] * 80 + [8] * 80


def test_a_recording_that_never_could_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    file = RecordingFile(str(tmp_path / "folder" / "a.wav"), started_at=10.0, now=10.0)
    file.append(sound(8000))
    closed = file.close()
    assert (closed.frames, closed.size_bytes) == (0, 0)
    assert "1.0 s are silent" in closed.fault
    assert RecordingFile("a\0b", started_at=0.0, now=0.0).close().fault


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    first = RecordingFile(str(tmp_path / "a.wav"), started_at=10.0, now=10.0)
    second = RecordingFile(str(tmp_path / "a.wav"), started_at=10.0, now=10.0)
    first.append(sound(80))
    second.append(sound(80, 8))
    assert "another process" in second.close().fault
    assert first.close().frames == 80
    assert left_of(tmp_path / "a.wav") == [7] * 80


def test_repair_completes_what_a_crash_left_and_nothing_else(tmp_path: Path) -> None:
    day = tmp_path / "2023" / "11" / "14"
    alive = RecordingFile(str(day / "alive.wav"), started_at=10.0, now=10.0)
    alive.append(sound(40))
    RecordingFile(str(day / "empty.wav"), started_at=10.0, now=10.0).close()
    (day / "empty.wav").rename(day / "empty.wav.part")
    (day / "dead.wav.part").write_bytes((day / "alive.wav.part").read_bytes() + b"\x01\x02")
    (day / "notes.part").write_text("not ours")
    repaired = repair_parts(str(tmp_path))
    assert [(closed.path, closed.frames, closed.size_bytes, closed.fault) for closed in repaired] == [
        (str(day / "dead.wav"), 40, position_of(40), "")
    ]
    assert left_of(day / "dead.wav") == [7] * 40
    assert sorted(entry.name for entry in day.iterdir()) == ["alive.wav.part", "dead.wav", "notes.part"]
    assert alive.close().frames == 40


def test_repair_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert repair_parts(str(tmp_path / "absent")) == []


def test_repair_reports_what_it_cannot_complete(tmp_path: Path) -> None:
    (tmp_path / "a.wav.part").symlink_to(tmp_path / "absent")
    assert [closed.fault for closed in repair_parts(str(tmp_path))] == ["No such file or directory"]
