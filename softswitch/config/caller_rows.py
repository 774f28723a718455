"""The rows of callers.toml and lookups.toml: what is known of those who call, here and elsewhere.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier
from softswitch.config.settings import Seconds


class CallerListRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[list]]: numbers that mean something: important customers, people who are not put through."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    project: str = ""
    """Whose list it is; empty: anybody's."""
    numbers: tuple[str, ...] = ()
    """Numbers, or patterns as in numbers.toml."""
    file: str = ""
    """A file with one number a line, and perhaps a note after a comma, a semicolon or a tab; read anew by a reload."""
    notes: dict[str, str] = {}
    """What flows and people are told of single numbers; they are in the list as well."""


class RegionRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[region]]: where callers are, by how their numbers begin. The longest beginning wins."""

    id: Identifier
    prefixes: tuple[str, ...]
    """In the international form, "+7495"."""


class LookupRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[lookup]]: a service outside that flows ask, mostly who calls."""

    id: Identifier
    project: str = ""
    """Whose calls may ask it; empty: anybody's."""
    url: str
    """http:// or https://, with {calling_number} and the like in it; of https the certificate is checked."""
    method: Literal["GET", "POST"] = "GET"
    """POST sends what is known of the call, and what the flow adds, as JSON."""
    deadline_ms: Annotated[int, Meta(ge=10, le=10_000)] = 1000
    """After this time the flow goes on without an answer."""
    headers: dict[str, str] = {}
    """Sent with each question, such as a key."""
    secret: str = ""
    """Signs what POST sends, as of routing hooks; empty: it is not signed."""
    remember_s: Seconds = 0
    """So long the same question has the same answer, without being asked again."""
