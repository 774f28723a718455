"""The dedicated ports of one phase: a socket per stream, all read and written together.

A socket in the steady state, connected and with a packet every tick, is read blindly: one `recv_into` per tick into its
row of the phase's buffer. That costs less than asking which sockets are readable (measured: docs/decisions/
0003-packet-io.md). What blind reading does not see is found so:

* A second packet: after a tick in which a socket had none, for some ticks it is asked again after each packet; so is
  every socket once in a while and after ticks that were left out, and always one that had a second packet lately (10 ms
  packets, a burst).
* After a stall only the newest packets of each socket are taken (backlog.py).
* How long packets wait for the tick is measured now and then, a part of the sockets at a time: the kernel has noted
  when each packet came.
* Sockets that are silent, and those that are not connected because their party is not known yet, are watched by an
  epoll of the phase and cost nothing until a packet comes.

RTCP has sockets of its own (rtcp_sockets.py).
"""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.limits import RECEIVE_ROUNDS_MAX, UNTRUSTED_PACKETS_MAX
from softswitch.media.packets.rtp import ArrivalBuffer, OutgoingBuffer
from softswitch.media.phase import ROWS_PER_PHASE, SinglePacket
from softswitch.media.quality.rtcp import PACKET_TYPES, RtcpPacket
from softswitch.media.runtime.sockets.backlog import newest_packets
from softswitch.media.runtime.sockets.batch import Batch
from softswitch.media.runtime.sockets.rtcp_sockets import RtcpSockets
from softswitch.media.runtime.sockets.transfers import Transfer, apply_to, call_all, call_each
from softswitch.media.runtime.sockets.udp_socket import (
    SocketPair,
    TimedPacket,
    disconnect,
    dropped_packets,
    open_pair,
    receive_timed,
)
from softswitch.media.tick_grid import SAMPLE_RATE_HZ

QUIET_TICKS = 25
"""Half a second without a packet: the socket is watched instead of read."""
TRIES_AFTER_MISS = 4
TRIES_MAX = 8
"""Failing attempts at a second packet before it is given up."""
QUEUED_PACKETS_MAX = 512
"""More than a socket's queue holds."""
STALL_TICKS = 8
"""With so many ticks left out, more packets wait in every socket than are worth taking one by one."""
COUNTED_EVERY_TICKS = 250
RTCP_BITS = PACKET_TYPES.start
"""The upper three bits of the second byte of any RTCP packet."""
PROBE_TICKS = 64
"""How often every socket is asked for a second packet."""
TIMED_EVERY_TICKS = 50
TIMED_PARTS = 8
"""Once a second the wait is measured for every socket, an eighth of them in each of eight ticks."""

RECEIVE_BUFFER_BYTES = 64 * 1024
"""For one stream. The kernel grants twice as much and counts a packet as 768 bytes or, from some network cards, 2,304:
over a second of voice, and a flood at thousands of ports does not fill the machine's memory."""

_SAMPLES_PER_NS = SAMPLE_RATE_HZ / 1e9


class _Port:
    """The RTP socket of one stream."""

    __slots__ = ("destination", "dropped", "is_clean", "muxed_rtcp", "remote", "rtp")

    def __init__(self, rtp: socket.socket) -> None:
        self.rtp = rtp
        self.remote: HostPort | None = None
        """What `rtp` is connected to."""
        self.is_clean = False
        """Nothing that came before it was connected is left in its queue."""
        self.destination: HostPort | None = None
        self.dropped = 0
        """Packets that found the socket full, as far as they are counted."""
        self.muxed_rtcp: HostPort | None = None
        """Where RTCP goes that shares this socket."""


