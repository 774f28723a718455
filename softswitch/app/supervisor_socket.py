"""The supervisor's own socket (supervisor_protocol.py), served from its event loop.

Who may use it is a question of the run directory's permissions and its own, as with the control socket. Nothing here
waits: an answer that a client does not read is lost to it.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Callable

import msgspec

from softswitch.app.supervisor_protocol import PACKET_BYTES_MAX, Reply, Request
from softswitch.base.log import get_logger

CLIENTS_MAX = 8
"""People who upgrade, and those who look on."""

_CREDENTIALS = struct.Struct("3i")
"""pid, uid and gid (unix(7))."""

_log = get_logger("supervisor")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Request).decode


class Client:
    """Somebody who asks."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def tell(self, reply: Reply) -> None:
        with contextlib.suppress(OSError):  # he has gone, or does not read
            self.connection.send(_encode(reply))

    @property
    def pid(self) -> int:
        """Of the process that has connected, as the system knows it."""
        credentials = self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, _, _ = _CREDENTIALS.unpack(credentials)
        return pid


class SupervisorSocket:
    """Listens on `path` until `close`. `asked` answers a request, at once or later."""

    def __init__(self, path: str, asked: Callable[[Client, Request], None]) -> None:
        """A path that cannot be listened on costs the supervisor its upgrades, and nothing else."""
        self._path = path
        self._asked = asked
        self._loop = asyncio.get_running_loop()
        self._clients: list[Client] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.setblocking(False)
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            self._listener.bind(path)
            os.chmod(path, 0o600)
            self._listener.listen(CLIENTS_MAX)
        except OSError as error:
            _log.warning("no upgrade will be possible", path=path, reason=error.strerror or str(error))
            return
        self._loop.add_reader(self._listener, self._accept)

    def release(self, client: Client) -> socket.socket:
        """Its connection is somebody else's from now on."""
        self._loop.remove_reader(client.connection)
        self._clients.remove(client)
        return client.connection

    def drop(self, client: Client) -> None:
        """It is not wanted."""
        self.release(client).close()

    def close(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for client in list(self._clients):
            self.drop(client)
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= CLIENTS_MAX:
            connection.close()
            return
        connection.setblocking(False)
        client = Client(connection)
        self._clients.append(client)
        self._loop.add_reader(connection, self._read, client)

    def _read(self, client: Client) -> None:
        try:
            packet = client.connection.recv(PACKET_BYTES_MAX)
            request = _decode(packet) if packet else None
        except BlockingIOError:
            return
        except (OSError, msgspec.MsgspecError):
            request = None
        if request is None:
            self.drop(client)
        else:
            self._asked(client, request)
