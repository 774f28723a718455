"""The worker's end of the connection to the switch: one switch at a time, and the latest one wins.

Sound never waits for this connection: nothing here blocks. What a switch does not read is kept up to a bound, and a
switch that reads nothing any more is disconnected; it will come back and describe what should be.
"""

import os
import select
import socket
from collections import deque
from contextlib import suppress
from pathlib import Path

import msgspec

from softswitch import __version__
from softswitch.base.errors import StartError
from softswitch.media.limits import UNSENT_PACKETS_MAX
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    Account,
    CommandBatch,
    Describe,
    EventBatch,
    FromWorker,
    Hello,
    MediaEvent,
    Refusal,
    Reply,
    ToWorker,
)

WHOLE_BATCH = -1
"""`Refusal.index` when the batch itself could not be read."""

EVENTS_PER_PACKET = 200

_decoder: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_encoder = msgspec.msgpack.Encoder()


class _Outline(msgspec.Struct, tag="CommandBatch"):
    """A batch whose commands are not looked at."""

    batch_id: int


_outline_decoder: msgspec.msgpack.Decoder[_Outline] = msgspec.msgpack.Decoder(_Outline)


class SwitchLink:
    """Listens on `path`. The driver waits until `readable` is, and then calls `accept`, `receive` and `flush`."""

    __slots__ = ("_connection", "_has_greeted", "_listener", "_name", "_ours", "_unsent", "path", "readable")

    def __init__(self, path: str, name: str) -> None:
        """Raises StartError when the socket cannot be made."""
        self.path = path
        self._name = name
        self._connection: socket.socket | None = None
        self._has_greeted = False
        self._unsent: deque[bytes] = deque()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.setblocking(False)
        try:
            Path(path).unlink(missing_ok=True)
            self._listener.bind(path)
            self._ours = _identity(path)
        except OSError as error:
            self._listener.close()
            raise StartError(f"cannot listen on {path}: {error.strerror}; choose another run directory") from error
        self._listener.listen(4)
        self.readable = select.epoll()
        """Of the link's sockets. Made before any stream's socket it has a small number, so select() can wait for it."""
        self.readable.register(self._listener, select.EPOLLIN)

    @property
    def is_connected(self) -> bool:
        """Whether a switch is there and has said hello."""
        return self._has_greeted

    @property
    def is_forsaken(self) -> bool:
        """No switch is there, and none can come: the socket was removed, or another worker listens in its place."""
        return self._connection is None and not self._is_at_path()

    def accept(self) -> bool:
        """Take a waiting connection in place of the present one; whether there was one."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return False
        self._drop()
        connection.setblocking(False)
        self.readable.register(connection, select.EPOLLIN)
        self._connection = connection
        return True

    def receive(self) -> CommandBatch | None:
        """The next batch, if one has arrived. Everything else that arrives is dealt with here."""
        while self._connection is not None:
            try:
                packet = self._connection.recv(PACKET_BYTES_MAX)
            except (BlockingIOError, InterruptedError):
                return None
            except OSError:
                packet = b""
            if not packet:
                self._drop()
                return None
            try:
                message = _decoder.decode(packet)
            except (msgspec.DecodeError, msgspec.ValidationError) as error:
                self._refuse(packet, str(error))
                continue
            if isinstance(message, Hello):
                self._greet(message)
            elif self._has_greeted:
                return message
            else:
                self._drop()
        return None

    def reply(self, reply: Reply) -> None:
        self._send(reply)

    def give_account(self, parts: list[Describe]) -> None:
        for part in parts:
            self._send(Account(part))

    def send_events(self, events: list[MediaEvent]) -> None:
        """In order, in packets of less than PACKET_BYTES_MAX: events with hundreds of reports go one by one."""
        for first in range(0, len(events), EVENTS_PER_PACKET):
            self._send_batch(events[first : first + EVENTS_PER_PACKET])

    def flush(self) -> None:
        """Send on what the switch did not take before."""
        while self._unsent and self._connection is not None:
            try:
                self._connection.send(self._unsent[0])
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._drop()
                return
            self._unsent.popleft()

    def close(self) -> None:
        self.flush()
        self._drop()
        self.readable.close()
        self._listener.close()
        if self._is_at_path():
            with suppress(OSError):
                os.unlink(self.path)

    def _is_at_path(self) -> bool:
        try:
            return _identity(self.path) == self._ours
        except OSError:
            return False

    def _greet(self, hello: Hello) -> None:
        self._has_greeted = True
        self._send(Hello(PROTOCOL_VERSION, self._name, os.getpid(), __version__))
        if hello.version != PROTOCOL_VERSION:
            self._drop()

    def _refuse(self, packet: bytes, reason: str) -> None:
        """A packet that is no message. If it at least looks like a batch, it gets its reply."""
        batch_id = _batch_id(packet)
        if batch_id is None or not self._has_greeted:
            self._drop()
            return
        self._send(Reply(batch_id, [Refusal(WHOLE_BATCH, f"the batch cannot be read: {reason}")]))

    def _send_batch(self, events: list[MediaEvent]) -> None:
        packet = _encoder.encode(EventBatch(events))
        if len(packet) < PACKET_BYTES_MAX or len(events) < 2:
            self._send_packet(packet)
            return
        middle = len(events) // 2
        self._send_batch(events[:middle])
        self._send_batch(events[middle:])

    def _send(self, message: FromWorker) -> None:
        self._send_packet(_encoder.encode(message))

    def _send_packet(self, packet: bytes) -> None:
        if self._connection is None:
            return
        if len(self._unsent) == UNSENT_PACKETS_MAX:
            self._drop()
            return
        self._unsent.append(packet)
        self.flush()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._has_greeted = False
        self._unsent.clear()


def _identity(path: str) -> tuple[int, int]:
    """Of the file there. Raises `OSError`."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _batch_id(packet: bytes) -> int | None:
    try:
        return _outline_decoder.decode(packet).batch_id
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
