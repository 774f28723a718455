"""Who hears what, for all listeners of a phase at once.

Most listeners hear one source: its bytes are copied, through a table when the codecs differ, and never become samples.
A listener with several sources hears their sum, exact in 32 bits and limited to 16 once.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.rtp import OutgoingBuffer
from softswitch.media.stream_table import StreamTable


class Mixer:
    """The hearings of one phase. Listeners are rows of the phase, sources rows of `Frames`."""

    __slots__ = ("_differs", "_is_planned", "_listeners", "_members", "_offsets", "_source", "_sums")

    def __init__(self, rows: int) -> None:
        self._source: NDArray[np.int64] = np.zeros(rows, np.int64)
        self._differs: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Where the one source has another codec than its listener."""
        self._sums: dict[int, list[int]] = {}
        """Sources of the listeners that have several."""
        self._is_planned = True
        self._listeners: NDArray[np.int64] = np.zeros(0, np.int64)
        self._members: NDArray[np.int64] = np.zeros(0, np.int64)
        self._offsets: NDArray[np.int64] = np.zeros(0, np.int64)

    def set_sources(self, listener: int, codec: int, sources: Sequence[int], frames: Frames) -> None:
        """`listener`, whose codec is `codec`, hears `sources` from now on. Also to be called when a codec changes."""
        if self._sums.pop(listener, None) is not None or len(sources) > 1:
            self._is_planned = False
        if len(sources) > 1:
            self._sums[listener] = list(sources)
        source = sources[0] if len(sources) == 1 else frames.silence_row(codec)
        self._source[listener] = source
        self._differs[listener] = frames.codec[source] != codec

    def mix(self, table: StreamTable, frames: Frames, tables: CodecTables, outgoing: OutgoingBuffer) -> None:
        """Write what every stream of the table hears to the payloads of its packet."""
        rows = table.rows
        source = self._source[:rows]
        outgoing.payload_runs[:rows] = frames.runs[source]
        differing = np.flatnonzero(self._differs[:rows])
        if len(differing):
            heard = source[differing]
            outgoing.payload[differing] = tables.convert(
                frames.content[heard], frames.codec[heard], table.codec[differing]
            )
        if not self._is_planned:
            self._plan()
        if len(self._listeners):
            pcm = tables.decode(frames.content[self._members], frames.codec[self._members])
            mixed = add_up(pcm, self._offsets)
            outgoing.payload[self._listeners] = tables.encode(mixed, table.codec[self._listeners])

    def _plan(self) -> None:
        self._listeners, self._members, self._offsets = _flatten(self._sums)
        self._is_planned = True


def add_up(pcm: NDArray[np.int16], offsets: NDArray[np.int64]) -> NDArray[np.int16]:
    """Sum runs of rows of int16[n, samples], a run beginning at each offset; limited to 16 bits after the sum."""
    total = np.add.reduceat(pcm, offsets, axis=0, dtype=np.int32)
    return np.clip(total, -32768, 32767).astype(np.int16)


def _flatten(sums: Mapping[int, list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Listeners, all their sources one after another, and where each listener's begin."""
    lengths = [len(sources) for sources in sums.values()]
    members = [source for sources in sums.values() for source in sources]
    return (
        np.array(list(sums), np.int64),
        np.array(members, np.int64),
        np.cumsum([0, *lengths[:-1]], dtype=np.int64) if lengths else np.zeros(0, np.int64),
    )
