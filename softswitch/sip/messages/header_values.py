"""Header values with an inner structure: Via, CSeq, and everything shaped like From, Contact or Route.

Each class has `parse(text)`, which raises Malformed, and prints with `str()`. Texts come unfolded and stripped.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from softswitch.sip.limits import ADDRESSES_REMEMBERED, CSEQS_REMEMBERED, REMEMBERED_CHARACTERS_MAX
from softswitch.sip.messages.grammar import (
    HOST,
    QUOTED,
    TOKEN_CHARACTERS,
    Malformed,
    parse_number,
    parse_parameters,
    print_parameters,
    quote,
    unquote,
)
from softswitch.sip.messages.methods import KNOWN_METHODS, known_method
from softswitch.sip.messages.uri import AbsoluteUri, Uri, parse_uri

MAGIC_COOKIE = "z9hG4bK"
SEQUENCE_MAX = 2**32 - 1
EXPIRES_MAX_S = 2**32 - 1

NAME_ADDR = re.compile(rf'(?:({QUOTED})|([^"<>,;]*+))[ \t]*+<([^<>"\s]++)>[ \t]*+(.*+)', re.DOTALL)
"""Display name and URI in angle brackets. An unquoted display name may hold more than tokens: letters beyond ASCII,
brackets, apostrophes, as phones send them; but neither comma nor semicolon, where readers would disagree."""
ADDR_SPEC = re.compile(r'([A-Za-z][A-Za-z0-9+.\-]*+:[^\s;,?<>"]++)(.*+)', re.DOTALL)
"""A bare URI: parameters after it belong to the header, and it can have no headers of its own (RFC 3261 section 20)."""
TAG_ONLY = re.compile(rf";tag=([{TOKEN_CHARACTERS}=@:]++)")

VIA = re.compile(
    rf"SIP[ \t]*+/[ \t]*+2\.0[ \t]*+/[ \t]*+([{TOKEN_CHARACTERS}]++)[ \t]++({HOST})(?:[ \t]*+:[ \t]*+([0-9]++))?(.*+)",
    re.DOTALL | re.IGNORECASE,
)
CSEQ = re.compile(rf"([0-9]++)[ \t]++([{TOKEN_CHARACTERS}]++)")
QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


class CSeq(NamedTuple):
    """Sequence number and method (RFC 3261 section 20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        number, _, method = text.partition(" ")
        if method in KNOWN_METHODS and len(number) <= 9 and number.isdecimal() and number.isascii():
            return cls(int(number), method)
        match = CSEQ.fullmatch(text)
        if match is None:
            raise Malformed(400, "Malformed CSeq")
        return cls(parse_number(match[1], SEQUENCE_MAX, "CSeq"), known_method(match[2]))

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class Via:
    """One hop of a request's way (RFC 3261 section 20.42, RFC 3581).

    `transport` is in upper case, `host` as it was sent (an IPv6 address without brackets). `port` None means the
    transport's default.
    """

    __slots__ = ("host", "params", "port", "transport")

    def __init__(
        self, transport: str, host: str, port: int | None, params: dict[str, str | None] | None = None
    ) -> None:
        self.transport = transport
        self.host = host
        self.port = port
        self.params = {} if params is None else params

    @classmethod
    def parse(cls, text: str) -> "Via":
        match = VIA.fullmatch(text)
        if match is None:
            raise Malformed(400, "Malformed Value")
        transport, host, port_text, tail = match.groups()
        port = None if port_text is None else parse_number(port_text, 65535, "Via Port")
        return cls(transport.upper(), host.strip("[]"), port, parse_parameters(tail.strip(" \t")))

    @property
    def branch(self) -> str | None:
        return self.params.get("branch")

    @property
    def has_unique_branch(self) -> bool:
        """Made by the rules of RFC 3261: the cookie, and something after it. Else match as RFC 2543 does."""
        branch = self.params.get("branch")
        return branch is not None and len(branch) > len(MAGIC_COOKIE) and branch.startswith(MAGIC_COOKIE)

    @property
    def received(self) -> str | None:
        return self.params.get("received")

    @property
    def wants_rport(self) -> bool:
        return "rport" in self.params

    @property
    def rport(self) -> int | None:
        """The port filled in by the next hop, None if it is not (or is no number)."""
        value = self.params.get("rport")
        return int(value) if value is not None and len(value) <= 5 and value.isascii() and value.isdigit() else None

    @property
    def sent_by(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    def with_source(self, host: str, port: int) -> "Via":
        """The address the request came from written into it, whatever the sender put there (RFC 3581 section 4)."""
        params = {name: value for name, value in self.params.items() if name not in ("received", "rport")}
        if self.wants_rport or self.host != host:
            params["received"] = host
        if self.wants_rport:
            params["rport"] = str(port)
        return Via(self.transport, self.host, self.port, params)

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {self.sent_by}{print_parameters(self.params)}"

    def __repr__(self) -> str:
        return f"Via({str(self)!r})"


class NameAddr:
    """A display name, a URI and parameters: From, To, Contact, Route, Record-Route, P-Asserted-Identity and so on.

    `display` is without quotes and escapes. `uri` is parsed when it is asked for and may raise Malformed.
    """

    __slots__ = ("_uri", "display", "params", "uri_text")

    def __init__(self, display: str, uri: Uri | str, params: dict[str, str | None] | None = None) -> None:
        self.display = display
        self.uri_text = str(uri)
        self.params = {} if params is None else params
        self._uri = None if isinstance(uri, str) else uri

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        match = NAME_ADDR.fullmatch(text)
        if match is not None:
            quoted, plain, uri_text, tail = match.groups()
            display = plain.rstrip(" \t") if quoted is None else unquote(quoted)
        else:
            match = ADDR_SPEC.fullmatch(text)
            if match is None:
                raise Malformed(400, "Malformed Address")
            display = ""
            uri_text, tail = match.groups()
        if not tail:
            return cls(display, uri_text)
        match = TAG_ONLY.fullmatch(tail)
        return cls(display, uri_text, {"tag": match[1]} if match else parse_parameters(tail))

    @property
    def uri(self) -> Uri:
        if self._uri is None:
            self._uri = parse_uri(self.uri_text)
        return self._uri

    @property
    def user(self) -> str | None:
        """The user part of a SIP URI or the digits of a tel URI, decoded."""
        uri = self.uri
        return None if isinstance(uri, AbsoluteUri) else uri.user

    @property
    def tag(self) -> str | None:
        return self.params.get("tag")

    @property
    def expires(self) -> int | None:
        """A Contact's expires parameter in seconds; None if absent or unreadable: the registrar's default applies."""
        return parse_expires(self.params.get("expires"))

    @property
    def q(self) -> float | None:
        """A Contact's preference, 0 to 1; None if absent or unreadable."""
        value = self.params.get("q")
        return float(value) if value is not None and QUALITY.fullmatch(value) else None

    def with_tag(self, tag: str) -> "NameAddr":
        return NameAddr(self.display, self._uri or self.uri_text, {**self.params, "tag": tag})

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri_text}>{print_parameters(self.params)}"

    def __repr__(self) -> str:
        return f"NameAddr({str(self)!r})"


def read_address(text: str) -> NameAddr:
    """What From, To, Contact or Route says. Raises Malformed.

    The addresses of a call come again in each of its messages, those of phones and trunks in every call; the last ones
    read are kept, and shared: nobody changes one.
    """
    return _known_address(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else NameAddr.parse(text)


def read_cseq(text: str) -> CSeq:
    """Raises Malformed. The last ones read are kept."""
    return _known_cseq(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else CSeq.parse(text)


_known_address = lru_cache(maxsize=ADDRESSES_REMEMBERED)(NameAddr.parse)
_known_cseq = lru_cache(maxsize=CSEQS_REMEMBERED)(CSeq.parse)


def parse_expires(text: str | None) -> int | None:
    """Seconds, cut to what the header can hold; None for what cannot be read (RFC 3261 section 20.19)."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return min(int(text), EXPIRES_MAX_S) if len(text) <= 20 else EXPIRES_MAX_S
