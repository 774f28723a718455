"""What only the machine knows: its own address."""

import socket

_ANYWHERE = ("192.0.2.1", 9)
"""TEST-NET-1 (RFC 5737): choosing a route to it sends nothing and tells which of our addresses would be used."""


def own_ip() -> str:
    """The address other machines reach us at by default; loopback on a machine without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
