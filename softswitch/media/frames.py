"""What every stream's party says in its latest tick, side by side for all phases of a worker.

A listener takes a source's frame from here, whatever phases the two belong to. Behind the streams' rows there is a row
of silence for each codec: a listener that hears nothing hears that. Behind these there is a row for each room, which
recordings of the room are made of.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.coding.half_band import WIDE_SAMPLES
from softswitch.media.limits import ROOMS_MAX
from softswitch.media.packets.byte_windows import Windows, as_runs
from softswitch.media.tick_grid import FRAME_SAMPLES, PHASES

ROOM_CODEC = 0
"""Of the rows of rooms."""


class Frames:
    __slots__ = (
        "_rooms",
        "_streams",
        "codec",
        "content",
        "is_speech",
        "is_talking",
        "is_wide",
        "power",
        "room_parts",
        "runs",
        "wide",
    )

    def __init__(self, streams: int, tables: CodecTables) -> None:
        self._rooms = streams + len(tables.names)
        rows = self._rooms + ROOMS_MAX
        self._streams = streams
        self.content: NDArray[np.uint8] = np.zeros((rows, FRAME_SAMPLES), np.uint8)
        self.codec: NDArray[np.int64] = np.zeros(rows, np.int64)
        self.runs: Windows = as_runs(self.content)
        self.power: NDArray[np.float32] = np.zeros(rows, np.float32)
        """Mean of the squares of the party's samples, as last looked at (voice_facts.py)."""
        self.is_speech: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Whether that was speech."""
        self.is_talking: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Whether the party talks; it goes on doing so in the short pauses of speech."""
        self.room_parts: NDArray[np.int32] = np.zeros((PHASES, ROOMS_MAX, FRAME_SAMPLES), np.int32)
        """What the members of each room that are in one phase say together (room_sums.py)."""
        self.wide: NDArray[np.int16] = np.zeros((rows, WIDE_SAMPLES), np.int16)
        """The frames of wideband parties at 16 kHz, beside `content` (coded_rows.py)."""
        self.is_wide: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Whether `wide` is the party's latest frame."""
        for codec, byte in enumerate(tables.silence):
            self.content[streams + codec] = byte
            self.codec[streams + codec] = codec
        self.content[self._rooms :] = tables.silence[ROOM_CODEC]
        self.codec[self._rooms :] = ROOM_CODEC

    def silence_row(self, codec: int) -> int:
        """The row that is silent in this codec."""
        return self._streams + codec

    def room_row(self, slot: int) -> int:
        """The row of what is said in the room with this slot; silent unless it is recorded (room_voices.py)."""
        return self._rooms + slot
