"""Playbacks and recordings of a real worker process."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, RecordingId
from softswitch.media.codec import load_codecs
from softswitch.media.protocol import (
    Hearing,
    Playback,
    PlayFinished,
    PutStream,
    Recording,
    RecordingFinished,
    SetHearing,
    StartPlay,
    StartRecording,
    StopPlay,
    StopRecording,
)
from softswitch.media.sounds.tones import ToneFault, render
from softswitch.media.sounds.wav import HEADER_BYTES, header
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse, succeeds_once

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]
Speech = Callable[[float], NDArray[np.uint8]]
CALL = CallId("call")


def decoded(sound: NDArray[np.uint8]) -> NDArray[np.int16]:
    linear = np.empty((1, len(sound)), np.int16)
    load_codecs()["PCMU"].decode(sound[np.newaxis], linear)
    return linear[0]


def encoded(linear: NDArray[np.int16]) -> NDArray[np.uint8]:
    sound = np.empty((1, len(linear)), np.uint8)
    load_codecs()["PCMU"].encode(linear[np.newaxis], sound)
    return sound[0]


def write_sound(path: Path, sound: NDArray[np.uint8]) -> str:
    linear = decoded(sound)
    path.write_bytes(header(channels=1, frames=len(linear)) + linear.astype("<i2").tobytes())
    return str(path)


def test_sounds_follow_each_other_without_a_gap(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    (party,) = parties(1)
    sounds = [speech(0.11), speech(0.013), speech(0.1)]
    paths = [write_sound(tmp_path / f"{number}.wav", sound) for number, sound in enumerate(sounds)]
    worker.command(PutStream(party.description()))
    assert worker.command(StartPlay(Playback(play_id=1, stream_id=party.stream_id, sounds=paths))) == []
    converse([party], 0.4)
    assert worker.event(PlayFinished) == PlayFinished(CALL, party.stream_id, 1, completed=True)
    expected = encoded(decoded(np.concatenate(sounds)))
    assert expected.tobytes() in party.heard_sound().tobytes()


def test_a_loop_goes_on_where_the_clock_says_until_it_is_stopped(
    worker: MediaProcess, parties: Parties, tmp_path: Path
) -> None:
    one, two = parties(2)
    scale = np.arange(0x80, 0xC0, dtype=np.uint8).repeat(80)  # 64 steps of 10 ms: the sound tells its position
    path = write_sound(tmp_path / "music.wav", scale)
    worker.command(PutStream(one.description()), PutStream(two.description()))
    started_at = one.description().started_at
    music = [
        Playback(play_id=number, stream_id=party.stream_id, sounds=[path], loop=True, started_at=started_at)
        for number, party in ((1, one), (2, two))
    ]
    worker.command(StartPlay(music[0]))
    converse([one, two], 0.15)
    worker.command(StartPlay(music[1]))
    converse([one, two], 0.6)
    assert one.heard_sound()[-4000:].tobytes() in scale.tobytes() * 4
    places = [scale.tobytes().find(party.heard[-1][12:]) for party in (one, two)]
    assert (places[0] - places[1]) % len(scale) in (0, 160, len(scale) - 160)  # both are where the clock says
    assert worker.command(StopPlay(one.stream_id, 99), StopPlay(one.stream_id, 1)) == []
    assert worker.event(PlayFinished) == PlayFinished(CALL, one.stream_id, 1, completed=False)
    one.receive()
    one.heard.clear()
    converse([one, two], 0.1)
    assert set(one.heard_sound()[160:].tolist()) == {0xFF}


def test_unreadable_sounds_are_named_and_the_others_heard(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    (party,) = parties(1)
    worker.command(PutStream(party.description()))
    sound = speech(0.06)
    good, bad, absent = write_sound(tmp_path / "good.wav", sound), tmp_path / "bad.wav", tmp_path / "absent.wav"
    bad.write_text("not a sound")
    for play_id, sounds in enumerate([[str(absent), good], [str(bad)]]):
        worker.command(StartPlay(Playback(play_id=play_id, stream_id=party.stream_id, sounds=sounds)))
        converse([party], 0.2)
        finished = worker.event(PlayFinished)
        assert (finished.play_id, finished.completed) == (play_id, False)
        assert finished.fault.startswith(sounds[0] + ": ")
    assert encoded(decoded(sound)).tobytes() in party.heard_sound().tobytes()


def test_a_sound_that_was_replaced_on_disk_is_read_again(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    (party,) = parties(1)
    worker.command(PutStream(party.description()))
    for play_id in range(2):
        sound = speech(0.1)
        path = write_sound(tmp_path / "greeting.wav", sound)
        worker.command(StartPlay(Playback(play_id=play_id, stream_id=party.stream_id, sounds=[path])))
        converse([party], 0.2)
        assert encoded(decoded(sound)).tobytes() in party.heard_sound().tobytes()


def test_each_party_is_recorded_in_its_own_channel(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    one, two = parties(2)
    worker.command(
        PutStream(one.description()),
        PutStream(two.description(codec="PCMA", payload_type=8)),
        SetHearing(Hearing(one.stream_id, [two.stream_id])),
        SetHearing(Hearing(two.stream_id, [one.stream_id])),
    )
    two.payload_type = 8
    codecs = load_codecs()

    def attempt() -> bool:
        path = tmp_path / f"{one.said}.wav"
        recording = Recording(
            recording_id=RecordingId(path.name),
            call_id=CALL,
            path=str(path),
            left=one.stream_id,
            right=two.stream_id,
            started_at=one.description().started_at,
        )
        assert worker.command(StartRecording(recording)) == []
        said = [np.frombuffer(party.say(speech(1.1)), np.uint8)[np.newaxis] for party in (one, two)]
        converse([one, two], 1.3)
        worker.command(StopRecording(recording.recording_id))
        finished = worker.event(RecordingFinished)
        assert (finished.path, finished.fault) == (str(path), "")
        assert 1.2 <= finished.duration_s <= 1.6
        channels = np.frombuffer(path.read_bytes(), "<i2", offset=HEADER_BYTES).reshape(-1, 2)
        linear = np.empty((2, 1, said[0].shape[1]), np.int16)
        codecs["PCMU"].decode(said[0], linear[0])
        codecs["PCMA"].decode(said[1], linear[1])
        return all(linear[side].tobytes() in channels[:, side].tobytes() for side in (0, 1))

    assert succeeds_once(attempt)


def test_the_end_of_the_process_closes_its_recordings(
    worker: MediaProcess, parties: Parties, speech: Speech, tmp_path: Path
) -> None:
    (party,) = parties(1)
    path = tmp_path / "message.wav"
    worker.command(PutStream(party.description()))
    recording = Recording(
        recording_id=RecordingId("message"),
        call_id=CALL,
        path=str(path),
        left=party.stream_id,
        right=None,
        started_at=party.description().started_at,
    )
    worker.command(StartRecording(recording))
    said = decoded(np.frombuffer(party.say(speech(0.2)), np.uint8))
    converse([party], 0.3)
    assert worker.stop() == 0
    assert worker.event(RecordingFinished).path == str(path)
    channels = np.frombuffer(path.read_bytes(), "<i2", offset=HEADER_BYTES).reshape(-1, 2)
    assert said[-160:].tobytes() in channels[:, 0].tobytes()
    assert not channels[:, 1].any()


def test_tones_are_made_where_files_would_be_read(worker: MediaProcess, parties: Parties) -> None:
    (party,) = parties(1)
    worker.command(PutStream(party.description()))
    sounds = ["tone:425/100,0/60", "tone:moo", "tone:425/100,0/60"]
    playback = Playback(play_id=1, stream_id=party.stream_id, sounds=sounds)
    worker.command(StartPlay(playback))
    converse([party], 0.6)
    finished = worker.event(PlayFinished)
    assert not finished.completed
    assert '"moo" is no part of a tone' in finished.fault
    tone = render("tone:425/100,0/60")
    assert not isinstance(tone, ToneFault)
    assert encoded(np.concatenate([tone, tone])).tobytes() in party.heard_sound().tobytes()
