"""Many datagrams with one system call, each received one with the instant at which the kernel took it (Linux, 64 bit).

The instants are the kernel's (SO_TIMESTAMPNS), so that a reader who gets the processor late still knows when a packet
came: what is measured is the sender, not this program.
"""

import ctypes
import errno
import socket

import numpy as np
from numpy.typing import NDArray

SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
RECEIVE_BUFFER_BYTES = 4 << 20
CONTROL_BYTES = 64
BATCH = 256

_HEADER = np.dtype(
    [
        ("name", "u8"),
        ("name_length", "u4"),
        ("_", "u4"),
        ("vector", "u8"),
        ("vectors", "u8"),
        ("control", "u8"),
        ("control_length", "u8"),
        ("flags", "i4"),
        ("__", "u4"),
        ("length", "u4"),
        ("___", "u4"),
    ]
)
"""struct mmsghdr (recvmmsg(2))."""
_ADDRESS = np.dtype([("family", "u2"), ("port", ">u2"), ("ip", "u1", 4), ("zero", "u1", 8)])
_libc = ctypes.CDLL(None, use_errno=True)


def bound_socket(host: str, port: int) -> socket.socket:
    """Raises `OSError` if the port is taken."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    try:
        udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    except PermissionError:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    udp.bind((host, port))
    return udp


class Datagrams:
    """Room for some packets, each with an address: those to be sent, or those that have come."""

    def __init__(self, count: int, room_bytes: int) -> None:
        number = np.arange(count, dtype=np.uint64)
        self.count = count
        self.packets = np.zeros((count, room_bytes), np.uint8)
        self.address = np.zeros(count, _ADDRESS)
        self.address["family"] = socket.AF_INET
        self._control = np.zeros((count, CONTROL_BYTES), np.uint8)
        self._vector = np.zeros((count, 2), np.uint64)
        self._vector[:, 0] = self.packets.ctypes.data + number * np.uint64(room_bytes)
        self._vector[:, 1] = room_bytes
        self._header = np.zeros(count, _HEADER)
        self._header["name"] = self.address.ctypes.data + number * np.uint64(_ADDRESS.itemsize)
        self._header["name_length"] = _ADDRESS.itemsize
        self._header["vector"] = self._vector.ctypes.data + number * np.uint64(16)
        self._header["vectors"] = 1
        self._control_at = self._control.ctypes.data + number * np.uint64(CONTROL_BYTES)

    @property
    def lengths(self) -> NDArray[np.uint32]:
        return self._header["length"]

    def arrivals(self, count: int) -> NDArray[np.float64]:
        """When the first `count` came, in seconds since 1970."""
        words = self._control[:count].view(np.int64)
        return words[:, 2] + words[:, 3] * 1e-9

    def receive(self, udp: socket.socket, at: int) -> int:
        """Take what has come, to the places from `at` on; returns how many they are."""
        filled = at
        while filled < self.count:
            room = min(BATCH, self.count - filled)
            self._header["control"][filled : filled + room] = self._control_at[filled : filled + room]
            self._header["control_length"][filled : filled + room] = CONTROL_BYTES
            taken: int = _libc.recvmmsg(udp.fileno(), self._place(filled), room, socket.MSG_DONTWAIT, None)
            if taken <= 0:
                break
            filled += taken
            if taken < room:
                break
        return filled - at

    def send(self, udp: socket.socket, begin: int, end: int) -> int:
        """Returns how many the kernel took; the rest is lost, as on a wire."""
        at = begin
        while at < end:
            sent: int = _libc.sendmmsg(udp.fileno(), self._place(at), min(1024, end - at), socket.MSG_DONTWAIT)
            # What is refused is an earlier packet, by a port that nobody has at the moment.
            if sent <= 0 and ctypes.get_errno() != errno.ECONNREFUSED:
                break
            at += max(sent, 0)
        return at - begin

    def _place(self, index: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._header.ctypes.data + index * _HEADER.itemsize)
