"""A limiter in place of clipping: sums above full scale are turned down, and up again when they are below it.

Sound that never exceeds full scale passes bit for bit. Otherwise the gain is a line from knot to knot, 1 ms apart: it
comes down within the millisecond before the peak that needs it, for the whole frame is known, and returns with a time
constant of 150 ms. Only where a frame's very first millisecond is too loud could nobody know beforehand; there the gain
follows sample by sample.
"""

import math

import numpy as np
from numpy.typing import NDArray

from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ

FULL_SCALE = 32767
ATTACK_S = 0.001
RELEASE_S = 0.150

_STEP = round(ATTACK_S * SAMPLE_RATE_HZ)
_STEPS = FRAME_SAMPLES // _STEP
_HALVINGS = _STEP.bit_length() - 1
_KEPT = math.exp(-ATTACK_S / RELEASE_S)
"""What a step of the release leaves of the attenuation."""
_DONE = np.float32(0.999)
"""A gain above this is none any more (0.01 dB)."""
_ALONG = np.tile(np.arange(1, _STEP + 1, dtype=np.float32) / _STEP, _STEPS)
"""How far each sample is from the knot before it to the next."""


class Limiter:
    """The gains of all listeners of a phase, 1 while they are not needed."""

    __slots__ = ("_is_idle", "gain")

    def __init__(self, rows: int) -> None:
        self.gain: NDArray[np.float32] = np.ones(rows, np.float32)
        """At the end of the last frame, by row."""
        self._is_idle = True

    def reset(self, row: int) -> None:
        self.gain[row] = 1.0

    def busy(self, rows: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Which of these rows are turned down now; None if nobody is."""
        return None if self._is_idle else self.gain[rows] < 1.0

    def limit(self, sound: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """A frame of each of these rows: int32[n, FRAME_SAMPLES] -> int16[n, FRAME_SAMPLES]."""
        if self._is_idle and fits(sound):
            return sound.astype(np.int16)
        is_over = (sound.max(axis=1) > FULL_SCALE) | (sound.min(axis=1) < -FULL_SCALE)
        which = np.flatnonzero(is_over | (self.gain[rows] < 1.0))
        limited = sound.astype(np.int16)
        limited[which] = self._turn_down(sound[which], rows[which])
        self._is_idle = bool((self.gain == 1.0).all())
        return limited

    def _turn_down(self, sound: NDArray[np.int32], rows: NDArray[np.int64]) -> NDArray[np.int16]:
        exact = sound.astype(np.float32)
        level = np.abs(exact)
        peak = level
        for _ in range(_HALVINGS):
            peak = np.maximum(peak[:, ::2], peak[:, 1::2])
        allowed = FULL_SCALE / np.maximum(peak.T, FULL_SCALE)
        knots = np.empty((_STEPS + 1, len(rows)), np.float32)
        knots[0] = self.gain[rows]
        # A line stays below what its step allows when both its ends do.
        ceiling = allowed.copy()
        np.minimum(allowed[:-1], allowed[1:], out=ceiling[:-1])
        for step in range(_STEPS):
            np.minimum(ceiling[step], 1.0 - (1.0 - knots[step]) * _KEPT, out=knots[step + 1])
        gain = np.repeat(np.diff(knots, axis=0).T, _STEP, axis=1)
        gain *= _ALONG
        gain += np.repeat(knots[:-1].T, _STEP, axis=1)
        gain[:, :_STEP] = np.minimum(gain[:, :_STEP], FULL_SCALE / np.maximum(level[:, :_STEP], FULL_SCALE))
        self.gain[rows] = np.where(knots[-1] > _DONE, np.float32(1.0), knots[-1])
        exact *= gain
        np.rint(exact, out=exact)
        return np.clip(exact, -FULL_SCALE, FULL_SCALE, out=exact).astype(np.int16)


def fits(sound: NDArray[np.int32]) -> bool:
    """Whether nothing of it exceeds full scale. (Two passes over flat memory cost a quarter of a maximum per row.)"""
    return not sound.size or (int(sound.max()) <= FULL_SCALE and int(sound.min()) >= -FULL_SCALE)
