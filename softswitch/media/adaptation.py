"""The length of the jitter buffer: a margin for the network's jitter, and no more delay than that.

After each tick the whole frames left in a stream's buffer are counted. Their number is the margin the stream had: a
packet may be that many ticks late before the buffer runs dry. It grows by itself when packets are late (jitter.py).
Now and then it is also measured how long a stream's packet lies in its socket before the tick (`wait`): that is the
part of the margin below a frame. Once a second the margin that was there in 98 % of the ticks is looked at, old
seconds counting less and less:

* above 35 ms: frames of silence are left out until it is below, and still above 15 ms;
* below 3 ms: the next packet must not be late at all; a frame of silence is repeated.

The same two rules follow a party whose clock runs faster or slower than ours, frame by frame. Speech is cut only when
more than 160 ms too much have piled up and no silence came.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec_tables import CodecTables
from softswitch.media.jitter import shortest_wait
from softswitch.media.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.stream_table import DEPTH_BINS, RING_GUARD, RING_MASK, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

REVIEW_TICKS = 50
KEPT_PER_REVIEW = 0.8
"""What a tick counts for one second later. So a bad second is forgotten after 17, when it is 2 % of what is known."""
REVIEWED_TICKS_MIN = 150
"""Nothing is concluded from less than three seconds. Ticks that count less count less here too."""
QUANTILE = 0.02
MARGIN_MIN_SAMPLES = 120
MARGIN_GONE_SAMPLES = 24
URGENT_FRAMES = 8
WAIT_RISE_SAMPLES = 8
"""A wait that was measured shorter counts at once, a longer one by this much more each time: the shortest matter."""

SILENCE_LEVEL = 100
"""Mean of |sample| below which a frame is silence (-50 dBov)."""


def note_waits(table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> None:
    """Take the waits that were measured with a batch."""
    wait = shortest_wait(packets, arrivals)
    is_measured = wait >= 0
    row = packets.row[is_measured]
    table.wait[row] = np.minimum(wait[is_measured], table.wait[row] + WAIT_RISE_SAMPLES)


def count_depth(table: StreamTable) -> None:
    """After a tick: note how many whole frames each stream has left. A buffer that ran dry tells nothing."""
    left = table.end - table.play
    depth = np.minimum(left // FRAME_SAMPLES, DEPTH_BINS - 1)
    is_flowing = (left >= 0) & (table.pace > 0)
    table.depth_count[table.row_numbers, np.maximum(depth, 0)] += is_flowing


def review(table: StreamTable) -> None:
    """Every REVIEW_TICKS: decide for each stream whether its delay is to change."""
    count = table.depth_count
    total = count.sum(axis=1)
    low = (np.cumsum(count, axis=1) > QUANTILE * total[:, np.newaxis]).argmax(axis=1)
    margin = low * FRAME_SAMPLES + table.wait
    is_short = (count[:, 0] > (1 - QUANTILE) * total) & (margin < MARGIN_GONE_SAMPLES)
    trim = np.where(is_short, -1, np.maximum((margin - MARGIN_MIN_SAMPLES) // FRAME_SAMPLES, 0))
    table.trim[:] = np.where(total >= REVIEWED_TICKS_MIN, trim, 0)
    count *= KEPT_PER_REVIEW


def trim(table: StreamTable, tables: CodecTables) -> None:
    """Before a tick: leave out or repeat a frame of those streams that need it, if it is silent."""
    row = table.trim.nonzero()[0]
    if not len(row):
        return
    left = table.end[row] - table.play[row]
    is_whole = (table.holes[row] == 0) & (table.concealed[row] == 0)
    row = row[is_whole & (left >= np.where(table.trim[row] > 0, 2, 0) * FRAME_SAMPLES)]
    if not len(row):
        return
    change = np.sign(table.trim[row])
    # What may go is the next frame; what may come again is the last one. A coded stream's next one is not known yet.
    first = table.play[row] + np.where((change > 0) & ~table.is_coded[row], 0, -FRAME_SAMPLES)
    at = (first[:, np.newaxis] + np.arange(FRAME_SAMPLES)) & RING_MASK
    sound = tables.decode(table.ring[row[:, np.newaxis], at + RING_GUARD], table.codec[row])
    is_silent = np.abs(sound.astype(np.int32)).mean(axis=1) < SILENCE_LEVEL
    may_change = is_silent | (table.trim[row] > URGENT_FRAMES)
    row, change = row[may_change], change[may_change]
    table.play[row] += change * FRAME_SAMPLES
    table.trim[row] -= change
    _shift(table, row[change > 0], -1)
    _shift(table, row[change < 0], 1)


def _shift(table: StreamTable, row: NDArray[np.int64], bins: int) -> None:
    """The margin changed by a frame, so what was counted for n frames now counts for n + bins."""
    table.depth_count[row] = np.roll(table.depth_count[row], bins, axis=1)
