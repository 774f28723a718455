"""Level and silence: every prompt equally loud, beginning and ending where the voice does.

A prompt's level is the RMS of its voiced parts, -20 dBFS, what carriers expect of speech. Peaks are held at -3 dBFS.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from softswitch.prompts.resampling import SAMPLE_RATE_HZ

SPEECH_DBFS = -20.0
PEAK_DBFS = -3.0
_FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
_VOICED_BELOW_PEAK_DB = 45.0
"""A 10 ms frame this far below the loudest one is silence."""
_LIMITER_SAMPLES = 5 * SAMPLE_RATE_HZ // 1000
"""The limiter acts this long before and after a peak."""


def trim(samples: NDArray[np.float32], *, lead_s: float, tail_s: float) -> NDArray[np.float32]:
    """8 kHz samples from `lead_s` before the first voiced frame to `tail_s` after the last, padded with silence."""
    voiced = np.flatnonzero(_voiced_frames(samples))
    if not len(voiced):
        return np.zeros(0, dtype=np.float32)
    lead, tail = round(lead_s * SAMPLE_RATE_HZ), round(tail_s * SAMPLE_RATE_HZ)
    padded = np.pad(samples, (lead, tail + _FRAME_SAMPLES))
    return padded[voiced[0] * _FRAME_SAMPLES : lead + (voiced[-1] + 1) * _FRAME_SAMPLES + tail]


def normalise(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples at the level of a prompt, their peaks limited; silence stays silence."""
    level = speech_level_dbfs(samples)
    if not np.isfinite(level):
        return samples
    return _limit(samples * np.float32(_amplitude(SPEECH_DBFS - level)))


def _limit(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Peaks brought down to `PEAK_DBFS` without a bend in the wave.

    The gain every sample needs is spread over its neighbourhood (the minimum of a window), then smoothed by a mean
    over as much; such a gain is never above what the sample itself needs.
    """
    needed = np.minimum(1, _amplitude(PEAK_DBFS) / np.maximum(np.abs(samples), 1e-9))
    spread = sliding_window_view(np.pad(needed, _LIMITER_SAMPLES, mode="edge"), 2 * _LIMITER_SAMPLES + 1).min(axis=1)
    window = np.full(2 * _LIMITER_SAMPLES + 1, 1 / (2 * _LIMITER_SAMPLES + 1))
    gain = np.convolve(np.pad(spread, _LIMITER_SAMPLES, mode="edge"), window, mode="valid")
    return (samples * gain).astype(np.float32)


def speech_level_dbfs(samples: NDArray[np.float32]) -> float:
    """RMS of the voiced frames against full scale 1.0; minus infinity for silence."""
    frames = _frames(samples)[_voiced_frames(samples)]
    return _decibels(float(np.sqrt(np.mean(frames.astype(np.float64) ** 2)))) if frames.size else -np.inf


def peak_dbfs(samples: NDArray[np.float32]) -> float:
    return _decibels(float(np.max(np.abs(samples), initial=0.0)))


def to_pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Full scale 1.0 as 16-bit samples, clipped."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def _frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(samples, (0, -len(samples) % _FRAME_SAMPLES)).reshape(-1, _FRAME_SAMPLES)


def _voiced_frames(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    energy = np.mean(_frames(samples).astype(np.float64) ** 2, axis=1)
    return energy > np.max(energy, initial=0.0) * 10 ** (-_VOICED_BELOW_PEAK_DB / 10)


def _amplitude(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _decibels(amplitude: float) -> float:
    return 20 * float(np.log10(amplitude)) if amplitude > 0 else -np.inf
