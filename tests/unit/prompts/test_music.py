"""Music on hold: level, band, and no seam."""

import numpy as np
import pytest

from softswitch.prompts.music import MUSIC_DBFS, hold_music
from softswitch.prompts.resampling import SAMPLE_RATE_HZ

MUSIC = hold_music()


def test_it_lasts_half_a_minute_at_its_level_without_clipping() -> None:
    assert len(MUSIC) == 32 * SAMPLE_RATE_HZ
    assert 10 * np.log10(np.mean(MUSIC.astype(np.float64) ** 2)) == pytest.approx(MUSIC_DBFS, abs=0.1)
    assert np.max(np.abs(MUSIC)) < 0.5


def test_the_seam_is_as_smooth_as_any_other_place() -> None:
    steps = np.abs(np.diff(np.concatenate([MUSIC, MUSIC[:1]])))
    assert steps[-1] <= np.quantile(steps, 0.999)


def test_no_second_of_it_is_silent() -> None:
    seconds = MUSIC.reshape(-1, SAMPLE_RATE_HZ)
    loudness = 10 * np.log10(np.mean(seconds.astype(np.float64) ** 2, axis=1))
    assert loudness.min() > MUSIC_DBFS - 8
    assert loudness.max() < MUSIC_DBFS + 6


def test_a_telephone_carries_nearly_all_of_it() -> None:
    power = np.abs(np.fft.rfft(MUSIC)) ** 2
    hertz = np.fft.rfftfreq(len(MUSIC), 1 / SAMPLE_RATE_HZ)
    assert power[(hertz > 100) & (hertz < 3400)].sum() > 0.99 * power.sum()
