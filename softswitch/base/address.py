"""Network addresses as plain values."""

from enum import Enum
from typing import NamedTuple


class TransportKind(Enum):
    """SIP transports; the value is the token of the Via header."""

    UDP = "UDP"
    TCP = "TCP"

    @property
    def is_reliable(self) -> bool:
        return self is not TransportKind.UDP


class HostPort(NamedTuple):
    """An IP address (text, no brackets) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Flow(NamedTuple):
    """The path one peer's SIP messages take (RFC 5626 section 2): answers and in-dialog requests go back along it.

    For UDP it is the pair of addresses. For a stream transport `connection` numbers the open connection; a flow
    with `connection` 0 asks the transport to open one to `remote`.
    """

    kind: TransportKind
    local: HostPort
    remote: HostPort
    connection: int = 0
