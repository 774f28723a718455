"""The ports of one phase that streams share: a few sockets, read and written with one system call each per tick.

A packet belongs to the stream that expects packets from its source on its port (source_table.py); a port of its own
would cost a stream two system calls in every tick instead. All packets of a tick are read into the part of the phase's
buffer that begins at row `first`, and sorted out together.

A port stays open as long as one of its sources rests, because only what is read can be known to still come.
"""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.base.log import get_logger
from softswitch.media.limits import (
    PACKETS_KEPT_MAX,
    RTCP_PACKET_BYTES_MAX,
    SHARED_READS_MAX,
    UNTRUSTED_PACKETS_MAX,
)
from softswitch.media.packets.rtp import ArrivalBuffer, OutgoingBuffer
from softswitch.media.phase import SinglePacket
from softswitch.media.quality.rtcp import RtcpPacket
from softswitch.media.receiving.source_table import STRANGER, SourceTable
from softswitch.media.runtime.sockets.batch import Batch, wait_samples
from softswitch.media.runtime.sockets.message_batch import MESSAGES_MAX, IncomingMessages, OutgoingMessages, name_of
from softswitch.media.runtime.sockets.udp_socket import dropped_packets, open_pair, receive_timed

_log = get_logger("media")

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
"""Some five thousand packets, which Linux grants twice over, if net.core.rmem_max allows so much."""

TIMED_EVERY_TICKS = 50
"""Once a second it is measured how long packets wait for their tick,"""
TIMED_AFTER_CHANGE_TICKS = 10
"""and when a stream has begun: its first packet decides how long it is delayed."""

STALE_S = 1.0
"""Ports that were not read for so long, because the phase had no streams, are emptied before a stream begins."""


class _SharedPort:
    __slots__ = ("dropped", "number", "outgoing", "rows", "rtcp", "rtp")

    def __init__(self, number: int, sockets: tuple[socket.socket, socket.socket]) -> None:
        self.number = number
        """In the source table."""
        self.rtp, self.rtcp = sockets
        self.rows: set[int] = set()
        self.dropped = 0
        self.outgoing: OutgoingMessages | None = None
        """The packets of its rows that are aimed; None when they are to be put together again."""


