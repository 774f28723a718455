"""What is heard in place of lost sound, through the engine. Its quality by PESQ is in tests/peers/test_loss.py."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import StreamId
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import Hearing, SetHearing
from softswitch.testing.media_engine import EngineDriver

FRAME = 160


def heard_with_losses(wave: NDArray[np.int16], lost: set[int], *, parties: int = 1) -> list[NDArray[np.float64]]:
    """What is heard of parties that all say `wave`, whose packets `lost` are lost; the delay of a frame taken off."""
    driver = EngineDriver()
    tables = driver.engine.tables
    pcmu = tables.names.index("PCMU")
    for number in range(2 * parties):
        driver.put(number)
    for number in range(parties):
        driver.apply(SetHearing(Hearing(StreamId(number), [StreamId(parties + number)])))
    coded = tables.encode_sound(wave, pcmu)
    for index in range(len(wave) // FRAME):
        payload = coded[index * FRAME : (index + 1) * FRAME].tobytes()
        packet = pack(payload_type=0, sequence=index, timestamp=index * FRAME, ssrc=7, payload=payload)
        for number in range(parties):
            if index not in lost:
                driver.deliver(parties + number, packet)
        driver.tick()
    coded_heard = [np.frombuffer(driver.heard(number), np.uint8)[np.newaxis] for number in range(parties)]
    return [tables.decode(coded, np.array([pcmu]))[0][FRAME:].astype(np.float64) for coded in coded_heard]


def voice(frames: int, period: int = 73) -> NDArray[np.int16]:
    """A vowel: the harmonics of one pitch."""
    time = np.arange(frames * FRAME)
    sound = sum(np.sin(2 * np.pi * n * time / period + n) / n for n in range(1, 6))
    return (4000 * np.asarray(sound)).astype(np.int16)


def level(sound: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(sound))))


@pytest.mark.parametrize("period", [41, 57, 73, 100, 119])
def test_a_lost_packet_of_a_vowel_is_hardly_missed(period: int) -> None:
    wave = voice(30, period)
    (heard,) = heard_with_losses(wave, {15})
    assert level(heard - wave[: len(heard)]) < 0.06 * level(wave.astype(np.float64))


def test_a_long_gap_goes_on_as_the_voice_was_and_fades_to_silence_in_60_ms() -> None:
    wave = voice(30)
    (heard,) = heard_with_losses(wave, set(range(15, 25)))
    gap = heard[15 * FRAME : 24 * FRAME]
    levels = [level(gap[at : at + 80]) / level(wave.astype(np.float64)) for at in range(0, 480, 80)]
    assert levels == pytest.approx([1.0, 0.9, 0.7, 0.5, 0.3, 0.1], abs=0.12)
    assert not gap[480:].any()
    # No step is larger than those of the voice itself.
    assert np.abs(np.diff(heard[14 * FRAME : 26 * FRAME])).max() <= 1.5 * np.abs(np.diff(wave.astype(np.float64))).max()


def test_noise_does_not_become_a_tone() -> None:
    """A period repeated for long would hum: what is replaced is not like what was 10 ms, or any time, before it."""
    wave = (np.random.default_rng(3).normal(0, 2000, 30 * FRAME)).astype(np.int16)
    (heard,) = heard_with_losses(wave, {15, 16, 17})
    gap = heard[15 * FRAME : 15 * FRAME + 440]
    late = gap[320:] / np.linspace(0.4, 0.1, 120)
    likeness = [np.corrcoef(late[: 120 - lag], late[lag:])[0, 1] for lag in range(40, 80)]
    assert max(likeness) < 0.8


def test_many_gaps_at_once_are_replaced_like_one() -> None:
    wave = voice(20, 60)
    alone = heard_with_losses(wave, {9, 10, 14})
    for heard in heard_with_losses(wave, {9, 10, 14}, parties=5):
        assert (heard == alone[0]).all()


def test_sound_that_is_back_is_blended_in() -> None:
    wave = voice(30)
    wave[16 * FRAME :] = 0  # nothing like what was before
    (heard,) = heard_with_losses(wave, {15, 16, 17})
    assert np.abs(np.diff(heard[17 * FRAME : 19 * FRAME])).max() < 1500
