"""Between 8 and 16 kHz: a half-band filter, as one matrix product for all streams together.

Every second tap of a half-band filter is zero but the middle one, so one of two samples is a delayed copy and the other
a sum of _TAPS. Both directions use the same matrix. 3.4 kHz pass, and what lies above 4.6 kHz is 60 dB down; each
direction delays by 1.4 ms. What precedes a frame is kept by the caller, row by row: `past`.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.tick_grid import FRAME_SAMPLES

WIDE_RATE_HZ = 16000
WIDE_SAMPLES = 2 * FRAME_SAMPLES
"""Samples of one tick at 16 kHz."""

_TAPS = 24
_KAISER_BETA = 5.65
PAST_NARROW = _TAPS - 1
PAST_WIDE = 2 * _TAPS - 2
"""Samples of `past`."""

Samples = NDArray[np.int16]


def halve(sound: Samples, past: Samples) -> Samples:
    """16 kHz to 8 kHz: int16[n, WIDE_SAMPLES] -> int16[n, FRAME_SAMPLES].

    `past` int16[n, PAST_WIDE] is what went before, and is moved on.
    """
    whole = np.concatenate((past, sound), axis=1)
    past[:] = whole[:, WIDE_SAMPLES:]
    summed: NDArray[np.float32] = whole[:, 0::2].astype(np.float32) @ _MATRIX
    summed += 0.5 * whole[:, PAST_WIDE - _TAPS + 1 : -_TAPS + 1 : 2]
    return _limited(summed)


def double(sound: Samples, past: Samples) -> Samples:
    """8 kHz to 16 kHz: int16[n, FRAME_SAMPLES] -> int16[n, WIDE_SAMPLES].

    `past` int16[n, PAST_NARROW] is what went before, and is moved on.
    """
    whole = np.concatenate((past, sound), axis=1)
    past[:] = whole[:, FRAME_SAMPLES:]
    doubled = np.empty((len(sound), WIDE_SAMPLES), np.int16)
    doubled[:, 0::2] = _limited(2 * (whole.astype(np.float32) @ _MATRIX))
    doubled[:, 1::2] = whole[:, _TAPS // 2 : _TAPS // 2 + FRAME_SAMPLES]
    return doubled


def _limited(sound: NDArray[np.float32]) -> Samples:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def _build() -> NDArray[np.float32]:
    """float32[PAST_NARROW + FRAME_SAMPLES, FRAME_SAMPLES]: column n sums the _TAPS samples up to the n-th new one."""
    distance = np.arange(_TAPS) - (_TAPS - 1) / 2
    tap = 0.5 * np.sinc(distance) * np.kaiser(2 * _TAPS - 1, _KAISER_BETA)[0::2]
    tap *= 0.5 / tap.sum()
    matrix = np.zeros((PAST_NARROW + FRAME_SAMPLES, FRAME_SAMPLES), np.float32)
    for column in range(FRAME_SAMPLES):
        matrix[column : column + _TAPS, column] = tap
    return matrix


_MATRIX = _build()
