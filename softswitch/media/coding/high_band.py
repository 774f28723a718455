"""What wideband adds to a sum: the voices' sound above 4 kHz, for those who hear several at once.

A listener's narrowband sum has everybody's gain, the limiter and whatever else is done to it. It is brought to 16 kHz,
and what the wideband voices have more than their own narrowband frames is added. That difference also holds what µ-law
took away, so a single voice comes out as it was.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.half_band import PAST_NARROW, PAST_WIDE, WIDE_SAMPLES, double
from softswitch.media.frames import Frames

_DELAY = PAST_WIDE
"""Samples that halving and doubling take together, at 16 kHz."""


class HighBand:
    """The differences of one phase's listeners' sources, which are rows of `Frames`."""

    __slots__ = ("_delayed", "_past", "_rows")

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._delayed: NDArray[np.int16] = np.zeros((0, _DELAY), np.int16)
        self._past: NDArray[np.int16] = np.zeros((0, PAST_NARROW), np.int16)
        """What went before, of each of `_rows`."""

    def sums(
        self, heard: Mapping[int, Sequence[tuple[int, float]]], frames: Frames, tables: CodecTables
    ) -> dict[int, NDArray[np.float32]]:
        """float32[WIDE_SAMPLES] for each listener, of its (source, gain) pairs; all of those have wideband now."""
        self._follow(sorted({source for terms in heard.values() for source, _ in terms}))
        if not self._rows:
            return {}
        at = np.array(self._rows)
        narrow = tables.decode(frames.content[at], frames.codec[at])
        whole = np.concatenate((self._delayed, frames.wide[at]), axis=1)
        self._delayed = whole[:, WIDE_SAMPLES:]
        difference = (whole[:, :WIDE_SAMPLES].astype(np.int32) - double(narrow, self._past)).astype(np.float32)
        place = {row: index for index, row in enumerate(self._rows)}
        sums: dict[int, NDArray[np.float32]] = {}
        for listener, terms in heard.items():
            gains = np.array([gain for _, gain in terms], np.float32)
            sums[listener] = gains @ difference[[place[source] for source, _ in terms]]
        return sums

    def forget(self, row: int) -> None:
        """The source is gone: who is in its row next has another past."""
        if row in self._rows:
            self._follow([other for other in self._rows if other != row])

    def _follow(self, rows: list[int]) -> None:
        """These are the sources now; those that were before keep their past."""
        if rows == self._rows:
            return
        before = {row: index for index, row in enumerate(self._rows)}
        delayed = np.zeros((len(rows), _DELAY), np.int16)
        past = np.zeros((len(rows), PAST_NARROW), np.int16)
        for index, row in enumerate(rows):
            if row in before:
                delayed[index], past[index] = self._delayed[before[row]], self._past[before[row]]
        self._rows, self._delayed, self._past = rows, delayed, past
