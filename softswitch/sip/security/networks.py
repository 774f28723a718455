"""Sources as networks: what one attacker has, and which lists of networks an address is in.

An IPv4 address is one source and its /24 a neighbourhood; of IPv6 every customer has a /64 at least, so that is one
source.
"""

import ipaddress
from collections.abc import Iterable

from softswitch.base.errors import LocalError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV4_NEIGHBOURS = 24
IPV6_SOURCE = 64


def parse_address(host: str) -> Address | None:
    """None for what is no IP address (a zone index is no part of one)."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def parse_network(text: str) -> Network:
    """Raises LocalError for anything but an IP address or a network; host bits are ignored."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise LocalError(f"{text!r} is no address and no network. Write 203.0.113.5 or 198.51.100.0/24.") from None


def source_of(host: str) -> str:
    """What has one bucket and one record: the IPv4 address, or the /64 of an IPv6 address."""
    if ":" not in host:
        return host
    address = parse_address(host)
    if address is None:
        return host
    return str(ipaddress.ip_network((address, IPV6_SOURCE), strict=False))


def neighbourhood_of(host: str) -> str:
    """The first three octets of an IPv4 address; an IPv6 source is its own neighbourhood."""
    return host.rpartition(".")[0] if ":" not in host else source_of(host)


class NetworkSet:
    """Networks, asked for addresses. An address costs one look-up for each length of prefix that occurs."""

    __slots__ = ("_members",)

    def __init__(self, networks: Iterable[str | Network] = ()) -> None:
        self._members: dict[tuple[int, int], set[int]] = {}
        for each in networks:
            network = parse_network(each) if isinstance(each, str) else each
            self._members.setdefault((network.version, network.prefixlen), set()).add(prefix_bits(network))

    def __bool__(self) -> bool:
        return bool(self._members)

    def __contains__(self, host: str) -> bool:
        if not self._members:
            return False
        address = parse_address(host)
        if address is None:
            return False
        bits, whole = int(address), address.max_prefixlen
        return any(
            version == address.version and bits >> (whole - length) in members
            for (version, length), members in self._members.items()
        )

    def overlaps(self, network: Network) -> bool:
        """Whether any address is in both."""
        bits = prefix_bits(network)
        for (version, length), members in self._members.items():
            if version != network.version:
                continue
            if length <= network.prefixlen:
                if bits >> (network.prefixlen - length) in members:
                    return True
            elif any(member >> (length - network.prefixlen) == bits for member in members):
                return True
        return False


def prefix_bits(network: Network) -> int:
    """The bits of the prefix alone."""
    return int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
