"""SIP over streams: listeners, the connections peers open, and those we open; one number and one flow for each.

A connection is used in both directions for as long as it lives (RFC 5923 in spirit). Whoever opened it, a peer that
stalls in the middle of a message, sends what cannot be framed, does not read, or holds too many connections, loses it.
All kinds share the bounds; what runs inside a connection is stream_connection.py's.

Whoever wants to lock phones out by holding connections cannot: a connection is a stranger's until somebody registers or
calls along it, strangers have a part of the room only, and where there is none left, for all or for one address, the
oldest strangers go. So a phone that comes back always finds room, even from an address that others hold a thousand
connections from, if it registers before so many newer ones have come.
"""

import asyncio
import contextlib
import socket
from collections import Counter

import msgspec

from softswitch.base.address import OURS, Flow, HostPort, TransportKind
from softswitch.base.errors import StartError
from softswitch.base.log import get_logger
from softswitch.sip.runtime.held_listeners import HeldListeners, NoneHeld
from softswitch.sip.runtime.limits import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS_MAX,
    CONNECTIONS_PER_SOURCE_MAX,
    EVICTED_AT_ONCE_MAX,
    FAILURES_REMEMBERED_MAX,
    PENDING_MESSAGES_MAX,
    STRANGERS_MAX,
)
from softswitch.sip.runtime.local_address import WILDCARDS, family_of
from softswitch.sip.runtime.receiver import Receiver
from softswitch.sip.runtime.stream_connection import StreamConnection
from softswitch.sip.runtime.tls import TlsBroken, TlsChannel, TlsContexts, TlsSettings
from softswitch.sip.runtime.udp import cannot_listen
from softswitch.sip.runtime.web_socket import WebSocketFramer
from softswitch.sip.security.networks import source_of

log = get_logger("sip")

SWEEP_EVERY_S = 5.0
BACKLOG = 512
TOLD_AGAIN_AFTER_S = 300.0
"""What a peer does again and again, such as failing at TLS, is one line in the log so often."""

Destination = tuple[TransportKind, HostPort, str]
"""Kind, address, and whom the certificate there has named."""


class StreamSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`origins`: the web pages browsers may come from, as "https://phone.example"; none: any."""

    tls: TlsSettings = TlsSettings()
    origins: tuple[str, ...] = ()


class StreamTransport:
    """All stream listeners and connections of a driver. Raises `TlsFault` for files of TLS that cannot be used."""

    def __init__(
        self,
        receiver: Receiver,
        loop: asyncio.AbstractEventLoop,
        settings: StreamSettings | None = None,
        held: HeldListeners | None = None,
    ) -> None:
        """`held` are listeners that somebody else keeps open while no switch is there."""
        self.receiver = receiver
        self._held = held or NoneHeld()
        self.loop = loop
        self._settings = settings or StreamSettings()
        self._contexts = TlsContexts(self._settings.tls)
        self._servers: list[asyncio.AbstractServer] = []
        self.evicted = 0
        """Strangers' connections that were closed to have room."""
        self._connections: dict[int, StreamConnection] = {}
        self._strangers: dict[int, StreamConnection] = {}
        """Of these, those peers have opened and that were there for nothing so far; the oldest first."""
        self._per_source: Counter[str] = Counter()
        self._by_remote: dict[Destination, int] = {}
        """The newest open connection to each remote address."""
        self._opening: dict[Destination, list[tuple[Flow, bytes]]] = {}
        self._told: dict[tuple[str, str], float] = {}
        """When what a peer does was last told, by whom and what."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_number = 0
        self._sweeper = loop.call_later(SWEEP_EVERY_S, self._sweep_again)

    def use(self, settings: StreamSettings, contexts: TlsContexts) -> None:
        """New settings, for connections to come; those that are open go on."""
        self._settings = settings
        self._contexts = contexts

    async def listen(self, kind: TransportKind, local: HostPort) -> HostPort:
        """Bind and listen; returns the address with the port the kernel chose. Raises StartError."""
        if kind.is_secure and self._contexts.server((kind, local)) is None:
            raise StartError(
                f"cannot listen on {kind.value.lower()}:{local}: there is no certificate. Name one in [tls]."
            )

        def connected() -> StreamConnection:
            return StreamConnection(self, kind, listener=local)

        known = self._held.take(kind, local)
        listener = known or socket.socket(family_of(local.host), socket.SOCK_STREAM)
        try:
            if known is None:
                _bind(listener, local)
            server = await self.loop.create_server(connected, sock=listener, backlog=BACKLOG)
        except OSError as error:
            listener.close()
            raise cannot_listen(kind, local, error) from None
        self._held.hold(kind, local, listener)
        self._servers.append(server)
        host, port, *_ = listener.getsockname()
        return HostPort(host, port)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send along an open connection, or, when `flow` has no number, along one to its remote address, opening it.

        One that we opened may be opened again; one that the peer opened cannot, for NAT or a browser may be behind it.
        """
        destination = (flow.kind, flow.remote, flow.server_name)
        can_be_opened = flow.can_be_opened
        connection = self._connections.get(flow.connection)
        if connection is None and can_be_opened:
            connection = self._connections.get(self._by_remote.get(destination, 0))
        if connection is not None:
            connection.send(data)
        elif not can_be_opened:
            self.loop.call_soon(self.receiver.flow_failed, flow)
        elif destination in self._opening:
            waiting = self._opening[destination]
            if len(waiting) < PENDING_MESSAGES_MAX:
                waiting.append((flow, data))
        else:
            self._opening[destination] = [(flow, data)]
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
        """Close the connections that have been silent, stuck in a message, or a stranger's for too long at `now`."""
        due: dict[Flow, StreamConnection] = {}
        for connection in list(self._connections.values()):
            connection.sweep(now)
            if connection.is_look_due(now) and connection.flow is not None:
                due[connection.flow] = connection
        patience = self.receiver.patience(due) if due else {}
        for flow, connection in due.items():
            if flow in patience:
                self._strangers.pop(flow.connection, None)
            else:
                self._strangers.setdefault(flow.connection, connection)
            connection.look(patience.get(flow), now)

    # For the connections

    def opened(
        self, connection: StreamConnection, kind: TransportKind, local: HostPort, remote: HostPort
    ) -> Flow | None:
        source = source_of(remote.host)
        if not self._has_room_for(source, is_ours=connection.is_ours):
            return None
        self._last_number += 2
        number = self._last_number | OURS if connection.is_ours else self._last_number
        self._per_source[source] += 1
        self._connections[number] = connection
        if not connection.is_ours:
            self._strangers[number] = connection
        return Flow(kind, local, remote, number, connection.server_name)

    def ready(self, connection: StreamConnection, flow: Flow) -> None:
        self._by_remote[flow.kind, flow.remote, flow.server_name] = flow.connection

    def closed(self, flow: Flow) -> None:
        del self._connections[flow.connection]
        self._strangers.pop(flow.connection, None)
        source = source_of(flow.remote.host)
        self._per_source[source] -= 1
        if not self._per_source[source]:
            del self._per_source[source]
        destination = (flow.kind, flow.remote, flow.server_name)
        if self._by_remote.get(destination) == flow.connection:
            del self._by_remote[destination]
        self.receiver.flow_closed(flow)

    def make_channel(self, flow: Flow, listener: HostPort | None) -> TlsChannel | None:
        if listener is None:
            name = flow.server_name or flow.remote.host
            return TlsChannel(self._contexts.client(name), server_name=name)
        context = self._contexts.server((flow.kind, listener))
        return None if context is None else TlsChannel(context, server_name=None)

    def make_web_socket(self) -> WebSocketFramer:
        return WebSocketFramer(self._settings.origins)

    def tls_failed(self, flow: Flow, reason: str) -> None:
        """Told once in a while for each peer and reason: nobody fills the log with it."""
        if self._may_tell((flow.remote.host, reason)):
            log.warning("no TLS connection", remote=str(flow.remote), server_name=flow.server_name, fault=reason)

    # Private

    def _may_tell(self, key: tuple[str, str]) -> bool:
        """Whether what somebody (an address, and why) does again and again is worth another line in the log."""
        now = self.loop.time()
        if now - self._told.get(key, -TOLD_AGAIN_AFTER_S) < TOLD_AGAIN_AFTER_S:
            return False
        if len(self._told) >= FAILURES_REMEMBERED_MAX:
            self._told.clear()
        self._told[key] = now
        return True

    def _has_room_for(self, source: str, *, is_ours: bool) -> bool:
        """Whether there is room for one more connection; the oldest strangers leave for it."""
        if self._per_source[source] >= CONNECTIONS_PER_SOURCE_MAX and not self._evict(source):
            return False
        if not is_ours and len(self._strangers) >= STRANGERS_MAX:
            self._evict()
        return len(self._connections) < CONNECTIONS_MAX or self._evict()

    def _evict(self, source: str = "") -> bool:
        """Close the oldest connections that are there for nothing, of one source or of all; False if there are none."""
        while True:
            oldest: dict[Flow, StreamConnection] = {}
            for connection in self._strangers.values():
                flow = connection.flow
                if flow is not None and source in ("", source_of(flow.remote.host)):
                    oldest[flow] = connection
                    if len(oldest) == EVICTED_AT_ONCE_MAX:
                        break
            if not oldest:
                return False
            patience = self.receiver.patience(oldest)
            for flow in patience:
                self._strangers.pop(flow.connection, None)
            unknown = [connection for flow, connection in oldest.items() if flow not in patience]
            if unknown:
                break
        evicted = unknown[: (len(unknown) + 1) // 2]  # the younger half may be about to register
        for connection in evicted:
            connection.abort()
        self.evicted += len(evicted)
        if self._may_tell((source, "crowded")):
            log.warning("too many connections, strangers' are closed", source=source or "all", closed=self.evicted)
        return True

    async def _open(self, flow: Flow) -> None:
        """Connect from any port of the listener's address, then send what has gathered."""
        own = None if flow.local.host in WILDCARDS else (flow.local.host, 0)
        connection = StreamConnection(self, flow.kind, flow.local, flow.server_name)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self.loop.create_connection(
                    lambda: connection, flow.remote.host, flow.remote.port, local_addr=own
                )
                await connection.is_ready.wait()
        except (OSError, TimeoutError, TlsBroken, ValueError, OverflowError):  # the last two: no address at all
            connection.abort()
        finally:
            waiting = self._opening.pop((flow.kind, flow.remote, flow.server_name))
        if connection.flow is None:
            for failed in dict.fromkeys(each for each, _ in waiting):
                self.receiver.flow_failed(failed)
            return
        for _, data in waiting:
            connection.send(data)

    def _sweep_again(self) -> None:
        self.sweep(self.loop.time())
        self._sweeper = self.loop.call_later(SWEEP_EVERY_S, self._sweep_again)


def _bind(listener: socket.socket, local: HostPort) -> None:
    listener.setblocking(False)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(local)
