"""RTP packets in batches (RFC 3550 section 5.1): taking headers apart, and stamping them.

Received packets lie in an `ArrivalBuffer`, one per row of fixed length. `parse` gives their header fields as columns
and where each payload is; nothing is copied. Packets to send are built in an `OutgoingBuffer`, one per stream.
"""

import numpy as np
from numpy.typing import NDArray

from softswitch.media.limits import RTP_PACKET_BYTES_MAX
from softswitch.media.packets.byte_windows import Windows, windows
from softswitch.media.tick_grid import FRAME_SAMPLES

HEADER_BYTES = 12
PACKET_BYTES = HEADER_BYTES + FRAME_SAMPLES

_HEADER = np.dtype(
    [("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")],
)
_PLAIN = 0x80
"""Version 2, no padding, no extension, no contributing sources: nearly every packet there is."""
_MARKER = 0x80
_MARKER_BIT = _MARKER << 16
"""In the header's first word."""

Int64s = NDArray[np.int64]


class RtpColumns:
    """Header fields of n packets, int64[n] each. `start` is the payload's first byte in the flat arrival buffer."""

    __slots__ = ("length", "marker", "payload_type", "row", "sequence", "ssrc", "start", "timestamp")

    def __init__(
        self,
        *,
        row: Int64s,
        sequence: Int64s,
        timestamp: Int64s,
        ssrc: Int64s,
        payload_type: Int64s,
        marker: NDArray[np.bool_],
        start: Int64s,
        length: Int64s,
    ) -> None:
        self.row = row
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.marker = marker
        self.start = start
        self.length = length

    def __len__(self) -> int:
        return len(self.row)

    def select(self, which: Int64s | NDArray[np.bool_]) -> "RtpColumns":
        """The packets at these indices, or where the mask is set."""
        return RtpColumns(
            row=self.row[which],
            sequence=self.sequence[which],
            timestamp=self.timestamp[which],
            ssrc=self.ssrc[which],
            payload_type=self.payload_type[which],
            marker=self.marker[which],
            start=self.start[which],
            length=self.length[which],
        )


class ArrivalBuffer:
    """Room for one packet per row, as the socket wrote it."""

    __slots__ = ("_windows", "came_ns", "headers", "is_timed", "packets", "wait")

    def __init__(self, rows: int) -> None:
        self.wait: NDArray[np.int64] = np.full(rows, -1, np.int64)
        """How many samples long the packet lay in its socket, -1 where that was not measured."""
        self.came_ns: NDArray[np.int64] = np.zeros(rows, np.int64)
        """When it came there (wall clock), where that was measured."""
        self.is_timed = False
        """Whether it was measured for any packet of the batch."""
        self.packets: NDArray[np.uint8] = np.zeros((rows, RTP_PACKET_BYTES_MAX), np.uint8)
        self.headers = self.packets[:, :HEADER_BYTES].view(_HEADER)[:, 0]
        self._windows: dict[int, Windows] = {}

    def forget_waits(self) -> None:
        """The batch has been taken: what was measured for it is not for the next."""
        if self.is_timed:
            self.wait.fill(-1)
            self.is_timed = False

    def windows(self, length: int) -> Windows:
        """Runs of `length` payload bytes by `RtpColumns.start`."""
        view = self._windows.get(length)
        if view is None:
            view = self._windows[length] = windows(self.packets, length)
        return view


def parse(arrivals: ArrivalBuffer, at: Int64s, row: Int64s, length: Int64s) -> RtpColumns:
    """The well-formed packets among those at buffer rows `at`, for the streams `row`, `length` bytes each.

    What is not RTP, is cut short, or filled its buffer row to the end (so it was longer) is left out.
    """
    offset = at * RTP_PACKET_BYTES_MAX
    # As runs of bytes and three words: field by field it takes three times as long.
    words = arrivals.windows(HEADER_BYTES)[offset].view(">u4").reshape(-1, HEADER_BYTES // 4)
    bits, timestamp, ssrc = words.T.astype(np.int64, order="C")
    payload_length = length - HEADER_BYTES
    columns = RtpColumns(
        row=row,
        sequence=bits & 0xFFFF,
        timestamp=timestamp,
        ssrc=ssrc,
        payload_type=bits >> 16 & 0x7F,
        marker=(bits & _MARKER_BIT) != 0,
        start=offset + HEADER_BYTES,
        length=payload_length,
    )
    first = bits >> 24
    is_plain = (first == _PLAIN) & (payload_length > 0) & (length < RTP_PACKET_BYTES_MAX)
    if is_plain.all():
        return columns
    odd = np.flatnonzero(~is_plain)
    begin, end = _payload_bounds(arrivals.packets.reshape(-1), offset[odd], first[odd], length[odd])
    columns.start[odd] = offset[odd] + begin
    columns.length[odd] = end - begin
    return columns.select(columns.length > 0)


def _payload_bounds(content: NDArray[np.uint8], offset: Int64s, first: Int64s, length: Int64s) -> tuple[Int64s, Int64s]:
    """First and past-last byte of each payload, counted from the packet (RFC 3550 sections 5.1 and 5.3.1).

    They are equal when the packet is malformed.
    """
    last_byte = offset + RTP_PACKET_BYTES_MAX - 1
    begin = HEADER_BYTES + 4 * (first & 0x0F)
    has_extension = (first & 0x10) != 0
    words_at = np.minimum(offset + begin + 2, last_byte - 1)
    words = content[words_at].astype(np.int64) << 8 | content[words_at + 1]
    begin = np.where(has_extension, begin + 4 + 4 * words, begin)
    padding = content[np.clip(offset + length - 1, offset, last_byte)].astype(np.int64)
    end = np.where(first & 0x20, length - padding, length)
    is_whole = (first >> 6 == 2) & (length < RTP_PACKET_BYTES_MAX) & (begin < end)
    return np.where(is_whole, begin, 0), np.where(is_whole, end, 0)


class OutgoingBuffer:
    """One 20 ms packet per stream, header and payload side by side, as the socket sends it."""

    __slots__ = ("_header", "packets", "payload", "payload_runs")

    def __init__(self, rows: int) -> None:
        self.packets: NDArray[np.uint8] = np.zeros((rows, PACKET_BYTES), np.uint8)
        packet = self.packets.view(np.dtype([("header", _HEADER), ("payload", np.void, FRAME_SAMPLES)]))[:, 0]
        self._header = packet["header"]
        self._header["first"] = _PLAIN
        self.payload_runs: Windows = packet["payload"]
        """Element n is the payload of row n."""
        self.payload: NDArray[np.uint8] = self.packets[:, HEADER_BYTES:]

    def stamp(
        self,
        rows: int,
        *,
        payload_type: NDArray[np.uint8],
        sequence: NDArray[np.uint16],
        timestamp: NDArray[np.uint32],
    ) -> None:
        """Write what changes from packet to packet into the first `rows` headers."""
        header = self._header[:rows]
        header["second"] = payload_type
        header["sequence"] = sequence
        header["timestamp"] = timestamp

    def set_ssrc(self, row: int, ssrc: int) -> None:
        self._header["ssrc"][row] = ssrc

    def mark(self, row: int) -> None:
        """Set the marker bit: the stream begins, or begins again after it sent nothing (RFC 3551 section 4.1)."""
        self._header["second"][row] |= _MARKER


def pack(*, payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool = False) -> bytes:
    """One packet, for what is sent singly."""
    return (
        bytes((_PLAIN, payload_type | (_MARKER if marker else 0)))
        + (sequence & 0xFFFF).to_bytes(2, "big")
        + (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
        + ssrc.to_bytes(4, "big")
        + payload
    )
