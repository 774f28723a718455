"""The fax ports of a worker: what each receives leaves by its peer, as it is.

Nothing is decoded, delayed, repaired or recorded: both machines have agreed on how they do that, and a fax is fifty
small datagrams a second. So these ports are outside the phases and their columns, and cost nothing when there are none.
"""

from collections.abc import Sequence
from typing import Protocol

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.base.ip_address import read_ip
from softswitch.media.fax.fax_latch import FaxLatch
from softswitch.media.fax.udptl import sequence_of
from softswitch.media.limits import FAX_PORTS_MAX
from softswitch.media.protocol import FaxPort, FaxPortStatistics, StreamTimedOut

TIMEOUT_MAX_S = 86_400.0


class FaxSockets(Protocol):
    """What the fax ports need of the sockets."""

    def open(self, port_id: StreamId, local: HostPort) -> str | None:
        """Bind it; None, or why it cannot be had, for people."""
        ...

    def close(self, port_id: StreamId) -> None: ...

    def connect(self, port_id: StreamId, remote: HostPort) -> None:
        """From now on only datagrams from `remote` arrive."""
        ...

    def disconnect(self, port_id: StreamId) -> None: ...

    def send(self, port_id: StreamId, datagram: bytes, destination: HostPort) -> None:
        """Send it now, or lose it."""
        ...


class _Port:
    __slots__ = ("described", "heard_at", "is_connected", "latch", "malformed", "received", "reported_at", "sent",
                 "strangers")  # fmt: skip

    def __init__(self, described: FaxPort, now: float) -> None:
        self.described = described
        self.latch = FaxLatch(described.remote, learn_from=described.learn_from)
        self.is_connected = False
        self.heard_at = self.reported_at = now
        self.received = 0
        self.sent = 0
        self.malformed = 0
        self.strangers = 0


class FaxPorts:
    """By their ids. Times are monotonic seconds."""

    __slots__ = ("_ports", "_sockets", "strangers")

    def __init__(self, sockets: FaxSockets) -> None:
        self._sockets = sockets
        self._ports: dict[StreamId, _Port] = {}
        self.strangers = 0
        """Datagrams of nobody we know, in all."""

    def __len__(self) -> int:
        return len(self._ports)

    def ids(self) -> list[StreamId]:
        return list(self._ports)

    def described(self) -> list[FaxPort]:
        return [port.described for port in self._ports.values()]

    # Commands

    def put(self, described: FaxPort, now: float) -> str | None:
        """Open the port, or change its description; None, or why it cannot be done."""
        port = self._ports.get(described.port_id)
        if (fault := _fault(described)) is not None:
            return fault
        if port is None:
            return self._open(described, now)
        if described.local != port.described.local:
            return f"fax port {described.port_id} is here already, at {port.described.local}"
        port.described = described
        if port.latch.describe(described.remote, learn_from=described.learn_from):
            port.heard_at = port.reported_at = now
            if port.is_connected:
                port.is_connected = False
                self._sockets.disconnect(described.port_id)
        return None

    def drop(self, port_id: StreamId) -> FaxPortStatistics | None:
        """Close it; what it has seen, or None if it is not there."""
        port = self._ports.pop(port_id, None)
        if port is None:
            return None
        self._sockets.close(port_id)
        return FaxPortStatistics(
            port.described.call_id,
            port.described.stream_id,
            received=port.received,
            sent=port.sent,
            malformed=port.malformed,
            strangers=port.strangers,
        )

    # Datagrams

    def receive(self, port_id: StreamId, datagram: bytes, source: HostPort, now: float) -> None:
        """What came to a port: on its way to the party of the peer, if it is the party's own."""
        port = self._ports.get(port_id)
        if port is None:
            return
        sequence = sequence_of(datagram)
        if sequence is None:
            port.malformed += 1
            return
        if not port.latch.receive(source, sequence):
            port.strangers += 1
            self.strangers += 1
            return
        port.received += 1
        port.heard_at = now
        if port.latch.is_final and not port.is_connected:
            port.is_connected = True
            self._sockets.connect(port_id, source)
        peer = None if port.described.peer is None else self._ports.get(port.described.peer)
        destination = None if peer is None else peer.latch.destination()
        if peer is not None and destination is not None:
            peer.sent += 1
            self._sockets.send(peer.described.port_id, datagram, destination)

    # Time

    def silent(self, now: float) -> Sequence[StreamTimedOut]:
        """Of each port at which nothing came for its time, nor at its peer: told now, and after each further one."""
        told: list[StreamTimedOut] = []
        for port in self._ports.values():
            described = port.described
            peer = None if described.peer is None else self._ports.get(described.peer)
            heard_at = port.heard_at if peer is None else max(port.heard_at, peer.heard_at)
            if described.timeout_s and now - max(heard_at, port.reported_at) >= described.timeout_s:
                port.reported_at = now
                told.append(StreamTimedOut(described.call_id, described.stream_id, now - heard_at))
        return told

    def _open(self, described: FaxPort, now: float) -> str | None:
        if len(self._ports) == FAX_PORTS_MAX:
            return f"this worker has {FAX_PORTS_MAX} fax ports already: start more workers"
        fault = self._sockets.open(described.port_id, described.local)
        if fault is None:
            self._ports[described.port_id] = _Port(described, now)
        return fault


def _fault(described: FaxPort) -> str | None:
    """What is wrong with a description in itself."""
    if not 0.0 <= described.timeout_s <= TIMEOUT_MAX_S:
        return f"timeout_s {described.timeout_s} is not from 0 to {TIMEOUT_MAX_S:.0f}"
    for host, number in (described.local, *(() if described.remote is None else (described.remote,))):
        if read_ip(host) is None or not 1 <= number <= 65535:
            return f"{host} port {number} is no IP address and port"
    if described.remote is not None and (":" in described.remote.host) != (":" in described.local.host):
        return f"{described.remote.host} cannot be reached from {described.local.host}: one is IPv4, the other IPv6"
    return None
