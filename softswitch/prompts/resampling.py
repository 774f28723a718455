"""Conversion to the telephone's 8 kHz: a windowed sinc, evaluated only where an output sample falls."""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 8000
"""Rate of every sound of the library."""

_CROSSINGS = 32
"""Zero crossings of the sinc on each side: with `_KAISER_BETA` 3.4 kHz pass and 4 kHz is 80 dB down."""
_KAISER_BETA = 8.0
_CUTOFF = 0.46
"""Of the lower of the two rates, where the filter is at half its gain."""


def resample(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Samples at `rate_hz` as samples at 8 kHz, both 1-D. The result lasts as long as the input, rounded up."""
    if rate_hz == SAMPLE_RATE_HZ:
        return samples
    common = gcd(rate_hz, SAMPLE_RATE_HZ)
    up, down = SAMPLE_RATE_HZ // common, rate_hz // common
    kernels = _kernels(rate_hz, up, down)
    taps = kernels.shape[1]
    result = np.empty(-(-len(samples) * up // down), dtype=np.float32)
    windows = sliding_window_view(np.pad(samples, (taps // 2, taps + down)), taps)
    for phase in range(min(up, len(result))):
        count = len(result[phase::up])
        result[phase::up] = windows[phase * down // up :: down][:count] @ kernels[phase]
    return result


@lru_cache(maxsize=8)
def _kernels(rate_hz: int, up: int, down: int) -> NDArray[np.float32]:
    """One row of taps for each of the `up` positions an output sample can have between two input samples."""
    lower_hz = min(rate_hz, SAMPLE_RATE_HZ)
    half_width = _CROSSINGS * rate_hz / lower_hz
    taps = 2 * int(np.ceil(half_width)) + 1
    fractions = (np.arange(up) * down % up) / up
    distances = np.arange(taps) - taps // 2 - fractions[:, None]
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distances / half_width) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    window[np.abs(distances) > half_width] = 0
    cutoff = 2 * _CUTOFF * lower_hz / rate_hz
    kernels = np.sinc(cutoff * distances) * window
    return (kernels / kernels.sum(axis=1, keepdims=True)).astype(np.float32)
