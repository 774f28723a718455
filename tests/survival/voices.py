"""The sound of a whole crowd of phones: each says a tone of its own for ever, and hears who else is on its line.

Every 20 ms each voice sends a packet of G.711. Of what it is sent is kept, by row: when the last packet came, its
sequence, timestamp and SSRC, and whether it was loud; a longest gap since the last `mark` in packets, and one in sound;
breaks of the sequence and of the timestamps; and once a second whose tones are in what came, by their frequencies.
So a word of a stranger, a second of silence and a packet that never came are all seen, and an hour takes no memory.

Rows share a few sockets; which row a packet is for says the port that it comes from. A packet of a port that nobody
was told of is a stranger.
"""

import socket
import time
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec import load_codecs
from tests.survival.datagrams import Datagrams, bound_socket

RATE_HZ = 8000
FRAME = 160
TICK_S = 0.020
SLICES = 5
"""Phones' clocks are not in step: every 4 ms one slice of the sockets speaks."""
SOCKETS = 30
FIRST_PORT = 10_000
PER_SECOND = 50
JUMP = 500
"""Packets, ten seconds: a stream that goes further at once is another one (RFC 3550 A.1 allows 3000)."""
AMPLITUDE = 0.06
"""Of full scale: fifteen such voices together are not clipped."""
HEARD_FROM = 0.3 * AMPLITUDE
LOUD_FROM = 0.25 * AMPLITUDE * 32768 / 2**0.5
"""The root mean square of a packet that is no silence."""
PCMU, KEYS = 0, 101
SILENCE = 0xFF
HEADER_BYTES = 12
ROOM_PACKETS = 8192
KEY_CODES = "0123456789*#ABCD"
KEY_PACKETS, KEY_END_PACKETS = 5, 3

