"""Clients' addresses: whom a request is from, and who counts as one."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from softswitch.web.limits import HOPS_MAX

SITE_BITS = 64
"""Of an IPv6 address: a household or an office has as many addresses as it likes behind them."""


@lru_cache(maxsize=4096)
def site_of(address: str) -> str:
    """What limits count by: an IPv4 address, or the /64 an IPv6 address is in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed) >> SITE_BITS << SITE_BITS, SITE_BITS)))
    return address


def client_address(peer: str, forwarded_for: str, proxies: Sequence[IPv4Network | IPv6Network]) -> str:
    """Of a proxy of ours we believe whom it names (X-Forwarded-For), the last one that is no proxy itself."""
    address = peer
    hops = [each.strip() for each in forwarded_for.split(",")[-HOPS_MAX:]] if proxies else []
    while hops and _is_within(address, proxies):
        address = hops.pop()
    return address


def _is_within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
