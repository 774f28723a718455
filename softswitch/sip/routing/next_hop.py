"""Which flow a request takes, where addresses in messages and addresses on the wire disagree.

Behind NAT a phone writes its private address into Contact, and only the address its packets come from reaches it. So
(RFC 3581, RFC 5626, RFC 5923 in spirit):

* a stream connection the peer opened is used for everything that goes to the peer;
* with a Record-Route the first route is obeyed: a proxy knows where it is;
* without one, Contact is believed when its host is the one the packets come from (there is no NAT between, so the
  port is right as well), or another address of the same trunk; else packets go where the peer's came from.

Names are looked up in `SipSettings.hosts`; the core asks no DNS. An unknown name is treated like an address that cannot
be reached: the source is used.
"""

import ipaddress
from collections.abc import Sequence

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.routing.local_addresses import LocalAddresses
from softswitch.sip.routing.trunk_peers import TrunkPeers

_TRANSPORTS = {None: TransportKind.UDP, **{kind.value.lower(): kind for kind in TransportKind}}
_SECURE_TRANSPORTS = {
    None: TransportKind.TLS,
    "tcp": TransportKind.TLS,
    "tls": TransportKind.TLS,
    "ws": TransportKind.WSS,
    "wss": TransportKind.WSS,
}

BROADCAST = "255.255.255.255"


class NextHop:
    """Chooses flows. One per endpoint; the settings it depends on are replaced on reload."""

    __slots__ = ("_addresses", "_hosts", "_trunks")

    def __init__(self, addresses: LocalAddresses, hosts: dict[str, str], trunks: TrunkPeers) -> None:
        self._addresses = addresses
        self._hosts = hosts
        self._trunks = trunks

    def first_flow(self, uri: str, routes: Sequence[str]) -> Flow | None:
        """The flow for a request outside any dialog: to its first route, else its URI. None if it names no address."""
        return self._flow_to(_sip_uri(routes[0] if routes else uri))

    def dialog_flow(self, source: Flow, target: str, routes: Sequence[str]) -> Flow:
        """The flow for a request within a dialog whose peer was last heard on `source`."""
        if source.kind.is_reliable and source.connection:
            return source
        uri = _sip_uri(routes[0] if routes else target)
        if uri is not None and uri.host == source.remote.host and transport_of(uri) is source.kind:
            port = uri.port or source.kind.default_port
            return source if port == source.remote.port else source._replace(remote=HostPort(uri.host, port))
        flow = self._flow_to(uri)
        if flow is None:
            return source
        if routes:
            return flow
        trunk = self._trunks.find(source.remote)
        return flow if trunk is not None and self._trunks.find(flow.remote) == trunk else source

    def destination(self, uri: str, routes: Sequence[str]) -> tuple[TransportKind, HostPort] | None:
        """Where such a request would go, whether we can reach it or not."""
        return self._destination(_sip_uri(routes[0] if routes else uri))

    def _flow_to(self, uri: SipUri | None) -> Flow | None:
        found = self._destination(uri)
        return self._addresses.flow_to(*found) if found is not None and self._addresses.reaches(*found) else None

    def _destination(self, uri: SipUri | None) -> tuple[TransportKind, HostPort] | None:
        if uri is None:
            return None
        kind = transport_of(uri)
        host = uri.params.get("maddr") or uri.host
        host = self._hosts.get(host, host)
        if kind is None or not is_address(host):
            return None
        return kind, HostPort(host, uri.port or kind.default_port)


def transport_of(uri: SipUri) -> TransportKind | None:
    """The transport a URI asks for; None for one we do not speak. sips is TLS, whatever it says (section 26.2.2)."""
    return (_SECURE_TRANSPORTS if uri.scheme == "sips" else _TRANSPORTS).get(uri.transport)


def is_address(host: str) -> bool:
    """An IP address of one machine: no name, and none that means nobody (0.0.0.0) or everybody."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast or host == BROADCAST)


def _sip_uri(text: str) -> SipUri | None:
    """The URI in a Route value or in a bare URI."""
    try:
        uri = NameAddr.parse(text).uri if text.lstrip(" \t").startswith(("<", '"')) else parse_uri(text)
    except Malformed:
        return None
    return uri if isinstance(uri, SipUri) else None
