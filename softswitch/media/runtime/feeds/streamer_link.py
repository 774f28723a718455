"""A media worker's connection to the streamer process: sound of feeds out, voices of programs in. Nothing here blocks.

What the streamer does not take is dropped: it sees the gap by the number of the tick, counts it and tells the program.
A streamer that is not there, or was killed, is looked for twice a second.
"""

import socket
from collections.abc import Sequence

from softswitch.media.feeds.wire import PACKET_BYTES_MAX

SEND_BUFFER_BYTES = 4 * 1024 * 1024
"""As much of it as the system allows (net.core.wmem_max unless we are root): so long may the streamer be held up."""
SO_SNDBUFFORCE = 32
"""Of Linux; Python has no name for it."""
RETRY_TICKS = 100
"""Calls of `send` while there is no connection, four phases' a tick: half a second at most."""
PACKETS_PER_TICK = 256
"""Taken from the streamer in one tick: far more than it may send for all feeds of a worker."""


class StreamerLink:
    __slots__ = ("_connection", "_path", "_retry_in")

    def __init__(self) -> None:
        self._path: str | None = None
        self._connection: socket.socket | None = None
        self._retry_in = 0

    def aim(self, path: str | None) -> None:
        """Where the streamer is; None: there is nothing to send."""
        if path != self._path:
            self.close()
            self._path = path

    def send(self, packets: Sequence[bytes]) -> None:
        if self._connection is None and not self._connect():
            return
        assert self._connection is not None
        for packet in packets:
            try:
                self._connection.send(packet)
            except BlockingIOError:
                return
            except OSError:
                self.close()
                return

    def receive(self) -> list[bytes]:
        """What has come since."""
        packets: list[bytes] = []
        while self._connection is not None and len(packets) < PACKETS_PER_TICK:
            try:
                packet = self._connection.recv(PACKET_BYTES_MAX)
            except BlockingIOError:
                break
            except OSError:
                packet = b""
            if not packet:
                self.close()
                break
            packets.append(packet)
        return packets

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._retry_in = 0

    def _connect(self) -> bool:
        if self._path is None:
            return False
        if self._retry_in:
            self._retry_in -= 1
            return False
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.setblocking(False)
        _widen(connection)
        try:
            connection.connect(self._path)
        except OSError:
            connection.close()
            self._retry_in = RETRY_TICKS
            return False
        self._connection = connection
        return True


def _widen(connection: socket.socket) -> None:
    try:
        connection.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER_BYTES)
    except OSError:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
