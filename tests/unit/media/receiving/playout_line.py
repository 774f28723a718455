"""Parties whose packets come over a network and by clocks of their own, and the playing side of the jitter buffer.

Nothing but the buffer is run, all parties in one table, so that an hour passes in half a minute.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.rtp import HEADER_BYTES, ArrivalBuffer, RtpColumns
from softswitch.media.receiving import adaptation, jitter, playout
from softswitch.media.stream_table import allocate

FRAME = 160
TABLES = CodecTables(load_codecs())
PCMU = TABLES.names.index("PCMU")


def encode(wave: NDArray[np.float64]) -> NDArray[np.uint8]:
    return TABLES.encode_sound(np.round(wave).astype(np.int16), PCMU)


def decode(coded: NDArray[np.uint8]) -> NDArray[np.int16]:
    """uint8[parties, samples] -> int16."""
    return TABLES.decode(coded, np.full(len(coded), PCMU))


class PlayoutLine:
    """Each party says its row of `sounds` uint8[parties, samples] again and again, in packets of 20 ms."""

    def __init__(self, sounds: NDArray[np.uint8]) -> None:
        self.sounds = np.concatenate([sounds, sounds[:, :FRAME]], axis=1)
        self.samples = sounds.shape[1]
        assert self.samples % FRAME == 0
        self.parties = len(sounds)
        self.table = allocate(self.parties)
        self.table.codec[:] = PCMU
        self.table.ring[:] = TABLES.silence[PCMU]
        self.clock = playout.PlayoutClock()
        self.tick = 0
        self.frames = np.zeros((self.parties, FRAME), np.uint8)
        self.first = np.zeros(self.parties, np.int64)
        """What position 0 of the table's row is in the party's own count."""
        self._arrivals = ArrivalBuffer(self.parties)

    def receive(self, row: NDArray[np.int64], number: NDArray[np.int64], wait: NDArray[np.int64] | None = None) -> None:
        """Packet `number` of each of these parties, the first is 0; it came `wait` samples before the tick."""
        at = row
        begin = number * FRAME % self.samples
        window = begin[:, np.newaxis] + np.arange(FRAME)
        self._arrivals.packets[at, HEADER_BYTES : HEADER_BYTES + FRAME] = self.sounds[row[:, np.newaxis], window]
        packets = RtpColumns(
            row=row,
            sequence=number & 0xFFFF,
            timestamp=number * FRAME & 0xFFFFFFFF,
            ssrc=row + 1,
            payload_type=np.zeros(len(row), np.int64),
            marker=np.zeros(len(row), np.bool_),
            start=at * RTP_PACKET_BYTES_MAX + HEADER_BYTES,
            length=np.full(len(row), FRAME),
        )
        if wait is not None:
            self._arrivals.wait[at] = wait
            adaptation.note_waits(self.table, packets, self._arrivals)
        jitter.push(self.table, packets, self._arrivals)
        self._arrivals.wait.fill(-1)
        begins = row[number == 0]
        self.first[begins] = FRAME - self.table.end[begins]

    def play(self) -> NDArray[np.uint8]:
        """A tick; what is heard in it, uint8[parties, FRAME]."""
        self.tick += 1
        playout.play(self.table, self.frames, TABLES, self.clock, self.tick)
        return self.frames

    def sent(self) -> NDArray[np.uint8]:
        """What the parties said where the last tick played, uint8[parties, FRAME]."""
        position = self.first + self.table.play - FRAME
        at = (position % self.samples)[:, np.newaxis] + np.arange(FRAME)
        return self.sounds[np.arange(self.parties)[:, np.newaxis], at]


def arrival_ticks(delays_ms: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """In which tick the packets come that are sent every 20 ms and delayed so long, none overtaking another."""
    sent_ms = np.arange(len(delays_ms)) * 20.0
    came_ms = np.maximum.accumulate(sent_ms + np.asarray(delays_ms))
    return np.floor(came_ms / 20.0).astype(np.int64)
