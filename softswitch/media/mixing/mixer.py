"""Who hears what, for all listeners of a phase at once: a gain matrix of which only what is not zero is kept.

Most listeners hear one source as it is: its bytes are copied, through a table when the codecs differ, and never become
samples. A listener with several sources, or with one that has a gain, hears their sum, exact in 32 bits and limited
once; so does a member of a room (rooms.py). What a listener hears can change from one tick to the next: then the first
5 ms of the next frame are faded from what it would have heard before (fades.py).
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixing.fades import cross_fade
from softswitch.media.mixing.hearings import NOTHING, Heard
from softswitch.media.mixing.limiter import Limiter
from softswitch.media.mixing.room_sums import RoomSums
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.stream_table import StreamTable

Int64s = NDArray[np.int64]


class Mixer:
    """The hearings of one phase. Listeners are rows of the phase, sources rows of `Frames`."""

    __slots__ = (
        "_differs",
        "_fading",
        "_first_row",
        "_heard",
        "_limiter",
        "_source",
        "_summing",
        "_sums",
        "rooms",
    )

    def __init__(self, phase: int, rows: int) -> None:
        """`phase` is the phase's number, `rows` how many rows each phase has."""
        self._first_row = phase * rows
        self.rooms = RoomSums(phase)
        self._source: Int64s = np.zeros(rows, np.int64)
        self._differs: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """Where the one source has another codec than its listener."""
        self._heard: dict[int, Heard] = {}
        """What every listener hears that hears anything."""
        self._summing: dict[int, Heard] = {}
        """Those of them whose sources are added; what their rooms say comes to it."""
        self._sums: _Sums | None = None
        """What `_summing` amounts to; None when it is to be worked out again."""
        self._fading: dict[int, Heard] = {}
        """What listeners heard up to the last tick, if they hear something else since."""
        self._limiter = Limiter(rows)

    def set_heard(self, listener: int, codec: int, heard: Heard, frames: Frames) -> None:
        """`listener`, whose codec is `codec`, hears this from now on. Also to be called when a codec changes."""
        before = self._heard.pop(listener, NOTHING)
        if before != heard:
            self._fading.setdefault(listener, before)
        if heard != NOTHING:
            self._heard[listener] = heard
        is_plain = heard.room is None and (not heard.sources or (len(heard.sources) == 1 and heard.gains == (1.0,)))
        if self._summing.pop(listener, None) is not None or not is_plain:
            self._sums = None
        if heard.sources and not is_plain:
            self._summing[listener] = heard
        if is_plain:
            self._limiter.reset(listener)
        source = heard.sources[0] if heard.sources and is_plain else frames.silence_row(codec)
        self._source[listener] = source
        self._differs[listener] = frames.codec[source] != codec

    def forget(self, listener: int, frames: Frames) -> None:
        """The row is free."""
        self.set_heard(listener, 0, NOTHING, frames)
        self._fading.pop(listener, None)

    def source_gone(self, row: int) -> None:
        """That row of `Frames` is free: whoever is there next is not to be heard in a fade."""
        for listener, heard in self._fading.items():
            if heard.has(row):
                self._fading[listener] = heard.without(row)

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
        if self._summing or not self.rooms.is_empty:
            self._add(table, frames, tables, outgoing)
        if self._fading:
            cross_fade(self._fading, self._first_row, table, frames, tables, outgoing, self._limiter)
            self._fading.clear()

    def _add(self, table: StreamTable, frames: Frames, tables: CodecTables, outgoing: OutgoingBuffer) -> None:
        besides: list[tuple[int, NDArray[np.int32]]] = []
        if self._summing:
            if self._sums is None:
                self._sums = _Sums(self._summing)
            listeners = self._sums.listeners
            heard = self._sums.add(frames, tables)
            is_in_room = self._sums.is_in_room
            besides = list(zip(listeners[is_in_room].tolist(), heard[is_in_room], strict=True))
            alone = listeners[~is_in_room]
            if len(alone):
                limited = self._limiter.limit(heard[~is_in_room], alone)
                outgoing.payload[alone] = tables.encode(limited, table.codec[alone])
        if not self.rooms.is_empty:
            self.rooms.mix(frames, tables, self._limiter, outgoing, besides)


class _Sums:
    """Sums of sources with their gains, as index arrays."""

    __slots__ = ("_begin", "_gain", "_of_term", "_sources", "is_in_room", "listeners")

    def __init__(self, summing: dict[int, Heard]) -> None:
        sources = [source for heard in summing.values() for source in heard.sources]
        gain = np.array([gain for heard in summing.values() for gain in heard.gains], np.float32)
        lengths = np.array([len(heard.sources) for heard in summing.values()], np.int64)
        self._sources, self._of_term = np.unique(np.array(sources, np.int64), return_inverse=True)
        self._gain = None if (gain == 1.0).all() else gain[:, np.newaxis]
        self._begin: Int64s = np.cumsum(lengths) - lengths
        self.listeners: Int64s = np.array(list(summing), np.int64)
        self.is_in_room: NDArray[np.bool_] = np.array([heard.room is not None for heard in summing.values()], np.bool_)

    def add(self, frames: Frames, tables: CodecTables) -> NDArray[np.int32]:
        """What each listener hears: int32[listeners, FRAME_SAMPLES]."""
        sound = tables.decode(frames.content[self._sources], frames.codec[self._sources])
        terms = sound.astype(np.int32)[self._of_term]
        if self._gain is not None:
            terms = np.rint(terms * self._gain).astype(np.int32)
        return np.add.reduceat(terms, self._begin, axis=0)
