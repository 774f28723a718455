"""Leaving out or repeating a little of a party's sound so that nobody hears it: how its delay is changed.

In silence any length goes. In sound it is a period of the voice, or whatever length of 5 to 15 ms the sound resembles
itself at most: what comes before the cut is blended over that length into what comes behind it. How alike the two must
be depends on how much is to be changed altogether, so that a drifting clock, a frame in a hundred seconds, waits for a
vowel that hides it, and a second of delay does not.

A coded stream (coded_stream.py) has only frames left out or decoded once more, in silence.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.stream_table import RING_GUARD, RING_MASK, RING_SAMPLES, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

SPLICED_ROWS_MAX = 32
"""Rows looked at in a tick: some 50 us each; the others of a phase have their turn in the next ticks."""

SILENCE_LEVEL = 100
"""Mean of |sample| below which a frame is silence (-50 dBov)."""

_LAG_MIN = 40
_LAG_MAX = 120
_COMPARED = 120

_URGENT_SAMPLES = 8 * FRAME_SAMPLES
"""So much (160 ms) is not waited with for a good place."""

_LIKENESS_FRAMES = (1, 2, 4, 8)
_LIKENESS = (0.9, 0.8, 0.6, -1.0)
"""How alike (normalised cross-correlation) when so many frames are to be left out; from 160 ms on, whatever is best."""
_LIKENESS_REPEATING = 0.7
"""When sound is to be repeated; the buffer is about to run dry, which would be heard as well."""


def splice(table: StreamTable, tables: CodecTables, tick: int) -> NDArray[np.int64]:
    """Before tick number `tick`: leave out (trim > 0) or repeat (trim < 0) some sound of the rows that ask for it.

    Returns int64[n] the rows that changed. `play` has moved, and `trim` is what is left to do.
    """
    row = table.trim.nonzero()[0]
    if not len(row):
        return row
    left = table.end[row] - table.play[row]
    is_whole = (table.holes[row] == 0) & (table.concealed[row] == 0)
    row = row[is_whole & (left >= np.where(table.trim[row] > 0, 2, 1) * FRAME_SAMPLES)]
    if len(row) > SPLICED_ROWS_MAX:
        row = np.roll(row, -tick * SPLICED_ROWS_MAX % len(row))[:SPLICED_ROWS_MAX]
    if not len(row):
        return row
    # From a frame before what is played next to two frames behind it.
    at = table.play[row][:, np.newaxis] + np.arange(-FRAME_SAMPLES, 2 * FRAME_SAMPLES)
    coded = table.ring[row[:, np.newaxis], (at & RING_MASK) + RING_GUARD]
    sound = tables.decode(coded, table.codec[row]).astype(np.float32)
    is_coded = table.is_coded[row]
    step = np.where(is_coded, _coded_steps(sound, table.trim[row]), _steps(sound, table.trim[row]))
    spliced = np.flatnonzero((step != 0) & ~is_coded)
    if len(spliced):
        _blend(table, row[spliced], step[spliced], sound[spliced], tables)
    table.play[row] += step
    table.trim[row] -= step
    return row[step != 0]


def _coded_steps(sound: NDArray[np.float32], trim: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same for coded streams, whose next sound is not known yet: whole frames, when the last one was silent."""
    is_silent = np.abs(sound[:, :FRAME_SAMPLES]).mean(axis=1) < SILENCE_LEVEL
    is_wanted = np.abs(trim) >= FRAME_SAMPLES
    return np.where(is_wanted & (is_silent | (trim > _URGENT_SAMPLES)), np.sign(trim) * FRAME_SAMPLES, 0)


def _steps(sound: NDArray[np.float32], trim: NDArray[np.int64]) -> NDArray[np.int64]:
    """By how many samples to move on (> 0) or back (< 0) in each of `sound` float32[rows, 3 frames]; 0: not here."""
    wanted = np.abs(trim)
    sign = np.sign(trim)
    coming = np.abs(sound[:, FRAME_SAMPLES:])
    is_silent = coming[:, :FRAME_SAMPLES].mean(axis=1) < SILENCE_LEVEL
    # Two frames are left out of, but only one may be there to repeat.
    is_silent &= (trim < 0) | (coming[:, FRAME_SAMPLES:].mean(axis=1) < SILENCE_LEVEL)
    step = np.where(is_silent, np.minimum(wanted, FRAME_SAMPLES), 0)
    # Less than a frame too much is no reason to touch sound: it waits for silence, or for more.
    loud = np.flatnonzero(~is_silent & ((trim < 0) | (trim >= FRAME_SAMPLES)))
    if len(loud):
        lag, likeness = _best_lag(sound[loud], sign[loud])
        least = np.interp(wanted[loud] / FRAME_SAMPLES, _LIKENESS_FRAMES, _LIKENESS)
        least = np.where(sign[loud] < 0, _LIKENESS_REPEATING, least)
        # Too much may be repeated, but not left out: the margin would be gone.
        is_good = (likeness >= least) & ((sign[loud] < 0) | (lag <= wanted[loud]))
        step[loud] = np.where(is_good, lag, 0)
    return sign * step


def _best_lag(sound: NDArray[np.float32], sign: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The lag at which what comes next is most like what comes so much later, or came before; and how like it is."""
    ahead = sound[:, FRAME_SAMPLES + _LAG_MIN : FRAME_SAMPLES + _LAG_MAX + _COMPARED]
    behind = sound[:, FRAME_SAMPLES - _LAG_MAX : FRAME_SAMPLES - _LAG_MIN + _COMPARED]
    is_ahead = (sign > 0)[:, np.newaxis]
    runs = sliding_window_view(np.where(is_ahead, ahead, behind), _COMPARED, axis=1)
    coming = sound[:, FRAME_SAMPLES : FRAME_SAMPLES + _COMPARED]
    energy = np.einsum("rls,rls->rl", runs, runs) * np.einsum("rs,rs->r", coming, coming)[:, np.newaxis]
    likeness = np.einsum("rls,rs->rl", runs, coming) / np.sqrt(energy + 1.0)
    best: NDArray[np.int64] = likeness.argmax(axis=1)
    lag: NDArray[np.int64] = _LAG_MIN + np.where(is_ahead[:, 0], best, _LAG_MAX - _LAG_MIN - best)
    return lag, np.take_along_axis(likeness, best[:, np.newaxis], axis=1)[:, 0]


def _blend(
    table: StreamTable,
    row: NDArray[np.int64],
    step: NDArray[np.int64],
    sound: NDArray[np.float32],
    tables: CodecTables,
) -> None:
    """Write what is heard at the splice to where it will be played: |step| samples from play + step on."""
    time = np.arange(FRAME_SAMPLES)
    length = np.abs(step)[:, np.newaxis]
    before = sound[:, FRAME_SAMPLES : 2 * FRAME_SAMPLES]
    behind = np.take_along_axis(sound, FRAME_SAMPLES + step[:, np.newaxis] + time, axis=1)
    weight = np.minimum((time + 1) / (length + 1), 1.0).astype(np.float32)
    coded = tables.encode((before + (behind - before) * weight).astype(np.int16), table.codec[row])
    index, within = (time < length).nonzero()
    at = (table.play[row[index]] + step[index] + within) & RING_MASK
    table.ring[row[index], at + RING_GUARD] = coded[index, within]
    # The guard behind the ring repeats its beginning.
    table.ring[row[index], np.where(at < FRAME_SAMPLES, at + RING_SAMPLES, at) + RING_GUARD] = coded[index, within]
