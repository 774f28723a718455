"""A recording whose process was killed: readable as it lies there, continued by the next process, or repaired."""

import signal
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.protocol import Recording
from softswitch.media.runtime.recording.recorder import Recorder
from softswitch.media.runtime.recording.recording_file import repair_parts

WRITER = """
import sys
import numpy as np
from softswitch.media.protocol import Recording
from softswitch.media.runtime.recording.recorder import Recorder

levels = (np.arange(1000, 1256).astype(np.int16), -np.arange(256).astype(np.int16))
recorder = Recorder()
recorder.start()
recorder.open(Recording(recording_id="r", call_id="c", path=sys.argv[1], left=1, right=2, started_at=50.0), 50.0)
for second in range(3):
    recorder.write("r", np.full((2, 8000), second, np.uint8), levels)
recorder.open(Recording(recording_id="s", call_id="c", path=sys.argv[1] + "2", left=1, right=2, started_at=0.0), 0.0)
recorder.close("s")
while not recorder.take_finished():
    pass
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """What is on the disk after kill -9 of a process that had three seconds written."""
    path = tmp_path / "a.wav"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert repair_parts(str(tmp_path)) == []  # its writer lives
        writer.send_signal(signal.SIGKILL)
    return Path(f"{path}.part")


def stereo_of(path: Path) -> np.ndarray:
    with wave.open(str(path)) as reader:
        return np.frombuffer(reader.readframes(1 << 24), "<i2").reshape(-1, 2)


@pytest.mark.network
def test_the_file_is_readable_as_it_lies_there(part: Path) -> None:
    expected = np.repeat([[1000, 0], [1001, -1], [1002, -2]], 8000, axis=0)
    assert np.array_equal(stereo_of(part), expected)
    with av.open(str(part), format="wav") as container:
        decoded = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)])
    assert np.array_equal(decoded, expected)


@pytest.mark.network
def test_it_is_repaired(part: Path, tmp_path: Path) -> None:
    (repaired,) = repair_parts(str(tmp_path))
    assert (repaired.path, repaired.frames) == (str(tmp_path / "a.wav"), 24000)
    with wave.open(repaired.path) as reader:
        assert reader.getnframes() == 24000
    assert not part.exists()


@pytest.mark.network
def test_the_next_process_continues_it_and_the_gap_is_silence(part: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.start()
    recorder.open(
        Recording(
            recording_id=RecordingId("r"),
            call_id=CallId("c"),
            path=str(tmp_path / "a.wav"),
            left=StreamId(1),
            right=StreamId(2),
            started_at=50.0,
        ),
        53.5,
    )
    levels = np.full(256, 77, np.int16)
    recorder.write(RecordingId("r"), np.zeros((2, 8000), np.uint8), (levels, levels))
    recorder.stop()
    (finished,) = recorder.take_finished()
    assert (finished.duration_s, finished.fault) == (4.5, "")
    sound = stereo_of(tmp_path / "a.wav")
    assert sound[23999].tolist() == [1002, -2]
    assert not sound[24000:28000].any()
    assert (sound[28000:] == 77).all()
