"""The playing side of the jitter buffer: one frame of every stream per tick, whatever has arrived.

Nearly every stream has a whole frame ready, and those are copied in one operation. The others are concealed; streams
whose party has sent nothing for a while are silent.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.limits import RECEIVE_ROUNDS_MAX
from softswitch.media.packets.byte_windows import as_runs
from softswitch.media.receiving import adaptation
from softswitch.media.receiving.concealment import conceal, fade_in
from softswitch.media.receiving.jitter import skip_time
from softswitch.media.stream_table import FADE_SAMPLES, RING_MASK, RING_SAMPLES, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

LATE_KEPT_SAMPLES = 10 * FRAME_SAMPLES
"""Of sound that comes late at once, a network's hiccup, this much is played (200 ms); what is older is left out."""

CAUGHT_UP_TICKS = RECEIVE_ROUNDS_MAX // 2
"""Ticks that were left out, whose packets one tick takes: packets have 10 ms at least."""


class PlayoutClock:
    """How far the playing of a phase's streams is, in ticks.

    When the worker was held up, what would have been played meanwhile is past; the streams go on where they would be,
    and their delay is what it was. The packets that waited in the sockets are not taken all at once, so for some ticks
    the newest are not there yet: sound that is missing then is not late, and not waited for.
    """

    __slots__ = ("_settled_tick", "next_tick")

    def __init__(self) -> None:
        self.next_tick = 1
        self._settled_tick = 0

    def start(self, tick: int) -> None:
        """Nothing was played until now; `tick` is the last that is past."""
        self.next_tick = tick + 1

    def catch_up(self, table: StreamTable, tick: int) -> None:
        """`tick` is the next to be played."""
        missed = tick - self.next_tick
        if missed > 0:
            skip_time(table, missed)
            self.next_tick = tick
            self._settled_tick = tick + 1 + missed // CAUGHT_UP_TICKS

    def play(self, tick: int) -> bool:
        """Tick `tick` is played: whether sound that is missing in it is late."""
        self.next_tick = tick + 1
        return tick >= self._settled_tick


def play(table: StreamTable, frames: NDArray[np.uint8], tables: CodecTables, clock: PlayoutClock, tick: int) -> None:
    """Tick number `tick` of all streams; what their parties say in it is `frames` uint8[rows, FRAME_SAMPLES] then."""
    clock.catch_up(table, tick)
    adaptation.trim(table, tables, tick)
    take_frames(table, frames, tables, is_late_awaited=clock.play(tick))
    adaptation.count_depth(table)
    if tick % adaptation.REVIEW_TICKS == 0:
        adaptation.review(table)


def take_frames(
    table: StreamTable, frames: NDArray[np.uint8], tables: CodecTables, *, is_late_awaited: bool = True
) -> None:
    """Write what each stream's party says in this tick to `frames` uint8[rows, FRAME_SAMPLES], and move on.

    `is_late_awaited`: sound that comes too late for this tick is played later (`PlayoutClock.play`); but not of a fax,
    whose buffer keeps its length.
    """
    if is_late_awaited:
        late = ((table.seen < table.play) & (table.seen < table.end) & ~table.is_fax).nonzero()[0]
        if len(late):
            _wait_for_late(table, late)
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


def _wait_for_late(table: StreamTable, row: NDArray[np.int64]) -> None:
    """New sound begins before what is to be played now: play it, and all that follows, as much later.

    After a pause, in which the party's clock did not run on, there is no delay; the stream gets the margin of a new
    one.
    """
    first = np.minimum(np.maximum(table.seen[row], table.end[row] - LATE_KEPT_SAMPLES), table.play[row])
    # A pause of a whole ring has left silence everywhere in it.
    margin = np.where(table.play[row] - first > RING_SAMPLES, FRAME_SAMPLES, 0)
    table.late[row] += 1
    adaptation.note_late(table, row, table.play[row] - first + margin)
    table.play[row] = first - margin
