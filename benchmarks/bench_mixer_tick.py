"""What one tick costs the media engine per stream, without sockets. Run: python benchmarks/bench_mixer_tick.py

Each stream sends one 20 ms packet per tick, in order, so that everything but the sockets happens as in a worker:
headers, jitter ring, playout, hearing, packet headers. Measured for bridged pairs of one codec, pairs with a codec
each, recorded pairs, pairs that programs hear (8 and 16 kHz), conferences of 15, streams that all hear music, bridged
pairs that lose 3 % of the packets, and bridged pairs under SRTP. With OPENBLAS_NUM_THREADS=1, as workers have it.
CPU time, median of the ticks. `--json` prints one object as the last line: microseconds per stream and tick.
"""

import argparse
import json
import platform
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, FeedId, RecordingId, RoomId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.engine import MediaEngine
from softswitch.media.feeds.feed import Feed
from softswitch.media.packets.rtp import HEADER_BYTES, PACKET_BYTES, ArrivalBuffer, parse
from softswitch.media.phase import Phase
from softswitch.media.protocol import (
    Hearing,
    MediaCommand,
    Playback,
    PutRoom,
    PutStream,
    Recording,
    RecordingFinished,
    Room,
    SetHearing,
    SrtpKeys,
    StartFeed,
    StartPlay,
    StartRecording,
    StreamDescription,
)
from softswitch.media.recording.recording import SampleTables
from softswitch.media.runtime.allocator import keep_freed_memory
from softswitch.media.runtime.sockets.fax_sockets import FaxSocketSet
from softswitch.media.sounds.sound_store import SoundKey
from softswitch.media.srtp.libsrtp import KEY_BYTES, SrtpSession
from softswitch.media.tick_grid import FRAME_SAMPLES, PHASES, time_of

ROOM = 15