class DedicatedSockets:
    """By row within the phase."""

    __slots__ = (
        "_arrivals",
        "_epoll",
        "_is_steady_old",
        "_last_tick",
        "_packets",
        "_ports",
        "_quiet_ticks",
        "_receivers",
        "_row_of_fd",
        "_rtcp",
        "_senders",
        "_steady",
        "_steady_rows",
        "_tries",
        "_views",
        "dropped_by_kernel",
        "strangers",
    )

    def __init__(self, arrivals: ArrivalBuffer) -> None:
        """What is received lies in `arrivals`, from its first row on."""
        self.strangers = 0
        self.dropped_by_kernel = 0
        self._arrivals = arrivals
        self._views = [memoryview(packet) for packet in arrivals.packets[:ROWS_PER_PHASE]]
        self._ports: dict[int, _Port] = {}
        self._row_of_fd: dict[int, int] = {}
        """Of the sockets in `_epoll`."""
        self._rtcp = RtcpSockets()
        self._epoll = select.epoll()
        self._steady: set[int] = set()
        self._last_tick = 0
        self._is_steady_old = False
        """The two below are to be made again."""
        self._steady_rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._receivers: list[Transfer] = []
        self._packets: dict[int, memoryview] = {}
        """Each row's packet of the tick, for the rows that were ever aimed."""
        self._senders: tuple[list[Transfer], list[memoryview]] | None = None
        """What sends each row's packet, and the packets; None when they are to be made again."""
        self._quiet_ticks: NDArray[np.int64] = np.zeros(ROWS_PER_PHASE, np.int64)
        self._tries: NDArray[np.int64] = np.zeros(ROWS_PER_PHASE, np.int64)
        """Attempts at a second packet that the row has left."""

    # The streams' ports

    def open(self, row: int, local: HostPort, held: SocketPair | None = None) -> str | None:
        sockets = open_pair(local, RECEIVE_BUFFER_BYTES) if held is None else held
        if isinstance(sockets, str):
            return sockets
        rtp, rtcp = sockets
        port = self._ports[row] = _Port(rtp)
        if held is not None:
            port.dropped = dropped_packets(rtp)
        self._rtcp.add(row, rtcp)
        self._watch(row)
        return None

    def close(self, row: int) -> None:
        self._unwatch(row)
        port = self._ports.pop(row)
        self._note_dropped(port)
        port.rtp.close()
        self._rtcp.close(row)
        self._leave_steady(row)
        self._senders = None

    def close_all(self) -> None:
        for row in list(self._ports):
            self.close(row)
        self._epoll.close()

    def connect(self, row: int, remote: HostPort) -> None:
        port = self._ports[row]
        # Where there is no way to the remote, its packets are told from others' by their source.
        with suppress(OSError):
            port.rtp.connect(remote)
            port.remote = remote
            port.is_clean = False
        self._watch(row)
        self._senders = None

    def disconnect(self, row: int) -> None:
        port = self._ports[row]
        disconnect(port.rtp)
        port.remote = None
        self._watch(row)
        self._senders = None

    def aim(self, row: int, destination: HostPort | None) -> None:
        self._ports[row].destination = destination
        self._senders = None

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        self._ports[row].muxed_rtcp = destination if is_muxed else None
        self._rtcp.aim(row, None if is_muxed else destination)

    # The tick

    def receive_steady(self, tick: int) -> Iterator[Batch]:
        """The packets of steady sockets, all of them in the first batch that have only one."""
        if self._is_steady_old:
            self._is_steady_old = False
            # In the order of rows, because memory is touched in that order.
            self._steady_rows = np.array(sorted(self._steady), np.int64)
            self._receivers = [self._ports[row].rtp.recv_into for row in sorted(self._steady)]
        left_out = tick - self._last_tick - 1
        self._last_tick = tick
        if left_out >= STALL_TICKS:
            yield from self._read_newest()
            return
        if left_out > 0:
            # Every socket has more than one packet.
            self._tries[self._steady_rows] = TRIES_MAX
        if self._receivers:
            yield from self._read_steady(tick)
        self._count_dropped(tick)

    def send(self, outgoing: OutgoingBuffer) -> int:
        """The tick's packet of every row that is aimed; how many were sent."""
        if self._senders is None:
            aimed = sorted(row for row, port in self._ports.items() if port.destination is not None)
            for row in aimed:
                if row not in self._packets:
                    self._packets[row] = memoryview(outgoing.packets[row])
            self._senders = ([_sender(self._ports[row]) for row in aimed], [self._packets[row] for row in aimed])
        return len(self._senders[0]) - call_each(map(apply_to, *self._senders))

    def send_single(self, single: SinglePacket) -> None:
        """Raises OSError."""
        self._ports[single.row].rtp.sendto(single.packet, single.destination)

    def send_rtcp(self, row: int, packet: bytes) -> None:
        port = self._ports[row]
        if port.muxed_rtcp is None:
            self._rtcp.send(row, packet)
            return
        with suppress(OSError):
            port.rtp.sendto(packet, port.muxed_rtcp)

    def receive_rtcp(self) -> list[RtcpPacket]:
        packets = self._rtcp.receive()
        self.strangers += self._rtcp.take_strangers()
        return packets

    # Inside

    def _read_steady(self, tick: int) -> Iterator[Batch]:
        rows = self._steady_rows
        part = tick % TIMED_EVERY_TICKS
        receivers = self._timed_receivers(part) if part < TIMED_PARTS else self._receivers
        length = np.array(call_all(map(apply_to, receivers, self._views)), np.int64)
        came = np.flatnonzero(length)
        if len(came) == len(rows):
            self._quiet_ticks[rows] = 0
            yield Batch(came, rows, length, None)
        else:
            self._quiet_ticks[rows] += 1
            self._quiet_ticks[rows[came]] = 0
            missed = rows[length == 0]
            self._tries[missed] = np.maximum(self._tries[missed], TRIES_AFTER_MISS)
            for row in missed[self._quiet_ticks[missed] >= QUIET_TICKS].tolist():
                self._watch(row)
            yield Batch(came, rows[came], length[came], None)
        may_have_more = (self._tries[rows[came]] > 0) | (rows[came] % PROBE_TICKS == tick % PROBE_TICKS)
        # RTCP that shares the port came in place of the tick's sound, which is right behind it.
        may_have_more |= (self._arrivals.headers["second"][came] & 0xE0) == RTCP_BITS
        again = came[may_have_more]
        for _ in range(RECEIVE_ROUNDS_MAX - 1):
            if not len(again):
                break
            indices: list[int] = again.tolist()
            receivers = [self._receivers[index] for index in indices]
            length = np.array(call_all(map(apply_to, receivers, self._views)), np.int64)
            came = np.flatnonzero(length)
            self._tries[rows[again[length == 0]]] -= 1
            again = again[came]
            self._tries[rows[again]] = np.minimum(self._tries[rows[again]] + 2, TRIES_MAX)
            yield Batch(came, rows[again], length[came], None)
        np.maximum(self._tries, 0, out=self._tries)

    def _read_newest(self) -> Iterator[Batch]:
        """After a stall."""
        rows = self._steady_rows
        sockets = [self._ports[row].rtp for row in rows.tolist()]
        for which, length in newest_packets(sockets, self._arrivals.packets):
            yield Batch(np.arange(len(which)), rows[which], length, None)

    def _count_dropped(self, tick: int) -> None:
        """A part of the sockets in each tick, all of them every five seconds."""
        for row in range(tick % COUNTED_EVERY_TICKS, ROWS_PER_PHASE, COUNTED_EVERY_TICKS):
            port = self._ports.get(row)
            if port is not None:
                self._note_dropped(port)

    def _note_dropped(self, port: _Port) -> None:
        dropped = dropped_packets(port.rtp)
        self.dropped_by_kernel += dropped - port.dropped
        port.dropped = dropped

    def _timed_receivers(self, part: int) -> list[Transfer]:
        """The steady sockets' `recv_into`, for one in TIMED_PARTS a function that measures the wait as well."""
        receivers = self._receivers.copy()
        now_ns = time.time_ns()
        for index in range(part, len(receivers), TIMED_PARTS):
            receivers[index] = partial(
                self._receive_timed, index, self._ports[int(self._steady_rows[index])].rtp, now_ns
            )
        return receivers

    def _receive_timed(self, at: int, rtp: socket.socket, now_ns: int, room: memoryview) -> int:
        """Receive into buffer row `at`, and note how long the packet has been waiting."""
        packet = receive_timed(rtp, room)
        self._note_wait(at, packet, now_ns)
        return packet.length

    def _note_wait(self, at: int, packet: TimedPacket, now_ns: int) -> None:
        if packet.came_at_ns:
            self._arrivals.came_ns[at] = packet.came_at_ns
            self._arrivals.wait[at] = max(0, round((now_ns - packet.came_at_ns) * _SAMPLES_PER_NS))
            self._arrivals.is_timed = True

    def receive_watched(self) -> Iterator[Batch]:
        """Sockets that are not steady: silent ones become so again, the others are read with their sources."""
        if not self._row_of_fd:
            return
        unconnected: list[int] = []
        unclean: list[int] = []
        for descriptor, _ in self._epoll.poll(0):
            row = self._row_of_fd[descriptor]
            port = self._ports[row]
            if port.remote is None:
                unconnected.append(row)
            elif port.is_clean:
                self._make_steady(row)
            else:
                unclean.append(row)
        now_ns = time.time_ns()
        yield from self._receive_unclean(unclean, now_ns)
        yield from self._receive_unconnected(unconnected, now_ns)

    def _receive_unconnected(self, rows: list[int], now_ns: int) -> Iterator[Batch]:
        for _ in range(UNTRUSTED_PACKETS_MAX):
            found: list[int] = []
            packets: list[TimedPacket] = []
            for row in rows:
                with suppress(OSError):
                    packet = receive_timed(self._ports[row].rtp, self._views[len(found)])
                    self._note_wait(len(found), packet, now_ns)
                    found.append(row)
                    packets.append(packet)
            if not found:
                return
            yield Batch(
                np.arange(len(found)),
                np.array(found),
                np.array([packet.length for packet in packets]),
                [packet.source for packet in packets],
            )
            rows = [row for row in found if self._ports[row].remote is None]

    def _receive_unclean(self, rows: list[int], now_ns: int) -> Iterator[Batch]:
        """Connected sockets may still hold what strangers sent before that: drop it."""
        for _ in range(RECEIVE_ROUNDS_MAX):
            found: list[int] = []
            lengths: list[int] = []
            for row in rows:
                length = self._receive_of_remote(row, len(found), now_ns)
                if length:
                    found.append(row)
                    lengths.append(length)
            if not found:
                return
            yield Batch(np.arange(len(found)), np.array(found), np.array(lengths), None)
            rows = found

    def _receive_of_remote(self, row: int, at: int, now_ns: int) -> int:
        """The next packet of whom the socket is connected to; with none left the socket is clean, and steady."""
        port = self._ports[row]
        for _ in range(QUEUED_PACKETS_MAX):
            try:
                packet = receive_timed(port.rtp, self._views[at])
            except BlockingIOError:
                port.is_clean = True
                self._make_steady(row)
                return 0
            except OSError:
                continue
            if packet.source == port.remote:
                self._note_wait(at, packet, now_ns)
                return packet.length
            self.strangers += 1
        return 0

    def _watch(self, row: int) -> None:
        descriptor = self._ports[row].rtp.fileno()
        if descriptor not in self._row_of_fd:
            self._row_of_fd[descriptor] = row
            self._epoll.register(descriptor, select.EPOLLIN)
        self._leave_steady(row)

    def _unwatch(self, row: int) -> None:
        descriptor = self._ports[row].rtp.fileno()
        if self._row_of_fd.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def _make_steady(self, row: int) -> None:
        self._unwatch(row)
        self._steady.add(row)
        self._quiet_ticks[row] = 0
        self._tries[row] = TRIES_MAX
        self._is_steady_old = True

    def _leave_steady(self, row: int) -> None:
        if row in self._steady:
            self._steady.discard(row)
            self._is_steady_old = True


def _sender(port: _Port) -> Transfer:
    """What sends a packet to the port's destination. A connected socket need not be told it each time."""
    rtp, destination = port.rtp, port.destination
    if destination is None or destination == port.remote:
        return rtp.send
    return lambda packet: rtp.sendto(packet, destination)
