"""Tokens, quoted strings, lists and parameters (RFC 3261 section 25.1), and what it is called when a peer breaks them.

Text is `str` decoded from UTF-8 with `surrogateescape`, so that any bytes a phone puts into a display name survive a
round trip. Every pattern here is anchored and possessive: the time a value takes is linear in its length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.sip.messages.message import Request


class Malformed(Exception):
    """What a peer got wrong. Raised inside the message layer; `parse` and `validate` return it as a value.

    `status_hint` is the status to answer with; None means silence (a response, an ACK, or no SIP at all).
    `reason` becomes the reason phrase. `request` holds the headers that could be read, so that it can be answered.
    """

    def __init__(self, status_hint: int | None, reason: str, request: Request | None = None) -> None:
        super().__init__(reason)
        self.status_hint = status_hint
        self.reason = reason
        self.request = request


TOKEN_CHARACTERS = r"A-Za-z0-9\-.!%*_+`'~"
TOKEN = re.compile(rf"[{TOKEN_CHARACTERS}]++")
QUOTED = r'"(?:[^"\\]|\\.)*+"'
HOST = r"[A-Za-z0-9_.\-]++|\[[0-9A-Fa-f:.]++\]"
"""hostname, IPv4address or IPv6reference. Underscores are no part of the RFC but of many host names."""

PLAIN_PARAMETERS = re.compile(rf'(?:;[{TOKEN_CHARACTERS}]++(?:=(?:[^\s;,"<>]++|"[^"\\;]*+"))?)*+')
"""Parameters that can be cut at the semicolons: nearly all."""

PARAMETER = re.compile(
    rf'[ \t]*+;[ \t]*+([{TOKEN_CHARACTERS}]++)(?:[ \t]*+=[ \t]*+({QUOTED}|[^\s;,"<>]++))?[ \t]*+', re.DOTALL
)

LIST_ELEMENT = re.compile(r'(?:[^",<]++|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|<[^>]*+(?:>|\Z))*+', re.DOTALL)
"""Up to the next comma outside quotes and angle brackets. What is left open reaches to the end of the value."""

QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
UNSAFE_IN_QUOTES = re.compile(r'(["\\])')


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated header value, stripped. Empty elements are kept for the caller to judge."""
    if "," not in value:
        return [value]
    if '"' not in value and "<" not in value:
        return [element.strip(" \t") for element in value.split(",")]
    elements: list[str] = []
    position = 0
    while True:
        end = _end_of(LIST_ELEMENT, value, position)
        elements.append(value[position:end].strip(" \t"))
        if end == len(value):
            return elements
        position = end + 1


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def parse_parameters(text: str) -> dict[str, str | None]:
    """`;name=value;flag` with names in lower case. Values stay as they are, quotes included.

    A name that comes twice with different values is a fault: two programs would read two different things.
    """
    parameters: dict[str, str | None] = {}
    if PLAIN_PARAMETERS.fullmatch(text):
        for part in text.split(";")[1:]:
            name, equals, value = part.partition("=")
            kept = value if equals else None
            if parameters.setdefault(name.lower(), kept) != kept:
                raise Malformed(400, "Contradictory Parameters")
        return parameters
    position = 0
    while position < len(text):
        match = PARAMETER.match(text, position)
        if match is None:
            raise Malformed(400, "Malformed Parameter")
        _put_parameter(parameters, match[1].lower(), match[2])
        position = match.end()
    return parameters


def _put_parameter(parameters: dict[str, str | None], name: str, value: str | None) -> None:
    if parameters.setdefault(name, value) != value:
        raise Malformed(400, "Contradictory Parameters")


def print_parameters(parameters: dict[str, str | None]) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items())


def unquote(value: str) -> str:
    """The content of a quoted string; any other value as it is."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    inner = value[1:-1]
    return QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def quote(text: str) -> str:
    """A quoted string. Control characters, which could end a header line, are left out."""
    if CONTROL.search(text):
        text = CONTROL.sub("", text)
    if '"' in text or "\\" in text:
        text = UNSAFE_IN_QUOTES.sub(r"\\\1", text)
    return f'"{text}"'


def parse_number(text: str, maximum: int, name: str) -> int:
    """Decimal digits up to `maximum`; `name` is the header's, for the reason phrase."""
    if not (text.isascii() and text.isdigit()):
        raise Malformed(400, f"{name} Is Not a Number")
    if len(text) > 20 or (number := int(text)) > maximum:
        raise Malformed(400, f"{name} Too Large")
    return number