class NoPort:
    """Sockets that do nothing."""

    def open(self, row: int, local: HostPort) -> str | None:
        return None

    def open_shared(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        return None

    def hold(self, local: HostPort) -> str | None:
        return None

    def let_go(self) -> None: ...

    def why_not(self, row: int, remote: HostPort) -> str | None:
        return None

    def close(self, row: int) -> None: ...

    def connect(self, row: int, remote: HostPort) -> None: ...

    def disconnect(self, row: int) -> None: ...

    def aim(self, row: int, destination: HostPort | None) -> None: ...

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None: ...

    def send_rtcp(self, row: int, packet: bytes) -> None: ...


class NoFile:
    """Recordings that go nowhere."""

    def open(self, recording: Recording, now: float) -> None: ...

    def write(self, recording_id: RecordingId, sound: NDArray[np.uint8], samples: SampleTables) -> None: ...

    def close(self, recording_id: RecordingId) -> None: ...

    def take_finished(self) -> list[RecordingFinished]:
        return []


class Load:
    """An engine with `streams` streams, and the packets their parties send."""

    def __init__(
        self,
        streams: int,
        *,
        codecs: tuple[str, str] = ("PCMU", "PCMU"),
        lost: float = 0.0,
        is_loud: bool = False,
        srtp: str = "",
    ) -> None:
        self.engine = MediaEngine(
            codecs=load_codecs(), stream_codecs={}, port=NoPort(), fax=FaxSocketSet(), sink=NoFile()
        )
        self.streams = streams
        self.slot = 1_000_000
        self._lost = lost
        self._is_loud = is_loud
        self._random = random.Random(1)
        for number in range(streams):
            codec = codecs[number % 2]
            self.apply(
                PutStream(
                    StreamDescription(
                        stream_id=StreamId(number),
                        call_id=CallId(str(number // 2)),
                        local_ip="127.0.0.1",
                        port=10_000 + 2 * number,
                        ssrc=number,
                        sequence=0,
                        timestamp=0,
                        started_at=time_of(self.slot),
                        remote=HostPort("127.0.0.1", 9),
                        learn=False,
                        codec=codec,
                        payload_type=8 if codec == "PCMA" else 0,
                        srtp=SrtpKeys(srtp, bytes(KEY_BYTES[srtp]), bytes(KEY_BYTES[srtp])) if srtp else None,
                    )
                )
            )
        self._parties = [SrtpSession(srtp, bytes(KEY_BYTES[srtp]), sends=True) for _ in range(streams if srtp else 0)]
        self._packets = [self._first_packets(phase.row_count, codecs) for phase in self.engine.phases]

    def apply(self, command: MediaCommand) -> None:
        reasons = self.engine.apply(command, time_of(self.slot))
        if reasons:
            raise SystemExit(reasons[0])

    def hear(self, listener: int, sources: list[int]) -> None:
        self.apply(SetHearing(Hearing(StreamId(listener), [StreamId(source) for source in sources])))

    def period(self) -> float:
        """Run one tick of every phase; microseconds of CPU."""
        spent = 0.0
        for _ in range(PHASES):
            tick, index = divmod(self.slot, PHASES)
            phase = self.engine.phases[index]
            if not phase.is_idle:
                arrivals, row = self._packets[index]
                header = arrivals.headers[: len(row)]
                header["sequence"] += 1
                header["timestamp"] += FRAME_SAMPLES
                at = row
                if self._lost:
                    at = row[np.array([self._random.random() >= self._lost for _ in range(len(row))])]
                length = np.full(len(at), self._encrypt(arrivals, phase) if self._parties else PACKET_BYTES)
                began = time.process_time()
                if phase.secure:
                    length = phase.secure.unprotect(arrivals, at, at, length, tick)
                self.engine.receive(phase, parse(arrivals, at, at, length), arrivals, tick)
                self.engine.run(phase, tick)
                spent += time.process_time() - began
            self.engine.take_events()
            self.slot += 1
        return spent * 1e6

    def _encrypt(self, arrivals: ArrivalBuffer, phase: Phase) -> int:
        """What the parties do to their packets, which lie decrypted where they were received; their new length."""
        length = 0
        for row, stream in phase.streams.items():
            packet = self._parties[stream.description.stream_id].protect(arrivals.packets[row, :PACKET_BYTES].tobytes())
            length = len(packet)
            arrivals.packets[row, :length] = np.frombuffer(packet, np.uint8)
        return length

    def _first_packets(self, rows: int, codecs: tuple[str, str]) -> tuple[ArrivalBuffer, NDArray[np.int64]]:
        arrivals = ArrivalBuffer(max(rows, 1))
        header = arrivals.headers
        header["first"] = 0x80
        header["second"] = [8 if codecs[row % 2] == "PCMA" else 0 for row in range(len(header))]
        header["ssrc"] = np.arange(len(header)) + 77
        noise = np.random.default_rng(1).normal(0.0, 1.0, (len(header), FRAME_SAMPLES))
        # One in five talks at -20 dBov, the others are the noise of their lines; or all at full scale.
        level = (
            np.where(np.arange(len(header)) % 5 == 0, 3000.0, 60.0) if not self._is_loud else np.full(len(header), 2e4)
        )
        tables, law = self.engine.tables, np.array([codecs[row % 2] == "PCMA" for row in range(len(header))])
        pcm = np.clip(noise * level[:, np.newaxis], -32768, 32767).astype(np.int16)
        content = tables.encode(pcm, np.array([tables.names.index("PCMA" if a else "PCMU") for a in law]))
        arrivals.packets[:, HEADER_BYTES:PACKET_BYTES] = content
        return arrivals, np.arange(rows)


def bridged(streams: int, *, codecs: tuple[str, str] = ("PCMU", "PCMU"), lost: float = 0.0, srtp: str = "") -> Load:
    load = Load(streams, codecs=codecs, lost=lost, srtp=srtp)
    for number in range(0, streams - 1, 2):
        load.hear(number, [number + 1])
        load.hear(number + 1, [number])
    return load


def transcoded(streams: int) -> Load:
    return bridged(streams, codecs=("PCMU", "PCMA"))


def lossy(streams: int) -> Load:
    return bridged(streams, lost=0.03)


def under_aes_cm(streams: int) -> Load:
    return bridged(streams, srtp="AES_CM_128_HMAC_SHA1_80")


def under_aes_gcm(streams: int) -> Load:
    return bridged(streams, srtp="AEAD_AES_256_GCM")


def recorded(streams: int) -> Load:
    load = bridged(streams)
    for number in range(0, streams - 1, 2):
        load.apply(
            StartRecording(
                Recording(
                    recording_id=RecordingId(str(number)),
                    call_id=CallId(str(number // 2)),
                    path="/dev/null",
                    left=StreamId(number),
                    right=StreamId(number + 1),
                    started_at=time_of(load.slot),
                )
            )
        )
    return load


def fed(streams: int, *, rate_hz: int = 8000) -> Load:
    """A feed for each pair, as the streamer gets it; sending it costs a system call for 96 KB besides."""
    load = bridged(streams)
    for number in range(0, streams - 1, 2):
        load.apply(
            StartFeed(
                Feed(
                    feed_id=FeedId(number + 1),
                    call_id=CallId(str(number // 2)),
                    socket="/dev/null",
                    left=StreamId(number),
                    right=StreamId(number + 1),
                    rate_hz=rate_hz,
                )
            )
        )
    return load


def fed_wide(streams: int) -> Load:
    return fed(streams, rate_hz=16000)


def conferences(streams: int, *, is_loud: bool = False) -> Load:
    load = Load(streams, is_loud=is_loud)
    for first in range(0, streams, ROOM):
        members = [StreamId(number) for number in range(first, min(first + ROOM, streams))]
        load.apply(PutRoom(Room(room_id=RoomId(str(first)), members=members)))
    return load


def shouting(streams: int) -> Load:
    return conferences(streams, is_loud=True)


def music(streams: int) -> Load:
    load = Load(streams)
    with tempfile.TemporaryDirectory() as directory:
        path = str(Path(directory, "music.wav"))
    for number in range(streams):
        load.apply(StartPlay(Playback(play_id=1, stream_id=StreamId(number), sounds=[path], loop=True)))
    content = np.zeros(60 * 8000 + 7, np.uint8)
    for key, _ in load.engine.take_sound_requests():
        load.engine.sound_loaded(SoundKey(key.path, key.codec), content, 1)
    return load


CASES: dict[str, Callable[[int], Load]] = {
    "bridge": bridged,
    "transcode": transcoded,
    "record": recorded,
    "feed": fed,
    "feed-wide": fed_wide,
    "conference": conferences,
    "shouting": shouting,
    "music": music,
    "loss": lossy,
    "srtp-cm": under_aes_cm,
    "srtp-gcm": under_aes_gcm,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[100, 400, 1000, 4000])
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--periods", type=int, default=150)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    keep_freed_memory()
    results: dict[str, dict[str, float]] = {}
    for case in arguments.cases:
        results[case] = {}
        for streams in arguments.streams:
            load = CASES[case](streams)
            spent = [load.period() for _ in range(arguments.periods)]
            cost = median(spent[len(spent) // 3 :]) / streams
            results[case][str(streams)] = round(cost, 3)
            print(f"{case:11} {streams:5} streams: {cost:6.2f} us per stream and tick")
    if arguments.json:
        print(json.dumps({"python": platform.python_version(), "us_per_stream_tick": results}))


if __name__ == "__main__":
    main()
