"""Cutting a byte stream into messages by Content-Length (RFC 3261 section 18.3), and the keep-alives between them.

On a stream Content-Length is the only thing that tells where a message ends. When it is missing, doubled or no number,
nothing behind it can be trusted: `fault` says so, the driver answers with it once and closes the connection.
"""

import re

from softswitch.sip.limits import HEAD_BYTES_MAX, MESSAGE_BYTES_MAX
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.parser import parse, verdict

PING = b"\r\n\r\n"
"""A client's keep-alive (RFC 5626 section 3.5.1); to be answered with PONG."""
PONG = b"\r\n"

CONTENT_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*+:((?:[^\r\n]|\r\n[ \t])*+)", re.IGNORECASE)


class StreamFramer:
    """One direction of one connection: bytes in, whole messages and keep-alive markers out."""

    __slots__ = ("_buffer", "_half_ping", "_searched", "_wanted", "fault")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._wanted = 0
        self._half_ping = False
        self.fault: Malformed | None = None

    @property
    def pending_bytes(self) -> int:
        """Received, but no whole message yet: a driver closes a connection on which this stays above 0 too long."""
        return len(self._buffer)

    def receive(self, data: bytes) -> list[bytes]:
        """Whole messages, PING and PONG in the order they came. After a fault, nothing any more."""
        if self.fault is not None:
            return []
        self._buffer += data
        frames: list[bytes] = []
        while self._buffer and (frame := self._next_frame()) is not None:
            frames.append(frame)
        return frames

    def give_up(self) -> None:
        """The rest of a message that has begun did not come in time: to its sender, its Content-Length is wrong."""
        if self._wanted:
            head_end = self._buffer.find(b"\r\n\r\n") + 4
            self._lose(Malformed(400, "Content-Length Larger Than Message"), head_end)
        elif self._buffer:
            self._lose(Malformed(None, "Message Not Finished in Time"))

    def _next_frame(self) -> bytes | None:
        buffer = self._buffer
        if buffer[0] == 0x0D:
            return self._next_keep_alive()
        self._half_ping = False
        if not self._wanted and not self._read_length():
            return None
        if len(buffer) < self._wanted:
            return None
        frame = bytes(buffer[: self._wanted])
        self._drop(self._wanted)
        return frame

    def _next_keep_alive(self) -> bytes | None:
        """A lone CRLF is a PONG at once. If another one follows, it was the first half of a PING cut in two."""
        buffer = self._buffer
        if buffer.startswith(PING):
            self._drop(4)
            return PING
        if buffer.startswith(PONG):
            self._drop(2)
            self._half_ping = not self._half_ping
            return PONG if self._half_ping else PING
        if len(buffer) > 1:
            self._lose(Malformed(400, "Bare CR Between Messages"))
        return None

    def _read_length(self) -> bool:
        """Find the end of the headers and how long the whole message is. False: wait for more, or framing is lost."""
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        if end < 0:
            self._searched = max(0, len(self._buffer) - 3)
        if end > HEAD_BYTES_MAX or (end < 0 and self._searched > HEAD_BYTES_MAX):
            self._lose(Malformed(400, "Headers Too Large"))
            return False
        if end < 0:
            return False
        lengths = CONTENT_LENGTH.findall(self._buffer, 0, end)
        value = lengths[0].strip() if len(lengths) == 1 else b""
        if not value.isdigit() or len(value) > 10:
            self._lose(Malformed(400, "Content-Length Missing or Malformed"), end + 4)
            return False
        self._wanted = end + 4 + int(value)
        if self._wanted > MESSAGE_BYTES_MAX:
            self._lose(Malformed(513, "Message Too Large"), end + 4)
            return False
        return True

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0
        self._wanted = 0

    def _lose(self, fault: Malformed, head_end: int | None = None) -> None:
        """Framing is lost; keep of the request what is needed to answer it."""
        self.fault = Malformed(None, fault.reason)
        if head_end is not None:
            message = parse(bytes(self._buffer[:head_end]))
            request = message.request if isinstance(message, Malformed) else message
            if isinstance(request, Request):
                self.fault = verdict(fault, request)
        self._buffer.clear()
