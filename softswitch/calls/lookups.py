"""Questions to services outside: what is asked, and what an answer may be. No sockets here.

The URL of a lookup is a template: `{calling_number}` and whatever else a flow gives is put in, encoded so that nothing
a caller's phone says can change where the question goes.
"""

from collections.abc import Mapping
from string import Formatter
from urllib.parse import quote

import msgspec

from softswitch.base.errors import LocalError

LookupField = str | int | float | bool
"""What a flow may add to a question."""


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A service as it is configured."""

    project: str = ""
    url: str
    is_post: bool = False
    deadline_s: float = 1.0
    headers: Mapping[str, str] = {}
    secret: str = ""
    remember_s: float = 0.0


class Question(msgspec.Struct, frozen=True):
    """What is sent. Two that are equal have the same answer."""

    url: str
    body: bytes | None = None


def names_in(template: str) -> list[str]:
    """The names in braces. Raises `ValueError` for braces that are not matched, or hold something else than a name."""
    names: list[str] = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f'"{{{name}}}" is no name')
        names.append(name)
    return names


def question(lookup: Lookup, fields: Mapping[str, LookupField]) -> Question:
    """Put the fields into the template; POST sends them all as JSON. Raises `LocalError` where one is missing."""
    texts = {name: _text(value) for name, value in fields.items()}
    missing = [name for name in names_in(lookup.url) if name not in texts]
    if missing:
        raise LocalError(f"the URL needs {', '.join(missing)}, which the flow does not give")
    url = lookup.url.format_map({name: quote(text, safe="", errors="replace") for name, text in texts.items()})
    if not lookup.is_post:
        return Question(url)
    clean = {
        name: value.encode(errors="replace").decode() if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return Question(url, msgspec.json.encode(clean, order="sorted"))


def _text(value: LookupField) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
