"""One stream connection: TCP, inside it TLS if the kind wants that, inside that a WebSocket or the bare messages.

```
 kernel ──► TlsChannel (TLS, WSS) ──► WebSocketFramer (WS, WSS) or StreamFramer ──► receive_message
```

It is numbered and counted before any handshake, and must have come to its first message within MESSAGE_TIMEOUT_S,
whatever that needs; keep-alives are no messages. One that a peer has opened is looked at every LOOK_EVERY_S: the
switch says whether it is there for anything, and how long it may be silent (softswitch/sip/patience.py).
CRLF CRLF is answered with CRLF on every kind (RFC 5626 section 3.5.1).

Connections are kept alive by whoever opened them, for the NAT and the proxies between: ours with CRLF CRLF, where a
peer that has ever answered must go on answering (section 4.4.1); browsers cannot, so they get WebSocket pings.
"""

import asyncio
import socket
from math import inf
from typing import Protocol, cast

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.framing import PING, PONG, StreamFramer
from softswitch.sip.runtime.limits import (
    IDLE_TIMEOUT_S,
    KEEP_ALIVE_EVERY_S,
    KEEP_ALIVE_IDLE_S,
    KEEP_ALIVE_PROBES,
    MESSAGE_TIMEOUT_S,
    STRANGER_TIMEOUT_S,
    UNSENT_BYTES_MAX,
)
from softswitch.sip.runtime.receiver import Receiver
from softswitch.sip.runtime.tls import TlsBroken, TlsChannel
from softswitch.sip.runtime.web_socket import WebSocketFramer

PING_EVERY_S = 90.0
"""RFC 5626 section 4.4.1 wants 95 to 120 s at most on a connection; the sweep comes up to 5 s late."""
WEB_PING_EVERY_S = 25.0
"""Proxies before a web server drop what is silent for 30 or 60 s."""
PONG_WITHIN_S = 10.0
LOOK_EVERY_S = 60.0
"""Between two looks at what a peer's connection is there for."""


class Streams(Protocol):
    """What a connection needs of the transport."""

    receiver: Receiver
    loop: asyncio.AbstractEventLoop

    def opened(
        self, connection: "StreamConnection", kind: TransportKind, local: HostPort, remote: HostPort
    ) -> Flow | None:
        """Number a new connection; None if there are too many."""
        ...

    def ready(self, connection: "StreamConnection", flow: Flow) -> None:
        """The handshakes are done: messages can be sent."""
        ...

    def closed(self, flow: Flow) -> None: ...

    def make_channel(self, flow: Flow, listener: HostPort | None) -> TlsChannel | None:
        """TLS for a connection, ours without a listener; None if nothing is configured to prove who we are."""
        ...

    def make_web_socket(self) -> WebSocketFramer: ...

    def tls_failed(self, flow: Flow, reason: str) -> None: ...


