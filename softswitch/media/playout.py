"""The playing side of the jitter buffer: one frame of every stream per tick, whatever has arrived.

Nearly every stream has a whole frame ready, and those are copied in one operation. The others are concealed; streams
whose party has sent nothing for a while are silent.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.byte_windows import as_runs
from softswitch.media.codec_tables import CodecTables
from softswitch.media.concealment import conceal, fade_in
from softswitch.media.stream_table import FADE_SAMPLES, RING_MASK, RING_SAMPLES, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

LATE_KEPT_SAMPLES = 12 * FRAME_SAMPLES
"""Of sound that comes late at once, a network's hiccup, this much is played (240 ms); what is older is left out. When
it was we who were held up, only the newest is."""


def take_frames(table: StreamTable, frames: NDArray[np.uint8], tables: CodecTables, ticks: int) -> None:
    """Write what each stream's party says in this tick to `frames` uint8[rows, FRAME_SAMPLES], and move on.

    `ticks` is 1, or more when ticks before this one were left out.
    """
    late = ((table.seen < table.play) & (table.seen < table.end)).nonzero()[0]
    if len(late):
        _wait_for_late(table, late, ticks)
    has_gap = ((table.end - table.play < FRAME_SAMPLES) | (table.holes > 0)) & (table.pace > 0)
    play, runs = table.play, as_runs(frames)
    at = table.ring_base + (play & RING_MASK)
    runs[:] = table.ring_runs[at]
    back = ((table.concealed > 0) & ~has_gap & (table.pace > 0)).nonzero()[0]
    if len(back):
        fade_in(table, back, frames, tables)
    if has_gap.any():
        is_silent = (table.concealed >= FADE_SAMPLES) & (table.end <= play)
        silent = np.flatnonzero(has_gap & is_silent)
        if len(silent):
            frames[silent] = np.frombuffer(tables.silence, np.uint8)[table.codec[silent], np.newaxis]
            table.ring_runs[at[silent]] = runs[silent]
        gaps = np.flatnonzero(has_gap & ~is_silent)
        if len(gaps):
            conceal(table, gaps, frames, tables)
    table.play += table.pace
    table.seen[:] = table.end


def _wait_for_late(table: StreamTable, row: NDArray[np.int64], ticks: int) -> None:
    """New sound begins before what is to be played now: play it, and all that follows, as much later.

    When it was we who were late, only so much that there is something to play. After a pause, in which the party's
    clock did not run on, there is no delay; the stream gets the margin of a new one.
    """
    if ticks > 1:
        row = row[table.end[row] - table.play[row] < FRAME_SAMPLES]
    kept = LATE_KEPT_SAMPLES if ticks == 1 else FRAME_SAMPLES
    first = np.minimum(np.maximum(table.seen[row], table.end[row] - kept), table.play[row])
    # A pause of a whole ring has left silence everywhere in it.
    margin = np.where(table.play[row] - first > RING_SAMPLES, FRAME_SAMPLES, 0)
    table.late[row] += 1
    table.play[row] = first - margin
