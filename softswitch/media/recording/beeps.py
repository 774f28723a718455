"""The beep that tells recorded parties that they are: a short tone now and then, added to what they hear.

1400 Hz for 0.4 s, as in the tone plans of several countries; how often is for the recording to say, 15 s is usual. It
is sent to the parties and is not in the file, which holds what they say.
"""

import math

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf_tones import AMPLITUDE_0_DBM0
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES, SAMPLE_RATE_HZ, TICK_S

BEEP_TICKS = 20
LEVEL_DBM0 = -23.0
"""Well to be heard, and no hindrance to speech."""
_HERTZ = 1400
_RAMP_SAMPLES = 80


class Beeps:
    """The rows of one phase that hear beeps, each with the tick of its first and the ticks from one to the next."""

    __slots__ = ("_by_row", "_every", "_first", "_rows")

    def __init__(self) -> None:
        self._by_row: dict[int, tuple[int, int]] = {}
        self._arrange()

    def set(self, row: int, first_tick: int, every_s: float) -> None:
        """The row hears a beep in `first_tick`, and every so often afterwards."""
        self._by_row[row] = (first_tick, max(round(every_s / TICK_S), BEEP_TICKS))
        self._arrange()

    def forget(self, row: int) -> None:
        """No more beeps; a row that heard none is fine."""
        if self._by_row.pop(row, None) is not None:
            self._arrange()

    def add(self, table: StreamTable, payload: NDArray[np.uint8], tables: CodecTables, tick: int) -> None:
        """Add this tick's part of every beep to `payload` uint8[rows, FRAME_SAMPLES]: what the phase's rows hear."""
        if not len(self._rows):
            return
        into = (tick - self._first) % self._every
        is_due = (into < BEEP_TICKS) & (tick >= self._first) & ~table.is_fax[self._rows]
        if not is_due.any():
            return
        rows = self._rows[is_due]
        codec = table.codec[rows]
        heard = tables.decode(payload[rows], codec).astype(np.int32) + _BEEP[into[is_due]]
        payload[rows] = tables.encode(np.clip(heard, -32768, 32767).astype(np.int16), codec)

    def _arrange(self) -> None:
        self._rows = np.array(list(self._by_row), np.int64)
        self._first = np.array([first for first, _ in self._by_row.values()], np.int64)
        self._every = np.array([every for _, every in self._by_row.values()], np.int64)


def _beep() -> NDArray[np.int16]:
    """int16[BEEP_TICKS, FRAME_SAMPLES]"""
    at = np.arange(BEEP_TICKS * FRAME_SAMPLES)
    ramp = np.clip(np.minimum(at, len(at) - 1 - at) / _RAMP_SAMPLES, 0.0, 1.0)
    amplitude = AMPLITUDE_0_DBM0 * 10 ** (LEVEL_DBM0 / 20)
    wave = amplitude * ramp * np.sin(2 * math.pi * _HERTZ / SAMPLE_RATE_HZ * at)
    return np.round(wave).astype(np.int16).reshape(BEEP_TICKS, FRAME_SAMPLES)


_BEEP = _beep()
