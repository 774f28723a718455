"""The table [warehouse] of softswitch.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated

import msgspec
from msgspec import Meta


class WarehouseSection(msgspec.Struct, frozen=True, kw_only=True):
    """[warehouse]: a live copy of call records in PostgreSQL, kept by a process of its own."""

    dsn: str = ""
    """Where it is: "host=db.example.com dbname=calls user=switch". Empty: there is none."""
    table_prefix: Annotated[str, Meta(pattern=r"^[a-z_][a-z0-9_]{0,29}$")] = "softswitch_"
    """What its tables' names begin with."""
    every_s: Annotated[float, Meta(ge=1, le=3600)] = 5
    """How often it is looked whether there is something new."""
