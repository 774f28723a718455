"""Playbacks through the engine; what the loader would do is done by hand."""

from collections.abc import Sequence

import numpy as np

from softswitch.base.ids import CallId, StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    DropStream,
    Hearing,
    MediaEvent,
    Playback,
    PlayFinished,
    PutStream,
    SetHearing,
    StartPlay,
    StopPlay,
)
from softswitch.media.sounds.sound_store import SoundKey
from softswitch.testing.media_engine import EngineDriver

ONE = StreamId(1)
SILENCE = 0xFF


class Cinema:
    """An engine whose files are bytes."""

    def __init__(self, **files: int) -> None:
        """Name and length of each; a file's samples are its number and its position."""
        self.driver = EngineDriver()
        self.description = self.driver.put(1)
        self.files = {
            name: (np.arange(length) % 100 + 100 * number).astype(np.uint8)
            for number, (name, length) in enumerate(files.items())
        }

    def load(self) -> None:
        for key, version in self.driver.engine.take_sound_requests():
            sound = self.files.get(key.path)
            if sound is None:
                self.driver.engine.sound_checked(key, "No such file or directory")
            elif version == 1:
                self.driver.engine.sound_checked(key)
            else:
                self.driver.engine.sound_loaded(key, sound, 1)

    def play(self, *sounds: str, play_id: int = 1, loop: bool = False, started_at: float = 0.0) -> None:
        playback = Playback(play_id=play_id, stream_id=ONE, sounds=list(sounds), loop=loop, started_at=started_at)
        assert self.driver.apply(StartPlay(playback)) == []
        self.load()

    def heard(self) -> bytes:
        """Since the last time, without the silence around it."""
        heard = self.driver.heard(1)
        self.driver.sent.clear()
        return heard.strip(bytes([SILENCE]))

    def finished(self) -> list[tuple[int, bool, str]]:
        events: Sequence[MediaEvent] = self.driver.engine.take_events()
        return [(event.play_id, event.completed, event.fault) for event in events if isinstance(event, PlayFinished)]

    def sound(self, *names: str) -> bytes:
        return b"".join(self.files[name].tobytes() for name in names)


def test_a_list_is_played_without_gaps_and_its_end_is_told() -> None:
    cinema = Cinema(a=250, b=3, c=400)
    cinema.play("a", "b", "c", "b")
    cinema.driver.tick(5)
    assert cinema.heard() == cinema.sound("a", "b", "c", "b")
    assert cinema.finished() == [(1, True, "")]


def test_a_playback_waits_for_all_its_files_and_then_begins_at_the_beginning() -> None:
    cinema = Cinema(a=200, b=100)
    playback = Playback(play_id=1, stream_id=ONE, sounds=["a", "b"], started_at=cinema.driver.now)
    cinema.driver.apply(StartPlay(playback))
    cinema.driver.tick(100)
    assert cinema.heard() == b""
    cinema.load()
    cinema.driver.tick(4)
    assert cinema.heard() == cinema.sound("a", "b")


def test_a_playback_begins_later_in_its_sounds_if_that_is_wanted() -> None:
    cinema = Cinema(a=800, b=100)
    playback = Playback(play_id=1, stream_id=ONE, sounds=["a", "b"], started_at=cinema.driver.now, skip_s=0.05)
    cinema.driver.apply(StartPlay(playback))
    cinema.load()
    cinema.driver.tick(6)
    assert cinema.heard() == cinema.sound("a", "b")[400:]
    beyond = Playback(play_id=2, stream_id=ONE, sounds=["a"], started_at=cinema.driver.now, skip_s=5.0)
    cinema.driver.apply(StartPlay(beyond))
    cinema.load()
    cinema.driver.tick(2)
    assert cinema.finished() == [(1, True, ""), (2, True, "")]


def test_a_playback_replaces_hearing_while_it_lasts() -> None:
    cinema = Cinema(a=320)
    cinema.driver.put(2)
    cinema.driver.apply(SetHearing(Hearing(ONE, [StreamId(2)])))

    def say(number: int) -> None:
        packet = pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=1, payload=b"\x01" * 160)
        cinema.driver.deliver(2, packet)

    for number in range(10):
        say(number)
        cinema.driver.tick()
        if number == 4:
            cinema.play("a")
    heard = cinema.driver.heard(1)
    assert heard[5 * 160 : 7 * 160] == cinema.sound("a")
    assert set(heard[160 : 5 * 160] + heard[8 * 160 :]) == {1}


