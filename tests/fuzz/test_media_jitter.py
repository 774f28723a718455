"""Whatever a network does to packets: what arrives in time is heard once and in order, and no delay piles up."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import HEADER_BYTES, ArrivalBuffer, RtpColumns
from softswitch.media.receiving import jitter, playout
from softswitch.media.stream_table import allocate

FRAME = 160
TICKS = 140
"""Fewer than the buffer waits before it changes a delay by itself."""
BLENDED = 80
"""Samples after a gap that may be other than they were sent."""
TABLES = CodecTables(load_codecs())
PCMU = TABLES.names.index("PCMU")


class Listener:
    """One row of the table: packets in, and for every sample of the party whether it was heard."""

    def __init__(self, sound: NDArray[np.uint8], sequence: int, timestamp: int) -> None:
        self.sound = sound
        self.table = allocate(1)
        self.table.codec[:] = PCMU
        self.table.ring[:] = TABLES.silence[PCMU]
        self.is_heard = np.zeros(len(sound), np.bool_)
        self.is_due = np.zeros(len(sound), np.bool_)
        """Came when it was still to be played."""
        self._has_come = np.zeros(len(sound), np.bool_)
        self._sequence, self._timestamp = sequence, timestamp
        self._clock = playout.PlayoutClock()
        self._tick = 0
        self._arrivals = ArrivalBuffer(1)
        self._offset: int | None = None
        """Of the table's positions to the party's samples."""
        self._since_gap = BLENDED

    def receive(self, number: int, begin: int, length: int) -> None:
        """The packet of that number, with `length` samples from `begin` on."""
        payload = self.sound[begin : begin + length]
        self._arrivals.packets[0, HEADER_BYTES : HEADER_BYTES + length] = payload
        play = int(self.table.play[0])
        columns = RtpColumns(
            row=np.zeros(1, np.int64),
            sequence=np.array([self._sequence + number & 0xFFFF]),
            timestamp=np.array([self._timestamp + begin & 0xFFFFFFFF]),
            ssrc=np.array([7]),
            payload_type=np.zeros(1, np.int64),
            marker=np.zeros(1, np.bool_),
            start=np.array([HEADER_BYTES]),
            length=np.array([length]),
        )
        assert int(columns.start[0]) + length <= RTP_PACKET_BYTES_MAX
        jitter.push(self.table, columns, self._arrivals)
        if self._offset is None:
            self._offset = int(self.table.end[0]) - length - begin
        if begin + self._offset >= play:
            self.is_due[begin : begin + length] = True
        self._has_come[begin : begin + length] = True

    def play(self) -> None:
        """A tick; checks what is heard in it."""
        self._tick += 1
        frames = np.zeros((1, FRAME), np.uint8)
        playout.play(self.table, frames, TABLES, self._clock, self._tick)
        assert int(self.table.holes[0]) == int(self.table.hole[0].sum())
        if self._offset is None:
            return
        first = int(self.table.play[0]) - FRAME - self._offset
        for at, byte in enumerate(frames[0].tolist(), start=first):
            if not 0 <= at < len(self.sound) or not self._has_come[at]:
                self._since_gap = 0
                continue
            is_right = byte == self.sound[at]
            # A packet that came too late to fill its hole is not heard although it has come.
            if not is_right and not self.is_due[at]:
                self._since_gap = 0
                continue
            assert is_right or self._since_gap < BLENDED, "sound that was in time is not as it was sent"
            assert not self.is_heard[at], "a sample is heard twice"
            assert not self.is_heard[at + 1 :].any(), "samples change places"
            self.is_heard[at] = True
            self._since_gap += 1


@given(seed=st.integers(0, 2**32), loss=st.sampled_from([0.0, 0.02, 0.2]), jitter_ms=st.sampled_from([0, 15, 60]))
@settings(max_examples=40, deadline=None)
def test_what_comes_in_time_is_heard_once_and_in_order(seed: int, loss: float, jitter_ms: int) -> None:
    """Any length of packets, changing as it likes; both counters wrap; clocks differ; copies come and overtake."""
    chance = random.Random(seed)
    sound = np.random.default_rng(seed).integers(0, 256, TICKS * FRAME + 2000, np.uint8)
    listener = Listener(sound, 65_536 - chance.randrange(60), 2**32 - chance.randrange(8000))
    drift = 1 + chance.choice([-0.0002, 0.0, 0.0002])
    arriving: dict[int, list[tuple[int, int, int]]] = {}
    begin = number = 0
    length = 160
    while begin + length < TICKS * FRAME:
        # A packet leaves when its last sample is there.
        sent = (begin + length) / drift
        for _ in range(chance.choice([1, 1, 1, 1, 2])):
            tick = int((sent + chance.uniform(0, 8 * jitter_ms if number > 3 else 1)) // FRAME) + 1
            if number <= 3 or chance.random() >= loss:
                arriving.setdefault(tick, []).append((number, begin, length))
        begin, number = begin + length, number + 1
        if chance.random() < 0.1:
            length = chance.choice([80, 160, 240, 320, 400, 480])
    deepest = 0
    for tick in range(TICKS + 30):
        packets = arriving.get(tick, [])
        if packets and packets[0][0] > 3:
            chance.shuffle(packets)
        for packet in packets:
            listener.receive(*packet)
        listener.play()
        deepest = max(deepest, int(listener.table.end[0] - listener.table.play[0]))
    assert deepest <= 13 * FRAME
    missed = np.flatnonzero(listener.is_due & ~listener.is_heard)
    assert not len(missed), f"samples {missed[:5]} ... of {len(missed)} came in time and were not heard"


@pytest.mark.parametrize("jump", [("ssrc", 0), ("timestamp", 10**6), ("timestamp", -(10**6)), ("sequence", 20_000)])
def test_a_new_beginning_is_heard_whole(jump: tuple[str, int]) -> None:
    """Another SSRC, or a jump of a counter that no network makes."""
    sound = np.random.default_rng(1).integers(0, 256, 60 * FRAME, np.uint8)
    table = allocate(1)
    table.codec[:] = PCMU
    table.ring[:] = TABLES.silence[PCMU]
    clock, arrivals, heard = playout.PlayoutClock(), ArrivalBuffer(1), bytearray()
    for number in range(60):
        what, by = jump if number >= 30 else ("", 0)
        arrivals.packets[0, HEADER_BYTES : HEADER_BYTES + FRAME] = sound[number * FRAME : (number + 1) * FRAME]
        columns = RtpColumns(
            row=np.zeros(1, np.int64),
            sequence=np.array([number + (by if what == "sequence" else 0) & 0xFFFF]),
            timestamp=np.array([number * FRAME + (by if what == "timestamp" else 0) & 0xFFFFFFFF]),
            ssrc=np.array([8 if what == "ssrc" else 7]),
            payload_type=np.zeros(1, np.int64),
            marker=np.zeros(1, np.bool_),
            start=np.array([HEADER_BYTES]),
            length=np.array([FRAME]),
        )
        jitter.push(table, columns, arrivals)
        frames = np.zeros((1, FRAME), np.uint8)
        playout.play(table, frames, TABLES, clock, number + 1)
        heard += frames.tobytes()
    assert sound[: 58 * FRAME].tobytes() in heard
    assert int(table.lost[0]) == 0
