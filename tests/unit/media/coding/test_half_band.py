"""The half-band filter by its response, and that frames make one sound."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.media.coding.half_band import PAST_NARROW, PAST_WIDE, double, halve


def tone(frequency_hz: float, rate_hz: int, seconds: float = 1.0) -> NDArray[np.int16]:
    return (10000 * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.int16)


def halved(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    past = np.zeros((1, PAST_WIDE), np.int16)
    return np.concatenate([halve(sound[np.newaxis, at : at + 320], past)[0] for at in range(0, len(sound), 320)])


def doubled(sound: NDArray[np.int16]) -> NDArray[np.int16]:
    past = np.zeros((1, PAST_NARROW), np.int16)
    return np.concatenate([double(sound[np.newaxis, at : at + 160], past)[0] for at in range(0, len(sound), 160)])


def gain_db(sound: NDArray[np.int16]) -> float:
    return float(20 * np.log10(sound[400:].astype(float).std() * np.sqrt(2) / 10000 + 1e-9))


@pytest.mark.parametrize("frequency_hz", [300, 1000, 3000, 3400])
def test_speech_passes_both_ways(frequency_hz: float) -> None:
    assert gain_db(halved(tone(frequency_hz, 16000))) == pytest.approx(0.0, abs=0.1)
    assert gain_db(doubled(tone(frequency_hz, 8000))) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("frequency_hz", [4600, 5500, 7000])
def test_what_8_khz_cannot_hold_is_left_out(frequency_hz: float) -> None:
    assert gain_db(halved(tone(frequency_hz, 16000))) < -45


def test_doubling_adds_nothing_above_speech() -> None:
    spectrum = np.abs(np.fft.rfft(doubled(tone(2000, 8000, 2.0))[320:16320] * np.hanning(16000)))
    assert 20 * np.log10(spectrum[4600:].max() / spectrum.max()) < -60


def test_rows_do_not_touch_each_other() -> None:
    sound = np.stack([tone(500, 16000, 0.02), tone(1500, 16000, 0.02)])
    together, alone = np.zeros((2, PAST_WIDE), np.int16), np.zeros((1, PAST_WIDE), np.int16)
    assert np.array_equal(halve(sound, together)[1], halve(sound[1:], alone)[0])
    assert np.array_equal(together[1], alone[0])


def test_full_scale_is_limited() -> None:
    square = np.where(np.arange(1600) // 20 % 2, 32767, -32768).astype(np.int16)
    unlimited = 2 * halved((square // 2).astype(np.int16)).astype(int)
    assert unlimited.max() > 33000
    assert np.abs(halved(square) - np.clip(unlimited, -32768, 32767)).max() <= 4
    assert doubled(square[:800]).max() == 32767
