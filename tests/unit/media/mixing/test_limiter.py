"""The limiter: what is below full scale is untouched, what is above never clips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from softswitch.media.mixing.limiter import FULL_SCALE, Limiter

FRAME = 160
RATE_HZ = 8000
ROW = np.zeros(1, np.int64)


def limited(limiter: Limiter, sound: NDArray[np.int32]) -> NDArray[np.int16]:
    """A long sound, frame by frame."""
    return np.concatenate([limiter.limit(frame[np.newaxis], ROW)[0] for frame in sound.reshape(-1, FRAME)])


def tone(frequency_hz: float, amplitude: float, seconds: float) -> NDArray[np.int32]:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * at)).astype(np.int32)


def distortion(sound: NDArray[np.int16], frequency_hz: float) -> float:
    """What is not the tone, as a fraction of its amplitude; the sound is whole periods."""
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64)))
    at = round(frequency_hz * len(sound) / RATE_HZ)
    tone_at = spectrum[at]
    spectrum[at] = spectrum[0] = 0.0
    return float(np.sqrt((spectrum**2).sum()) / tone_at)


@given(seed=st.integers(0, 1000), rows=st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_sound_below_full_scale_passes_bit_for_bit(seed: int, rows: int) -> None:
    sound = np.random.default_rng(seed).integers(-FULL_SCALE, FULL_SCALE + 1, (rows, FRAME)).astype(np.int32)
    assert (Limiter(rows).limit(sound, np.arange(rows)) == sound).all()


@given(seed=st.integers(0, 1000), loudness=st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_nothing_wraps_and_no_sample_changes_its_sign(seed: int, loudness: int) -> None:
    sound = (np.random.default_rng(seed).normal(0, 8000, 20 * FRAME) * loudness).astype(np.int32)
    out = limited(Limiter(1), sound)
    assert np.abs(out.astype(np.int32)).max() <= FULL_SCALE
    assert (np.sign(out) * np.sign(sound) >= 0).all()
    assert (np.abs(out.astype(np.int32)) <= np.abs(sound)).all()


def test_a_tone_of_15_times_full_scale_stays_a_tone() -> None:
    out = limited(Limiter(1), tone(500, 15 * FULL_SCALE, 2.0))[RATE_HZ:]
    assert distortion(out, 500) < 0.01  # clipping it would leave 0.43
    assert 0.9 * FULL_SCALE < np.abs(out.astype(np.int32)).max() <= FULL_SCALE


def test_samples_at_full_scale_are_single_peaks_not_flat_tops() -> None:
    out = limited(Limiter(1), tone(300, 3 * FULL_SCALE, 1.0))[FRAME:]
    at_top = np.abs(out.astype(np.int32)) >= FULL_SCALE - 1
    assert not (at_top[1:] & at_top[:-1]).any()


def test_the_attack_takes_a_millisecond_before_the_peak() -> None:
    sound = np.full(2 * FRAME, 20_000, np.int32)
    sound[100] = 2 * FULL_SCALE
    out = limited(Limiter(1), sound)
    assert (out[:88] == 20_000).all()
    assert abs(int(out[100])) <= FULL_SCALE
    assert (np.diff(out[88:96].astype(np.int32)) < 0).all()


def test_the_gain_is_back_within_a_second_and_then_sound_is_exact_again() -> None:
    limiter = Limiter(1)
    limited(limiter, np.full(FRAME, 3 * FULL_SCALE, np.int32))
    assert limiter.gain[0] == pytest.approx(1 / 3, abs=0.01)
    out = limited(limiter, np.full(75 * FRAME, 3000, np.int32))
    level = out[round(0.150 * RATE_HZ)] / 3000
    assert level == pytest.approx(1 - 2 / 3 / np.e, abs=0.02)  # the time constant of the release
    assert (np.diff(out) >= 0).all()
    assert (out[RATE_HZ:] == 3000).all()
    assert limiter.busy(ROW) is None


def test_a_row_that_is_too_loud_changes_no_other() -> None:
    limiter, rows = Limiter(3), np.arange(3)
    sound = np.stack([tone(400, amplitude, 0.02) for amplitude in (30_000, 90_000, 100)])
    for _ in range(3):
        out = limiter.limit(sound, rows)
        assert (out[[0, 2]] == sound[[0, 2]]).all()
        assert np.abs(out[1].astype(np.int32)).max() <= FULL_SCALE
    busy = limiter.busy(rows)
    assert busy is not None
    assert busy.tolist() == [False, True, False]
    limiter.reset(1)
    assert limiter.gain[1] == 1.0
