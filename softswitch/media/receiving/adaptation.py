"""The length of the jitter buffer: a margin for the network's jitter, and no more delay than that.

After each tick it is noted how much sound is left in a stream's buffer. Its whole frames are the margin the stream had:
a packet may be that many ticks late before the buffer runs dry. It grows by itself when packets are late (playout.py).
Now and then it is also measured how long a stream's packet lies in its socket before the tick (`wait`): that is the
part of the margin below a frame. Once a second the margin that was there in 98 % of the ticks is looked at, old seconds
counting less and less:

* above 35 ms: as many frames as are too many are left out, so that 15 ms remain at least;
* below 3 ms: the next packet must not be late at all; a frame is repeated.

So a steady stream is delayed by 15 to 35 ms, and one whose packets are up to 60 ms late by as much more. The same two
rules follow a party whose clock runs faster or slower than ours. Whatever the network does, half of the time the buffer
is not to be longer than 200 ms. Where and how the delay is changed, so that it is not heard, is in splicing.py.

The modem of a fax machine would lose its step with any such change: its buffer gets a margin of 80 ms once, and is left
alone.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.packets.ragged import run_indices
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.receiving.jitter import shortest_wait
from softswitch.media.receiving.splicing import splice
from softswitch.media.stream_table import DEPTH_BIN_SAMPLES, DEPTH_BINS, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

REVIEW_TICKS = 50
KEPT_PER_REVIEW = 0.8
"""What a tick counts for one second later. So a bad second is forgotten after 17, when it is 2 % of what is known."""
REVIEWED_TICKS_MIN = 150
"""Nothing is concluded from less than three seconds. Ticks that count less count less here too."""
QUANTILE = 0.02
"""95 % would lose three to five packets in a hundred of a bad network to save 30 to 50 ms. By the E-model (G.107,
G.113) what is lost there costs the listener five times what the delay does."""
MARGIN_MIN_SAMPLES = 120
MARGIN_GONE_SAMPLES = 24
DEPTH_MAX_SAMPLES = 10 * FRAME_SAMPLES
FAX_MARGIN_SAMPLES = 4 * FRAME_SAMPLES
"""More than the jitter of lines that carry faxes; a modem does not mind the delay."""
WAIT_RISE_SAMPLES = 8
"""A wait that was measured shorter counts at once, a longer one by this much more each time: the shortest matter."""


def note_waits(table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> None:
    """Take the waits that were measured with a batch."""
    wait = shortest_wait(packets, arrivals)
    is_measured = wait >= 0
    row = packets.row[is_measured]
    table.wait[row] = np.minimum(wait[is_measured], table.wait[row] + WAIT_RISE_SAMPLES)


def count_depth(table: StreamTable) -> None:
    """After a tick: note how much each stream has left. A buffer that ran dry tells nothing."""
    left = table.end - table.play
    depth = np.minimum(left // DEPTH_BIN_SAMPLES, DEPTH_BINS - 1)
    is_flowing = (left >= 0) & (table.pace > 0)
    table.depth_count[table.row_numbers, np.maximum(depth, 0)] += is_flowing


def review(table: StreamTable) -> None:
    """Every REVIEW_TICKS: decide for each stream whether its delay is to change."""
    count = table.depth_count
    total = count.sum(axis=1)
    counted = np.cumsum(count, axis=1)
    low = _quantile(counted, total, QUANTILE)
    middle = _quantile(counted, total, 0.5)
    margin = low // FRAME_SAMPLES * FRAME_SAMPLES + table.wait
    # Of a frame's part no packet that is late has any good.
    too_much = np.maximum((margin - MARGIN_MIN_SAMPLES) // FRAME_SAMPLES, 0) * FRAME_SAMPLES + low % FRAME_SAMPLES
    too_much = np.maximum(too_much, middle - DEPTH_MAX_SAMPLES)
    below_a_frame = counted[:, FRAME_SAMPLES // DEPTH_BIN_SAMPLES - 1]
    is_short = (below_a_frame > (1 - QUANTILE) * total) & (margin < MARGIN_GONE_SAMPLES)
    is_known = (total >= REVIEWED_TICKS_MIN) & ~table.is_fax
    table.trim[:] = np.where(is_known, np.where(is_short, -FRAME_SAMPLES, too_much), 0)
    count *= KEPT_PER_REVIEW


def trim(table: StreamTable, tables: CodecTables, tick: int) -> None:
    """Before a tick: leave out or repeat some sound of those streams that need it."""
    if table.margin.any():
        _add_margins(table)
    if not table.trim.any():
        return
    before = table.play.copy()
    row = splice(table, tables, tick)
    if len(row):
        _shift(table, row, table.play[row] - before[row])


def set_fax(table: StreamTable, row: int, is_fax: bool) -> None:
    """What this row's party sends is a modem's from now on, or sound again."""
    table.is_fax[row] = is_fax
    table.trim[row] = 0
    table.margin[row] = FAX_MARGIN_SAMPLES if is_fax else 0


def _add_margins(table: StreamTable) -> None:
    """Play a little of what was played again, once it flows: before the modems have begun."""
    row = np.flatnonzero((table.margin > 0) & (table.pace > 0))
    table.play[row] -= table.margin[row]
    _shift(table, row, -table.margin[row])
    table.margin[row] = 0


def note_late(table: StreamTable, row: NDArray[np.int64], late: NDArray[np.int64]) -> None:
    """The buffers of these rows ran dry and grew by `late` samples each: the network needed that much in these ticks.

    What was counted so far has as much more margin now; the dry ticks had from none to nearly all of it.
    """
    is_known = late <= DEPTH_MAX_SAMPLES
    row, late = row[is_known], late[is_known]
    _shift(table, row, -late)
    ticks = -(-late // FRAME_SAMPLES)
    bins = run_indices(np.zeros_like(ticks), ticks) * (FRAME_SAMPLES // DEPTH_BIN_SAMPLES)
    table.depth_count[np.repeat(row, ticks), bins] += 1


def _quantile(counted: NDArray[np.float32], total: NDArray[np.float32], share: float) -> NDArray[np.int64]:
    """The depth, in samples, that more than `share` of the ticks did not exceed."""
    return (counted > share * total[:, np.newaxis]).argmax(axis=1) * DEPTH_BIN_SAMPLES


def _shift(table: StreamTable, row: NDArray[np.int64], step: NDArray[np.int64]) -> None:
    """The depth is less by `step` samples, so what was counted so far counts for as much less; at least, rounded."""
    bins = -(-step // DEPTH_BIN_SAMPLES)
    at = np.arange(DEPTH_BINS) + bins[:, np.newaxis]
    count = np.take_along_axis(table.depth_count[row], np.clip(at, 0, DEPTH_BINS - 1), axis=1)
    table.depth_count[row] = np.where((at >= 0) & (at < DEPTH_BINS), count, 0.0)
