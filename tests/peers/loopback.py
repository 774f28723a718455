"""Loopback addresses of one's own: every switch and every peer is a machine by itself, and no port is ever taken."""

import ipaddress
import itertools
import os

_BASE = int(ipaddress.IPv4Address("127.64.0.0")) + os.getpid() % 0x8000 * 0x100
_numbers = itertools.count(1)


def own_address() -> str:
    """An address of 127.64.0.0/9 that nothing else of this run has."""
    return str(ipaddress.IPv4Address(_BASE + next(_numbers)))
