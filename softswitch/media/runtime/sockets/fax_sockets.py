"""The sockets of the fax ports: one each, watched by an epoll that is looked at between ticks."""

import select
import socket
from collections.abc import Iterator
from contextlib import suppress

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.limits import UDPTL_BYTES_MAX, UNTRUSTED_PACKETS_MAX
from softswitch.media.runtime.sockets.udp_socket import disconnect, open_udp, why_not_bound

RECEIVE_BUFFER_BYTES = 64 * 1024
"""Over a second of a fax, and a flood at many ports does not fill the machine's memory."""


class FaxSocketSet:
    """By the ids of the ports; the engine's `FaxSockets`."""

    __slots__ = ("_epoll", "_port_of_fd", "_sockets")

    def __init__(self) -> None:
        self._sockets: dict[StreamId, socket.socket] = {}
        self._port_of_fd: dict[int, StreamId] = {}
        self._epoll = select.epoll()

    def open(self, port_id: StreamId, local: HostPort) -> str | None:
        try:
            udp = open_udp(local, RECEIVE_BUFFER_BYTES)
        except OSError as error:
            return why_not_bound(local, error)
        self._sockets[port_id] = udp
        self._port_of_fd[udp.fileno()] = port_id
        self._epoll.register(udp.fileno(), select.EPOLLIN)
        return None

    def close(self, port_id: StreamId) -> None:
        udp = self._sockets.pop(port_id)
        del self._port_of_fd[udp.fileno()]
        udp.close()

    def connect(self, port_id: StreamId, remote: HostPort) -> None:
        # Where there is no way to the remote, its datagrams are told from others' by their source.
        with suppress(OSError):
            self._sockets[port_id].connect(remote)

    def disconnect(self, port_id: StreamId) -> None:
        with suppress(OSError):
            disconnect(self._sockets[port_id])

    def send(self, port_id: StreamId, datagram: bytes, destination: HostPort) -> None:
        with suppress(OSError):
            self._sockets[port_id].sendto(datagram, destination)

    def receive(self) -> Iterator[tuple[StreamId, bytes, HostPort]]:
        """What has come since the last time, so many datagrams of each port at most."""
        for descriptor, _ in self._epoll.poll(0):
            port_id = self._port_of_fd[descriptor]
            with suppress(OSError):
                for _ in range(UNTRUSTED_PACKETS_MAX):
                    # One byte more than is taken, so that what is longer shows.
                    datagram, source = self._sockets[port_id].recvfrom(UDPTL_BYTES_MAX + 1)
                    yield port_id, datagram, HostPort(source[0], source[1])

    def close_all(self) -> None:
        for port_id in list(self._sockets):
            self.close(port_id)
        self._epoll.close()