def test_a_new_playback_replaces_the_old_at_once() -> None:
    cinema = Cinema(a=1600, b=200)
    cinema.play("a", play_id=1)
    cinema.driver.tick(2)
    cinema.play("b", play_id=2)
    assert cinema.finished() == [(1, False, "")]
    cinema.driver.tick(3)
    assert cinema.heard() == cinema.sound("a")[:320] + cinema.sound("b")
    assert cinema.finished() == [(2, True, "")]


def test_only_the_current_playback_can_be_stopped() -> None:
    cinema = Cinema(a=1600)
    cinema.play("a", play_id=5)
    cinema.driver.tick(2)
    cinema.driver.apply(StopPlay(ONE, 4))
    cinema.driver.tick()
    cinema.driver.apply(StopPlay(ONE, 5))
    cinema.driver.tick(2)
    assert cinema.heard() == cinema.sound("a")[: 3 * 160]
    assert cinema.finished() == [(5, False, "")]
    assert cinema.driver.apply(StopPlay(ONE, 5), StopPlay(StreamId(99), 1)) == []


def test_a_loop_is_where_the_clock_says() -> None:
    cinema = Cinema(a=100, b=350)
    begin = cinema.driver.now - 1.0  # 8000 samples ago: 350 into the list
    cinema.play("a", "b", loop=True, started_at=begin)
    cinema.driver.tick(10)
    assert cinema.heard() == (cinema.sound("a", "b") * 6)[350 : 350 + 1600]
    assert cinema.finished() == []
    cinema.driver.leave_out(7)
    cinema.driver.tick(2)
    assert cinema.heard() == (cinema.sound("a", "b") * 12)[350 + 17 * 160 :][:320]


def test_what_cannot_be_read_is_left_out_and_named() -> None:
    cinema = Cinema(a=160, b=0)
    cinema.play("absent", "a", "b")
    cinema.driver.tick(3)
    assert cinema.heard() == cinema.sound("a")
    assert cinema.finished() == [(1, False, "absent: No such file or directory")]
    cinema.play("absent", play_id=2, loop=True)
    cinema.driver.tick(2)
    assert cinema.finished() == [(2, False, "absent: No such file or directory")]


def test_a_file_that_did_not_change_is_not_read_again() -> None:
    cinema = Cinema(a=160)
    cinema.play("a")
    cinema.driver.tick(3)
    playback = Playback(play_id=2, stream_id=ONE, sounds=["a", "a"])
    cinema.driver.apply(StartPlay(playback))
    assert cinema.driver.engine.take_sound_requests() == [(SoundKey("a", 0), 1)]
    cinema.driver.engine.sound_checked(SoundKey("a", 0))
    cinema.driver.tick(3)
    assert cinema.heard().replace(b"\xff", b"") == cinema.sound("a") * 3


def test_a_playback_goes_on_in_another_codec() -> None:
    cinema = Cinema(a=1600)
    cinema.play("a")
    cinema.driver.tick(2)
    cinema.driver.put(1, codec="PCMA", payload_type=8, port=cinema.description.port, started_at=0.0)
    assert cinema.driver.engine.take_sound_requests() == [(SoundKey("a", 1), 0)]
    cinema.driver.engine.sound_loaded(SoundKey("a", 1), cinema.files["a"], 1)
    cinema.driver.sent.clear()
    cinema.driver.tick(2)
    assert cinema.driver.heard(1) == cinema.sound("a")[320:640]


def test_nothing_of_the_old_codec_is_played_while_the_new_one_is_loaded() -> None:
    cinema = Cinema(a=1600)
    cinema.play("a")
    cinema.driver.tick(2)
    cinema.driver.put(1, codec="PCMA", payload_type=8, port=cinema.description.port, started_at=0.0)
    cinema.driver.sent.clear()
    cinema.driver.tick(3)
    assert set(cinema.driver.heard(1)) == {0xD5}
    cinema.load()
    cinema.driver.sent.clear()
    cinema.driver.tick(2)
    assert cinema.driver.heard(1) == cinema.sound("a")[5 * 160 : 7 * 160]


def test_a_stream_that_is_dropped_ends_its_playback() -> None:
    cinema = Cinema(a=1600)
    cinema.play("a")
    cinema.driver.tick(2)
    cinema.driver.apply(DropStream(ONE))
    assert cinema.finished() == [(1, False, "")]


