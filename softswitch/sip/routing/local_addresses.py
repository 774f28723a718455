"""What we call ourselves: the listeners, and the Via and Contact values that name them.

The texts are made once per listener; a call uses them a dozen times.
"""

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.errors import LocalError
from softswitch.base.ip_address import read_ip


class LocalAddresses:
    """The addresses the endpoint listens on. `advertised` replaces a local host in what peers get to read.

    What it says of 0.0.0.0 (or ::) goes for every local host it does not name, loopback excepted.
    """

    __slots__ = ("_contacts", "_listeners", "_via_heads", "_wildcards", "advertised")

    def __init__(self, advertised: dict[str, str]) -> None:
        self.advertised = advertised
        self._listeners: list[tuple[TransportKind, HostPort]] = []
        self._wildcards: set[tuple[TransportKind, int, bool]] = set()
        """Transport, port and whether it is IPv6 of the listeners on every address of the machine."""
        self._via_heads: dict[tuple[TransportKind, HostPort], str] = {}
        self._contacts: dict[tuple[TransportKind, HostPort], str] = {}

    def add_listener(self, kind: TransportKind, local: HostPort, *, is_wildcard: bool = False) -> None:
        """`local` is a real address; with `is_wildcard` every other one of the machine is listened on as well."""
        if (kind, local) not in self._listeners:
            self._listeners.append((kind, local))
        if is_wildcard:
            self._wildcards.add((kind, local.port, ":" in local.host))

    def update(self, advertised: dict[str, str]) -> None:
        self.advertised = advertised
        self._via_heads.clear()
        self._contacts.clear()

    def flow_to(self, kind: TransportKind, remote: HostPort, server_name: str = "") -> Flow:
        """A flow from the listener that suits `remote`: same transport, same IP version, loopback for loopback.

        Raises LocalError when nothing listens with that transport and IP version, and for a WebSocket: browsers call
        us, nobody calls them.
        """
        if kind.is_web:
            raise LocalError(f"{remote} can only be reached along the WebSocket it has opened itself.")
        suitable = [
            local for known, local in self._listeners if known is kind and (":" in local.host) == (":" in remote.host)
        ]
        if not suitable:
            raise LocalError(f"no {kind.value} listener can reach {remote}. Add one to [sip] listen.")
        on_loopback = _is_loopback(remote.host)
        local = next((local for local in suitable if _is_loopback(local.host) == on_loopback), suitable[0])
        return Flow(kind, local, remote, 0, server_name if kind.is_secure else "")

    def rehome(self, flow: Flow) -> Flow:
        """The flow from a listener that exists: one remembered from before a restart may name another."""
        kind, local, remote, connection, server_name = flow
        is_here = (kind, local) in self._listeners or (kind, local.port, ":" in local.host) in self._wildcards
        if is_here or connection or not self.reaches(kind, remote):
            return flow
        return self.flow_to(kind, remote, server_name)

    def reaches(self, kind: TransportKind, remote: HostPort) -> bool:
        """Whether `flow_to` would find a listener."""
        if kind.is_web:
            return False
        return any(known is kind and (":" in local.host) == (":" in remote.host) for known, local in self._listeners)

    def via(self, flow: Flow, branch: str) -> str:
        """A Via for a request on `flow`, asking for rport (RFC 3581)."""
        key = (flow.kind, flow.local)
        head = self._via_heads.get(key)
        if head is None:
            head = f"SIP/2.0/{flow.kind.value} {self._shown(flow.local)};rport;branch="
            self._via_heads[key] = head
        return head + branch

    def contact(self, flow: Flow) -> str:
        """A Contact that brings a peer's requests back to the listener of `flow`."""
        key = (flow.kind, flow.local)
        contact = self._contacts.get(key)
        if contact is None:
            contact = self._contacts[key] = self.contact_of("", flow)
        return contact

    def contact_for(self, user: str, flow: Flow) -> str:
        """The one or the other: with a user part if there is one."""
        return self.contact_of(user, flow) if user else self.contact(flow)

    def contact_of(self, user: str, flow: Flow) -> str:
        """The same with a user part, as a phone registers it."""
        at = f"{user}@" if user else ""
        transport = f";transport={flow.kind.parameter}" if flow.kind.is_reliable else ""
        return f"<sip:{at}{self._shown(flow.local)}{transport}>"

    def is_our_host(self, host: str) -> bool:
        """Whether a URI's host, whatever its port, is an address of ours."""
        return any(host in (local.host, self._shown(local).host) for _, local in self._listeners)

    def _shown(self, local: HostPort) -> HostPort:
        host = self.advertised.get(local.host)
        if host is None and not _is_loopback(local.host):
            host = self.advertised.get("::" if ":" in local.host else "0.0.0.0")
        return HostPort(host or local.host, local.port)


def _is_loopback(host: str) -> bool:
    address = read_ip(host)
    return address is not None and address.is_loopback
