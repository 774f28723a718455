"""The streams of one phase as columns: one row per stream, one array operation for all of them.

Positions count samples of a stream since it began here (int64, they never wrap). `play` is the next sample to be heard,
`end` the one after the last that arrived; `ring` holds what lies between them, and a little of the past, as the bytes
that came (G.711 has one byte per sample, so the ring is one of samples too).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import PAYLOAD_BYTES_MAX
from softswitch.media.packets.byte_windows import Windows, windows
from softswitch.media.tick_grid import FRAME_SAMPLES

RING_SAMPLES = 8192
"""A second of sound: more than any delay that a conversation survives. A power of two, so that wrapping is a mask."""
RING_MASK = RING_SAMPLES - 1
RING_GUARD = FRAME_SAMPLES + PAYLOAD_BYTES_MAX
"""Bytes before and after the ring, copies of its other end: a frame is read and a packet written without being split.

A frame that begins at the last sample needs a copy of the ring's first FRAME_SAMPLES behind it, and a packet that
begins at the last of those needs its own length more.
"""
RING_ROW_BYTES = RING_GUARD + RING_SAMPLES + RING_GUARD

FADE_SAMPLES = 480
"""Lost sound is replaced for 60 ms and fades meanwhile (concealment.py)."""
FADE_ROW_SAMPLES = FADE_SAMPLES + 2 * FRAME_SAMPLES
"""The replacement is followed by zeros, so that a frame may be read from any point of it."""

DEPTH_BIN_SAMPLES = 40
DEPTH_BINS = 64
"""Depths of a jitter buffer are told apart by 5 ms, up to 320 ms."""

_COLUMNS: dict[str, tuple[type[np.generic], tuple[int, ...], int]] = {
    "ssrc": (np.int64, (), -1),
    "next_sequence": (np.int64, (), 0),
    "next_timestamp": (np.int64, (), 0),
    "play": (np.int64, (), 0),
    "end": (np.int64, (), 0),
    "seen": (np.int64, (), 0),
    "wait": (np.int64, (), 0),
    "pace": (np.int64, (), 0),
    "holes": (np.int64, (), 0),
    "ring": (np.uint8, (RING_ROW_BYTES,), 0),
    "hole": (np.uint8, (RING_SAMPLES,), 0),
    "concealed": (np.int64, (), FADE_SAMPLES),
    "fade": (np.int16, (FADE_ROW_SAMPLES,), 0),
    "period": (np.int64, (), 80),
    "depth_count": (np.float32, (DEPTH_BINS,), 0),
    "trim": (np.int64, (), 0),
    "receives": (np.bool_, (), 0),
    "codec": (np.int64, (), 0),
    "is_coded": (np.bool_, (), 0),
    "is_fax": (np.bool_, (), 0),
    "margin": (np.int64, (), 0),
    "payload_type_in": (np.int64, (), -1),
    "event_type_in": (np.int64, (), -1),
    "event_type_own": (np.int64, (), -1),
    "last_tick": (np.int64, (), 0),
    "timeout_ticks": (np.int64, (), 0),
    "reported_tick": (np.int64, (), 0),
    "guarded": (np.bool_, (), 0),
    "received": (np.int64, (), 0),
    "lost": (np.int64, (), 0),
    "late": (np.int64, (), 0),
    "loss_runs": (np.int64, (), 0),
    "timed": (np.int64, (), 0),
    "timed_arrival": (np.float64, (), 0),
    "timed_timestamp": (np.int64, (), 0),
    "jitter": (np.float64, (), 0),
    "payload_type_out": (np.uint8, (), 0),
    "sequence_out": (np.uint16, (), 0),
    "timestamp_out": (np.uint32, (), 0),
    "aimed": (np.bool_, (), 0),
    "sent": (np.int64, (), 0),
    "playing": (np.bool_, (), 0),
    "sound_at": (np.int64, (), 0),
    "sound_end": (np.int64, (), 0),
    "sound_is_over": (np.bool_, (), 0),
}
"""dtype, shape of one row, value in a row that no stream has."""


class StreamTable:
    """Columns of equal length. `window` gives the same columns cut short, as views."""

    __slots__ = (*_COLUMNS, "ring_base", "ring_runs", "row_numbers", "rows")

    ssrc: NDArray[np.int64]
    """Of the source that is heard, -1 before the first packet."""
    next_sequence: NDArray[np.int64]
    next_timestamp: NDArray[np.int64]
    """Of the packet that would follow the newest one; its position is `end`."""
    play: NDArray[np.int64]
    end: NDArray[np.int64]
    seen: NDArray[np.int64]
    """`end` as it was at the last tick: what is beyond is new."""
    wait: NDArray[np.int64]
    """Samples a packet waits in its socket for the tick, as last measured; 0 when it was not."""
    pace: NDArray[np.int64]
    """Samples `play` moves per tick: FRAME_SAMPLES, or 0 before the first packet."""
    holes: NDArray[np.int64]
    """Samples between `play` and `end` that have not arrived."""
    ring: NDArray[np.uint8]
    hole: NDArray[np.uint8]
    """1 where a sample counted in `holes` is missing; indexed by position & RING_MASK."""
    concealed: NDArray[np.int64]
    """Samples replaced since the last that had arrived."""
    fade: NDArray[np.int16]
    """What they are replaced by."""
    period: NDArray[np.int64]
    """Of the voice where the gap began, in samples."""
    depth_count: NDArray[np.float32]
    """How often so many times DEPTH_BIN_SAMPLES were left after a tick; old ticks count less (adaptation.py)."""
    trim: NDArray[np.int64]
    """Samples to leave out (> 0) or to repeat (< 0)."""
    receives: NDArray[np.bool_]
    codec: NDArray[np.int64]
    """Index into the codec tables."""
    is_coded: NDArray[np.bool_]
    """The codec is another one, and `codec` that of its frames (coded_rows.py)."""
    is_fax: NDArray[np.bool_]
    """It is a modem's signal: the buffer keeps its length;"""
    margin: NDArray[np.int64]
    """but for so many samples, which are added once it flows."""
    payload_type_in: NDArray[np.int64]
    event_type_in: NDArray[np.int64]
    event_type_own: NDArray[np.int64]
    """RTP payload type of telephone events by the party's number and by ours, -1 for none."""
    last_tick: NDArray[np.int64]
    """Tick of the last packet that was accepted, or in which the stream began."""
    timeout_ticks: NDArray[np.int64]
    """After how long a silence is reported, 0 for never."""
    reported_tick: NDArray[np.int64]
    """When silence was last reported."""
    guarded: NDArray[np.bool_]
    """The socket is connected to a source that was learnt: when that falls silent, it is opened again."""
    received: NDArray[np.int64]
    lost: NDArray[np.int64]
    late: NDArray[np.int64]
    loss_runs: NDArray[np.int64]
    """How many times packets were lost, however many at a time."""
    timed: NDArray[np.int64]
    timed_arrival: NDArray[np.float64]
    timed_timestamp: NDArray[np.int64]
    """Packets whose arrival is known, and of the last of them the arrival (wall clock, in samples) and timestamp."""
    jitter: NDArray[np.float64]
    """In samples (arrival_jitter.py)."""
    payload_type_out: NDArray[np.uint8]
    sequence_out: NDArray[np.uint16]
    timestamp_out: NDArray[np.uint32]
    aimed: NDArray[np.bool_]
    """A packet goes out in each tick."""
    sent: NDArray[np.int64]
    playing: NDArray[np.bool_]
    sound_at: NDArray[np.int64]
    sound_end: NDArray[np.int64]
    """Where in the sound store the next frame of a playback is, and where its sound ends."""
    sound_is_over: NDArray[np.bool_]
    """The playback is added to what the listener hears."""
    rows: int
    row_numbers: NDArray[np.int64]
    ring_base: NDArray[np.int64]
    """Flat byte of each row's position 0."""
    ring_runs: Windows
    """Runs of a frame's length anywhere in `ring`."""

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        for name, column in columns.items():
            setattr(self, name, column)
        self.rows = len(self.play)
        self.row_numbers = np.arange(self.rows, dtype=np.int64)
        self.ring_base = self.row_numbers * RING_ROW_BYTES + RING_GUARD
        self.ring_runs = windows(self.ring, FRAME_SAMPLES)

    def window(self, rows: int) -> "StreamTable":
        """The first `rows` rows (at least one), sharing memory."""
        return StreamTable({name: getattr(self, name)[:rows] for name in _COLUMNS})

    def clear(self, row: int) -> None:
        """Make the row as if no stream had ever had it."""
        for name, (_, shape, value) in _COLUMNS.items():
            column = getattr(self, name)
            # Reading a page that was never written costs no memory, writing zeros to it does.
            if not shape or np.count_nonzero(column[row]):
                column[row] = value


def allocate(rows: int) -> StreamTable:
    """A table of empty rows. Memory is used only as rows are."""
    columns: dict[str, NDArray[Any]] = {}
    for name, (dtype, shape, value) in _COLUMNS.items():
        column = np.zeros((rows, *shape), dtype)
        if value:
            column[:] = value
        columns[name] = column
    return StreamTable(columns)
