"""Hosts as IP addresses. The same few thousand come again in every message, so the last ones read are kept."""

import ipaddress
from functools import lru_cache

from softswitch.base.limits import ADDRESS_CHARACTERS_MAX, IP_ADDRESSES_REMEMBERED

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_ip(host: str) -> IpAddress | None:
    """None for a name."""
    return _known_ip(host) if len(host) <= ADDRESS_CHARACTERS_MAX else None


@lru_cache(maxsize=IP_ADDRESSES_REMEMBERED)
def _known_ip(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
