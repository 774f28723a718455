"""SIP over TCP: listeners, the connections peers open, and those we open; one number and one flow for each.

A connection is used in both directions for as long as it lives (RFC 5923 in spirit). Whoever opened it, a peer that
stalls in the middle of a message, sends what cannot be framed, does not read, or holds too many connections, loses it.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from typing import cast

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.framing import PING, PONG, StreamFramer
from softswitch.sip.runtime.limits import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS_MAX,
    CONNECTIONS_PER_SOURCE_MAX,
    IDLE_TIMEOUT_S,
    MESSAGE_TIMEOUT_S,
    PENDING_MESSAGES_MAX,
    UNSENT_BYTES_MAX,
)
from softswitch.sip.runtime.local_address import WILDCARDS, family_of
from softswitch.sip.runtime.receiver import Receiver
from softswitch.sip.runtime.udp import cannot_listen

SWEEP_EVERY_S = 5.0
BACKLOG = 512


class TcpConnection(asyncio.Protocol):
    """One connection. `flow` is None until it is open."""

    def __init__(self, tcp: "TcpTransport", local: HostPort | None) -> None:
        self.flow: Flow | None = None
        self._tcp = tcp
        self._local = local
        """What we call ourselves on a connection we opened: the listener, not the passing port."""
        self._framer = StreamFramer()
        self._transport: asyncio.Transport | None = None
        self._deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        peer = transport.get_extra_info("peername")
        own = transport.get_extra_info("sockname")
        if peer is None or own is None:
            self._transport.abort()
            return
        self._deadline = self._tcp.loop.time() + MESSAGE_TIMEOUT_S
        self.flow = self._tcp.opened(self, self._local or HostPort(own[0], own[1]), HostPort(peer[0], peer[1]))
        if self.flow is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.flow is None:
            return
        for frame in self._framer.receive(data):
            if frame == PING:
                self.send(PONG)
            elif frame != PONG:
                self._tcp.receiver.receive_message(frame, self.flow)
        if self._framer.fault is not None:
            self._tcp.receiver.receive_malformed(self._framer.fault, self.flow)
            self.close()
            return
        if self._framer.pending_bytes == 0:
            self._deadline = self._tcp.loop.time() + IDLE_TIMEOUT_S
        else:
            self._deadline = min(self._deadline, self._tcp.loop.time() + MESSAGE_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.flow is not None:
            flow, self.flow = self.flow, None
            self._tcp.closed(flow)

    def send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            transport.abort()

    def close(self) -> None:
        """What was sent before still goes out."""
        if self._transport is not None:
            self._transport.close()

    def sweep(self, now: float) -> None:
        """Close a connection that is silent or stuck for too long; who is stuck in a message is told so."""
        if now <= self._deadline or self._transport is None:
            return
        self._framer.give_up()
        if self._framer.fault is None or self.flow is None or self._transport.is_closing():
            self._transport.abort()
        else:
            self._tcp.receiver.receive_malformed(self._framer.fault, self.flow)
            self.close()


class TcpTransport:
    """All TCP listeners and connections of a driver."""

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.receiver = receiver
        self.loop = loop
        self._servers: list[asyncio.AbstractServer] = []
        self._connections: dict[int, TcpConnection] = {}
        self._per_source: Counter[str] = Counter()
        self._by_remote: dict[HostPort, int] = {}
        """The newest open connection to each remote address."""
        self._opening: dict[HostPort, list[tuple[Flow, bytes]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_number = 0
        self._sweeper = loop.call_later(SWEEP_EVERY_S, self._sweep_again)

    async def listen(self, local: HostPort) -> HostPort:
        """Bind and listen; returns the address with the port the kernel chose. Raises StartError."""
        listener = socket.socket(family_of(local.host), socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if listener.family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(local)
            server = await self.loop.create_server(lambda: TcpConnection(self, None), sock=listener, backlog=BACKLOG)
        except OSError as error:
            listener.close()
            raise cannot_listen(TransportKind.TCP, local, error) from None
        self._servers.append(server)
        host, port, *_ = listener.getsockname()
        return HostPort(host, port)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send along an open connection, or, when `flow` has no number, along one to its remote address, opening it."""
        connection = self._connections.get(flow.connection or self._by_remote.get(flow.remote, 0))
        if connection is not None:
            connection.send(data)
        elif flow.connection:
            self.loop.call_soon(self.receiver.flow_failed, flow)
        elif flow.remote in self._opening:
            waiting = self._opening[flow.remote]
            if len(waiting) < PENDING_MESSAGES_MAX:
                waiting.append((flow, data))
        else:
            self._opening[flow.remote] = [(flow, data)]
            task = self.loop.create_task(self._open(flow))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close_flow(self, flow: Flow) -> None:
        connection = self._connections.get(flow.connection)
        if connection is not None:
            connection.close()

    async def stop(self) -> None:
        self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        for connection in list(self._connections.values()):
            connection.close()
        for server in self._servers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 1.0)

    def sweep(self, now: float) -> None:
        """Close the connections that have been silent, or stuck in a message, for too long at `now`."""
        for connection in list(self._connections.values()):
            connection.sweep(now)

    # For the connections

    def opened(self, connection: TcpConnection, local: HostPort, remote: HostPort) -> Flow | None:
        """Number a new connection; None if there are too many."""
        if len(self._connections) >= CONNECTIONS_MAX or self._per_source[remote.host] >= CONNECTIONS_PER_SOURCE_MAX:
            return None
        self._last_number += 1
        self._per_source[remote.host] += 1
        self._connections[self._last_number] = connection
        self._by_remote[remote] = self._last_number
        return Flow(TransportKind.TCP, local, remote, self._last_number)

    def closed(self, flow: Flow) -> None:
        del self._connections[flow.connection]
        self._per_source[flow.remote.host] -= 1
        if not self._per_source[flow.remote.host]:
            del self._per_source[flow.remote.host]
        if self._by_remote.get(flow.remote) == flow.connection:
            del self._by_remote[flow.remote]
        self.receiver.flow_closed(flow)

    # Private

    async def _open(self, flow: Flow) -> None:
        """Connect from any port of the listener's address, then send what has gathered."""
        own = None if flow.local.host in WILDCARDS else (flow.local.host, 0)
        connection: TcpConnection | None = None
        try:
            _, connection = await asyncio.wait_for(
                self.loop.create_connection(
                    lambda: TcpConnection(self, flow.local), flow.remote.host, flow.remote.port, local_addr=own
                ),
                CONNECT_TIMEOUT_S,
            )
        except (OSError, TimeoutError):
            connection = None
        waiting = self._opening.pop(flow.remote)
        if connection is None or connection.flow is None:
            for failed in dict.fromkeys(each for each, _ in waiting):
                self.receiver.flow_failed(failed)
            return
        for _, data in waiting:
            connection.send(data)

    def _sweep_again(self) -> None:
        self.sweep(self.loop.time())
        self._sweeper = self.loop.call_later(SWEEP_EVERY_S, self._sweep_again)
