"""The sockets of all streams: one per stream, read and written for a whole phase at a time.

A socket in the steady state, connected and with a packet every tick, is read blindly: one `recv_into` per tick into its
row of the phase's buffer. That costs less than asking which sockets are readable (measured: docs/decisions/
0003-packet-io.md). What blind reading does not see is found so:

* A second packet: after a tick in which a socket had none, for some ticks it is asked again after each packet; so is
  every socket once in a while, and always one that had a second packet lately (10 ms packets, a burst).
* Sockets that are silent, and those that are not connected because their party is not known yet, are watched by an
  epoll of the phase and cost nothing until a packet comes.

RTCP is not used yet: its port is bound, so that nobody else gets it and no ICMP error goes out, and what comes is read
and forgotten now and then.
"""

import select
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import call
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.limits import RECEIVE_ROUNDS_MAX, UNTRUSTED_PACKETS_MAX
from softswitch.media.phase import ROWS_PER_PHASE, SinglePacket
from softswitch.media.rtp import ArrivalBuffer, OutgoingBuffer
from softswitch.media.runtime.udp_socket import disconnect, open_udp, why_not_bound
from softswitch.media.tick_grid import PHASES

QUIET_TICKS = 25
"""Half a second without a packet: the socket is watched instead of read."""
TRIES_AFTER_MISS = 4
TRIES_MAX = 8
"""Failing attempts at a second packet before it is given up."""
QUEUED_PACKETS_MAX = 512
"""More than a socket's queue holds."""
PROBE_TICKS = 64
"""How often every socket is asked for a second packet."""


_Transfer = Callable[[memoryview], int]
"""A socket's `recv_into` or `send`: bytes moved."""
_call = cast("Callable[[_Transfer, memoryview], int]", call)
"""`transfer(packet)`, for `map`: so the loop over all sockets is in C."""


class Batch(NamedTuple):
    """At most one packet per row. `at` is the buffer row, `sources` is None when all come from connected sockets."""

    at: NDArray[np.int64]
    row: NDArray[np.int64]
    length: NDArray[np.int64]
    sources: list[HostPort] | None


class _Port:
    """The sockets of one stream."""

    __slots__ = ("destination", "is_clean", "remote", "rtcp", "rtp")

    def __init__(self, rtp: socket.socket, rtcp: socket.socket) -> None:
        self.rtp = rtp
        self.rtcp = rtcp
        self.remote: HostPort | None = None
        """What `rtp` is connected to."""
        self.is_clean = False
        """Nothing that came before it was connected is left in its queue."""
        self.destination: HostPort | None = None


