"""The recorder's hand-off: order, bounds, and exactly one event for each recording."""

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.protocol import Recording
from softswitch.media.runtime.recording.recorder import Recorder


def recording(path: Path, recording_id: str = "r1", started_at: float = 10.0) -> Recording:
    return Recording(
        recording_id=RecordingId(recording_id),
        call_id=CallId("c1"),
        path=str(path),
        left=StreamId(1),
        right=StreamId(2),
        started_at=started_at,
    )


LEVELS = (np.arange(256, dtype=np.int16), -np.arange(256, dtype=np.int16))
"""What the bytes of these tests mean."""


def frames(count: int, left: int, right: int = 0) -> np.ndarray:
    return np.repeat(np.array([[left], [right]], np.uint8), count, axis=1)


def left_of(path: Path) -> list[int]:
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(1 << 24), "<i2").reshape(-1, 2)[:, 0].tolist()


def test_two_recordings_side_by_side(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.start()
    for number in (1, 2):
        recorder.open(recording(tmp_path / f"{number}.wav", f"r{number}"), 10.0)
    for second in range(3):
        for number in (1, 2):
            recorder.write(RecordingId(f"r{number}"), frames(80, 10 * number + second), LEVELS)
    assert recorder.recordings == 2
    recorder.close(RecordingId("r2"))
    recorder.close(RecordingId("r2"))
    recorder.stop()
    assert recorder.recordings == 0
    finished = recorder.take_finished()
    assert [(event.recording_id, event.call_id, event.duration_s, event.fault) for event in finished] == [
        ("r2", "c1", 0.03, ""),
        ("r1", "c1", 0.03, ""),
    ]
    assert recorder.take_finished() == []
    assert left_of(tmp_path / "1.wav") == [10] * 80 + [11] * 80 + [12] * 80
    assert finished[1].size_bytes == (tmp_path / "1.wav").stat().st_size


def test_the_array_may_be_used_again_at_once(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.open(recording(tmp_path / "a.wav"), 10.0)
    sound = frames(80, 5)
    recorder.write(RecordingId("r1"), sound, LEVELS)
    sound[:] = 6
    recorder.write(RecordingId("r1"), sound[:, ::2], LEVELS)
    recorder.start()
    recorder.stop()
    assert left_of(tmp_path / "a.wav") == [5] * 80 + [6] * 40


def test_opening_again_leaves_the_recording_undisturbed(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.start()
    recorder.open(recording(tmp_path / "a.wav"), 10.0)
    recorder.write(RecordingId("r1"), frames(80, 5), LEVELS)
    recorder.open(recording(tmp_path / "a.wav"), 11.0)
    recorder.stop()
    assert left_of(tmp_path / "a.wav") == [5] * 80
    assert len(recorder.take_finished()) == 1


def test_a_disk_too_slow_costs_sound_but_no_time(tmp_path: Path) -> None:
    recorder = Recorder(queue_bytes_max=80 * 2)
    recorder.open(recording(tmp_path / "a.wav"), 10.0)
    recorder.write(RecordingId("r1"), frames(80, 5), LEVELS)
    recorder.write(RecordingId("r1"), frames(8000, 6), LEVELS)
    recorder.write(RecordingId("r1"), frames(80, 7), LEVELS)
    recorder.start()
    recorder.stop()
    (finished,) = recorder.take_finished()
    assert finished.fault == "the disk was too slow; 1.0 s are silent"
    assert finished.duration_s == pytest.approx(1.02)
    assert left_of(tmp_path / "a.wav") == [5] * 80 + [0] * 8080


def test_the_queue_has_room_again_when_the_disk_has_caught_up(tmp_path: Path) -> None:
    recorder = Recorder(queue_bytes_max=80 * 2)
    recorder.start()
    for number in range(5):
        recorder.open(recording(tmp_path / f"{number}.wav", f"r{number}"), 10.0)
        recorder.write(RecordingId(f"r{number}"), frames(80, number), LEVELS)
        recorder.close(RecordingId(f"r{number}"))
        while not (finished := recorder.take_finished()):
            os.sched_yield()
        assert finished[0].fault == ""
    recorder.stop()


def test_sound_is_synced_in_time(tmp_path: Path) -> None:
    recorder = Recorder(sync_every_s=0.0)
    recorder.start()
    recorder.open(recording(tmp_path / "a.wav"), 10.0)
    for _ in range(100):
        recorder.write(RecordingId("r1"), frames(80, 1), LEVELS)
    recorder.stop()
    (finished,) = recorder.take_finished()
    assert finished.duration_s == 1.0


def test_callers_who_break_the_rules_are_told(tmp_path: Path) -> None:
    recorder = Recorder()
    with pytest.raises(LocalError):
        recorder.write(RecordingId("r1"), frames(80, 1), LEVELS)
    recorder.open(recording(tmp_path / "a.wav"), 10.0)
    with pytest.raises(LocalError):
        recorder.write(RecordingId("r1"), np.zeros(80, np.uint8), LEVELS)
    recorder.start()
    recorder.stop()


def test_a_disk_that_refuses_recordings_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder()
    recorder.start()
    for name in ("r1", "r2"):
        (tmp_path / f"{name}.wav.part").symlink_to("/dev/full")
        recorder.open(recording(tmp_path / f"{name}.wav", name), 10.0)
    for name in ("r1", "r2", "r1"):
        recorder.write(RecordingId(name), frames(80, 1), LEVELS)
    recorder.stop()
    assert capfd.readouterr().err.count("recordings are not written") == 1


def test_the_line_of_its_end_comes_when_all_are_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder()
    (tmp_path / "r1.wav.part").symlink_to("/dev/full")
    recorder.open(recording(tmp_path / "r1.wav"), 10.0)
    recorder.write(RecordingId("r1"), frames(80, 1), LEVELS)
    recorder.open(recording(tmp_path / "r2.wav", "r2"), 10.0)
    recorder.write(RecordingId("r2"), frames(80, 1), LEVELS)
    recorder.start()
    recorder.stop()
    assert "recordings are written again" not in capfd.readouterr().err