def test_a_playback_described_to_a_new_worker_ends_when_it_would_have() -> None:
    cinema = Cinema(a=16_000)
    began = cinema.driver.now - 1.5
    playback = Playback(play_id=3, stream_id=ONE, sounds=["a"], started_at=began)
    described = Describe([cinema.description], [], [playback], [])
    assert cinema.driver.apply(described) == []
    cinema.load()
    cinema.driver.tick(26)
    assert cinema.heard() == cinema.sound("a")[12_000:]
    assert cinema.finished() == [(3, True, "")]
    assert cinema.driver.apply(described) == []
    assert cinema.finished() == [(3, True, "")]  # told again: the switch has missed it
    assert cinema.driver.engine.take_sound_requests() == []


def test_a_playback_of_nothing_is_refused() -> None:
    cinema = Cinema()
    nothing = Playback(play_id=1, stream_id=ONE, sounds=[])
    elsewhere = Playback(play_id=1, stream_id=StreamId(7), sounds=["a"])
    too_much = Playback(play_id=1, stream_id=ONE, sounds=["a"] * 1000)
    reasons = cinema.driver.apply(*map(StartPlay, (nothing, elsewhere, too_much)))
    assert len(reasons) == 3
    assert cinema.driver.apply(PutStream(cinema.description)) == []
    assert cinema.description.call_id == CallId("call")


def test_parts_of_a_tone_that_are_played_once_are_left_out_when_it_is_repeated() -> None:
    cinema = Cinema(**{"tone:1/1,2/1": 100, "tone:3/1": 250})
    cinema.play("tone:!1/1,!2/1,3/1", loop=True, started_at=cinema.driver.now)
    cinema.driver.tick(6)
    once, again = cinema.sound("tone:1/1,2/1"), cinema.sound("tone:3/1")
    assert cinema.heard() == (once + again * 4)[: 6 * 160]
    cinema.driver.leave_out(10)
    cinema.driver.tick(1)
    assert cinema.heard() == (once + again * 12)[16 * 160 : 17 * 160]


def test_a_tone_that_is_played_once_ends_although_it_is_to_be_repeated() -> None:
    cinema = Cinema(**{"tone:1/1": 200})
    cinema.play("tone:!1/1", loop=True, started_at=cinema.driver.now)
    cinema.driver.tick(3)
    assert cinema.heard() == cinema.sound("tone:1/1")
    assert cinema.finished() == [(1, True, "")]


def test_a_sound_played_over_is_added_to_what_is_heard_and_limited() -> None:
    cinema = Cinema(beep=400)
    driver, tables = cinema.driver, cinema.driver.engine.tables
    loud, soft = bytes([0x80]), bytes([0xC0])
    cinema.files["beep"] = np.frombuffer(soft * 240 + loud * 160, np.uint8)
    driver.put(2)
    driver.apply(SetHearing(Hearing(ONE, [StreamId(2)])))

    def say(number: int) -> None:
        packet = pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=1, payload=b"\x90" * 160)
        driver.deliver(2, packet)

    for number in range(8):
        say(number)
        driver.tick()
        if number == 3:
            playback = Playback(play_id=1, stream_id=ONE, sounds=["beep"], is_over=True)
            driver.apply(StartPlay(playback))
            cinema.load()
    voice, quiet, full = (
        int(tables.decode(np.frombuffer(byte, np.uint8)[None], np.zeros(1, np.int64))[0, 0])
        for byte in (b"\x90", soft, loud)
    )
    expected = tables.encode_sound(np.array([voice + quiet] * 240 + [min(voice + full, 32767)] * 160, np.int16), 0)
    assert voice + full > 32767
    heard = driver.heard(1)
    assert heard[4 * 160 : 4 * 160 + 400] == expected.tobytes()
    assert set(heard[160 : 4 * 160] + heard[4 * 160 + 400 :]) == {0x90}
    assert cinema.finished() == [(1, True, "")]


def test_music_goes_on_for_all_from_one_beginning_and_is_cut_at_the_sample() -> None:
    """Music with `started_at` 0 is where it would be had it begun with the clock, whoever comes when."""
    cinema = Cinema(one=1000, two=777, welcome=900)
    tune = cinema.sound("one", "two")

    def at(now: float) -> int:
        return round(now * 8000) % len(tune)

    for _ in range(3):
        now = cinema.driver.now
        cinema.play("one", "two", play_id=1, loop=True)
        cinema.driver.tick(20)
        assert cinema.driver.heard(1) == (tune * 5)[at(now) : at(now) + 20 * 160]
        cinema.driver.sent.clear()
        cinema.play("welcome", play_id=2)
        cinema.driver.tick(1)
        assert cinema.driver.heard(1) == cinema.sound("welcome")[:160], "the very next frame is the announcement's"
        cinema.driver.tick(3)
        cinema.driver.sent.clear()
