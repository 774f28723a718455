"""The table [telemetry] of softswitch.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated

import msgspec
from msgspec import Meta


class TelemetrySection(msgspec.Struct, frozen=True, kw_only=True):
    """[telemetry]: calls as traces of OpenTelemetry, exported by a process of its own when they have ended."""

    endpoint: str = ""
    """Where a collector takes traces, by OTLP over HTTP; empty: none does."""
    headers: dict[str, str] = {}
    """Sent along, such as a key."""
    service_name: str = "softswitch"
    """What the switch is called there."""
    every_s: Annotated[float, Meta(ge=1, le=3600)] = 5
    """How often it is looked whether calls have ended."""
