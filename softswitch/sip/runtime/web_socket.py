"""SIP over WebSocket (RFC 7118), the server's side, without I/O: handshake, one SIP message per WebSocket message.

The protocol itself is that of the library `websockets`. A client must ask for the subprotocol "sip" (section 5.1), else
it gets 400; a browser must come from an allowed page, else 403. Text and binary messages are both taken; ours are text
unless they hold what is no UTF-8.
"""

import logging
from collections.abc import Sequence

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import CONNECTING, OPEN
from websockets.server import ServerProtocol
from websockets.typing import Origin, Subprotocol

from softswitch.sip.limits import MESSAGE_BYTES_MAX
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.runtime.limits import HANDSHAKE_BYTES_MAX

SIP = Subprotocol("sip")
GET = b"GET "

_silent = logging.getLogger("softswitch.websockets")
_silent.setLevel(logging.CRITICAL + 1)
"""What the library would log is a peer's doing, and told by its connection's end."""


class WebSocketFramer:
    """One connection: bytes in, whole SIP messages out. What `take_output` gives after every call is to be sent."""

    def __init__(self, origins: Sequence[str]) -> None:
        """`origins` are the pages browsers may come from; none: any. A client that is no browser names none."""
        self.fault: Malformed | None = None
        self.is_pong_due = False
        """A ping of ours is not answered yet."""
        allowed = [Origin(origin) for origin in origins]
        self._protocol = ServerProtocol(
            subprotocols=[SIP],
            origins=[*allowed, None] if allowed else None,
            max_size=MESSAGE_BYTES_MAX,
            logger=_silent,
        )
        self._head = bytearray()
        """What has come of the request that opens it; the library must not see what follows before it is answered."""
        self._parts: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """The handshake is done, and nobody has said goodbye."""
        return self._protocol.state is OPEN

    @property
    def is_over(self) -> bool:
        """The handshake was refused, a frame was broken or a farewell said: the connection is to be closed."""
        return self._protocol.close_expected() or self.fault is not None

    @property
    def pending_bytes(self) -> int:
        """Of a message that is not complete; before the handshake is done, of that."""
        if not self.is_open:
            return len(self._head)
        return len(self._protocol.reader.buffer) + sum(map(len, self._parts))

    def receive(self, data: bytes) -> list[bytes]:
        """Whole SIP messages and keep-alives, in order. After a fault, or before the handshake is done, none."""
        if self.fault is not None:
            return []
        if self._protocol.state is CONNECTING:
            data = self._receive_head(data)
        messages: list[bytes] = []
        if data and self.is_open:
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                self._receive_frame(event, messages)
        return messages

    def send(self, message: bytes) -> None:
        """One SIP message, or a keep-alive, as one WebSocket message."""
        if not self.is_open:
            return
        if message.isascii() or _is_utf8(message):
            self._protocol.send_text(message)
        else:
            self._protocol.send_binary(message)

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self.is_open:
            self.is_pong_due = True
            self._protocol.send_ping(b"")

    def close(self) -> None:
        """Say goodbye."""
        if self.is_open:
            self._protocol.send_close(1001)

    def take_output(self) -> bytes:
        return b"".join(self._protocol.data_to_send())

    def _receive_head(self, data: bytes) -> bytes:
        """Gather the request, answer it when it is whole, and return what follows it."""
        if self.is_over:
            return b""
        head = self._head
        head += data
        end = head.find(b"\r\n\r\n") + 4
        if bytes(head[:4]) != GET[: len(head)]:
            self.fault = Malformed(None, "No WebSocket Handshake")
        elif (end if end > 3 else len(head)) > HANDSHAKE_BYTES_MAX:
            self.fault = Malformed(None, "WebSocket Handshake Too Large")
        if self.fault is not None or end < 4:
            return b""
        rest = bytes(head[end:])
        self._protocol.receive_data(bytes(head[:end]))
        head.clear()
        for request in self._protocol.events_received():
            assert isinstance(request, Request), "the first thing a server hears"
            self._protocol.send_response(self._protocol.accept(request))
        return rest

    def _receive_frame(self, frame: object, messages: list[bytes]) -> None:
        assert isinstance(frame, Frame), "a server gets one request, then frames"
        if frame.opcode is Opcode.PONG:
            self.is_pong_due = False
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.data:
            self._parts.append(bytes(frame.data))
        if frame.fin:
            messages.append(b"".join(self._parts))
            self._parts.clear()


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True
