"""Packets of another length than the tick's 20 ms: 10 to 60 ms, cut from the stream's frames.

Packet n of a stream begins at its sample n * ptime, so that sequence and timestamp follow from the clock for every
length (`StreamDescription.started_at`).
"""

from softswitch.media.packets.rtp import pack
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

PTIMES_MS = (10, 20, 30, 40, 50, 60)


class Packetiser:
    """Cuts one stream's frames into packets."""

    __slots__ = ("_expected", "_held", "_length", "_number", "_payload_type", "_sequence", "_ssrc", "_timestamp")

    def __init__(self, *, ptime_ms: int, payload_type: int, ssrc: int, sequence: int, timestamp: int) -> None:
        """`sequence` and `timestamp` are those of the stream's packet 0."""
        self._length = SAMPLE_RATE_HZ * ptime_ms // 1000
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._sequence = sequence
        self._timestamp = timestamp
        self._held = bytearray()
        self._number = 0
        """Of the packet that `_held` is the beginning of."""
        self._expected = -1
        """The sample the next frame begins at, unless ticks are left out."""

    def is_like(self, other: "Packetiser") -> bool:
        """Whether both make the same packets, so that what this one holds of the next need not be lost."""
        return self._format() == other._format()

    def add(self, frame: bytes, sample: int) -> list[bytes]:
        """The frame that begins at the stream's `sample`; returns the packets it completes."""
        if sample != self._expected:
            self._held.clear()
            self._number = -(-sample // self._length)
        self._expected = sample + len(frame)
        wanted = self._number * self._length + len(self._held)
        self._held += frame[wanted - sample :]
        packets: list[bytes] = []
        while len(self._held) >= self._length:
            packets.append(self._packet(bytes(self._held[: self._length])))
            del self._held[: self._length]
            self._number += 1
        return packets

    def _format(self) -> tuple[int, ...]:
        return self._length, self._payload_type, self._ssrc, self._sequence, self._timestamp

    def _packet(self, payload: bytes) -> bytes:
        return pack(
            payload_type=self._payload_type,
            sequence=self._sequence + self._number,
            timestamp=self._timestamp + self._number * self._length,
            ssrc=self._ssrc,
            payload=payload,
        )
