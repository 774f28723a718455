"""Who hears what, for all listeners of a phase at once.

Most listeners hear one source: its bytes are copied, through a table when the codecs differ, and never become samples.
A listener with several sources hears their sum, exact in 32 bits and limited to 16 once. In a conference everybody
hears all but himself: then the sum of all is made once, and each one's own sound taken from it before it is limited.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.rtp import OutgoingBuffer
from softswitch.media.stream_table import StreamTable

Int64s = NDArray[np.int64]


class Mixer:
    """The hearings of one phase. Listeners are rows of the phase, sources rows of `Frames`."""

    __slots__ = ("_differs", "_first_row", "_mixing", "_several", "_source")

    def __init__(self, rows: int, first_row: int) -> None:
        """`first_row` is that of the phase in `Frames`."""
        self._first_row = first_row
        self._source: Int64s = np.zeros(rows, np.int64)
        self._differs: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Where the one source has another codec than its listener."""
        self._several: dict[int, frozenset[int]] = {}
        """Sources of the listeners that have several."""
        self._mixing: _Mixing | None = None
        """What `_several` amounts to; None when it is to be worked out again."""

    def set_sources(self, listener: int, codec: int, sources: Sequence[int], frames: Frames) -> None:
        """`listener`, whose codec is `codec`, hears `sources` from now on. Also to be called when a codec changes."""
        if self._several.pop(listener, None) is not None or len(sources) > 1:
            self._mixing = None
        if len(sources) > 1:
            self._several[listener] = frozenset(sources)
        source = sources[0] if len(sources) == 1 else frames.silence_row(codec)
        self._source[listener] = source
        self._differs[listener] = frames.codec[source] != codec

    def mix(self, table: StreamTable, frames: Frames, tables: CodecTables, outgoing: OutgoingBuffer) -> None:
        """Write what every stream of the table hears to the payload of its packet."""
        rows = table.rows
        source = self._source[:rows]
        outgoing.payload_runs[:rows] = frames.runs[source]
        differing = self._differs[:rows].nonzero()[0]
        if len(differing):
            heard = source[differing]
            outgoing.payload[differing] = tables.convert(
                frames.content[heard], frames.codec[heard], table.codec[differing]
            )
        if not self._several:
            return
        if self._mixing is None:
            self._mixing = _Mixing(self._several, self._first_row)
        listeners = self._mixing.listeners
        mixed = self._mixing.mix(
            tables.decode(frames.content[self._mixing.members], frames.codec[self._mixing.members])
        )
        outgoing.payload[listeners] = tables.encode(mixed, table.codec[listeners])


class _Mixing:
    """The sums of a phase as index arrays: which are made, and which each listener hears, with or without himself."""

    __slots__ = ("_begin_of_sum", "_own", "_subtracts", "_sum_of_listener", "_terms", "listeners", "members")

    def __init__(self, several: dict[int, frozenset[int]], first_row: int) -> None:
        rooms = {listener: sources | {first_row + listener} for listener, sources in several.items()}
        shared = Counter(rooms.values())
        sums: dict[frozenset[int], int] = {}
        sum_of_listener: list[int] = []
        subtracts: list[bool] = []
        for listener, sources in several.items():
            is_member = first_row + listener not in sources and shared[rooms[listener]] > 1
            terms = rooms[listener] if is_member else sources
            sum_of_listener.append(sums.setdefault(terms, len(sums)))
            subtracts.append(is_member)
        members = sorted(set[int]().union(*sums))
        place = {member: index for index, member in enumerate(members)}
        own = [place.get(first_row + listener, 0) for listener in several]
        lengths = np.array([len(terms) for terms in sums], np.int64)
        self.members: Int64s = np.array(members, np.int64)
        """Rows of `Frames` that are in any sum."""
        self.listeners: Int64s = np.array(list(several), np.int64)
        self._terms: Int64s = np.array([place[member] for terms in sums for member in sorted(terms)], np.int64)
        """Indices into `members`, sum after sum."""
        self._begin_of_sum: Int64s = np.cumsum(lengths) - lengths
        self._sum_of_listener: Int64s = np.array(sum_of_listener, np.int64)
        self._own: Int64s = np.array(own, np.int64)
        self._subtracts: NDArray[np.int32] = np.array(subtracts, np.int32)[:, np.newaxis]

    def mix(self, pcm: NDArray[np.int16]) -> NDArray[np.int16]:
        """`pcm` int16[members, samples] -> int16[listeners, samples]."""
        wide = pcm.astype(np.int32)
        sums = np.add.reduceat(wide[self._terms], self._begin_of_sum, axis=0)
        heard = sums[self._sum_of_listener] - self._subtracts * wide[self._own]
        return np.clip(heard, -32768, 32767).astype(np.int16)
