"""Network addresses as plain values."""

from enum import Enum
from typing import NamedTuple

_DEFAULT_PORTS = {"TLS": 5061, "WS": 80, "WSS": 443}
"""RFC 3261 section 19.1.2, RFC 7118 section 5.3."""


OURS = 1
"""The bit in the numbers of the connections we have opened."""


LOST = -2
"""In place of the number of a connection that another process had."""


class TransportKind(Enum):
    """SIP transports; the value is the token of the Via header."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"
    WS = "WS"
    WSS = "WSS"

    __hash__ = object.__hash__
    """Kinds stand in the keys of many tables; Enum's own hash, of the name, takes a call in Python each time."""

    def __init__(self, token: str) -> None:
        self.is_reliable = token != "UDP"
        self.is_secure = token in ("TLS", "WSS")
        self.is_web = token in ("WS", "WSS")
        """Whether it runs over a WebSocket (RFC 7118): only the peer can open such a connection."""
        self.default_port = _DEFAULT_PORTS.get(token, 5060)
        self.parameter = "ws" if self.is_web else token.lower()
        """What a URI's transport parameter says; RFC 7118 has one word for both kinds of WebSocket."""


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

    @property
    def can_be_opened(self) -> bool:
        """Whether we may open the connection, or open it again: NAT may be before a peer that has opened it himself,
        and a browser cannot be called."""
        return bool(self.connection & OURS) or not (self.connection or self.kind.is_web)

    @property
    def is_lost(self) -> bool:
        """The connection is no more, and only the peer can open it again."""
        return self.connection < 0

    def broken(self) -> "Flow":
        """What is left of the way when its connection is closed: another of ours, or one that is lost."""
        if not self.kind.is_reliable or not self.connection:
            return self
        return self._replace(connection=0 if self.can_be_opened else -abs(self.connection))

    def revived(self) -> "Flow":
        """The same way in another process, where no connection is open yet."""
        broken = self.broken()
        return broken.lost() if broken.is_lost else broken

    def lost(self) -> "Flow":
        """What is left of a connection that the peer had opened to another process: numbers there mean nothing here,
        and the peer's address tells it from others."""
        return self._replace(connection=LOST)
