"""Voices as the others are to have them: a party's own gain, and parties that are muted.

This is done to the frame itself, before anybody hears or records it; a listener that hears one party goes on hearing
its bytes. The gain changes along a line of 5 ms, so that nothing clicks. Rows at 0 dB cost nothing.

(Digits sent as tones are listened for before, so a muted party can ask for the word.)
"""

import math

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.limits import GAIN_DB_MAX
from softswitch.media.mixing.limiter import Limiter
from softswitch.media.tick_grid import FRAME_SAMPLES

RAMP_SAMPLES = 40
"""5 ms: short enough for no syllable to be lost, long enough not to be heard as a click."""

RAMP: NDArray[np.float32] = np.minimum(np.arange(1, FRAME_SAMPLES + 1) / RAMP_SAMPLES, 1.0).astype(np.float32)
"""From the old gain (0) to the new one (1) in the first samples of a frame."""


def factor_of(gain_db: float) -> float:
    """Decibels as a factor of the amplitude."""
    return 1.0 if gain_db == 0.0 else 10.0 ** (gain_db / 20.0)


def gain_fault(gain_db: float) -> str | None:
    """Why this cannot be a gain, in words for people."""
    if -math.inf < gain_db <= GAIN_DB_MAX:
        return None
    return f"a gain is a number of dB up to {GAIN_DB_MAX:g}, not {gain_db:g}"


class Gains:
    """The gains of one phase's parties."""

    __slots__ = ("_factor", "_limiter", "_rows", "_wanted")

    def __init__(self, rows: int) -> None:
        self._factor: NDArray[np.float32] = np.ones(rows, np.float32)
        self._wanted: NDArray[np.float32] = np.ones(rows, np.float32)
        self._limiter = Limiter(rows)
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        """Those that are not at 0 dB, or have not been all through the last tick."""

    def set(self, row: int, gain_db: float, *, is_muted: bool, is_new: bool = False) -> None:
        """From the next tick on; a stream that `is_new` has not been heard otherwise before."""
        if is_new:
            self._limiter.reset(row)
        wanted = 0.0 if is_muted else factor_of(gain_db)
        if wanted == self._wanted[row] == self._factor[row]:
            return
        self._wanted[row] = wanted
        if is_new:
            self._factor[row] = wanted
        self._collect()

    def clear(self, row: int) -> None:
        """The row is free."""
        self.set(row, 0.0, is_muted=False, is_new=True)

    def apply(self, frames: NDArray[np.uint8], codec: NDArray[np.int64], tables: CodecTables) -> None:
        """Change the frames uint8[rows, FRAME_SAMPLES] of a tick, whose codecs are int64[rows]."""
        rows = self._rows
        if not len(rows):
            return
        before, after = self._factor[rows], self._wanted[rows]
        is_silent = (before == 0.0) & (after == 0.0)
        silent, heard = rows[is_silent], rows[~is_silent]
        frames[silent] = np.frombuffer(tables.silence, np.uint8)[codec[silent], np.newaxis]
        if not len(heard):
            return
        gain = before[~is_silent, np.newaxis] + (after - before)[~is_silent, np.newaxis] * RAMP
        sound = np.rint(tables.decode(frames[heard], codec[heard]) * gain).astype(np.int32)
        frames[heard] = tables.encode(self._limiter.limit(sound, heard), codec[heard])
        if (before != after).any():
            self._factor[rows] = after
            self._collect()

    def _collect(self) -> None:
        self._rows = np.flatnonzero((self._factor != 1.0) | (self._wanted != 1.0))
