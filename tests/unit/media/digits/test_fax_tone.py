"""The calling tone of a fax: what T.30 permits is found, and nothing else is: other tones, speech, music, noise."""

from collections.abc import Sequence

import numpy as np
import pytest

from softswitch.base.ids import CallId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0, tone_of
from softswitch.media.digits.fax_tone import FaxToneDetector
from softswitch.media.limits import FAX_LISTEN_S
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import FaxDetected
from softswitch.media.stream_table import allocate
from softswitch.media.tick_grid import FRAME_SAMPLES, TICK_S
from softswitch.prompts.music import hold_music
from softswitch.testing.media_engine import EngineDriver
from tests.unit.media.digits.talk import Sound, at_speed, spoken

TABLES = CodecTables(load_codecs())


def calling_tone(
    ms: float = 500.0, *, hertz: float = 1100.0, dbm0: float = -15.0, offset: int = 0, pause_s: float = 3.0
) -> Sound:
    """It begins `offset` samples after a frame, half a second in."""
    tone = AMPLITUDE_0_DBM0 * 10 ** (dbm0 / 20) * np.sin(2 * np.pi * hertz / 8000 * np.arange(int(8 * ms)) + 0.7)
    return np.concatenate([np.zeros(4000 + offset), tone, np.zeros(int(8000 * pause_s))])


def times_found(sounds: Sequence[Sound], codec: str = "PCMU") -> list[list[int]]:
    """The ticks in which each of the sounds was found to be a fax."""
    number = TABLES.names.index(codec)
    ticks = max(len(sound) for sound in sounds) // FRAME_SAMPLES + 1
    detector, table = FaxToneDetector(), allocate(len(sounds))
    table.codec[:] = number
    content = np.full((len(sounds), ticks * FRAME_SAMPLES), TABLES.silence[number], np.uint8)
    for row, sound in enumerate(sounds):
        content[row, : len(sound)] = TABLES.encode_sound(
            np.clip(np.round(sound), -32768, 32767).astype(np.int16), number
        )
        detector.set(row, asks=True)
    found: list[list[int]] = [[] for _ in sounds]
    for tick in range(ticks):
        heard = content[:, tick * FRAME_SAMPLES : (tick + 1) * FRAME_SAMPLES].copy()
        for row in detector.take(table, heard, TABLES):
            found[row].append(tick)
    return found


def are_found(sounds: Sequence[Sound], codec: str = "PCMU") -> list[bool]:
    return [bool(ticks) for ticks in times_found(sounds, codec)]


def with_noise(sound: Sound, dbm0: float) -> Sound:
    rms = AMPLITUDE_0_DBM0 / np.sqrt(2) * 10 ** (dbm0 / 20)
    return sound + np.random.default_rng(1).normal(0.0, rms, len(sound))


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("hertz", [1062.0, 1100.0, 1138.0])
@pytest.mark.parametrize("ms", [425.0, 500.0, 575.0])
def test_all_that_t30_permits_is_found_wherever_a_frame_begins(codec: str, hertz: float, ms: float) -> None:
    sounds = [calling_tone(ms, hertz=hertz, offset=offset) for offset in range(0, 160, 9)]
    assert are_found(sounds, codec) == [True] * len(sounds)


@pytest.mark.parametrize("dbm0", [0.0, -10.0, -25.0, -40.0])
def test_levels(dbm0: float) -> None:
    assert are_found([calling_tone(dbm0=dbm0)]) == [True]


def test_it_is_told_once_and_within_a_fifth_of_a_second_of_its_end() -> None:
    (ticks,) = times_found([np.concatenate([calling_tone()] * 4)])
    assert len(ticks) == 1
    assert 1.0 <= ticks[0] * TICK_S <= 1.2


@pytest.mark.parametrize("below_db", [30.0, 20.0])
def test_noise_below_it(below_db: float) -> None:
    sounds = [with_noise(calling_tone(offset=offset), -15.0 - below_db) for offset in range(0, 160, 20)]
    assert are_found(sounds) == [True] * len(sounds)


