"""The arrival side of the jitter buffer: packets into the ring, by RTP timestamp.

A packet's timestamp gives its position, so length and order of packets do not matter. What is ordinary, the very packet
that was expected, costs a few array operations for all streams together; the rest is sorted out in `_settle`, also for
all of them together:

| packet                                                               | what is done                              |
|----------------------------------------------------------------------|-------------------------------------------|
| first, from another SSRC, or a jump of sequence or timestamp that no | the stream begins anew: its sound follows |
| network makes                                                        | what is still to be played                |
| newest, after some that are missing                                  | they become a hole, to be filled or       |
|                                                                      | concealed                                 |
| newest, but its time to be played is past                            | the delay grows by as much as it was late |
|                                                                      | (playout.py)                              |
| older, fills a hole that is still to be played                       | filled                                    |
| older, but no sound is newer: a packet without sound overtook it     | like the newest                           |
| older, its time is past, or a duplicate                              | dropped                                   |

A buffer that ran dry therefore grows by itself; adaptation.py makes it shorter again, in silence.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.byte_windows import Windows, windows
from softswitch.media.packets.ragged import run_indices
from softswitch.media.packets.rtp import ArrivalBuffer, RtpColumns
from softswitch.media.packets.serial import sequence_step, timestamp_step
from softswitch.media.stream_table import FADE_SAMPLES, RING_MASK, RING_SAMPLES, StreamTable
from softswitch.media.tick_grid import FRAME_SAMPLES

START_WAIT_SAMPLES = 120
"""A stream whose first packet waited 15 ms or more for its tick is played at once, any other a tick later.

So it begins with a delay, and bears a jitter, of 15 to 35 ms.
"""

AHEAD_MAX = RING_SAMPLES - 4 * FRAME_SAMPLES
"""Further ahead of what is played no packet is stored: room for what is played and the past concealment needs."""

FOLLOWED_MAX = 10 * FRAME_SAMPLES
"""Of an old source at most this much (200 ms) is still played when a new one begins; the rest gives way."""

DROPOUT_MAX = 3000
MISORDER_MAX = 100
"""Jumps of the sequence number beyond these are a new beginning (RFC 3550 appendix A.1)."""


def push(table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> None:
    """Store the sound of a batch with at most one packet per stream, all of the stream's codec."""
    placed, position = place(table, packets, arrivals)
    store(table, placed, position, arrivals)


def place(table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer) -> tuple[RtpColumns, NDArray[np.int64]]:
    """The packets that are to be heard, and the position of each. `length` and `timestamp` count samples at 8 kHz."""
    row = packets.row
    position = table.end[row]
    play = table.play[row]
    is_ordinary = (
        (packets.sequence == table.next_sequence[row])
        & (packets.timestamp == table.next_timestamp[row])
        & (packets.ssrc == table.ssrc[row])
        & (position + packets.length - play <= AHEAD_MAX)
    )
    if not is_ordinary.all():
        is_kept = np.ones(len(row), np.bool_)
        is_newest = is_ordinary.copy()
        odd = np.flatnonzero(~is_ordinary)
        unexpected = packets.select(odd)
        position[odd], is_kept[odd], is_newest[odd] = _settle(table, unexpected, arrivals)
        packets.sequence[odd] = unexpected.sequence
        newest = np.flatnonzero(is_newest)
        _advance(table, packets.select(newest), position[newest])
        packets, position = packets.select(is_kept), position[is_kept]
    else:
        _advance(table, packets, position)
    return packets, position


