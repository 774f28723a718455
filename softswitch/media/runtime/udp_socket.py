"""The UDP socket of one stream, and the few things Python's sockets cannot do."""

import ctypes
import errno
import os
import socket

from softswitch.base.address import HostPort

_EXPEDITED_FORWARDING = 46 << 2
"""DSCP of voice (RFC 4594 section 4.1), in the place of the former TOS byte."""

_libc = ctypes.CDLL(None, use_errno=True)
_NO_ADDRESS = bytes(16)
"""A sockaddr of family AF_UNSPEC (0): connecting to it dissolves the connection (connect(2)); Python has no such."""


def open_udp(local: HostPort) -> socket.socket:
    """A non-blocking socket bound to `local`. Raises OSError."""
    family = socket.AF_INET6 if ":" in local.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        if family == socket.AF_INET:
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED_FORWARDING)
        else:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED_FORWARDING)
        udp.bind(local)
    except OSError:
        udp.close()
        raise
    return udp


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
