"""The table [web] of softswitch.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated

import msgspec
from msgspec import Meta


class WebSection(msgspec.Struct, frozen=True, kw_only=True):
    """[web]: the HTTP API, in a process of its own."""

    enabled: bool = False
    listen: str = "127.0.0.1:8080"
    """address:port"""
    certificate: str = ""
    """A PEM file: ours, then those that signed it. Empty: HTTP without TLS."""
    private_key: str = ""
    """Empty: it is in the file of the certificate."""
    public_url: str = ""
    """How others reach us, where that is not `listen`: through a proxy, or by a name."""
    origins: tuple[str, ...] = ()
    """Web pages of other sites whose scripts may use the API in browsers."""
    proxies: tuple[str, ...] = ()
    """Networks of the proxies before us, whose word for a client's address is taken."""
    requests_per_s: Annotated[float, Meta(gt=0, le=100_000)] = 100
    """Of each user and each key, in the long run."""
    address_requests_per_s: Annotated[float, Meta(gt=0, le=100_000)] = 200
    """Of each address."""
    connections: Annotated[int, Meta(ge=8, le=50_000)] = 1000
    """Open at once; the next one is closed."""
    address_connections: Annotated[int, Meta(ge=2, le=50_000)] = 300
    """Open at once from one address."""
    session_hours: Annotated[float, Meta(gt=0, le=720)] = 12
    """After so long a user logs in again,"""
    session_idle_minutes: Annotated[float, Meta(gt=0, le=43_200)] = 120
    """or when nothing was asked for so long."""
    audit_log: str = "audit.jsonl"
    """Who did what through the API, a line of JSON each."""
    audit_mb: Annotated[int, Meta(ge=1, le=10_000)] = 50
    """The size of the audit log, the older half of which then goes."""

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return self.public_url.rstrip("/") or f"{'https' if self.certificate else 'http'}://{self.listen}"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us by HTTPS."""
        return self.url.startswith("https://")
