"""The rows of users.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier

Role = Literal["admin", "supervisor", "agent", "project"]


class RightsRow(msgspec.Struct, frozen=True, kw_only=True):
    """What users and keys have in common: what they may see and do."""

    id: Identifier
    role: Role
    teams: tuple[str, ...] = ()
    """Of a supervisor: whose agents, with their queues and calls, he sees and acts on; "*": everybody's."""
    agent: str = ""
    """Of an agent: which of agents.toml it is."""
    project: str = ""
    """Of a client company: which of projects.toml."""
    commands: bool = False
    """Of a client company: whether it may act on what is its own, rather than look only."""
    phone: str = ""
    """Of a supervisor: the phone that rings when he listens in; empty: he cannot."""
    enabled: bool = True


class UserRow(RightsRow, frozen=True, kw_only=True):
    """[[user]]: a person who logs in."""

    name: str = ""
    """Empty: the id."""
    password: str = ""
    """Its argon2 hash; empty: the user cannot log in."""


class KeyRow(RightsRow, frozen=True, kw_only=True):
    """[[key]]: a program that uses the API."""

    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the key."""
    expires: Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = ""
    """The last day on which it is good, in UTC; empty: there is none."""

    @property
    def expires_at(self) -> float:
        """Epoch seconds; `load` has checked that it is a date."""
        return (datetime.fromisoformat(self.expires).replace(tzinfo=UTC) + timedelta(days=1)).timestamp()
