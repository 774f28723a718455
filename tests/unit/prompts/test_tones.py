"""Tones: the right frequencies, for as long as people of that country expect."""

import numpy as np
import pytest

from softswitch.prompts.resampling import SAMPLE_RATE_HZ
from softswitch.prompts.tones import TONE_DBFS, TONES, tone


@pytest.mark.parametrize(
    ("country", "hertz", "period_s", "sounding_s"),
    [("ru", {425}, 5.0, 1.0), ("us", {440, 480}, 6.0, 2.0), ("uk", {400, 450}, 3.0, 0.8)],
)
def test_ringback(country: str, hertz: set[int], period_s: float, sounding_s: float) -> None:
    samples = tone(TONES[country]["ringback"])
    assert len(samples) == period_s * SAMPLE_RATE_HZ
    frames = samples.reshape(-1, SAMPLE_RATE_HZ // 100)
    assert np.count_nonzero(np.abs(frames).max(axis=1) > 0.001) == sounding_s * 100
    spectrum = np.abs(np.fft.rfft(samples[: round(0.4 * SAMPLE_RATE_HZ)], SAMPLE_RATE_HZ))
    for expected in hertz:
        assert np.argmax(spectrum[expected - 10 : expected + 11]) == pytest.approx(10, abs=2)


@pytest.mark.parametrize("country", TONES)
@pytest.mark.parametrize("name", ["ringback", "busy", "congestion", "beep"])
def test_every_country_has_every_tone_at_the_level_of_speech(country: str, name: str) -> None:
    bursts = TONES[country][name]
    samples = tone(bursts)
    share = sum(burst.on_s for burst in bursts) * SAMPLE_RATE_HZ / len(samples)
    level = 10 * np.log10(np.mean(samples.astype(np.float64) ** 2) / share)
    assert level == pytest.approx(TONE_DBFS, abs=0.3)
    assert abs(samples[0]) < 1e-6
    assert abs(samples[-1]) < 1e-3
