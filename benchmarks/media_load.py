"""The parties of a media benchmark: a process that sends each leg a packet every 20 ms and receives what comes back.

The legs share a few dozen sockets, written with `sendmmsg` and read with `recvmmsg`, so that one core serves thousands
of them: the load must never be what limits. The two legs of a call speak in turn, as people do: noise as loud as a
voice, and that of a quiet room. The first three bytes of each sound say in which tick it was sent, in steps of G.711
that survive a change of law; so the delay is known whatever a server does to a packet, short of mixing it.

It binds its sockets and prints their ports as a JSON list; then it reads its work as a JSON object from standard input,
does it, and prints the figures as another.
"""

import ctypes
import json
import socket
import sys
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.media.codec import load_codecs

TICK_S = 0.020
FRAME = 160
PACKET_BYTES = 12 + FRAME
ROOM_BYTES = 640
BATCH = 256
ROOM_PACKETS = 8192
SOCKETS = 60
SLICES = 5
"""Phones' clocks are not in step: every 4 ms the sockets of one slice send."""
RECEIVE_BUFFER_BYTES = 4 << 20
CODES = 16
TURN_TICKS = 100
FAINT = 200
"""A quiet room is 46 dB below a voice."""
TICKS_KNOWN = CODES**3

_MESSAGE = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("_", "u4"),
        ("vector", "u8"),
        ("vectors", "u8"),
        ("control", "u8"),
        ("control_length", "u8"),
        ("flags", "i4"),
        ("__", "u4"),
        ("length", "u4"),
        ("___", "u4"),
    ]
)
"""struct mmsghdr of 64-bit Linux (recvmmsg(2))."""
_ADDRESS = np.dtype([("family", "u2"), ("port", ">u2"), ("ip", "u1", 4), ("zero", "u1", 8)])
_HEADER = np.dtype([("first", ">u2"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")])
_libc = ctypes.CDLL(None, use_errno=True)


class LoadOrder(msgspec.Struct):
    """Leg i uses socket i % SOCKETS; `targets[i]` is the port it sends to.

    `codecs[i]` is "PCMU" or "PCMA": what it sends, and what it expects to receive. Figures are of the last `seconds`.
    With `speaks`, those legs that do not speak send faint noise, and no delays are measured.
    """

    targets: list[int]
    codecs: list[str]
    settle_s: float
    seconds: float
    speaks: list[bool] = []


class LoadFigures(msgspec.Struct):
    sent: int
    received: int
    late_slices: int
    """Slices this process itself began more than 5 ms late: with many, the figures are worthless."""
    core_percent: float
    """Of its own core; near 100 it cannot keep its pace."""
    delay_ms_p50: float
    delay_ms_p99: float
    delay_ms_max: float


class Messages:
    """`struct mmsghdr`s for packets that lie in one array, each with an address of its own."""

    def __init__(self, packets: NDArray[np.uint8], length: int) -> None:
        count = len(packets)
        number = np.arange(count, dtype=np.uint64)
        self.address = np.zeros(count, _ADDRESS)
        self.vector = np.zeros((count, 2), np.uint64)
        self.vector[:, 0] = packets.ctypes.data + number * packets.strides[0]
        self.vector[:, 1] = length
        self.header = np.zeros(count, _MESSAGE)
        self.header["name"] = self.address.ctypes.data + number * _ADDRESS.itemsize
        self.header["name_length"] = _ADDRESS.itemsize
        self.header["vector"] = self.vector.ctypes.data + number * 16
        self.header["vectors"] = 1

    def at(self, index: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.header.ctypes.data + index * _MESSAGE.itemsize)


class Parties:
    def __init__(self, sockets: list[socket.socket], order: LoadOrder) -> None:
        legs = len(order.targets)
        self.order = order
        self.sockets = sockets
        # Socket after socket, so that each socket's packets are one run.
        self.leg_of_row = np.concatenate([np.arange(first, legs, SOCKETS) for first in range(SOCKETS)])
        counts = [len(range(first, legs, SOCKETS)) for first in range(SOCKETS)]
        self.first_row = np.concatenate([[0], np.cumsum(counts)])
        self.packets = np.zeros((legs, PACKET_BYTES), np.uint8)
        self.messages = Messages(self.packets, PACKET_BYTES)
        self.messages.address["family"] = socket.AF_INET
        self.messages.address["port"] = np.array(order.targets)[self.leg_of_row]
        self.messages.address["ip"] = (127, 0, 0, 1)
        self.header = self.packets[:, :12].view(_HEADER)[:, 0]
        self.header["ssrc"] = self.leg_of_row + 1
        codecs = load_codecs()
        self.is_a_law = np.array([name == "PCMA" for name in order.codecs])[self.leg_of_row]
        self.header["first"] = 0x8000 | np.where(self.is_a_law, 8, 0)
        noise = (np.random.default_rng(1).normal(0, 2000, (1, FRAME))).astype(np.int16)
        steps = (np.arange(CODES) * 200 - 1500).astype(np.int16)[np.newaxis]
        self.code = np.zeros((2, CODES), np.uint8)
        self.code_of = np.zeros((2, 256), np.int64)
        self.sound = np.zeros((2, 2, FRAME), np.uint8)
        """By law, faint and loud."""
        self.speaks = np.zeros(legs, np.int64)
        for law, name in enumerate(("PCMU", "PCMA")):
            codecs[name].encode(noise // FAINT, self.sound[law, :1])
            codecs[name].encode(noise, self.sound[law, 1:])
            codecs[name].encode(steps, self.code[law : law + 1])
            samples = np.zeros((1, 256), np.int16)
            codecs[name].decode(np.arange(256, dtype=np.uint8)[np.newaxis], samples)
            self.code_of[law] = np.abs(samples[0][:, np.newaxis].astype(int) - steps[0]).argmin(axis=1)
        self.law_of_socket_port = np.zeros((SOCKETS, 65536), np.uint8)
        for leg, target in enumerate(order.targets):
            self.law_of_socket_port[leg % SOCKETS, target] = order.codecs[leg] == "PCMA"
        self.room = np.zeros((ROOM_PACKETS, ROOM_BYTES), np.uint8)
        self.socket_of_packet = np.zeros(ROOM_PACKETS, np.int64)
        self.incoming = Messages(self.room, ROOM_BYTES)
        self.sent_at = np.zeros(TICKS_KNOWN)
        self.delays: list[NDArray[np.float64]] = []
        self.sent = self.received = self.late_slices = 0

    def run(self) -> LoadFigures:
        begin, began_cpu_s = time.monotonic() + 0.05, time.process_time()
        counted_from = begin + self.order.settle_s
        slots = round((self.order.settle_s + self.order.seconds) / TICK_S) * SLICES
        for slot in range(slots):
            at = begin + slot * TICK_S / SLICES
            wait = at - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            is_counted = at >= counted_from
            self.late_slices += is_counted and wait < -0.005
            tick, part = divmod(slot, SLICES)
            if part == 0:
                self._stamp(tick)
                self.sent_at[tick % TICKS_KNOWN] = at
            for index in range(part, SOCKETS, SLICES):
                self._send(index)
            if is_counted:
                self.sent += sum(int(self.first_row[i + 1] - self.first_row[i]) for i in range(part, SOCKETS, SLICES))
            self._receive(is_counted)
        share = (time.process_time() - began_cpu_s) / (time.monotonic() - begin)
        delays = np.concatenate([np.zeros(1), *self.delays]) * 1000
        p50, p99 = np.quantile(delays, [0.5, 0.99]).tolist()
        longest = float(delays.max())
        return LoadFigures(self.sent, self.received, int(self.late_slices), 100 * share, p50, p99, longest)

    def _stamp(self, tick: int) -> None:
        if self.order.speaks:
            speaks = np.array(self.order.speaks)[self.leg_of_row].astype(np.int64)
        else:
            call, side = np.divmod(self.leg_of_row, 2)
            speaks = ((tick + 17 * call) // TURN_TICKS + side) % 2
        changed = np.flatnonzero(speaks != self.speaks) if tick else slice(None)
        self.packets[changed, 12:] = self.sound[self.is_a_law.astype(int)[changed], speaks[changed]]
        self.speaks = speaks
        self.header["sequence"] = tick & 0xFFFF
        self.header["timestamp"] = tick * FRAME & 0xFFFFFFFF
        for place in range(0 if self.order.speaks else 3):
            self.packets[:, 12 + place] = self.code[self.is_a_law.astype(int), tick // CODES**place % CODES]

    def _send(self, index: int) -> None:
        at, end = int(self.first_row[index]), int(self.first_row[index + 1])
        descriptor = self.sockets[index].fileno()
        while at < end:
            sent = _libc.sendmmsg(descriptor, self.messages.at(at), min(1024, end - at), socket.MSG_DONTWAIT)
            # A packet that is refused (ECONNREFUSED of an earlier one) is tried again; a full queue is left.
            if sent <= 0 and ctypes.get_errno() not in (111,):
                return
            at += max(sent, 0)

    def _receive(self, is_counted: bool) -> None:
        """Take everything that has come to any socket, and look at it all together."""
        filled = 0
        for index, udp in enumerate(self.sockets):
            while filled < ROOM_PACKETS:
                room = min(BATCH, ROOM_PACKETS - filled)
                count = _libc.recvmmsg(udp.fileno(), self.incoming.at(filled), room, socket.MSG_DONTWAIT, None)
                if count <= 0:
                    break
                self.socket_of_packet[filled : filled + count] = index
                filled += count
                if count < room:
                    break
        if is_counted and filled:
            self._count(filled)

    def _count(self, packets: int) -> None:
        now = time.monotonic()
        at = np.flatnonzero((self.room[:packets, 1] & 0x7F) < 64)  # the others are RTCP (RFC 5761)
        self.received += len(at)
        if self.order.speaks:
            return
        index = self.socket_of_packet[at]
        law = self.law_of_socket_port[index, self.incoming.address["port"][at]].astype(int)
        tick = np.zeros(len(at), np.int64)
        for place in range(3):
            tick += self.code_of[law, self.room[at, 12 + place]] * CODES**place
        # Leg i hears leg i ^ 1, so what came to a socket was sent from its neighbour, in that one's slice.
        slice_s = (index ^ 1) % SLICES * (TICK_S / SLICES)
        delay = now - self.sent_at[tick % TICKS_KNOWN] - slice_s
        self.delays.append(delay[(delay > 0) & (delay < 2.0)])


def _bound() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    udp.bind(("127.0.0.1", 0))
    return udp


def main() -> None:
    sockets = [_bound() for _ in range(SOCKETS)]
    print(json.dumps([udp.getsockname()[1] for udp in sockets]), flush=True)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=LoadOrder)
    print(json.dumps(msgspec.to_builtins(Parties(sockets, order).run())), flush=True)


if __name__ == "__main__":
    main()
