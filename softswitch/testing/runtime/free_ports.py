"""Ports nobody uses at this moment. Another program may take one before we do; whoever opens it then says so."""

import socket

from softswitch.base.entropy import SystemEntropy
from softswitch.base.errors import StartError

_ATTEMPTS = 50
_LOWEST, _BELOW = 10_000, 32_768
"""Above the well-known ports, below those that Linux gives to outgoing connections."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port free for UDP and TCP alike, as SIP wants it. Raises StartError."""
    for _ in range(_ATTEMPTS):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
            port: int = probe.getsockname()[1]
            if _is_free(host, port):
                return port
    raise StartError(f"{host} has no free port")


def free_range(count: int, host: str = "127.0.0.1") -> range:
    """`count` neighbouring UDP ports. Raises StartError."""
    entropy = SystemEntropy()
    for _ in range(_ATTEMPTS):
        first = int(entropy.uniform(_LOWEST, _BELOW - count)) & ~1
        ports = range(first, first + count)
        if all(_is_free(host, port) for port in ports):
            return ports
    raise StartError(f"{host} has no {count} free UDP ports in a row between {_LOWEST} and {_BELOW}")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
