"""The rows of webhooks.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier


class WebhookRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[webhook]]: where the switch's events are sent."""

    id: Identifier
    url: str
    secret: str = ""
    """What deliveries are signed with (HMAC-SHA256). Empty: they are not."""
    kinds: tuple[str, ...] = ()
    """Kinds of events, or groups of them; none: all."""
    project: str = ""
    """Of this client company alone; empty: of all."""
    batch: Annotated[int, Meta(ge=1, le=100)] = 20
    """So many events are sent at once, at most."""
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10
    keep_hours: Annotated[float, Meta(gt=0, le=168)] = 24
    """An event that could not be delivered for so long is set aside."""
    enabled: bool = True
