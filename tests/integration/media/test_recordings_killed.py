"""Two hundred recordings, and the worker is killed: every file can be opened as it lies there, and lacks little."""

import signal
import socket
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import MediaCommand, PutStream, Recording, StartRecording, StreamDescription
from softswitch.media.recording.recording import frames_in
from softswitch.media.runtime.recording.recording_file import repair_parts
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ, TICK_S
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess

RECORDINGS = 200
RECORDED_S = 3.0
LOST_S_MAX = 1.0
SAID = (b"\x90", b"\x80")
"""What the left and the right party say all the time: loud, and not the same."""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[MediaProcess]:
    process = MediaProcess(tmp_path / "media-0.sock")
    yield process
    process.kill()


@pytest.fixture
def phones() -> Iterator[socket.socket]:
    """All parties talk from one socket: the worker tells them apart by its own ports."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        yield made


def start(worker: MediaProcess, phones: socket.socket, ports: list[int], directory: Path) -> float:
    """Streams and recordings of all calls; when they began."""
    remote = HostPort(*phones.getsockname())
    began_at = time.monotonic()
    for call in range(RECORDINGS):
        ids = (StreamId(2 * call + 1), StreamId(2 * call + 2))
        commands: list[MediaCommand] = [
            PutStream(
                StreamDescription(
                    stream_id=stream_id,
                    call_id=CallId(str(call)),
                    local_ip="127.0.0.1",
                    port=ports[stream_id - 1],
                    ssrc=stream_id,
                    sequence=0,
                    timestamp=0,
                    started_at=began_at,
                    remote=remote,
                    learn=False,
                    sends=False,
                )
            )
            for stream_id in ids
        ]
        recording = Recording(
            recording_id=RecordingId(str(call)),
            call_id=CallId(str(call)),
            path=str(directory / f"{call}.wav"),
            left=ids[0],
            right=ids[1],
            started_at=began_at,
        )
        assert worker.command(*commands, StartRecording(recording)) == []
    return began_at


def talk(phones: socket.socket, ports: list[int], seconds: float) -> None:
    """Everybody says something, in real time."""
    payloads = [byte * FRAME_SAMPLES for byte in SAID]
    begin = time.monotonic()
    for index in range(round(seconds / TICK_S)):
        for number, port in enumerate(ports):
            packet = pack(
                payload_type=0,
                sequence=index,
                timestamp=index * FRAME_SAMPLES,
                ssrc=number,
                payload=payloads[number % 2],
            )
            phones.sendto(packet, ("127.0.0.1", port))
        time.sleep(max(0.0, begin + (index + 1) * TICK_S - time.monotonic()))


@pytest.mark.network
def test_every_file_can_be_opened_and_lacks_a_second_at_most(
    worker: MediaProcess, phones: socket.socket, tmp_path: Path
) -> None:
    directory = tmp_path / "recordings"
    ports = list(free_range(4 * RECORDINGS)[::2])
    began_at = start(worker, phones, ports, directory)
    talk(phones, ports, RECORDED_S)
    lasted_s = time.monotonic() - began_at
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait()

    parts = sorted(directory.iterdir())
    assert len(parts) == RECORDINGS
    for part in parts:
        with wave.open(str(part)) as reader:
            samples = reader.readframes(1 << 24)
        seconds = len(samples) / 4 / SAMPLE_RATE_HZ
        assert lasted_s - LOST_S_MAX <= seconds <= lasted_s + TICK_S, part
        assert samples[-4:-2] != samples[-2:] != b"\0\0", "both parties are in it, to the end"
        with av.open(str(part), format="wav") as container:
            assert sum(frame.samples for frame in container.decode(audio=0)) == len(samples) // 4

    repaired = repair_parts(str(directory))
    assert len(repaired) == RECORDINGS
    assert not any(file.fault for file in repaired)
    assert all(file.frames == frames_in(Path(file.path).stat().st_size) for file in repaired)
