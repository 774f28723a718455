"""Addresses as operators write them."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from softswitch.base.address import HostPort, TransportKind

DNS_PORT = 53

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")


def is_host(text: str) -> bool:
    """Whether it is an IP address or a host name (RFC 1123 section 2.1)."""
    return is_ip(text) or _HOST_NAME.fullmatch(text) is not None


def is_ip(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address, without brackets or port."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_network(text: str) -> IPv4Network | IPv6Network | None:
    """An IP address or a network ("198.51.100.0/24"); None for anything else, also for a network with host bits."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def parse_listener(text: str) -> tuple[TransportKind, HostPort] | None:
    """ "udp:0.0.0.0:5060" or "tls:[::]:5061"; None for anything else."""
    scheme, _, address = text.partition(":")
    host, _, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    if scheme.upper() not in TransportKind.__members__ or not is_ip(host):
        return None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return None
    return TransportKind[scheme.upper()], HostPort(host, int(port))


def parse_host_port(text: str) -> HostPort | None:
    """ "192.0.2.80:9060" or "[2001:db8::80]:9060"; None for anything else."""
    listener = parse_listener(f"udp:{text}")
    return None if listener is None else listener[1]


def parse_server(text: str) -> HostPort | None:
    """A name server: "192.0.2.53", "192.0.2.53:5353" or "[2001:db8::53]:5353"; None for anything else."""
    if is_ip(text):
        return HostPort(text, DNS_PORT)
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not is_ip(host) or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        return None
    return HostPort(host, int(port))


def parse_port_range(text: str) -> range | None:
    """ "20000-29999", both ends included; None for anything else."""
    first, _, last = (part.strip() for part in text.partition("-"))
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    if not 0 < int(first) <= int(last) < 65536:
        return None
    return range(int(first), int(last) + 1)


def is_mail_address(text: str) -> bool:
    mailbox, at, host = text.rpartition("@")
    return bool(at and mailbox and host) and not any(each.isspace() for each in text)
