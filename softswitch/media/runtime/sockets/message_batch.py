"""Many datagrams with one system call: recvmmsg(2) and sendmmsg(2) on arrays of messages that are built once.

NumPy structured arrays are the C structures `mmsghdr` and `iovec` themselves, and their addresses are what the kernel
is given; so the arrays they point into are kept with them.
"""

import ctypes
import socket
from ipaddress import IPv6Address, ip_address

import numpy as np
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.receiving.source_table import NAME_BYTES

MESSAGES_MAX = 1024
"""UIO_MAXIOV: the kernel takes no more in one call."""

_MESSAGE = np.dtype(
    [
        ("name", np.uint64),
        ("name_length", np.uint32),
        ("padding", np.uint32),
        ("vector", np.uint64),
        ("vectors", np.uint64),
        ("control", np.uint64),
        ("control_length", np.uint64),
        ("flags", np.uint32),
        ("padding_too", np.uint32),
        ("length", np.uint32),
        ("padding_behind", np.uint32),
    ]
)
"""`struct mmsghdr` of a 64-bit machine."""
_VECTOR = np.dtype([("base", np.uint64), ("length", np.uint64)])

_CONTROL_BYTES = 64
_TIMESTAMP_TYPE = 35
"""SO_TIMESTAMPNS: the control message holds seconds and nanoseconds."""

_libc = ctypes.CDLL(None, use_errno=True)
_recvmmsg, _sendmmsg = _libc.recvmmsg, _libc.sendmmsg
_recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
_sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]


class IncomingMessages:
    """Room for a packet, its source and the time it came, per element. They are filled from the first on."""

    __slots__ = (
        "_address",
        "_control",
        "_control_lengths",
        "_is_timed",
        "_lengths",
        "_messages",
        "_name_lengths",
        "_packets",
        "_vectors",
        "count",
        "names",
        "size",
    )

    def __init__(self, packets: NDArray[np.uint8]) -> None:
        """`packets` uint8[size, bytes], C-contiguous: one row for each packet."""
        self.size = len(packets)
        self.count = 0
        """Elements that are filled."""
        self.names: NDArray[np.uint8] = np.zeros((self.size, NAME_BYTES), np.uint8)
        self._control: NDArray[np.uint8] = np.zeros((self.size, _CONTROL_BYTES), np.uint8)
        self._is_timed = False
        self._packets = packets
        self._vectors = np.zeros(self.size, _VECTOR)
        self._vectors["base"] = _addresses(packets)
        self._vectors["length"] = packets.shape[1]
        self._messages = np.zeros(self.size, _MESSAGE)
        self._messages["name"] = _addresses(self.names)
        self._messages["name_length"] = NAME_BYTES
        self._messages["vector"] = _addresses(self._vectors)
        self._messages["vectors"] = 1
        self._messages["control"] = _addresses(self._control)
        self._address = self._messages.ctypes.data
        self._name_lengths = self._messages["name_length"]
        self._control_lengths = self._messages["control_length"]
        self._lengths = self._messages["length"]

    def rewind(self, *, is_timed: bool) -> None:
        """Forget what is there, so that the elements can be filled again; with `is_timed` also with the times."""
        # The kernel has written how much it gave to where it finds how much there is room for.
        self._name_lengths[: self.count] = NAME_BYTES
        if is_timed or self._is_timed:
            self._control_lengths[:] = _CONTROL_BYTES if is_timed else 0
            self._is_timed = is_timed
        self.count = 0

    def receive(self, udp: socket.socket) -> int:
        """Fill elements with what waits in a socket, at most MESSAGES_MAX; how many packets there were."""
        room = min(self.size - self.count, MESSAGES_MAX)
        at = self._address + self.count * _MESSAGE.itemsize
        came = max(0, _recvmmsg(udp.fileno(), at, room, socket.MSG_DONTWAIT, None))
        self.count += came
        return came

    def lengths(self) -> NDArray[np.int64]:
        """int64[count], bytes of each packet."""
        return self._lengths[: self.count].astype(np.int64)

    def came_at_ns(self) -> NDArray[np.int64]:
        """int64[count], wall clock; 0 where the kernel did not say. It is asked to by `rewind`."""
        words = self._control[: self.count].view(np.int64)
        is_timestamp = (self._control_lengths[: self.count] > 0) & (words[:, 1] >> 32 == _TIMESTAMP_TYPE)
        return np.where(is_timestamp, words[:, 2] * 1_000_000_000 + words[:, 3], 0)


class OutgoingMessages:
    """A packet for each of some rows, to an address each, through one socket."""

    __slots__ = ("_messages", "_names", "_packets", "_vectors", "rows")

    def __init__(self, packets: NDArray[np.uint8], rows: list[int], names: list[bytes]) -> None:
        """`packets` uint8[any, bytes]: row n is what is sent for row n."""
        self.rows = rows
        self._packets = packets
        self._names = np.frombuffer(b"".join(names), np.uint8).reshape(-1, NAME_BYTES)
        self._vectors = np.zeros(len(rows), _VECTOR)
        self._vectors["base"] = _addresses(packets)[rows]
        self._vectors["length"] = packets.shape[1]
        self._messages = np.zeros(len(rows), _MESSAGE)
        self._messages["name"] = _addresses(self._names)
        self._messages["name_length"] = [name_length(name) for name in names]
        self._messages["vector"] = _addresses(self._vectors)
        self._messages["vectors"] = 1

    def send(self, udp: socket.socket) -> int:
        """Send all; how many the kernel took. One that fails is passed over, with no word: RTP is sent again."""
        descriptor, start = udp.fileno(), self._messages.ctypes.data
        sent = done = 0
        while done < len(self.rows):
            room = min(len(self.rows) - done, MESSAGES_MAX)
            taken = _sendmmsg(descriptor, start + done * _MESSAGE.itemsize, room, socket.MSG_DONTWAIT)
            sent += max(0, taken)
            done += max(1, taken)
        return sent


def name_of(address: HostPort) -> bytes:
    """The address as `sockaddr`, NAME_BYTES long. Raises ValueError when the host is no IP address."""
    host = ip_address(address.host)
    if isinstance(host, IPv6Address):
        family = int(socket.AF_INET6).to_bytes(2, "little")
        name = family + address.port.to_bytes(2, "big") + bytes(4) + host.packed
    else:
        name = int(socket.AF_INET).to_bytes(2, "little") + address.port.to_bytes(2, "big") + host.packed
    return name.ljust(NAME_BYTES, b"\0")


def name_length(name: bytes) -> int:
    """Bytes of a `sockaddr` without the zeros behind."""
    return 28 if int.from_bytes(name[:2], "little") == socket.AF_INET6 else 16


def _addresses(rows: NDArray[np.generic] | NDArray[np.void]) -> NDArray[np.uint64]:
    """Where in memory each row of a C-contiguous array begins."""
    return (rows.ctypes.data + np.arange(len(rows)) * rows.strides[0]).astype(np.uint64)