class StreamConnection(asyncio.Protocol):
    """`flow` is None until it is open and after it is closed. `local` and `server_name` are of one we open, `listener`
    is what a peer has connected to, as it was told to listen."""

    def __init__(
        self,
        streams: Streams,
        kind: TransportKind,
        local: HostPort | None = None,
        server_name: str = "",
        *,
        listener: HostPort | None = None,
    ) -> None:
        self.flow: Flow | None = None
        self.is_ready = asyncio.Event()
        """Its handshakes are done, or it is closed and `flow` None."""
        self.server_name = server_name
        self._streams = streams
        self._kind = kind
        self._listener = listener
        self._local = local
        """What we call ourselves on a connection we opened: the listener, not the passing port."""
        self._framer = StreamFramer()
        self._web = streams.make_web_socket() if kind.is_web else None
        self._channel: TlsChannel | None = None
        self._transport: asyncio.Transport | None = None
        self._deadline = 0.0
        self._ping_at = 0.0
        self._pong_by: float | None = None
        self._has_ponged = False
        self._has_pinged = False
        self._has_spoken = False
        """A message has come."""
        self._heard_at = 0.0
        self._look_at = inf
        self._known_at = 0.0
        """When it was last there for something."""
        self._patience_s = inf

    @property
    def is_ours(self) -> bool:
        """We have opened it."""
        return self._local is not None

    # Inputs from the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEP_ALIVE_EVERY_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEP_ALIVE_PROBES)
        peer = transport.get_extra_info("peername")
        own = transport.get_extra_info("sockname")
        if peer is None or own is None:
            self._transport.abort()
            return
        now = self._streams.loop.time()
        self._heard_at = self._known_at = now
        if not self.is_ours:
            self._look_at = now + LOOK_EVERY_S
        self._deadline = now + MESSAGE_TIMEOUT_S
        self._ping_at = now + (WEB_PING_EVERY_S if self._web is not None else PING_EVERY_S)
        local = self._local or HostPort(own[0], own[1])
        self.flow = self._streams.opened(self, self._kind, local, HostPort(peer[0], peer[1]))
        if self.flow is None or not self._start_tls(self.flow):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        flow = self.flow
        if flow is None:
            return
        if self._channel is not None:
            data = self._decrypt(self._channel, data)
            if not data:
                return
        frames = self._framer.receive(data) if self._web is None else self._receive_web(self._web, data)
        for frame in frames:
            if frame == PING:
                self._has_pinged = True
                self.send(PONG)
            elif frame == PONG:
                self._has_ponged = True
                self._pong_by = None
            else:
                self._has_spoken = True
                self._streams.receiver.receive_message(frame, flow)
            if self.flow is not flow:
                return
        self._after_frames(bool(frames))

    def connection_lost(self, exc: Exception | None) -> None:
        flow, self.flow = self.flow, None
        self.is_ready.set()
        if flow is not None:
            self._streams.closed(flow)

    # Inputs from the transport

    def send(self, data: bytes) -> None:
        if self._web is not None:
            self._web.send(data)
            data = self._web.take_output()
        self._write(data)

    def close(self) -> None:
        """What was sent before still goes out."""
        if self._web is not None:
            self._web.close()
            self._write(self._web.take_output())
        if self._channel is not None:
            self._channel.close()
            self._flush(self._channel)
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """At once; nobody waits for it any more."""
        if self._transport is not None:
            self._transport.abort()
        flow, self.flow = self.flow, None
        if flow is not None:
            self._streams.closed(flow)

    def sweep(self, now: float) -> None:
        """Time has gone by: end what is stuck or dead, ping what is to be kept."""
        if self._transport is None or self.flow is None:
            return
        is_pong_missing = self._pong_by is not None and now > self._pong_by
        has_fallen_silent = self._has_pinged and now - self._heard_at > self._patience_s
        if now > self._deadline or is_pong_missing or has_fallen_silent:
            self._give_up(self.flow, self._transport)
        elif now >= self._ping_at:
            self._ping(now)

    def is_look_due(self, now: float) -> bool:
        """Whether it is to be said again what it is there for."""
        return now >= self._look_at and self.flow is not None

    def look(self, patience_s: float | None, now: float) -> None:
        """How long its peer may be silent; None: it is there for nothing, and must not be for long."""
        self._look_at = now + LOOK_EVERY_S
        if patience_s is not None:
            self._known_at = now
            self._patience_s = patience_s
        elif now - self._known_at >= STRANGER_TIMEOUT_S:
            self.abort()

    # Private

    def _start_tls(self, flow: Flow) -> bool:
        if not self._kind.is_secure:
            self._become_ready(flow)
            return True
        is_ours = self._local is not None
        try:
            self._channel = self._streams.make_channel(flow, self._listener)
            if self._channel is not None and is_ours:
                self._channel.start()
                self._flush(self._channel)
        except (TlsBroken, ValueError) as error:  # ValueError: no name a certificate could have
            self._streams.tls_failed(flow, str(error))
            return False
        return self._channel is not None

    def _become_ready(self, flow: Flow) -> None:
        self._streams.ready(self, flow)
        self.is_ready.set()

    def _decrypt(self, channel: TlsChannel, data: bytes) -> bytes:
        """The plaintext in what came, b"" if there is none."""
        assert self.flow is not None, "asked for by data_received"
        was_open = channel.is_open
        try:
            plain = channel.receive(data)
        except TlsBroken as broken:
            if not was_open or self._local is not None:
                self._streams.tls_failed(self.flow, str(broken))
            self._flush(channel)  # the alert that says so
            self.close()
            return b""
        self._flush(channel)
        if channel.is_open and not was_open:
            self._become_ready(self.flow)
        if channel.has_ended:
            self.close()
        return plain

    def _receive_web(self, web: WebSocketFramer, data: bytes) -> list[bytes]:
        messages = web.receive(data)
        self._write(web.take_output())
        if web.is_over and self._transport is not None:
            self._transport.close()
        elif not web.is_pong_due:
            self._pong_by = None
        return messages

    def _after_frames(self, is_whole: bool) -> None:
        framer = self._framer if self._web is None else self._web
        if framer.fault is not None:
            if self.flow is not None:
                self._streams.receiver.receive_malformed(framer.fault, self.flow)
            self.close()
            return
        self._heard_at = now = self._streams.loop.time()
        if framer.pending_bytes:
            self._deadline = min(self._deadline, now + MESSAGE_TIMEOUT_S)
        elif is_whole and (self._has_spoken or self.is_ours):
            self._deadline = now + IDLE_TIMEOUT_S

    def _give_up(self, flow: Flow, transport: asyncio.Transport) -> None:
        """It is silent or stuck for too long; who is stuck in a message is told so."""
        if self._channel is not None and not self._channel.is_open:
            self._streams.tls_failed(flow, "the handshake never ended")
        elif self._web is None:
            self._framer.give_up()
        if self._framer.fault is None or transport.is_closing():
            transport.abort()
        else:
            self._streams.receiver.receive_malformed(self._framer.fault, flow)
            self.close()

    def _ping(self, now: float) -> None:
        if self._web is not None:
            self._web.ping()
            self._write(self._web.take_output())
            self._pong_by = now + PONG_WITHIN_S
            self._ping_at = now + WEB_PING_EVERY_S
        elif self._local is not None:
            self.send(PING)
            self._pong_by = now + PONG_WITHIN_S if self._has_ponged else None
            self._ping_at = now + PING_EVERY_S

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or not data:
            return
        if self._channel is not None:
            try:
                self._channel.send(data)
            except TlsBroken:
                transport.abort()
                return
            data = self._channel.take_output()
        transport.write(data)
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            transport.abort()

    def _flush(self, channel: TlsChannel) -> None:
        data = channel.take_output()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
