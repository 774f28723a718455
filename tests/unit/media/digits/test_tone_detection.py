"""Digits in the sound: what Q.24 asks to be recognised, what it asks to be refused, and nothing in speech or music."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0, HIGH_HZ, KEYS, LOW_HZ, tone_of
from softswitch.media.digits.tone_detection import ToneDetector
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import DtmfReceived, Hearing, SendDigits, SetHearing
from softswitch.media.stream_table import allocate
from softswitch.media.tick_grid import FRAME_SAMPLES
from softswitch.prompts.music import hold_music
from softswitch.testing.media_engine import EngineDriver
from tests.unit.media.digits.talk import Sound, at_speed, spoken

TABLES = CodecTables(load_codecs())


def key_tone(
    key: str, ms: int, *, low_dbm0: float = -10.0, high_dbm0: float = -10.0, low_off: float = 0.0, high_off: float = 0.0
) -> Sound:
    """A key's tones with hard edges; `*_off` is the part by which a frequency is wrong."""
    place = KEYS.index(key)
    turn = 2 * np.pi * np.arange(8 * ms) / 8000
    low = 10 ** (low_dbm0 / 20) * np.sin(LOW_HZ[place // 4] * (1 + low_off) * turn)
    high = 10 ** (high_dbm0 / 20) * np.sin(HIGH_HZ[place % 4] * (1 + high_off) * turn + 1.0)
    return AMPLITUDE_0_DBM0 * (low + high)


def pause(ms: int) -> Sound:
    return np.zeros(8 * ms)


def detected(sounds: Sequence[Sound], codec: str = "PCMU") -> tuple[list[str], NDArray[np.bool_]]:
    """The digits found in each sound, and which frames of it were silenced."""
    number = TABLES.names.index(codec)
    samples = (max(len(sound) for sound in sounds) // FRAME_SAMPLES + 4) * FRAME_SAMPLES
    detector, table = ToneDetector(), allocate(len(sounds))
    table.codec[:] = number
    content = np.full((len(sounds), samples), TABLES.silence[number], np.uint8)
    for row, sound in enumerate(sounds):
        linear = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
        content[row, : len(sound)] = TABLES.encode_sound(linear, number)
        detector.set(row, asks=True)
    digits = [""] * len(sounds)
    is_silenced = np.zeros((len(sounds), samples // FRAME_SAMPLES), bool)
    for frame in range(samples // FRAME_SAMPLES):
        part = content[:, frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES]
        heard = part.copy()
        for row, digit in detector.take(table, heard, TABLES):
            digits[row] += digit
        is_silenced[:, frame] = (heard != part).any(axis=1)
    return digits, is_silenced


def found(make: Callable[[str], Sound], *, noise_dbm0: float | None = None, codec: str = "PCMU") -> list[str]:
    """What is found in every key's sound, beginning anywhere in a block and in a frame."""
    random = np.random.default_rng(1)
    sounds: list[Sound] = []
    for key in KEYS:
        for offset in range(0, 160, 13):
            sound = np.concatenate([np.zeros(400 + offset), make(key), np.zeros(800)])
            if noise_dbm0 is not None:
                sound += random.normal(0.0, AMPLITUDE_0_DBM0 / np.sqrt(2) * 10 ** (noise_dbm0 / 20), len(sound))
            sounds.append(sound)
    return detected(sounds, codec)[0]


EACH_KEY = [key for key in KEYS for _ in range(0, 160, 13)]
NOTHING = [""] * len(EACH_KEY)


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
def test_every_key_is_found_once(codec: str) -> None:
    assert found(lambda key: key_tone(key, 100), codec=codec) == EACH_KEY


@pytest.mark.parametrize(
    ("ms", "is_found"), [(1000, True), (40, True), (35, True), (23, False), (20, False), (10, False)]
)
def test_duration(ms: int, is_found: bool) -> None:
    assert found(lambda key: key_tone(key, ms)) == (EACH_KEY if is_found else NOTHING)


@pytest.mark.parametrize("ms", [40, 45, 70, 200])
def test_a_pause_makes_two_digits_of_one_key(ms: int) -> None:
    twice = found(lambda key: np.concatenate([key_tone(key, 40), pause(ms), key_tone(key, 40)]))
    assert twice == [key * 2 for key in EACH_KEY]


@pytest.mark.parametrize("ms", [1, 5, 10])
def test_an_interruption_does_not(ms: int) -> None:
    assert found(lambda key: np.concatenate([key_tone(key, 50), pause(ms), key_tone(key, 50)])) == EACH_KEY


def test_another_key_may_follow_at_once() -> None:
    after = found(lambda key: np.concatenate([key_tone(key, 60), key_tone("5" if key != "5" else "6", 60)]))
    assert after == [key + ("5" if key != "5" else "6") for key in EACH_KEY]


@pytest.mark.parametrize("dbm0", [0.0, -3.0, -10.0, -25.0, -36.0, -40.0])
def test_levels_that_are_found(dbm0: float) -> None:
    assert found(lambda key: key_tone(key, 50, low_dbm0=dbm0, high_dbm0=dbm0)) == EACH_KEY


@pytest.mark.parametrize("dbm0", [-45.0, -55.0, -60.0])
def test_levels_that_are_not(dbm0: float) -> None:
    assert found(lambda key: key_tone(key, 50, low_dbm0=dbm0, high_dbm0=dbm0)) == NOTHING


@pytest.mark.parametrize(
    ("high_over_low_db", "is_found"),
    [(-8.0, True), (-6.0, True), (-3.0, True), (3.0, True), (4.0, True), (8.0, False), (-13.0, False)],
)
def test_twist(high_over_low_db: float, is_found: bool) -> None:
    digits = found(lambda key: key_tone(key, 50, low_dbm0=-14.0, high_dbm0=-14.0 + high_over_low_db))
    assert digits == (EACH_KEY if is_found else NOTHING)


@pytest.mark.parametrize(
    ("low_off", "high_off", "is_found"),
    [
        (0.015, 0.015, True),
        (-0.015, -0.015, True),
        (0.015, -0.015, True),
        (-0.015, 0.015, True),
        (0.035, 0.0, False),
        (-0.035, 0.0, False),
        (0.0, 0.035, False),
        (0.0, -0.035, False),
        (0.035, -0.035, False),
    ],
)
def test_frequencies(low_off: float, high_off: float, is_found: bool) -> None:
    for ms in (40, 100):
        digits = found(lambda key, ms=ms: key_tone(key, ms, low_off=low_off, high_off=high_off))
        assert digits == (EACH_KEY if is_found else NOTHING)


@pytest.mark.parametrize("below_db", [24.0, 18.0, 15.0, 12.0])
def test_noise_below_the_key(below_db: float) -> None:
    assert found(lambda key: key_tone(key, 50), noise_dbm0=-7.0 - below_db) == EACH_KEY


def test_one_of_the_two_tones_alone_is_no_key() -> None:
    assert found(lambda key: key_tone(key, 100, low_dbm0=-100.0)) == NOTHING
    assert found(lambda key: key_tone(key, 100, high_dbm0=-100.0)) == NOTHING


@pytest.mark.parametrize("seconds", [20])
def test_noise_alone_holds_no_key(seconds: int) -> None:
    random = np.random.default_rng(3)
    sounds = [random.normal(0.0, rms, 8000 * seconds) for rms in (30.0, 300.0, 3000.0, 9000.0)]
    digits, is_silenced = detected(sounds)
    assert digits == [""] * 4
    assert not is_silenced.any()


def test_minutes_of_speech_and_music_hold_no_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = (
        "Good morning, and thank you for calling. My name is Anna. May I have the number of your contract? It stands "
        "in the upper right corner of every bill. I can see that your parcel left our warehouse on Tuesday evening.",
        "Здравствуйте! Я звоню вам уже второй раз за эту неделю. В понедельник я заказал у вас лампу и два стула. "
        "Скажите, пожалуйста, где сейчас моя посылка и когда её привезут? Я буду дома завтра после обеда.",
        "Guten Tag, hier spricht die Zentrale. Sie können uns jeden Werktag zwischen acht und achtzehn Uhr erreichen. "
        "Zwei, drei, fünf, sieben, elf, dreizehn, siebzehn, neunzehn.",
    )
    voices = spoken(list(zip(texts, ("en", "ru", "de"), strict=True)), tmp_path_factory.getbasetemp())
    music = hold_music().astype(np.float64) * 32_000
    sounds = [at_speed(sound, speed) for sound in (*voices, music) for speed in (0.6, 0.8, 1.0, 1.3, 1.7)]
    assert sum(len(sound) for sound in sounds) > 300 * 8000
    digits, is_silenced = detected(sounds)
    assert digits == [""] * len(sounds)
    assert is_silenced.sum() <= 2, "nor is anything of it cut"


def test_a_key_is_silenced_before_anybody_could_recognise_it() -> None:
    sounds = [np.concatenate([np.zeros(400 + offset), key_tone("7", 200)]) for offset in range(160)]
    digits, is_silenced = detected(sounds)
    assert digits == ["7"] * 160
    for offset, frames in enumerate(is_silenced):
        first = int(frames.argmax()) * FRAME_SAMPLES
        assert first - (400 + offset) <= 8 * 20, "at most 20 ms get through"
        assert frames[int(frames.argmax()) : (400 + offset + 1600) // FRAME_SAMPLES].all()


def test_rows_come_and_go() -> None:
    detector, table = ToneDetector(), allocate(8)
    sound = TABLES.encode_sound(np.round(key_tone("3", 300)).astype(np.int16), 0)
    frames = sound.reshape(-1, FRAME_SAMPLES)
    told: list[tuple[int, int, str]] = []
    for number, frame in enumerate(frames):
        match number:
            case 0:
                detector.set(5, asks=True)
                detector.set(2, asks=True)
                detector.set(2, asks=True)
            case 2:
                detector.set(5, asks=False)
                detector.set(1, asks=True)
                detector.set(6, asks=False)
            case 8:
                detector.set(2, asks=False)
                detector.set(5, asks=True)
            case _:
                pass
        told += [(number, row, digit) for row, digit in detector.take(table, np.tile(frame, (8, 1)), TABLES)]
    assert [(row, digit) for _, row, digit in told] == [(5, "3"), (2, "3"), (1, "3"), (5, "3")]
    detector.set(1, asks=False)
    detector.set(5, asks=False)
    assert detector.take(table, np.zeros((8, FRAME_SAMPLES), np.uint8), TABLES) == []


def test_a_stream_that_asks_is_told_of_tones_and_its_listener_does_not_hear_them() -> None:
    driver = EngineDriver()
    driver.put(1, telephone_event=None, detects_tones=True)
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    silence = np.zeros(1600, np.int16)
    said = np.concatenate([silence, tone_of("8", 0, 1280, 800), tone_of("#", 0, 1280, 800), silence])
    for number, frame in enumerate(said.reshape(-1, FRAME_SAMPLES)):
        payload = driver.engine.tables.encode_sound(frame, 0).tobytes()
        driver.deliver(1, pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=5, payload=payload))
        driver.tick()
    told = [event for event in driver.engine.take_events() if isinstance(event, DtmfReceived)]
    assert told == [DtmfReceived(CallId("call"), StreamId(1), digit, is_tone=True) for digit in "8#"]
    heard = TABLES.decode(np.frombuffer(driver.heard(2), np.uint8)[None], np.zeros(1, np.int64))[0]
    assert np.count_nonzero(np.abs(heard) > 500) <= 2 * 160


def test_tones_that_are_sent_are_found_at_the_other_end() -> None:
    here, there = EngineDriver(), EngineDriver()
    here.put(1, telephone_event=None)
    there.put(1, telephone_event=None, detects_tones=True)
    here.apply(SendDigits(StreamId(1), KEYS, 40, 40))
    for _ in range(80):
        before = len(here.sent.get(StreamId(1), []))
        here.tick()
        there.deliver(1, *here.sent.get(StreamId(1), [])[before:])
        there.tick()
    assert "".join(event.digit for event in there.engine.take_events() if isinstance(event, DtmfReceived)) == KEYS


def test_the_echo_of_tones_that_were_sent_is_nobodys_key() -> None:
    driver = EngineDriver()
    driver.put(1, telephone_event=None, detects_tones=True)
    driver.apply(SendDigits(StreamId(1), "5", 100, 60))
    late: list[bytes] = [bytes([0xFF]) * FRAME_SAMPLES] * 8
    for number in range(60):
        if number == 45:
            driver.apply(SendDigits(StreamId(1), "6", 100, 60))
        payload = late[number]
        driver.deliver(1, pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=5, payload=payload))
        driver.tick()
        sound = TABLES.decode(np.frombuffer(driver.heard(1)[-FRAME_SAMPLES:], np.uint8)[None], np.zeros(1, np.int64))
        late.append(TABLES.encode_sound((sound[0] // 8).astype(np.int16), 0).tobytes())
        if 30 <= number < 38:
            late[-1] = TABLES.encode_sound(tone_of("9", (number - 30) * 160, 160, 1280), 0).tobytes()
    told = [event.digit for event in driver.engine.take_events() if isinstance(event, DtmfReceived)]
    assert told == ["9"]
