"""From what a listener heard to what he hears now, without a click.

A voice that is switched on or off in the middle of a sound makes a step. So the first 5 ms after a change are a
cross-fade. It is made from the finished frame and from what the listener would have heard without the change, which is
worked out once more, for these few samples and this one tick. A source that is dropped ends with its last frame.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixing.gains import RAMP, RAMP_SAMPLES
from softswitch.media.mixing.hearings import Heard
from softswitch.media.mixing.limiter import FULL_SCALE, Limiter
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.stream_table import StreamTable

_RAMP = RAMP[:RAMP_SAMPLES]


def cross_fade(
    fading: Mapping[int, Heard],
    first_row: int,
    table: StreamTable,
    frames: Frames,
    tables: CodecTables,
    outgoing: OutgoingBuffer,
    limiter: Limiter,
) -> None:
    """Blend what these listeners heard before into the beginning of their frames.

    They are rows of the phase whose first row in `Frames` is `first_row`.
    """
    listeners = np.array(list(fading), np.int64)
    before = np.zeros((len(listeners), RAMP_SAMPLES), np.float32)
    # One tuple serves all members of a room.
    rooms: dict[int, NDArray[np.float32]] = {}
    members: list[int] = []
    for index, heard in enumerate(fading.values()):
        if heard.room is not None:
            members.append(index)
            total = rooms.get(id(heard.room))
            if total is None:
                total = rooms[id(heard.room)] = _beginnings(frames, tables, heard.room).sum(axis=0)
            before[index] = total
        if heard.sources:
            before[index] += np.array(heard.gains, np.float32) @ _beginnings(frames, tables, heard.sources)
    if members:
        before[members] -= _beginnings(frames, tables, (first_row + listeners[members]).tolist())
    before *= limiter.gain[listeners, np.newaxis]
    codec = table.codec[listeners]
    after = tables.decode(outgoing.payload[listeners, :RAMP_SAMPLES], codec)
    blended = np.clip(np.rint(before + (after - before) * _RAMP), -FULL_SCALE, FULL_SCALE).astype(np.int16)
    outgoing.payload[listeners, :RAMP_SAMPLES] = tables.encode(blended, codec)


def _beginnings(frames: Frames, tables: CodecTables, rows: Sequence[int]) -> NDArray[np.float32]:
    at = np.array(rows, np.int64)
    return tables.decode(frames.content[at, :RAMP_SAMPLES], frames.codec[at]).astype(np.float32)
