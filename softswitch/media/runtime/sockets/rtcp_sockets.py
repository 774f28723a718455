"""The RTCP sockets of a phase's dedicated ports: each stream's odd port, watched by an epoll and read now and then.

A report is taken only from the host the stream's own reports go to; whoever else writes there is a stranger and is
counted. With rtcp-mux (RFC 5761) reports come and go on the RTP port, and this one only keeps others from having it.
"""

import select
import socket
from contextlib import suppress

from softswitch.base.address import HostPort
from softswitch.media.limits import RTCP_PACKET_BYTES_MAX, UNTRUSTED_PACKETS_MAX
from softswitch.media.quality.rtcp import RtcpPacket
from softswitch.media.runtime.sockets.udp_socket import receive_timed


class RtcpSockets:
    """By row within the phase."""

    __slots__ = ("_destinations", "_epoll", "_room", "_row_of_fd", "_sockets", "_strangers")

    def __init__(self) -> None:
        self._strangers = 0
        self._sockets: dict[int, socket.socket] = {}
        self._destinations: dict[int, HostPort] = {}
        self._row_of_fd: dict[int, int] = {}
        self._epoll = select.epoll()
        self._room = memoryview(bytearray(RTCP_PACKET_BYTES_MAX))

    def add(self, row: int, udp: socket.socket) -> None:
        """The socket is closed with the row."""
        self._sockets[row] = udp
        self._row_of_fd[udp.fileno()] = row
        self._epoll.register(udp.fileno(), select.EPOLLIN)

    def close(self, row: int) -> None:
        udp = self._sockets.pop(row)
        self._destinations.pop(row, None)
        del self._row_of_fd[udp.fileno()]
        udp.close()

    def aim(self, row: int, destination: HostPort | None) -> None:
        self._destinations.pop(row, None)
        if destination is not None:
            self._destinations[row] = destination

    def send(self, row: int, packet: bytes) -> None:
        """Lost when the row is not aimed, like any packet that nobody listens for."""
        destination = self._destinations.get(row)
        if destination is not None:
            with suppress(OSError):
                self._sockets[row].sendto(packet, destination)

    def take_strangers(self) -> int:
        """How many strangers' packets came since the last time."""
        strangers, self._strangers = self._strangers, 0
        return strangers

    def receive(self) -> list[RtcpPacket]:
        """What has come since the last time, a few packets of each row at most."""
        packets: list[RtcpPacket] = []
        for descriptor, _ in self._epoll.poll(0):
            row = self._row_of_fd[descriptor]
            udp, destination = self._sockets[row], self._destinations.get(row)
            with suppress(OSError):
                for _ in range(UNTRUSTED_PACKETS_MAX):
                    length, source, came_at_ns = receive_timed(udp, self._room)
                    if destination is not None and source.host == destination.host:
                        packets.append(RtcpPacket(row, bytes(self._room[:length]), source, came_at_ns / 1e9))
                    else:
                        self._strangers += 1
        return packets
