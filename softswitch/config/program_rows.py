"""The rows of programs.toml: programs outside that are given calls' sound.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier


class ProgramRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[program]]: a voice bot, speech recognition, an analysis; the switch connects to it by WebSocket."""

    id: Identifier
    project: str = ""
    """Whose calls may be given to it; empty: anybody's."""
    url: str
    """ws:// or wss://; of wss the certificate and its name are checked."""
    headers: dict[str, str] = {}
    """Sent when connecting, such as a key."""
    ca: str = ""
    """A PEM file of the authorities that are believed; empty: those the system believes."""
    rate_hz: Literal[8000, 16000] = 8000
    """Samples a second, both ways, where a flow does not say."""
    connect_ms: Annotated[int, Meta(ge=100, le=60_000)] = 5000
    """How long one attempt to connect may take."""
