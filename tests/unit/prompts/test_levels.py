"""Level and silence of prompts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from softswitch.prompts.levels import (
    PEAK_DBFS,
    SPEECH_DBFS,
    normalise,
    peak_dbfs,
    speech_level_dbfs,
    to_pcm16,
    trim,
)
from softswitch.prompts.resampling import SAMPLE_RATE_HZ

Samples = NDArray[np.float32]


def tone(amplitude: float, duration_s: float = 0.5) -> Samples:
    at = np.arange(round(duration_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return (amplitude * np.sin(2 * np.pi * 500 * at)).astype(np.float32)


def silence(duration_s: float) -> Samples:
    return np.zeros(round(duration_s * SAMPLE_RATE_HZ), dtype=np.float32)


@pytest.mark.parametrize("amplitude", [0.001, 0.05, 0.9])
def test_every_prompt_is_equally_loud_whatever_silence_is_in_it(amplitude: float) -> None:
    spoken = np.concatenate([silence(1), tone(amplitude), silence(2)])
    assert speech_level_dbfs(normalise(spoken)) == pytest.approx(SPEECH_DBFS, abs=0.1)


@given(st.integers(0, 3999), st.floats(0.3, 1.0))
def test_no_peak_passes_the_limiter_and_its_surroundings_keep_their_level(place: int, height: float) -> None:
    spoken = tone(0.02)
    spoken[place] = height
    limited = normalise(spoken)
    assert peak_dbfs(limited) <= PEAK_DBFS + 0.001
    assert abs(limited[place]) == np.max(np.abs(limited))


def test_silence_stays_silence() -> None:
    assert not normalise(silence(0.1)).any()
    assert speech_level_dbfs(silence(0.1)) == -np.inf
    assert peak_dbfs(silence(0)) == -np.inf
    assert len(trim(silence(1), lead_s=0.1, tail_s=0.1)) == 0


def test_a_prompt_begins_and_ends_where_the_voice_does() -> None:
    spoken = np.concatenate([silence(1), tone(0.5), silence(2)])
    trimmed = trim(spoken, lead_s=0.02, tail_s=0.3)
    assert len(trimmed) / SAMPLE_RATE_HZ == pytest.approx(0.82, abs=0.02)
    voiced = np.flatnonzero(np.abs(trimmed) > 0.01)
    assert voiced[0] / SAMPLE_RATE_HZ == pytest.approx(0.02, abs=0.01)


def test_a_voice_without_any_silence_gets_some() -> None:
    trimmed = trim(tone(0.5), lead_s=0.02, tail_s=0.05)
    assert len(trimmed) == 4000 + 160 + 400
    assert not trimmed[:160].any()
    assert not trimmed[-400:].any()


def test_16_bits_are_clipped_and_not_wrapped() -> None:
    assert to_pcm16(np.array([0.0, 0.5, 1.0, 2.0, -1.0, -2.0], dtype=np.float32)).tolist() == [
        0,
        16384,
        32767,
        32767,
        -32768,
        -32768,
    ]
