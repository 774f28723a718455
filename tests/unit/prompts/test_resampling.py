"""Conversion to 8 kHz: what a telephone carries passes, what it does not is gone, and nothing is shifted."""

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.prompts.resampling import SAMPLE_RATE_HZ, resample


def sine(hertz: float, rate_hz: int, duration_s: float = 0.5) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * hertz * np.arange(round(duration_s * rate_hz)) / rate_hz).astype(np.float32)


def middle(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return samples[len(samples) // 4 : -len(samples) // 4]


@pytest.mark.parametrize("rate_hz", [6000, 11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("hertz", [300, 1000, 2500])
def test_the_voice_band_passes_unchanged_and_in_time(rate_hz: int, hertz: int) -> None:
    result = resample(sine(hertz, rate_hz), rate_hz)
    assert len(result) == pytest.approx(SAMPLE_RATE_HZ / 2, abs=1)
    assert np.max(np.abs(middle(result - sine(hertz, SAMPLE_RATE_HZ)[: len(result)]))) < 0.002


@pytest.mark.parametrize("rate_hz", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [4100, 5000, 7500])
def test_what_would_fold_into_the_voice_band_is_gone(rate_hz: int, hertz: int) -> None:
    assert np.max(np.abs(middle(resample(sine(hertz, rate_hz), rate_hz)))) < 10 ** (-70 / 20)


def test_a_constant_stays_the_constant() -> None:
    result = resample(np.full(22050, 0.5, dtype=np.float32), 22050)
    assert np.allclose(middle(result), 0.5, atol=1e-4)


def test_8_khz_is_left_alone_and_nothing_stays_nothing() -> None:
    samples = sine(440, SAMPLE_RATE_HZ)
    assert resample(samples, SAMPLE_RATE_HZ) is samples
    assert len(resample(np.zeros(0, dtype=np.float32), 44100)) == 0
    assert len(resample(np.zeros(1, dtype=np.float32), 44100)) == 1
