"""Which trunk an address belongs to: exact addresses, what names lead to, then networks, narrowest first."""

import ipaddress
from collections.abc import Iterable

from softswitch.base.address import Flow, HostPort
from softswitch.base.errors import LocalError
from softswitch.base.ip_address import read_ip
from softswitch.sip.limits import VERDICTS_MAX
from softswitch.sip.settings import TrunkPeer

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class TrunkPeers:
    """Finds the trunk of a remote address. Built anew when the settings change.

    `sessions` is how calls with each are conducted, by name.
    """

    __slots__ = ("_exact", "_found", "_networks", "_tls_only", "learned", "sessions")

    def __init__(self, peers: tuple[TrunkPeer, ...], learned: dict[str, str] | None = None) -> None:
        """`learned` is that of the trunks before these.

        Raises LocalError for an address that is neither IP nor network; the configuration has checked them.
        """
        self._exact: dict[str, list[tuple[int | None, str]]] = {}
        self._networks: list[tuple[Network, int | None, str]] = []
        self._found: dict[HostPort, str | None] = {}
        """By the networks, of those that were asked for: the same few send all the messages."""
        self.sessions = {peer.name: peer.session for peer in peers}
        self._tls_only = frozenset(peer.name for peer in peers if peer.is_tls_only)
        for peer in peers:
            for text in peer.addresses:
                network, port = _parse(text)
                if network.num_addresses == 1:
                    self._exact.setdefault(str(network.network_address), []).append((port, peer.name))
                else:
                    self._networks.append((network, port, peer.name))
        for entries in self._exact.values():
            entries.sort(key=lambda entry: entry[0] is None)
        names = {peer.name for peer in peers if peer.server is not None}
        self.learned = {address: name for address, name in (learned or {}).items() if name in names}
        """Address -> trunk, of those known by a name that has been looked up."""
        self._networks.sort(key=lambda entry: (-entry[0].prefixlen, entry[1] is None))

    def sender(self, flow: Flow) -> str | None:
        """The trunk whose word counts on this flow: one that must come encrypted is a stranger otherwise."""
        name = self.find(flow.remote)
        return name if name is None or self.may_come(name, flow) else None

    def may_come(self, name: str, flow: Flow) -> bool:
        """Whether the trunk is believed on this flow, however it is known otherwise."""
        return name not in self._tls_only or is_encrypted(flow)

    @property
    def networks(self) -> list[Network]:
        """Every address of every trunk."""
        exact = [ipaddress.ip_network(address) for address in self._exact]
        return [*exact, *(network for network, _, _ in self._networks)]

    def find(self, remote: HostPort) -> str | None:
        """The name of the trunk at this address, or None."""
        for port, name in self._exact.get(remote.host, ()):
            if port is None or port == remote.port:
                return name
        if self.learned and remote.host in self.learned:
            return self.learned[remote.host]
        if not self._networks:
            return None
        if remote not in self._found:
            if len(self._found) >= VERDICTS_MAX:
                self._found.clear()
            self._found[remote] = self._find_network(remote)
        return self._found[remote]

    def _find_network(self, remote: HostPort) -> str | None:
        address = read_ip(remote.host)
        if address is None:
            return None
        for network, port, name in self._networks:
            if address.version == network.version and address in network and port in (None, remote.port):
                return name
        return None

    def learn(self, name: str, addresses: Iterable[str]) -> None:
        """The name of this trunk leads to these addresses now."""
        for address in [address for address, owner in self.learned.items() if owner == name]:
            del self.learned[address]
        for address in addresses:
            self.learned.setdefault(address, name)


def is_encrypted(flow: Flow) -> bool:
    """Whether nobody on the way can read or change what comes along."""
    return flow.kind.is_secure


def _parse(text: str) -> tuple[Network, int | None]:
    host, port = text, None
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or None
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        return ipaddress.ip_network(host, strict=False), None if port is None else int(port)
    except ValueError:
        raise LocalError(f"{text!r} is no address of a trunk. Write an IP address or a network.") from None
