"""What only the machine knows: its own address, the addresses behind host names."""

import socket

from softswitch.base.errors import ConfigurationError, Fault
from softswitch.config import Configuration

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


def trunk_hosts(configuration: Configuration) -> dict[str, str]:
    """The address of every trunk's host name. Raises `ConfigurationError` for names that cannot be resolved."""
    hosts: dict[str, str] = {}
    faults: list[Fault] = []
    for index, trunk in enumerate(configuration.trunks):
        if not trunk.host:
            continue
        try:
            found = socket.getaddrinfo(trunk.host, trunk.port, type=socket.SOCK_DGRAM)
        except OSError as error:
            reason = f'"{trunk.host}" has no address ({error.strerror})'
            remedy = "Check the name, or write the provider's IP address"
            faults.append(Fault("trunks.toml", f"trunk[{index}].host", reason, remedy))
            continue
        hosts[trunk.host] = str(found[0][4][0])
    if faults:
        raise ConfigurationError(faults)
    return hosts
