"""Network addresses as plain values."""

from enum import Enum
from typing import NamedTuple


class TransportKind(Enum):
    """SIP transports; the value is the token of the Via header."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    WS = "WS"
    WSS = "WSS"

    @property
    def is_reliable(self) -> bool:
        return self is not TransportKind.UDP

    @property
    def is_secure(self) -> bool:
        return self is TransportKind.TLS or self is TransportKind.WSS

    @property
    def is_web(self) -> bool:
        """Whether it runs over a WebSocket (RFC 7118): only the peer can open such a connection."""
        return self is TransportKind.WS or self is TransportKind.WSS

    @property
    def default_port(self) -> int:
        """RFC 3261 section 19.1.2, RFC 7118 section 5.3."""
        return _DEFAULT_PORTS.get(self, 5060)

    @property
    def parameter(self) -> str:
        """What a URI's transport parameter says; RFC 7118 has one word for both kinds of WebSocket."""
        return "ws" if self.is_web else self.value.lower()


_DEFAULT_PORTS = {TransportKind.TLS: 5061, TransportKind.WS: 80, TransportKind.WSS: 443}


class HostPort(NamedTuple):
    """An IP address (text, no brackets) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Flow(NamedTuple):
    """The path one peer's SIP messages take (RFC 5626 section 2): answers and in-dialog requests go back along it.

    For UDP it is the pair of addresses. For a stream transport `connection` numbers the open connection; a flow
    with `connection` 0 asks the transport to open one to `remote`. `server_name` is whom the peer's certificate must
    name when we open one with TLS; empty: its address.
    """

    kind: TransportKind
    local: HostPort
    remote: HostPort
    connection: int = 0
    server_name: str = ""
