"""Who asks: a user or a key of users.toml, and what it may see and do."""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

import msgspec

from softswitch.base.ids import AgentId
from softswitch.config.user_rows import KeyRow, RightsRow, Role, UserRow

KEY_PREFIX = "ssw_"
"""Keys begin so, whereby scanners of source code find those that should not be there."""


Column = Role | Literal["nobody"]


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was let in. `name` is what the switch keeps of who did something, and what limits count by."""

    name: str
    role: Column
    teams: frozenset[str] = frozenset()
    agent_id: AgentId | None = None
    project: str = ""
    has_commands: bool = True
    """False: it only looks."""
    phone: str = ""
    """Of a supervisor: what rings when he listens in."""


NOBODY = Caller(name="", role="nobody")
"""Asks for what nobody need be known for."""


class KnownCallers:
    """All users and keys of one users.toml."""

    def __init__(self, users: Iterable[UserRow], keys: Iterable[KeyRow]) -> None:
        self._users = {row.id: row for row in users if row.enabled}
        self._keys = {row.hash: row for row in keys if row.enabled}

    def by_key(self, secret: str, wall: float) -> Caller | None:
        """Whose key it is. A hash of 256 random bits is looked up: there is nothing that a time could tell."""
        row = self._keys.get(hash_of(secret))
        if row is None or (row.expires and wall >= row.expires_at):
            return None
        return _caller(f"key:{row.id}", row)

    def password_hash(self, user: str) -> str:
        """ "" if there is no such user, or he has no password."""
        row = self._users.get(user)
        return "" if row is None else row.password

    def user(self, user: str) -> Caller | None:
        row = self._users.get(user)
        return None if row is None else _caller(row.id, row)


def hash_of(secret: str) -> str:
    """What users.toml has of a key."""
    return sha256(secret.encode()).hexdigest()


def is_same(one: str, other: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(one.encode(), other.encode())


def _caller(name: str, row: RightsRow) -> Caller:
    return Caller(
        name=name,
        role=row.role,
        teams=frozenset(row.teams),
        agent_id=AgentId(row.agent) if row.agent else None,
        project=row.project,
        has_commands=row.role != "project" or row.commands,
        phone=row.phone,
    )
