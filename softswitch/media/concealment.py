"""Sound in place of sound that was lost: the last pitch period again and again, fading to silence within 60 ms.

Where a gap begins, the voice's period is found as the lag at which the past resembles itself most (normalised
cross-correlation over 40 to 120 samples, 66 to 200 Hz). The period is repeated, its join smoothed by a cross-fade;
where sound is back, it is faded in over the repetition. All streams with a gap are treated together.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from softswitch.media.codec_tables import CodecTables
from softswitch.media.jitter import clear_holes
from softswitch.media.stream_table import FADE_SAMPLES, RING_GUARD, RING_MASK, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

_LAG_MIN = 40
_LAG_MAX = 120
_COMPARED = 160
_HISTORY = _COMPARED + _LAG_MAX
_JOIN = 16
_RETURN = 32
"""Samples of the cross-fades where a period follows itself (2 ms) and where sound is back (4 ms)."""
_FULL_SAMPLES = 80
"""The replacement has full loudness for 10 ms, then it fades."""

_FADE = np.clip((FADE_SAMPLES - np.arange(FADE_SAMPLES)) / (FADE_SAMPLES - _FULL_SAMPLES), 0.0, 1.0).astype(np.float32)


def conceal(table: StreamTable, row: NDArray[np.int64], frames: NDArray[np.uint8], tables: CodecTables) -> None:
    """Replace what is missing in the frames uint8[rows, FRAME_SAMPLES] of these rows, and in their rings.

    `play` is still the frame's first sample. Holes in the frame are cleared.
    """
    position = table.play[row][:, np.newaxis] + np.arange(FRAME_SAMPLES)
    at = position & RING_MASK
    is_missing = (position >= table.end[row][:, np.newaxis]) | (table.hole[row[:, np.newaxis], at] != 0)
    begins = np.flatnonzero((table.concealed[row] == 0) & is_missing.any(axis=1))
    if len(begins):
        first = table.play[row[begins]] + is_missing[begins].argmax(axis=1)
        table.fade[row[begins], :FADE_SAMPLES] = _replacement(_past(table, row[begins], first, tables))
    done = table.concealed[row]
    rank = np.cumsum(is_missing, axis=1)
    fade_at = np.minimum(done[:, np.newaxis] + rank - 1, FADE_SAMPLES)
    replacement = tables.encode(table.fade[row[:, np.newaxis], np.maximum(fade_at, 0)], table.codec[row])
    frame = np.where(is_missing, replacement, frames[row])
    frames[row] = frame
    table.concealed[row] = np.minimum(done + rank[:, -1], FADE_SAMPLES)
    # What was played is the past the next gap is concealed from.
    table.ring[row[:, np.newaxis], at + RING_GUARD] = frame
    _close_holes(table, row)


def fade_in(table: StreamTable, row: NDArray[np.int64], frames: NDArray[np.uint8], tables: CodecTables) -> None:
    """Sound is back in these rows: blend the first samples with what the replacement would have been."""
    done = table.concealed[row]
    table.concealed[row] = 0
    row, done = row[done < FADE_SAMPLES], done[done < FADE_SAMPLES]
    if not len(row):
        return
    codec = table.codec[row]
    fade = table.fade[row[:, np.newaxis], done[:, np.newaxis] + np.arange(_RETURN)].astype(np.float32)
    sound = tables.decode(frames[row, :_RETURN], codec).astype(np.float32)
    weight = (np.arange(_RETURN, dtype=np.float32) + 1) / (_RETURN + 1)
    frames[row, :_RETURN] = tables.encode((fade + (sound - fade) * weight).astype(np.int16), codec)


def _past(
    table: StreamTable, row: NDArray[np.int64], first: NDArray[np.int64], tables: CodecTables
) -> NDArray[np.float32]:
    """The samples before `first`: float32[rows, _HISTORY]."""
    at = (first[:, np.newaxis] + np.arange(-_HISTORY, 0)) & RING_MASK
    return tables.decode(table.ring[row[:, np.newaxis], at + RING_GUARD], table.codec[row]).astype(np.float32)


def _replacement(past: NDArray[np.float32]) -> NDArray[np.int16]:
    """What follows `past` float32[rows, _HISTORY] if the voice goes on as it is, fading: int16[rows, FADE_SAMPLES]."""
    recent = past[:, -_COMPARED:]
    lagged = sliding_window_view(past, _COMPARED, axis=1)[:, : _LAG_MAX - _LAG_MIN + 1]
    likeness = np.einsum("rls,rs->rl", lagged, recent)
    energy = np.einsum("rls,rls->rl", lagged, lagged)
    lag = _LAG_MAX - np.argmax(likeness / np.sqrt(energy + 1.0), axis=1)
    within = np.arange(FADE_SAMPLES) % lag[:, np.newaxis]
    period = np.take_along_axis(past, _HISTORY - lag[:, np.newaxis] + within, axis=1)
    before = np.take_along_axis(past, np.maximum(_HISTORY - 2 * lag[:, np.newaxis] + within, 0), axis=1)
    # The end of a period is blended into the sound that led up to its beginning, so that the two join.
    to_end = lag[:, np.newaxis] - within
    weight = np.clip(to_end / (_JOIN + 1), 0.0, 1.0).astype(np.float32)
    return ((before + (period - before) * weight) * _FADE).astype(np.int16)


def _close_holes(table: StreamTable, row: NDArray[np.int64]) -> None:
    row = row[table.holes[row] > 0]
    if len(row):
        samples = np.clip(table.end[row] - table.play[row], 0, FRAME_SAMPLES)
        clear_holes(table, row, samples)
