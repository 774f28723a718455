"""The UDP socket of one stream, and the few things Python's sockets cannot do."""

import ctypes
import errno
import os
import socket
import struct
from contextlib import suppress
from typing import NamedTuple

from softswitch.base.address import HostPort

_EXPEDITED_FORWARDING = 46 << 2
"""DSCP of voice (RFC 4594 section 4.1), in the place of the former TOS byte."""

_TIMESTAMPS = 35
"""SO_TIMESTAMPNS: the kernel notes when each packet came, and tells `recvmsg`; Python has no name for it."""
_TIMESTAMP = struct.Struct("qq")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESTAMP.size)

_libc = ctypes.CDLL(None, use_errno=True)
RTCP_RECEIVE_BUFFER_BYTES = 64 * 1024
"""Twice as much is granted, and a packet counted as 768 bytes or more: a hundred reports at least."""
WAITING_PACKETS_MAX = 512
"""More than wait in one of the sockets of one stream; a flood that goes on does not keep us for ever."""
_FORCED_RECEIVE_BUFFER = 33
"""SO_RCVBUFFORCE: more than net.core.rmem_max, for those who may (CAP_NET_ADMIN)."""
_MEMORY_INFO = 55
"""SO_MEMINFO: nine numbers on a socket's memory, the last of them packets that found it full. Not named in Python."""
_MEMORY_WORDS = struct.Struct("9I")
_NO_ADDRESS = bytes(16)
"""A sockaddr of family AF_UNSPEC (0): connecting to it dissolves the connection (connect(2)); Python has no such."""


def open_udp(local: HostPort, receive_buffer_bytes: int) -> socket.socket:
    """A non-blocking socket bound to `local`; the buffer is smaller where the system allows less. Raises OSError."""
    family = socket.AF_INET6 if ":" in local.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        if family == socket.AF_INET:
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED_FORWARDING)
        else:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED_FORWARDING)
        udp.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        try:
            udp.setsockopt(socket.SOL_SOCKET, _FORCED_RECEIVE_BUFFER, receive_buffer_bytes)
        except PermissionError:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        udp.bind(local)
    except OSError:
        udp.close()
        raise
    return udp


SocketPair = tuple[socket.socket, socket.socket]
"""For RTP, and for RTCP."""


def open_pair(local: HostPort, receive_buffer_bytes: int) -> SocketPair | str:
    """Sockets for RTP at `local` and for RTCP one port above, or why they cannot be had, for people."""
    above = HostPort(local.host, local.port + 1)
    try:
        rtp = open_udp(local, receive_buffer_bytes)
    except OSError as error:
        return why_not_bound(local, error)
    try:
        return rtp, open_udp(above, RTCP_RECEIVE_BUFFER_BYTES)
    except OSError as error:
        rtp.close()
        return why_not_bound(above, error)


def forget_waiting(udp: socket.socket) -> None:
    """What has come to the socket so far is for nobody."""
    with suppress(BlockingIOError):  # nothing more waits
        for _ in range(WAITING_PACKETS_MAX):
            udp.recv(1)


def dropped_packets(udp: socket.socket) -> int:
    """How many packets found the socket full, since it was opened; 0 where the system does not tell.

    SO_RXQ_OVFL tells the same, but only with a packet that is read by `recvmsg`.
    """
    content = udp.getsockopt(socket.SOL_SOCKET, _MEMORY_INFO, _MEMORY_WORDS.size)
    return _MEMORY_WORDS.unpack(content)[-1] if len(content) == _MEMORY_WORDS.size else 0


class TimedPacket(NamedTuple):
    length: int
    source: HostPort
    came_at_ns: int
    """Wall clock; 0 when the kernel did not say."""


def receive_timed(udp: socket.socket, room: memoryview) -> TimedPacket:
    """Receive a packet with its source and the time it came. Raises OSError like `recv_into`."""
    length, ancillary, _, source = udp.recvmsg_into([room], _ANCILLARY_BYTES)
    came_at_ns = 0
    for _, kind, content in ancillary:
        if kind == _TIMESTAMPS and len(content) == _TIMESTAMP.size:
            seconds, nanoseconds = _TIMESTAMP.unpack(content)
            came_at_ns = seconds * 1_000_000_000 + nanoseconds
    return TimedPacket(length, HostPort(source[0], source[1]), came_at_ns)


def disconnect(udp: socket.socket) -> None:
    """Undo `connect`: packets from anywhere arrive again."""
    if _libc.connect(udp.fileno(), _NO_ADDRESS, len(_NO_ADDRESS)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def why_not_bound(local: HostPort, error: OSError) -> str:
    """An error of `open_udp` in words for people."""
    if error.errno == errno.EADDRINUSE:
        return f"port {local.port} of {local.host} is in use by another program"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{local.host} is no address of this machine: correct the local address in the configuration"
    if error.errno == errno.EMFILE:
        return "this worker has no file descriptors left: raise the limit (ulimit -n)"
    return f"port {local.port} of {local.host} cannot be opened: {error.strerror}"