class SharedSockets:
    """By row within the phase, like `DedicatedSockets`."""

    __slots__ = (
        "_arrivals",
        "_destinations",
        "_epoll",
        "_first",
        "_free_numbers",
        "_last_of_row",
        "_messages",
        "_muxed",
        "_numbers",
        "_port_of_row",
        "_port_of_rtcp",
        "_ports",
        "_read_at",
        "_room",
        "_rtcp",
        "_rtcp_rows",
        "_sources",
        "_timed_until",
        "_to_port",
        "dropped_by_kernel",
        "strangers",
    )

    def __init__(self, arrivals: ArrivalBuffer, first: int) -> None:
        """What is received lies in `arrivals` from buffer row `first` on."""
        self.strangers = 0
        self.dropped_by_kernel = 0
        self._arrivals = arrivals
        self._first = first
        self._messages = IncomingMessages(arrivals.packets[first:])
        self._to_port: NDArray[np.uint64] = np.zeros(self._messages.size, np.uint64)
        """Number of the port that each message came to."""
        self._numbers = np.arange(self._messages.size)
        self._last_of_row: NDArray[np.int64] = np.zeros(self._messages.size, np.int64)
        self._sources = SourceTable()
        self._ports: dict[HostPort, _SharedPort] = {}
        self._free_numbers = list(range(self._messages.size, -1, -1))
        self._port_of_row: dict[int, _SharedPort] = {}
        self._destinations: dict[int, bytes] = {}
        """Of the rows that are aimed, as `sockaddr`."""
        self._rtcp: dict[int, HostPort] = {}
        """Where each row's RTCP goes and comes from,"""
        self._muxed: set[int] = set()
        """by the RTP port for these rows."""
        self._rtcp_rows: dict[tuple[int, HostPort], int] = {}
        self._port_of_rtcp: dict[int, _SharedPort] = {}
        self._epoll = select.epoll()
        self._room = memoryview(bytearray(RTCP_PACKET_BYTES_MAX))
        self._timed_until = 0.0
        self._read_at = 0.0

    # The streams' ports

    def open(self, row: int, local: HostPort, remote: HostPort | None) -> str | None:
        self._refresh()
        port = self._ports.get(local)
        if port is None:
            sockets = open_pair(local, RECEIVE_BUFFER_BYTES)
            if isinstance(sockets, str):
                return sockets
            if sockets[0].getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) < RECEIVE_BUFFER_BYTES:
                _log.warning("a busy machine may lose packets: sysctl net.core.rmem_max=4194304", port=local.port)
            port = self._ports[local] = _SharedPort(self._free_numbers.pop(), sockets)
            self._port_of_rtcp[port.rtcp.fileno()] = port
            self._epoll.register(port.rtcp.fileno(), select.EPOLLIN)
        self._port_of_row[row] = port
        reason = None if remote is None else self.why_not(row, remote)
        if reason is not None:
            del self._port_of_row[row]
            return reason
        port.rows.add(row)
        return None

    def close(self, row: int) -> None:
        self.aim(row, None)
        self.aim_rtcp(row, None, is_muxed=False)
        self._sources.close(row, time.monotonic())
        self._port_of_row.pop(row).rows.discard(row)

    def close_ports(self) -> None:
        """Close all ports, at the end: no source rests any more."""
        for local in list(self._ports):
            self._close_port(local)
        self._epoll.close()

    def why_not(self, row: int, remote: HostPort) -> str | None:
        """Why the row cannot have packets from `remote`, for people; None if it can."""
        return self._sources.why_not(row, self._port_of_row[row].number, name_of(remote), time.monotonic())

    def connect(self, row: int, remote: HostPort) -> None:
        now = time.monotonic()
        self._sources.put(row, self._port_of_row[row].number, name_of(remote), now)
        self._timed_until = now + TIMED_AFTER_CHANGE_TICKS * 0.02

    def disconnect(self, row: int) -> None:
        self._sources.remove(row, time.monotonic())

    def aim(self, row: int, destination: HostPort | None) -> None:
        self._destinations.pop(row, None)
        if destination is not None:
            self._destinations[row] = name_of(destination)
        self._port_of_row[row].outgoing = None

    def aim_rtcp(self, row: int, destination: HostPort | None, *, is_muxed: bool) -> None:
        port = self._port_of_row[row]
        old = self._rtcp.pop(row, None)
        if old is not None and self._rtcp_rows.get((port.number, old)) == row:
            del self._rtcp_rows[port.number, old]
        self._muxed.discard(row)
        if destination is None:
            return
        self._rtcp[row] = destination
        if is_muxed:
            self._muxed.add(row)
        else:
            self._rtcp_rows.setdefault((port.number, destination), row)

    # The tick

    def receive(self, tick: int) -> Iterator[Batch]:
        """Everything that has arrived, with at most one packet per row and batch; mostly that is one batch."""
        now = self._read_at = time.monotonic()
        is_timed = tick % TIMED_EVERY_TICKS == 0 or now < self._timed_until
        for _ in range(SHARED_READS_MAX):
            self._read(is_timed=is_timed)
            if self._messages.count:
                yield from self._sort_out(now, is_timed=is_timed)
            if self._messages.count < self._messages.size:
                break
        if tick % TIMED_EVERY_TICKS == 0:
            self._count_dropped()

    def send(self, outgoing: OutgoingBuffer) -> int:
        """The tick's packet of every row that is aimed; how many were sent."""
        sent = 0
        for port in self._ports.values():
            if port.outgoing is None:
                rows = sorted(port.rows & self._destinations.keys())
                port.outgoing = OutgoingMessages(outgoing.packets, rows, [self._destinations[row] for row in rows])
            sent += port.outgoing.send(port.rtp)
        return sent

    def send_single(self, single: SinglePacket) -> None:
        """Raises OSError."""
        self._port_of_row[single.row].rtp.sendto(single.packet, single.destination)

    def send_rtcp(self, row: int, packet: bytes) -> None:
        destination, port = self._rtcp.get(row), self._port_of_row[row]
        if destination is not None:
            with suppress(OSError):
                (port.rtp if row in self._muxed else port.rtcp).sendto(packet, destination)

    def receive_rtcp(self) -> list[RtcpPacket]:
        packets: list[RtcpPacket] = []
        for descriptor, _ in self._epoll.poll(0):
            port = self._port_of_rtcp[descriptor]
            with suppress(OSError):
                for _ in range(UNTRUSTED_PACKETS_MAX + 2 * len(port.rows)):
                    length, source, came_at_ns = receive_timed(port.rtcp, self._room)
                    row = self._rtcp_rows.get((port.number, source))
                    if row is None:
                        self.strangers += 1
                    else:
                        packets.append(RtcpPacket(row, bytes(self._room[:length]), source, came_at_ns / 1e9))
        return packets

    # Inside

    def _read(self, *, is_timed: bool) -> None:
        """Read all ports into the messages; when there is room left, they are empty."""
        messages = self._messages
        messages.rewind(is_timed=is_timed)
        for port in self._ports.values():
            came = MESSAGES_MAX
            while came == MESSAGES_MAX and messages.count < messages.size:
                first = messages.count
                came = messages.receive(port.rtp)
                self._to_port[first : messages.count] = port.number

    def _sort_out(self, now: float, *, is_timed: bool) -> Iterator[Batch]:
        """Batches of what was read."""
        count, length = self._messages.count, self._messages.lengths()
        row = self._sources.find(self._to_port[:count], self._messages.names[:count], now)
        if is_timed:
            came_ns = self._messages.came_at_ns()
            self._arrivals.came_ns[self._first : self._first + count] = came_ns
            self._arrivals.wait[self._first : self._first + count] = wait_samples(came_ns)
            self._arrivals.is_timed = True
        at = self._numbers[:count]
        if row.min() == STRANGER:
            at = np.flatnonzero(row >= 0)
            row, length = row[at], length[at]
            self.strangers += count - len(at)
        position = self._numbers[: len(at)]
        self._last_of_row[row] = position
        if (self._last_of_row[row] == position).all():
            yield Batch(at + self._first, row, length, None)
            return
        order = np.argsort(row, kind="stable")
        at, row, length = at[order], row[order], length[order]
        begins = np.flatnonzero(np.diff(row, prepend=-1))
        packets = np.diff(begins, append=len(row))
        # After a stall only the newest are of use, and the rest would take longer than there is time.
        turn = position - np.repeat(begins + np.maximum(packets - PACKETS_KEPT_MAX, 0), packets)
        for number in range(int(turn.max()) + 1):
            which = np.flatnonzero(turn == number)
            yield Batch(at[which] + self._first, row[which], length[which], None)

    def _refresh(self) -> None:
        """Before a stream begins: learn which resting sources still send, and close ports that nobody needs."""
        now = time.monotonic()
        if now > self._read_at + STALE_S:
            self._read_at = now
            for _ in range(SHARED_READS_MAX):
                self._read(is_timed=False)
                count = self._messages.count
                self._sources.find(self._to_port[:count], self._messages.names[:count], now)
                if count < self._messages.size:
                    break
        if self._sources.is_empty(now):
            for local in [local for local, port in self._ports.items() if not port.rows]:
                self._close_port(local)

    def _close_port(self, local: HostPort) -> None:
        port = self._ports.pop(local)
        del self._port_of_rtcp[port.rtcp.fileno()]
        self._free_numbers.append(port.number)
        port.rtp.close()
        port.rtcp.close()

    def _count_dropped(self) -> None:
        for port in self._ports.values():
            dropped = dropped_packets(port.rtp)
            self.dropped_by_kernel += dropped - port.dropped
            port.dropped = dropped