def test_a_packet_that_is_lost_within_it_does_not_matter() -> None:
    sound = calling_tone()
    sound[6400 : 6400 + FRAME_SAMPLES] = 0
    assert are_found([sound]) == [True]


@pytest.mark.parametrize("ms", [100.0, 200.0, 300.0, 350.0, 680.0, 1000.0, 3000.0])
def test_another_length_is_no_fax(ms: float) -> None:
    assert are_found([calling_tone(ms, offset=offset) for offset in (0, 50, 100)]) == [False] * 3


@pytest.mark.parametrize("hertz", [400.0, 425.0, 950.0, 1000.0, 1030.0, 1170.0, 1200.0, 1400.0, 2100.0, 2200.0])
def test_another_frequency_is_no_fax(hertz: float) -> None:
    assert are_found([calling_tone(hertz=hertz, offset=offset) for offset in (0, 50, 100)]) == [False] * 3


def test_what_does_not_end_in_silence_is_no_fax() -> None:
    sound = calling_tone()
    sound[8000:] += 2000 * np.sin(2 * np.pi * 700 / 8000 * np.arange(len(sound) - 8000))
    assert are_found([sound]) == [False]


def test_digits_and_noise_are_no_fax() -> None:
    digits = np.concatenate([tone_of(key, 0, 4000, 800).astype(np.float64) for key in "0123456789*#"])
    random = np.random.default_rng(3)
    noises = [random.normal(0.0, rms, 8000 * 20) for rms in (30.0, 3000.0)]
    assert are_found([digits, *noises]) == [False] * 3


def test_minutes_of_speech_and_music_are_no_fax(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = (
        ("Good morning, and thank you for calling. My name is Anna. May I have the number of your contract?", "en"),
        ("Здравствуйте! Я звоню вам уже второй раз за эту неделю. Скажите, где сейчас моя посылка?", "ru"),
    )
    voices = spoken(texts, tmp_path_factory.getbasetemp())
    music = hold_music().astype(np.float64)[: 8000 * 30] * 32_000
    speeds = (0.5, 0.8, 1.0, 1.4, 2.0)
    assert are_found([at_speed(sound, speed) for sound in (*voices, music) for speed in speeds]) == [False] * 15


def test_a_row_is_listened_to_for_so_long_and_not_again() -> None:
    quiet = np.zeros(round(8000 * FAX_LISTEN_S) - 2000)
    assert times_found([np.concatenate([quiet, calling_tone()])]) == [[]]
    detector, table = FaxToneDetector(), allocate(1)
    silence = np.full((1, FRAME_SAMPLES), TABLES.silence[0], np.uint8)
    tone = TABLES.encode_sound(calling_tone()[4000:12000].astype(np.int16), 0).reshape(-1, FRAME_SAMPLES)
    detector.set(0, asks=True)
    for _ in range(round(FAX_LISTEN_S / TICK_S)):
        assert detector.take(table, silence, TABLES) == []
    detector.set(0, asks=True)
    assert [found for frame in tone for found in detector.take(table, frame[None], TABLES)] == []
    detector.forget(0)  # another stream has the row
    detector.set(0, asks=True)
    assert [found for frame in tone for found in detector.take(table, frame[None], TABLES)] == [0]


def said_by(driver: EngineDriver, sound: Sound) -> None:
    for number, frame in enumerate(np.round(sound[: len(sound) // 160 * 160]).astype(np.int16).reshape(-1, 160)):
        payload = driver.engine.tables.encode_sound(frame, 0).tobytes()
        driver.deliver(1, pack(payload_type=0, sequence=number, timestamp=160 * number, ssrc=5, payload=payload))
        driver.tick()


@pytest.mark.parametrize("asks", [True, False])
def test_the_switch_is_told_of_a_stream_that_asks(asks: bool) -> None:
    driver = EngineDriver()
    driver.put(1, detects_fax=asks)
    said_by(driver, np.concatenate([calling_tone()] * 3))
    told = [event for event in driver.engine.take_events() if isinstance(event, FaxDetected)]
    assert told == ([FaxDetected(CallId("call"), StreamId(1))] if asks else [])
