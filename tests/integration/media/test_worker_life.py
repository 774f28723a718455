"""What a real worker process survives: strangers, switches that come and go, nonsense, and its own death."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.ids import CallId, RecordingId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    Describe,
    Hearing,
    Hello,
    Playback,
    PutStream,
    Recording,
    RecordingFinished,
    SetHearing,
    SrtpKeys,
    StartPlay,
    StartRecording,
)
from softswitch.media.sounds.wav import HEADER_BYTES, header
from softswitch.media.srtp.libsrtp import KEY_BYTES, SrtpSession, pointer_to
from softswitch.media.srtp.srtp import SrtpReceiver
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse, succeeds_once

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]
Speech = Callable[[float], NDArray[np.uint8]]


def bridged(one: RtpParty, two: RtpParty, started_at: float) -> Describe:
    return Describe(
        streams=[one.description(started_at), two.description(started_at)],
        hearings=[Hearing(one.stream_id, [two.stream_id]), Hearing(two.stream_id, [one.stream_id])],
        playbacks=[],
        recordings=[],
    )


def now(party: RtpParty) -> float:
    return party.description().started_at


def test_strangers_are_not_heard_however_hard_they_try(worker: MediaProcess, parties: Parties, speech: Speech) -> None:
    one, two = parties(2)
    worker.command(bridged(one, two, now(one)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        one.say(np.full(160 * 30, 0x90, np.uint8))
        flood = b"\x80\x00" + bytes(10) + b"\x13" * 160
        for _ in range(10):
            for _ in range(20):
                stranger.sendto(flood, ("127.0.0.1", one.port))
            converse([one, two], 0.02)
    assert 0x90 in two.heard_sound()
    assert 0x13 not in two.heard_sound()


def test_only_who_has_the_key_is_heard_under_srtp(worker: MediaProcess, parties: Parties) -> None:
    one, two = parties(2)
    profile = "AEAD_AES_256_GCM"
    keys = SrtpKeys(profile, b"s" * KEY_BYTES[profile], b"r" * KEY_BYTES[profile])
    worker.command(
        PutStream(one.description(srtp=keys)),
        PutStream(two.description()),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
        SetHearing(Hearing(one.stream_id, [two.stream_id])),
    )
    genuine, forged = (SrtpSession(profile, key, sends=True) for key in (keys.receive, keys.send))
    recorded: list[bytes] = []
    for index in range(40):
        packet = pack(payload_type=0, sequence=index, timestamp=160 * index, ssrc=5, payload=b"\x90" * 160)
        recorded.append(genuine.protect(packet))
        for sent in (forged.protect(packet), packet.replace(b"\x90", b"\x20"), recorded[-1], recorded[index // 2]):
            one.socket.sendto(sent, ("127.0.0.1", one.port))
        converse([one, two], 0.02)
    converse([one, two], 0.1)
    heard = two.heard_sound()
    assert 0x90 in heard
    assert heard.min() >= 0x90, "the voice, or it replaced and fading; all else has smaller bytes among it"
    receiving = SrtpReceiver(profile, keys.send)
    for sent in one.heard:
        content = np.frombuffer(sent, np.uint8).copy()
        sequence = int.from_bytes(sent[2:4], "big")
        assert receiving.unprotect(pointer_to(content), len(sent), 0x1001, sequence, 0) == 172
    converse([one, two], 1.1)
    statistics = worker.statistics()
    assert statistics is not None
    assert statistics.unauthentic >= 3 * 40 - 1


def test_a_party_behind_nat_is_learnt_and_answered_where_it_is(
    worker: MediaProcess, parties: Parties, speech: Speech
) -> None:
    one, two = parties(2)
    behind_nat = one.description(remote=HostPort("127.0.0.1", 9))
    worker.command(
        PutStream(behind_nat),
        PutStream(two.description()),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
    )
    one.say(speech(0.1))  # to be learnt from
    converse([one, two], 0.1)

    def attempt() -> bool:
        said = one.say(speech(0.3))
        converse([one, two], 0.4)
        # The first frame may be blended in: the party was silent before.
        return said[160:] in two.heard_sound().tobytes()

    assert succeeds_once(attempt)
    assert one.heard


def test_streams_that_are_described_again_go_on_undisturbed(
    worker: MediaProcess, parties: Parties, speech: Speech
) -> None:
    one, two, three = parties(3)
    started_at = now(one)
    worker.command(bridged(one, two, started_at))

    def attempt() -> bool:
        worker.command(PutStream(three.description()))
        said = one.say(speech(0.6))
        converse([one, two, three], 0.2)
        assert three.heard
        worker.socket.close()
        converse([one, two, three], 0.2)
        worker.connect()
        assert worker.command(bridged(one, two, started_at)) == []
        three.receive()
        three.heard.clear()
        converse([one, two, three], 0.35)
        assert not three.heard
        steps = (np.diff(two.heard_sequences()) & 0xFFFF).tolist()
        # The first frame may be blended in: the hearing is new, or the party was silent before.
        is_heard = said[160:] in two.heard_sound().tobytes()
        two.heard.clear()
        return is_heard and set(steps) == {1}

    assert succeeds_once(attempt)


def test_a_worker_that_replaces_a_dead_one_goes_on_with_everything(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    one, two, three = parties(3)
    started_at = now(one)
    path = tmp_path / "call.wav"
    recording = Recording(
        recording_id=RecordingId("r"),
        call_id=CallId("call"),
        path=str(path),
        left=one.stream_id,
        right=two.stream_id,
        started_at=started_at,
    )
    sound = tmp_path / "music.wav"
    ramp = np.arange(8000, dtype="<i2")
    sound.write_bytes(header(channels=1, frames=len(ramp)) + ramp.tobytes())
    music = Playback(play_id=1, stream_id=three.stream_id, sounds=[str(sound)], loop=True, started_at=started_at)
    streams = [PutStream(party.description(started_at)) for party in (one, two, three)]
    hearings = bridged(one, two, started_at).hearings
    worker.command(*streams, *map(SetHearing, hearings), StartPlay(music), StartRecording(recording))
    one.say(speech(3.0))
    converse([one, two, three], 1.3)
    worker.kill()
    died_after = len(two.heard)
    worker.start()
    described = Describe([stream.stream for stream in streams], hearings, [music], [recording])
    assert worker.command(described) == []
    converse([one, two, three], 0.6)
    again = two.heard[died_after:]
    heard_again = b"".join(packet[12:] for packet in again)
    assert any(payload in heard_again for payload in one.payloads[70:])
    for party in (two, three):
        sequence, timestamp = party.heard_sequences(), party.heard_timestamps()
        lost = (sequence[died_after] - sequence[died_after - 1]) & 0xFFFF
        assert 1 < lost < 100
        assert ((timestamp[died_after] - timestamp[died_after - 1]) & 0xFFFFFFFF) == 160 * lost
        assert len({packet[8:12] for packet in party.heard}) == 1
    assert worker.stop() == 0
    finished = worker.event(RecordingFinished)
    channels = np.frombuffer(path.read_bytes(), "<i2", offset=HEADER_BYTES).reshape(-1, 2)
    assert abs(len(channels) / 8000 - finished.duration_s) < 0.001
    assert channels[:8000, 0].any()
    assert channels[-2000:, 0].any()


def test_a_batch_that_cannot_be_read_is_refused_with_a_reason(worker: MediaProcess, parties: Parties) -> None:
    (party,) = parties(1)
    batch = {"type": "CommandBatch", "batch_id": 77, "commands": [{"type": "PutStream", "stream": {"stream_id": "x"}}]}
    (reason,) = worker.command_bytes(77, msgspec.msgpack.encode(batch))
    assert "cannot be read" in reason
    assert worker.command(PutStream(party.description())) == []


def test_what_cannot_be_done_is_refused_with_a_reason(worker: MediaProcess, parties: Parties) -> None:
    one, two = parties(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", two.port + 1))
        description = one.description()
        wrong = [
            msgspec.structs.replace(description, codec="G729"),
            msgspec.structs.replace(description, ptime_ms=25),
            msgspec.structs.replace(description, remote=HostPort("example.org", 4000)),
            msgspec.structs.replace(description, local_ip="192.0.2.1"),
            msgspec.structs.replace(description, port=two.port),
        ]
        reasons = worker.command(*map(PutStream, wrong), PutStream(description))
    assert len(reasons) == len(wrong)
    assert "G729" in reasons[0]
    assert "in use" in reasons[-1]


def test_another_version_is_told_ours(worker: MediaProcess) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as switch:
        switch.settimeout(5.0)
        switch.connect(str(worker.path))
        switch.send(msgspec.msgpack.encode(Hello(PROTOCOL_VERSION + 1)))
        hello = msgspec.msgpack.decode(switch.recv(65536), type=Hello)
        assert (hello.version, hello.worker) == (PROTOCOL_VERSION, "media-0")
        assert switch.recv(65536) == b""


def test_a_spare_worker_becomes_the_one_it_is_told_to_be_and_ends_with_whoever_could_tell_it(tmp_path: Path) -> None:
    path = str(tmp_path / "media-7.sock")
    command = (sys.executable, "-m", "softswitch.media.runtime.worker", "--spare")
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as spare,
        subprocess.Popen(command, stdin=subprocess.PIPE) as unneeded,
    ):
        assert spare.stdin is not None
        assert spare.stderr is not None
        assert unneeded.stdin is not None
        unneeded.stdin.close()
        spare.stdin.write(json.dumps({"arguments": ["--socket", path, "--name", "media-7"]}).encode() + b"\n")
        spare.stdin.close()
        while b" ready " not in (line := spare.stderr.readline()):
            assert line
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as switch:
            switch.connect(path)
            switch.settimeout(5.0)
            switch.send(msgspec.msgpack.encode(Hello(PROTOCOL_VERSION)))
            hello = msgspec.msgpack.decode(switch.recv(PACKET_BYTES_MAX), type=Hello)
            assert (hello.worker, hello.pid) == ("media-7", spare.pid)
        assert Path(f"/proc/{spare.pid}/comm").read_text() == "media-7\n"
        spare.terminate()
    assert (spare.returncode, unneeded.returncode) == (0, 0)