def pass_over(table: StreamTable, packets: RtpColumns) -> None:
    """Packets that carry no sound, at most one per stream (telephone events): they count in the sequence too."""
    step = sequence_step(packets.sequence, table.next_sequence[packets.row])
    is_newest = (packets.ssrc == table.ssrc[packets.row]) & (step >= 0) & (step < DROPOUT_MAX)
    row = packets.row[is_newest]
    table.lost[row] += step[is_newest]
    table.loss_runs[row] += step[is_newest] > 0
    table.next_sequence[row] = packets.sequence[is_newest] + 1 & 0xFFFF
    # A gap in the sound now means a key is down, not that sound was lost.
    table.concealed[row] = np.where(table.end[row] <= table.play[row], FADE_SAMPLES, table.concealed[row])


def shortest_wait(packets: RtpColumns, arrivals: ArrivalBuffer) -> NDArray[np.int64]:
    """How long, in samples up to a frame, the streams' packets wait for their tick at least; -1 where not measured.

    Packets of 20 ms all wait alike; when 20 ms is no divisor of their length, some wait shorter than the measured one.
    """
    wait = arrivals.wait[packets.start // RTP_PACKET_BYTES_MAX]
    step = np.gcd(packets.length, FRAME_SAMPLES)
    return np.where(step < FRAME_SAMPLES, np.where(wait >= 0, wait % step, -1), np.minimum(wait, FRAME_SAMPLES))


def skip_time(table: StreamTable, ticks: int) -> None:
    """`ticks` ticks were not run: what would have been played in them is past."""
    with_holes = np.flatnonzero(table.holes)
    if len(with_holes):
        samples = np.minimum(table.end[with_holes] - table.play[with_holes], ticks * FRAME_SAMPLES)
        clear_holes(table, with_holes, np.maximum(samples, 0))
    table.play += table.pace * ticks


def clear_holes(table: StreamTable, row: NDArray[np.int64], samples: NDArray[np.int64]) -> None:
    """The next `samples` of these rows are about to be played: they are no holes any more."""
    _clear(table, row, table.play[row], samples)


def _advance(table: StreamTable, packets: RtpColumns, position: NDArray[np.int64]) -> None:
    """These packets are the newest of their streams: what follows them is expected next."""
    row = packets.row
    table.next_sequence[row] = packets.sequence + 1 & 0xFFFF
    table.next_timestamp[row] = packets.timestamp + packets.length & 0xFFFFFFFF
    table.end[row] = position + packets.length


def _settle(
    table: StreamTable, packets: RtpColumns, arrivals: ArrivalBuffer
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Place packets that were not expected: position, whether to store it, whether it is the stream's newest."""
    row, length = packets.row, packets.length
    step = sequence_step(packets.sequence, table.next_sequence[row])
    gap = timestamp_step(packets.timestamp, table.next_timestamp[row])
    end, play = table.end[row], table.play[row]
    position = end + gap
    is_known = packets.ssrc == table.ssrc[row]
    is_older = is_known & (step < 0) & (step > -MISORDER_MAX)
    is_ahead = (gap >= 0) & (position + length - play <= AHEAD_MAX)
    # Overtaken by a packet without sound: it is older, and yet the newest sound there is.
    is_overtaken = is_older & is_ahead & (position >= play)
    is_older &= ~is_overtaken
    packets.sequence[is_overtaken] = table.next_sequence[row[is_overtaken]] - 1 & 0xFFFF
    step[is_overtaken] = -1
    is_in_line = is_ahead & (((step >= 0) & (step < DROPOUT_MAX)) | is_overtaken)
    begins = ~is_older & ~(is_known & is_in_line)
    wait = shortest_wait(packets, arrivals)
    start = np.where(wait >= START_WAIT_SAMPLES, 0, FRAME_SAMPLES)
    position = np.where(begins, np.clip(end, play + start, play + FOLLOWED_MAX), position)
    _give_way(table, row[begins], position[begins])

    fills = is_older & (position >= play) & (table.holes[row] > 0)
    fills &= (table.hole[row, position & RING_MASK] != 0) & (position + length <= end)
    _fill(table, row[fills], position[fills], length[fills])
    table.late[row] += is_older & (position < play)
    table.lost[row] = np.maximum(table.lost[row] - (fills | (is_older & (position < play))), 0)

    is_newest = ~is_older
    table.lost[row] = np.maximum(table.lost[row] + np.where(is_newest & ~begins, step, 0), 0)
    table.loss_runs[row] += is_newest & ~begins & (step > 0)
    # Before a stream's first packet its ring is silent: nothing is missing there, and `hole` is not even touched.
    leaves_hole = is_newest & (table.pace[row] > 0)
    _restart(table, row[begins], packets.ssrc[begins])
    table.wait[row[begins]] = np.maximum(wait[begins], 0)
    _leave_hole(table, row[leaves_hole], position[leaves_hole])
    return position, is_newest | fills, is_newest


def _restart(table: StreamTable, row: NDArray[np.int64], ssrc: NDArray[np.int64]) -> None:
    table.ssrc[row] = ssrc
    # A stream's first sound is heard as it is: it comes back from nowhere.
    table.concealed[row[table.pace[row] == 0]] = 0
    table.pace[row] = FRAME_SAMPLES


def _give_way(table: StreamTable, row: NDArray[np.int64], position: NDArray[np.int64]) -> None:
    """What waits behind `position` is not played any more."""
    is_longer = table.end[row] > position
    row, position = row[is_longer], position[is_longer]
    _clear(table, row, position, table.end[row] - position)
    table.end[row] = position


def _leave_hole(table: StreamTable, row: NDArray[np.int64], position: NDArray[np.int64]) -> None:
    """What lies between the newest sound so far, or what is played next, and `position` is missing."""
    start = np.maximum(table.end[row], table.play[row])
    length = np.maximum(position - start, 0)
    table.hole[np.repeat(row, length), run_indices(start, length) & RING_MASK] = 1
    table.holes[row] += length
    # What would have been played already is missing for good; the new sound begins behind it.
    is_past = table.end[row] < table.play[row]
    table.seen[row] = np.where(is_past, position, table.seen[row])


def _fill(table: StreamTable, row: NDArray[np.int64], position: NDArray[np.int64], length: NDArray[np.int64]) -> None:
    """A missing packet came in time after all."""
    _clear(table, row, position, length)


def _clear(table: StreamTable, row: NDArray[np.int64], position: NDArray[np.int64], length: NDArray[np.int64]) -> None:
    """Nothing is missing in these runs of samples, of which no row has two."""
    at = (np.repeat(row, length), run_indices(position, length) & RING_MASK)
    was_hole = table.hole[at]
    table.hole[at] = 0
    table.holes -= np.bincount(at[0], weights=was_hole, minlength=table.rows).astype(np.int64)


def store(table: StreamTable, packets: RtpColumns, position: NDArray[np.int64], arrivals: ArrivalBuffer) -> None:
    """Copy payloads of one byte per sample into the ring."""
    if (packets.length == FRAME_SAMPLES).all():
        source = arrivals.windows(FRAME_SAMPLES)[packets.start]
        _write(table.ring_runs, table.ring_base[packets.row], position & RING_MASK, source)
        return
    for length in np.unique(packets.length).tolist():
        same = packets.length == length
        source = arrivals.windows(length)[packets.start[same]]
        _write(windows(table.ring, length), table.ring_base[packets.row[same]], position[same] & RING_MASK, source)


def _write(ring: Windows, base: NDArray[np.int64], place: NDArray[np.int64], source: Windows) -> None:
    """Copy payloads of one length into the ring, and what touches its ends into the guard at the other end as well."""
    at = base + place
    ring[at] = source
    length = source.itemsize
    touches_end = ((place > RING_SAMPLES - length) | (place < FRAME_SAMPLES)).nonzero()[0]
    if len(touches_end):
        lap = np.where(place[touches_end] < FRAME_SAMPLES, RING_SAMPLES, -RING_SAMPLES)
        ring[at[touches_end] + lap] = source[touches_end]
