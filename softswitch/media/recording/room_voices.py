"""What is said in rooms that are recorded: one frame a tick for each, where a recording takes a party's.

A room's sum lies in parts, one a phase, each up to a tick old (room_sums.py). The phase of the recording adds them up
once more, with nobody's own voice taken away, and limits and encodes the sum.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import ROOM_CODEC, Frames
from softswitch.media.limits import ROOMS_MAX
from softswitch.media.mixing.limiter import Limiter


class RoomVoices:
    """The recorded rooms of one phase, by slot (mixing/rooms.py)."""

    __slots__ = ("_limiter", "_recordings", "_slots")

    def __init__(self) -> None:
        self._recordings: Counter[int] = Counter()
        self._slots: NDArray[np.int64] = np.zeros(0, np.int64)
        self._limiter = Limiter(ROOMS_MAX)

    @property
    def is_empty(self) -> bool:
        return not self._recordings

    def add(self, slot: int) -> None:
        """One more recording is of this room."""
        self._recordings[slot] += 1
        self._collect()

    def remove(self, slot: int, frames: Frames, tables: CodecTables) -> None:
        """One less."""
        self._recordings[slot] -= 1
        if not self._recordings[slot]:
            del self._recordings[slot]
            self._limiter.reset(slot)
            frames.content[frames.room_row(slot)] = tables.silence[ROOM_CODEC]
        self._collect()

    def write(self, frames: Frames, tables: CodecTables) -> None:
        """Before the taps of a tick."""
        if not len(self._slots):
            return
        totals = frames.room_parts[:, self._slots].sum(axis=0, dtype=np.int32)
        sound = self._limiter.limit(totals, self._slots)
        codec = np.full(len(sound), ROOM_CODEC, np.int64)
        frames.content[frames.room_row(0) + self._slots] = tables.encode(sound, codec)

    def _collect(self) -> None:
        self._slots = np.array(sorted(self._recordings), np.int64)