Number = TypeVar("Number", np.float64, np.uint16, np.uint32)
_RTP = np.dtype([("first", ">u2"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """What one row was sent since the mark. Gaps are beyond the 20 ms that lie between two packets.

    `missing` packets were left out of the sequence, `backward` ones had been before; a `jump` is a step that is too
    large. `skips` are steps of the timestamp that the sequence does not explain. `heard` are the frequencies that were
    heard at some time, `hears` those of the last second.
    """

    packets: int
    gap_ms: float
    silence_ms: float
    missing: int
    backward: int
    jumps: int
    skips: int
    ssrcs: int
    heard: list[int]
    hears: list[int]


class Voices:
    """`hertz` are the frequencies of the rows' voices, each a whole number of Hz, and then those of `others`."""

    def __init__(self, host: str, hertz: Sequence[int], others: Sequence[int] = ()) -> None:
        count = len(hertz)
        self.host = host
        self.hertz = np.array([*hertz, *others])
        self.strangers = 0
        """Packets of ports that nobody was told of."""
        self.late_s = 0.0
        """The longest this program has been late itself since the mark."""
        self._sockets = [bound_socket(host, FIRST_PORT + 2 * number) for number in range(SOCKETS)]
        codec = load_codecs()["PCMU"]
        codes = np.arange(256, dtype=np.uint8)[np.newaxis]
        decoded = np.zeros((1, 256), np.int16)
        codec.decode(codes, decoded)
        self._sample = decoded[0].astype(np.float32)
        self._power = self._sample**2
        at = np.arange(RATE_HZ) / RATE_HZ
        self._sound = np.zeros((count, RATE_HZ), np.uint8)
        for row, each in enumerate(hertz):
            spoken = (AMPLITUDE * 32767 * np.sin(2 * np.pi * each * at)).astype(np.int16)[np.newaxis]
            codec.encode(spoken, self._sound[row : row + 1])
        self._sound = self._sound.reshape(count, PER_SECOND, FRAME)
        self._free = list(range(count))[::-1]
        self._row_of = np.full(SOCKETS << 16, -1, np.int32)
        self._key = np.full(count, -1, np.int64)
        self._remote_port = np.zeros(count, np.uint16)
        self._remote_ip = np.zeros((count, 4), np.uint8)
        self._speaks = np.zeros(count, bool)
        self._slices: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * SLICES
        self._pressing: dict[int, deque[tuple[bool, bytes, int]]] = {}
        self._sequence = np.arange(count, dtype=np.uint16) * 7
        self._timestamp = np.arange(count, dtype=np.uint32) * 977
        self._step = np.zeros(count, np.int64)
        self._out = Datagrams(max(count, 1), HEADER_BYTES + FRAME)
        self._out_header = self._out.packets[:, :HEADER_BYTES].view(_RTP)[:, 0]
        self._in = Datagrams(ROOM_PACKETS, 640)
        self._in_header = self._in.packets[:, :HEADER_BYTES].view(_RTP)[:, 0]
        self._last_at = np.full(count, np.nan)
        self._last_loud_at = np.full(count, np.nan)
        self._last_sequence = np.zeros(count, np.uint16)
        self._last_timestamp = np.zeros(count, np.uint32)
        self._last_ssrc = np.zeros(count, np.uint32)
        self._ring = np.full((count, PER_SECOND, FRAME), SILENCE, np.uint8)
        self._hears = np.zeros((count, len(self.hertz)), bool)
        self._slot = 0
        self.mark()

    def close(self) -> None:
        for udp in self._sockets:
            udp.close()

    # Rows

    def open(self) -> int:
        """A row for a call; its port is `port_of`."""
        row = self._free.pop()
        for measured in (self._packets, self._gap, self._silence, self._missing, self._backward):
            measured[row] = 0
        for measured in (self._jumps, self._skips, self._ssrcs, self._heard):
            measured[row] = 0
        return row

    def port_of(self, row: int) -> int:
        return FIRST_PORT + 2 * (row % SOCKETS)

    def connect(self, row: int, ip: str, port: int, *, speaks: bool) -> None:
        """What comes from this address is for this row; what it says goes there."""
        key = (row % SOCKETS << 16) + port
        if self._key[row] != key:
            self._forget(row)
            self._key[row] = key
            self._row_of[key] = row
        self._remote_port[row] = port
        self._remote_ip[row] = np.frombuffer(socket.inet_aton(ip), np.uint8)
        self._speaks[row] = speaks
        self._arrange()

    def release(self, row: int) -> None:
        self._forget(row)
        self._speaks[row] = False
        self._pressing.pop(row, None)
        self._free.insert(0, row)
        self._arrange()

    def press(self, row: int, keys: str) -> None:
        """One after another, as events (RFC 4733), in place of what the voice says."""
        packets = self._pressing.setdefault(row, deque())
        for key in keys:
            for number in range(KEY_PACKETS + KEY_END_PACKETS):
                is_end = number >= KEY_PACKETS
                length = FRAME * (min(number, KEY_PACKETS) + 1)
                event = bytes([KEY_CODES.index(key), 0x80 * is_end | 10]) + length.to_bytes(2, "big")
                packets.append((number == 0, event, FRAME if number == KEY_PACKETS + KEY_END_PACKETS - 1 else 0))
            packets.extend([(False, b"", FRAME)] * 3)
        self._arrange()

    # What was heard

    def mark(self) -> None:
        """Everything is measured from now on. A gap that lasts belongs to what comes."""
        count = len(self._step)
        self._packets = np.zeros(count, np.int64)
        self._gap = np.zeros(count)
        self._silence = np.zeros(count)
        self._missing = np.zeros(count, np.int64)
        self._backward = np.zeros(count, np.int64)
        self._jumps = np.zeros(count, np.int64)
        self._skips = np.zeros(count, np.int64)
        self._ssrcs = np.zeros(count, np.int64)
        self._heard = np.zeros((count, len(self.hertz)), bool)
        self.strangers, self.late_s = 0, 0.0

    def hearing(self, row: int) -> Hearing:
        now = time.time()
        gap, silence = self._gap[row], self._silence[row]
        for last, kept in ((self._last_at[row], "gap"), (self._last_loud_at[row], "silence")):
            if not np.isnan(last):
                lasts = now - last - 2 * TICK_S
                gap, silence = (max(gap, lasts), silence) if kept == "gap" else (gap, max(silence, lasts))
        return Hearing(
            packets=int(self._packets[row]),
            gap_ms=round(1000 * float(gap), 1),
            silence_ms=round(1000 * float(silence), 1),
            missing=int(self._missing[row]),
            backward=int(self._backward[row]),
            jumps=int(self._jumps[row]),
            skips=int(self._skips[row]),
            ssrcs=int(self._ssrcs[row]),
            heard=[int(each) for each in self.hertz[self._heard[row]]],
            hears=[int(each) for each in self.hertz[self._hears[row]]],
        )

    # The clock

    def slice(self) -> None:
        """To be called every TICK_S / SLICES."""
        part = self._slot % SLICES
        self._send(part)
        self._receive()
        if part == 0:
            self._listen(self._slot // SLICES % PER_SECOND)
        self._slot += 1

    # Private

    def _forget(self, row: int) -> None:
        if self._key[row] >= 0:
            if self._row_of[self._key[row]] == row:
                self._row_of[self._key[row]] = -1
            self._key[row] = -1
        self._last_at[row] = self._last_loud_at[row] = np.nan
        self._ring[row] = SILENCE
        self._hears[row] = False

    def _arrange(self) -> None:
        """Who speaks in which slice, socket after socket."""
        speaking = np.flatnonzero(self._speaks)
        speaking = np.array([row for row in speaking.tolist() if row not in self._pressing], np.int64)
        by_socket = speaking[np.argsort(speaking % SOCKETS, kind="stable")]
        self._slices = [by_socket[by_socket % SOCKETS % SLICES == part] for part in range(SLICES)]

    def _send(self, part: int) -> None:
        rows = self._slices[part]
        count = len(rows)
        if count:
            header = self._out_header
            header["first"][:count] = 0x8000 | PCMU
            header["sequence"][:count] = self._sequence[rows]
            header["timestamp"][:count] = self._timestamp[rows]
            header["ssrc"][:count] = rows + 0x5EED0000
            self._out.packets[:count, HEADER_BYTES:] = self._sound[rows, self._step[rows]]
            self._out.address["port"][:count] = self._remote_port[rows]
            self._out.address["ip"][:count] = self._remote_ip[rows]
            sockets = rows % SOCKETS
            begins = np.flatnonzero(np.diff(sockets, prepend=-1)).tolist()
            for begin, end in zip(begins, [*begins[1:], count], strict=True):
                self._out.send(self._sockets[int(sockets[begin])], begin, end)
            self._sequence[rows] += 1
            self._timestamp[rows] += FRAME
            self._step[rows] = (self._step[rows] + 1) % PER_SECOND
        for row in [row for row in self._pressing if row % SOCKETS % SLICES == part]:
            self._press(row)

    def _press(self, row: int) -> None:
        packets = self._pressing[row]
        is_first, event, advance = packets.popleft()
        if event and self._speaks[row]:
            header = np.zeros(1, _RTP)
            header["first"] = 0x8000 | 0x80 * is_first | KEYS
            header["sequence"], header["timestamp"] = self._sequence[row], self._timestamp[row]
            header["ssrc"] = row + 0x5EED0000
            ip = socket.inet_ntoa(self._remote_ip[row].tobytes())
            self._sockets[row % SOCKETS].sendto(header.tobytes() + event, (ip, int(self._remote_port[row])))
            self._sequence[row] += 1
        self._timestamp[row] += FRAME * (KEY_PACKETS + 1) if event and advance else advance
        if not packets:
            del self._pressing[row]
            self._arrange()

    def _receive(self) -> None:
        filled = 0
        rows = np.empty(ROOM_PACKETS, np.int32)
        for index, udp in enumerate(self._sockets):
            count = self._in.receive(udp, filled)
            ports = self._in.address["port"][filled : filled + count].astype(np.int64)
            rows[filled : filled + count] = self._row_of[(index << 16) + ports]
            filled += count
        if filled:
            self._take(rows[:filled], filled)

    def _take(self, rows: NDArray[np.int32], filled: int) -> None:
        kinds = self._in.packets[:filled, 1] & 0x7F
        is_voice = (kinds == PCMU) & (self._in.lengths[:filled] == HEADER_BYTES + FRAME)
        self.strangers += int(np.count_nonzero(is_voice & (rows < 0)))
        places = np.flatnonzero(is_voice & (rows >= 0))
        if not len(places):
            return
        places = places[np.argsort(rows[places], kind="stable")]
        row = rows[places].astype(np.int64)
        at = self._in.arrivals(filled)[places]
        sequence = self._in_header["sequence"][places].astype(np.uint16)
        timestamp = self._in_header["timestamp"][places].astype(np.uint32)
        ssrc = self._in_header["ssrc"][places].astype(np.uint32)
        payload = self._in.packets[places, HEADER_BYTES : HEADER_BYTES + FRAME]
        is_known = ~np.isnan(_before(row, at, self._last_at))
        step = (sequence - _before(row, sequence, self._last_sequence)).astype(np.int16).astype(np.int64)
        advance = (timestamp - _before(row, timestamp, self._last_timestamp)).astype(np.int32).astype(np.int64)
        other = is_known & (ssrc != _before(row, ssrc, self._last_ssrc))
        gap = np.where(is_known, at - _before(row, at, self._last_at) - TICK_S, 0.0)
        np.add.at(self._packets, row, 1)
        np.maximum.at(self._gap, row, gap)
        np.add.at(self._missing, row, np.where(is_known & (step > 1) & (step <= JUMP), step - 1, 0))
        np.add.at(self._backward, row, is_known & (step <= 0))
        np.add.at(self._jumps, row, is_known & (step > JUMP))
        np.add.at(self._skips, row, is_known & (step > 0) & (advance != step * FRAME))
        np.add.at(self._ssrcs, row, other)
        self._last_at[row], self._last_sequence[row] = at, sequence
        self._last_timestamp[row], self._last_ssrc[row] = timestamp, ssrc
        self._ring[row, timestamp // FRAME % PER_SECOND] = payload
        loud = np.sqrt(self._power[payload].mean(axis=1)) > LOUD_FROM
        row, at = row[loud], at[loud]
        before = _before(row, at, self._last_loud_at)
        np.maximum.at(self._silence, row, np.where(np.isnan(before), 0.0, at - before - TICK_S))
        self._last_loud_at[row] = at

    def _listen(self, turn: int) -> None:
        """Whose voices were in the last second: a fiftieth of the rows with every tick."""
        rows = np.arange(turn, len(self._step), PER_SECOND)
        rows = rows[self._key[rows] >= 0]
        if len(rows):
            samples = self._sample[self._ring[rows].reshape(len(rows), RATE_HZ)] / 32768
            spectrum = np.abs(np.fft.rfft(samples, axis=1)) * (2 / RATE_HZ)
            self._hears[rows] = spectrum[:, self.hertz] > HEARD_FROM
            self._heard[rows] |= self._hears[rows]
            self._ring[rows] = SILENCE


def _before(rows: NDArray[np.int64], values: NDArray[Number], last: NDArray[Number]) -> NDArray[Number]:
    """For each packet what the packet before it had in its row. Packets of a row lie side by side, oldest first."""
    before = np.empty_like(values)
    before[1:] = values[:-1]
    is_first = np.diff(rows, prepend=-1) != 0
    before[is_first] = last[rows[is_first]]
    return before
