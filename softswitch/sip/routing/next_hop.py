"""Which flow a request takes, where addresses in messages and addresses on the wire disagree.

Behind NAT a phone writes its private address into Contact, and only the address its packets come from reaches it. So
(RFC 3581, RFC 5626, RFC 5923 in spirit):

* a stream connection the peer opened is used for everything that goes to the peer;
* with a Record-Route the first route is obeyed: a proxy knows where it is;
* without one, Contact is believed when its host is the one the packets come from (there is no NAT between, so the
  port is right as well), or another address of the same trunk; else packets go where the peer's came from.

A name is somebody else's to look up (RFC 3263): here it stays a question (`Wanted`). Within a dialog packets go to the
source until it is answered, and if it has no answer. `SipSettings.hosts` are names that need no asking.
"""

from collections.abc import Sequence

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.ip_address import read_ip
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.routing.local_addresses import LocalAddresses
from softswitch.sip.routing.server_location import Destination, Wanted
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

    def first_way(self, uri: str, routes: Sequence[str], kind: TransportKind | None = None) -> Flow | Wanted | None:
        """The way of a request outside any dialog: to its first route, else its URI. None if there is none.

        `kind` is what it is to travel by where the URI does not say.
        """
        return self._way(_sip_uri(routes[0] if routes else uri), kind)

    def dialog_way(self, source: Flow, target: str, routes: Sequence[str]) -> Flow | Wanted:
        """The way of a request within a dialog whose peer was last heard on `source`."""
        if source.kind.is_reliable and source.connection:
            return source
        uri = _sip_uri(routes[0] if routes else target)
        if uri is not None and not routes and "gr" in uri.params:
            return source  # a GRUU of ours (RFC 5627): it names us, and means the phone
        if uri is not None and uri.host == source.remote.host and transport_of(uri) is source.kind:
            port = uri.port or source.kind.default_port
            return source if port == source.remote.port else source._replace(remote=HostPort(uri.host, port))
        way = self._way(uri)
        if way is None:
            return source
        if routes:
            return way
        trunk = self._trunks.find(source.remote)
        if trunk is None:
            return source
        return way if isinstance(way, Wanted) or self._trunks.find(way.remote) == trunk else source

    def found_way(self, source: Flow, routes: Sequence[str], wanted: Wanted, found: Sequence[Destination]) -> Flow:
        """What became of the question `dialog_way` had."""
        flows = self.flows(wanted, found)
        trunk = self._trunks.find(source.remote)
        return next((flow for flow in flows if routes or self._trunks.find(flow.remote) == trunk), source)

    def flows(self, wanted: Wanted, found: Sequence[Destination]) -> list[Flow]:
        """Flows to the servers of a name, in order; those we have no listener for are left out."""
        return [
            self._addresses.flow_to(kind, remote, wanted.host)
            for kind, remote in found
            if self._addresses.reaches(kind, remote)
        ]

    def destination(self, uri: str, routes: Sequence[str]) -> tuple[TransportKind, HostPort] | None:
        """Where such a request would go, whether we can reach it or not. None for a name, and for a browser."""
        found = _sip_uri(routes[0] if routes else uri)
        if found is None:
            return None
        kind = transport_of(found)
        host = self._host(found)
        return None if kind is None or not is_address(host) else (kind, HostPort(host, found.port or kind.default_port))

    def _way(self, uri: SipUri | None, preferred: TransportKind | None = None) -> Flow | Wanted | None:
        if uri is None:
            return None
        says_nothing = uri.transport is None and uri.scheme == "sip"
        kind = preferred if preferred is not None and says_nothing else transport_of(uri)
        if kind is None or kind.is_web:
            return None
        host = self._host(uri)
        if is_address(host):
            remote = HostPort(host, uri.port or kind.default_port)
            name = "" if host == uri.host else uri.host
            return self._addresses.flow_to(kind, remote, name) if self._addresses.reaches(kind, remote) else None
        if not is_name(host):
            return None
        is_open = uri.transport is None and preferred is None
        return Wanted(host, uri.port, None if is_open else kind, uri.scheme == "sips")

    def _host(self, uri: SipUri) -> str:
        host = uri.params.get("maddr") or uri.host
        return self._hosts.get(host, host)


def transport_of(uri: SipUri) -> TransportKind | None:
    """The transport a URI asks for; None for one we do not speak. sips is TLS, whatever it says (section 26.2.2)."""
    return (_SECURE_TRANSPORTS if uri.scheme == "sips" else _TRANSPORTS).get(uri.transport)


def is_address(host: str) -> bool:
    """An IP address of one machine: no name, and none that means nobody (0.0.0.0) or everybody."""
    address = read_ip(host)
    return address is not None and not (address.is_unspecified or address.is_multicast or host == BROADCAST)


def is_name(host: str) -> bool:
    """Something to ask a name server for. What ends in .invalid is meant to be unreachable (RFC 7118 section 5)."""
    return not host.endswith(".invalid") and not host.replace(".", "").isdigit() and ":" not in host


def _sip_uri(text: str) -> SipUri | None:
    """The URI in a Route value or in a bare URI."""
    try:
        uri = NameAddr.parse(text).uri if text.lstrip(" \t").startswith(("<", '"')) else parse_uri(text)
    except Malformed:
        return None
    return uri if isinstance(uri, SipUri) else None
