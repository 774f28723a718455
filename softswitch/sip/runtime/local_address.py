"""Which of this machine's addresses a packet to somebody leaves from: the kernel's routing table knows.

A socket bound to every address does not say where a datagram was sent to, but Via and Contact must name an address the
peer can reach. Connecting a UDP socket sends nothing and tells.
"""

import contextlib
import socket

from softswitch.sip.runtime.limits import PEERS_REMEMBERED_MAX

WILDCARDS = ("0.0.0.0", "::")
SOMEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses kept for documentation: the way to them is the default route."""
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def family_of(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def towards(remote: str) -> str | None:
    """Our address on the way to `remote`; None if there is no way."""
    with contextlib.suppress(OSError), socket.socket(family_of(remote), socket.SOCK_DGRAM) as probe:
        probe.connect((remote, 9))
        return probe.getsockname()[0]
    return None


class LocalAddressFinder:
    """`towards` with a memory: the routing table is asked once per remote host."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def towards(self, remote: str) -> str:
        local = self._known.get(remote)
        if local is None:
            if len(self._known) >= PEERS_REMEMBERED_MAX:
                self._known.clear()
            local = self._known[remote] = towards(remote) or LOOPBACK[family_of(remote)]
        return local


def addresses_of(host: str) -> list[str]:
    """What a listener on `host` is to be called: itself, or for a wildcard the default route's address and loopback."""
    if host not in WILDCARDS:
        return [host]
    family = family_of(host)
    default = towards(SOMEWHERE[family])
    return [LOOPBACK[family]] if default is None else [default, LOOPBACK[family]]