class PhaseIo:
    """The sockets of one phase, by row within it."""

    __slots__ = (
        "_epoll",
        "_is_steady_old",
        "_ports",
        "_quiet_ticks",
        "_receivers",
        "_row_of_fd",
        "_row_of_rtcp",
        "_rtcp_epoll",
        "_senders",
        "_steady",
        "_steady_rows",
        "_tries",
        "_views",
        "arrivals",
        "packets_received",
        "packets_sent",
        "strangers",
    )

    def __init__(self) -> None:
        self.arrivals = ArrivalBuffer(ROWS_PER_PHASE)
        self.packets_received = 0
        self.packets_sent = 0
        self.strangers = 0
        """Packets dropped here; those the latch refuses are counted by the engine."""
        self._views = [memoryview(packet) for packet in self.arrivals.packets]
        self._ports: dict[int, _Port] = {}
        self._row_of_fd: dict[int, int] = {}
        """Of the sockets in `_epoll`."""
        self._row_of_rtcp: dict[int, int] = {}
        self._rtcp_epoll = select.epoll()
        self._epoll = select.epoll()
        self._steady: set[int] = set()
        self._is_steady_old = False
        """The two below are to be made again."""
        self._steady_rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self._receivers: list[_Transfer] = []
        self._senders: tuple[list[_Transfer], list[memoryview]] | None = None
        """What sends each row's packet, and the packets; None when they are to be made again."""
        self._quiet_ticks: NDArray[np.int64] = np.zeros(ROWS_PER_PHASE, np.int64)
        self._tries: NDArray[np.int64] = np.zeros(ROWS_PER_PHASE, np.int64)
        """Attempts at a second packet that the row has left."""

    # The streams' ports

    def open(self, row: int, local: HostPort) -> str | None:
        rtcp_address = HostPort(local.host, local.port + 1)
        try:
            rtp = open_udp(local)
        except OSError as error:
            return why_not_bound(local, error)
        try:
            rtcp = open_udp(rtcp_address)
        except OSError as error:
            rtp.close()
            return why_not_bound(rtcp_address, error)
        self._ports[row] = _Port(rtp, rtcp)
        self._row_of_rtcp[rtcp.fileno()] = row
        self._rtcp_epoll.register(rtcp.fileno(), select.EPOLLIN)
        self._watch(row)
        return None

    def close(self, row: int) -> None:
        self._unwatch(row)
        port = self._ports.pop(row)
        del self._row_of_rtcp[port.rtcp.fileno()]
        port.rtp.close()
        port.rtcp.close()
        self._leave_steady(row)
        self._senders = None

    def connect(self, row: int, remote: HostPort) -> None:
        port = self._ports[row]
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

    # The tick

    def receive(self, tick: int) -> Iterator[Batch]:
        """Everything that has arrived. A batch is valid until the next is asked for."""
        if self._row_of_fd:
            yield from self._receive_watched()
        if self._is_steady_old:
            self._is_steady_old = False
            # In the order of rows, because memory is touched in that order.
            self._steady_rows = np.array(sorted(self._steady), np.int64)
            self._receivers = [self._ports[row].rtp.recv_into for row in sorted(self._steady)]
        if self._receivers:
            yield from self._receive_steady(tick)

    def send(self, outgoing: OutgoingBuffer, singles: list[SinglePacket]) -> None:
        """The tick's packet of every stream that sends."""
        if self._senders is None:
            aimed = sorted(row for row, port in self._ports.items() if port.destination is not None)
            packets = [memoryview(outgoing.packets[row]) for row in aimed]
            self._senders = ([_sender(self._ports[row]) for row in aimed], packets)
        failed = _for_each(map(_call, *self._senders))
        self.packets_sent += len(self._senders[0]) - failed
        for row, packet, destination in singles:
            with suppress(OSError):
                self._ports[row].rtp.sendto(packet, destination)
                self.packets_sent += 1

    def drain_rtcp(self) -> None:
        """Forget what came to the RTCP ports."""
        for descriptor, _ in self._rtcp_epoll.poll(0):
            with suppress(OSError):
                for _ in range(UNTRUSTED_PACKETS_MAX):
                    self._ports[self._row_of_rtcp[descriptor]].rtcp.recv(1)

    def _receive_steady(self, tick: int) -> Iterator[Batch]:
        rows = self._steady_rows
        length = np.array(_call_all(map(_call, self._receivers, self._views)), np.int64)
        came = np.flatnonzero(length)
        if len(came) == len(rows):
            self._quiet_ticks[rows] = 0
            yield self._batch(came, rows, length)
        else:
            self._quiet_ticks[rows] += 1
            self._quiet_ticks[rows[came]] = 0
            missed = rows[length == 0]
            self._tries[missed] = np.maximum(self._tries[missed], TRIES_AFTER_MISS)
            for row in missed[self._quiet_ticks[missed] >= QUIET_TICKS].tolist():
                self._watch(row)
            yield self._batch(came, rows[came], length[came])
        may_have_more = (self._tries[rows[came]] > 0) | (rows[came] % PROBE_TICKS == tick % PROBE_TICKS)
        again = came[may_have_more]
        for _ in range(RECEIVE_ROUNDS_MAX - 1):
            if not len(again):
                break
            indices: list[int] = again.tolist()
            receivers = [self._receivers[index] for index in indices]
            length = np.array(_call_all(map(_call, receivers, self._views)), np.int64)
            came = np.flatnonzero(length)
            self._tries[rows[again[length == 0]]] -= 1
            again = again[came]
            self._tries[rows[again]] = np.minimum(self._tries[rows[again]] + 2, TRIES_MAX)
            yield self._batch(came, rows[again], length[came])
        np.maximum(self._tries, 0, out=self._tries)

    def _receive_watched(self) -> Iterator[Batch]:
        """Sockets that are not steady: those not connected give their sources, silent ones become steady again."""
        unconnected: list[int] = []
        for descriptor, _ in self._epoll.poll(0):
            row = self._row_of_fd[descriptor]
            port = self._ports[row]
            if port.remote is None:
                unconnected.append(row)
            elif port.is_clean:
                self._make_steady(row)
            else:
                yield from self._clean(row, port, port.remote)
        for _ in range(UNTRUSTED_PACKETS_MAX):
            if not unconnected:
                return
            found: list[int] = []
            lengths: list[int] = []
            sources: list[HostPort] = []
            for row in unconnected:
                try:
                    length, source = self._ports[row].rtp.recvfrom_into(self._views[len(found)])
                except OSError:
                    continue
                found.append(row)
                lengths.append(length)
                sources.append(HostPort(source[0], source[1]))
            if not found:
                return
            yield self._batch(np.arange(len(found)), np.array(found), np.array(lengths), sources)
            unconnected = [row for row in found if self._ports[row].remote is None]

    def _clean(self, row: int, port: _Port, remote: HostPort) -> Iterator[Batch]:
        """A connected socket still holds what strangers sent before it was connected: drop that."""
        for _ in range(QUEUED_PACKETS_MAX):
            try:
                length, source = port.rtp.recvfrom_into(self._views[0])
            except BlockingIOError:
                port.is_clean = True
                self._make_steady(row)
                return
            except OSError:
                continue
            if HostPort(source[0], source[1]) == remote:
                yield self._batch(np.zeros(1, np.int64), np.array([row]), np.array([length]))
            else:
                self.strangers += 1

    def _batch(
        self,
        at: NDArray[np.int64],
        row: NDArray[np.int64],
        length: NDArray[np.int64],
        sources: list[HostPort] | None = None,
    ) -> Batch:
        self.packets_received += len(row)
        return Batch(at, row, length, sources)

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


