"""The playing side of the jitter buffer: one frame of every stream per tick, whatever has arrived.

Nearly every stream has a whole frame ready, and those are copied in one operation. The others are concealed; streams
whose party has sent nothing for a while are silent.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.byte_windows import as_runs
from softswitch.media.codec_tables import CodecTables
from softswitch.media.concealment import conceal, fade_in
from softswitch.media.stream_table import FADE_SAMPLES, RING_MASK, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES


def take_frames(table: StreamTable, frames: NDArray[np.uint8], tables: CodecTables) -> None:
    """Write what each stream's party says in this tick to `frames` uint8[rows, FRAME_SAMPLES], and move on."""
    play = table.play
    at = table.ring_base + (play & RING_MASK)
    runs = as_runs(frames)
    runs[:] = table.ring_runs[at]
    is_ready = (table.end - play >= FRAME_SAMPLES) & (table.holes == 0)
    has_gap = ~is_ready & (table.pace > 0)
    if has_gap.any():
        is_silent = (table.concealed >= FADE_SAMPLES) & (table.end <= play)
        silent = np.flatnonzero(has_gap & is_silent)
        if len(silent):
            frames[silent] = np.frombuffer(tables.silence, np.uint8)[table.codec[silent], np.newaxis]
            table.ring_runs[at[silent]] = runs[silent]
        gaps = np.flatnonzero(has_gap & ~is_silent)
        if len(gaps):
            conceal(table, gaps, frames, tables)
    back = np.flatnonzero(is_ready & (table.concealed > 0))
    if len(back):
        fade_in(table, back, frames, tables)
    table.play += table.pace
