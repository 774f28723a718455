"""While a key is down its party is not heard: the digit is told as an event, and must not be heard as well.

Some phones and most gateways go on sending the sound of the key beside its events. An event is known at once, the sound
lies in the jitter buffer first, so that what came with the event and a little before it can still be left out: nobody
hears it, no recording holds it, and no detector finds the digit a second time.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.digits.dtmf import DIGITS, END
from softswitch.media.stream_table import StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

_UPDATE_TICKS = 5
"""The next update of a key that is still down comes within 50 ms (RFC 4733 section 2.5.1.2); one may be lost."""

_END_TICKS = 1
"""The packet of sound that was on its way when the key was released."""


class KeyMuting:
    """The rows of one phase whose party holds a key down."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[int, int] = {}
        """The tick from which the row is heard again."""

    def note(self, table: StreamTable, row: NDArray[np.int64], payloads: NDArray[np.uint8], tick: int) -> None:
        """Events came: `payloads` uint8[n, >= 4] for the rows int64[n]. They are for the coming tick."""
        frames_waiting = (np.maximum(table.end[row] - table.play[row], 0) // FRAME_SAMPLES + 1).tolist()
        for key_row, payload, waiting in zip(row.tolist(), payloads.tolist(), frames_waiting, strict=True):
            if payload[0] < len(DIGITS):
                self._until[key_row] = tick + waiting + (_END_TICKS if payload[1] & END else _UPDATE_TICKS)

    def silence(self, table: StreamTable, heard: NDArray[np.uint8], tables: CodecTables, tick: int) -> None:
        """Put silence in place of what these parties say in this tick: `heard` uint8[rows, samples]."""
        if not self._until:
            return
        self._until = {row: until for row, until in self._until.items() if tick < until}
        for row in self._until:
            heard[row] = tables.silence[table.codec[row]]

    def forget(self, row: int) -> None:
        """The row is free."""
        self._until.pop(row, None)