class PacketIo:
    """The sockets of all phases, and the engine's `PacketPort`: rows are numbered through the phases."""

    __slots__ = ("phases",)

    def __init__(self) -> None:
        self.phases = [PhaseIo() for _ in range(PHASES)]

    def open(self, row: int, local: HostPort) -> str | None:
        return self.phases[row // ROWS_PER_PHASE].open(row % ROWS_PER_PHASE, local)

    def close(self, row: int) -> None:
        self.phases[row // ROWS_PER_PHASE].close(row % ROWS_PER_PHASE)

    def connect(self, row: int, remote: HostPort) -> None:
        self.phases[row // ROWS_PER_PHASE].connect(row % ROWS_PER_PHASE, remote)

    def disconnect(self, row: int) -> None:
        self.phases[row // ROWS_PER_PHASE].disconnect(row % ROWS_PER_PHASE)

    def aim(self, row: int, destination: HostPort | None) -> None:
        self.phases[row // ROWS_PER_PHASE].aim(row % ROWS_PER_PHASE, destination)

    def drain_rtcp(self) -> None:
        for phase in self.phases:
            phase.drain_rtcp()


def _sender(port: _Port) -> _Transfer:
    """What sends a packet to the port's destination. A connected socket need not be told it each time."""
    rtp, destination = port.rtp, port.destination
    if destination is None or destination == port.remote:
        return rtp.send
    return lambda packet: rtp.sendto(packet, destination)


def _call_all(calls: Iterator[int]) -> list[int]:
    """Results of calls that may fail; a failed one gives 0 and the next go on (`map` can be continued)."""
    results: list[int] = []
    while True:
        try:
            results.extend(calls)
        except OSError:
            # Nothing there (EAGAIN), or the party's host said earlier that nobody listens (ECONNREFUSED).
            results.append(0)
        else:
            return results


def _for_each(calls: Iterator[int]) -> int:
    """Make calls for their effect; how many failed."""
    failed = 0
    while True:
        try:
            deque(calls, maxlen=0)
        except OSError:
            failed += 1
        else:
            return failed
