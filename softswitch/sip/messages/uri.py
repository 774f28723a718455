"""URIs: sip and sips (RFC 3261 section 19.1), tel (RFC 3966), and any other scheme as plain text.

A URI that was parsed prints exactly as it came, because a Contact must come back untouched as a Request-URI.
"""

import re
from functools import lru_cache

from softswitch.sip.limits import REMEMBERED_CHARACTERS_MAX, URIS_REMEMBERED
from softswitch.sip.messages.grammar import HOST, Malformed

UNRESERVED = r"A-Za-z0-9\-_.!~*'()"
ESCAPED = r"%[0-9A-Fa-f]{2}"

USER = rf"(?:[{UNRESERVED}&=+$,;?/#\x80-\U0010ffff]|{ESCAPED})++"
"""`#` and letters beyond ASCII should be escaped; phones that dial #31# do not."""
PASSWORD = rf"(?:[{UNRESERVED}&=+$,]|{ESCAPED})*+"
PARAMETERS = rf"(?:;(?:[{UNRESERVED}\[\]/:&+$]|{ESCAPED})++(?:=(?:[{UNRESERVED}\[\]/:&+$=]|{ESCAPED})*+)?)*+"
HEADERS = rf"(?:[{UNRESERVED}\[\]/?:+$=&;,]|{ESCAPED})++"
SIP_URI = re.compile(
    rf"(sips?):(?:({USER})(?::({PASSWORD}))?@)?({HOST})(?::([0-9]{{1,5}}))?({PARAMETERS})(?:\?({HEADERS}))?",
    re.IGNORECASE,
)
TEL_URI = re.compile(rf"tel:(\+?[0-9A-Fa-f*#\-.()]++)({PARAMETERS})", re.IGNORECASE)
ABSOLUTE_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+):([^\s<>\"]++)")

ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})++")
NOT_IN_USER = re.compile(rf"[^{UNRESERVED}&=+$,;?/]")
UNRESERVED_ONLY = re.compile(rf"[{UNRESERVED}]")

PARAMETERS_THAT_MUST_MATCH = ("user", "ttl", "method", "maddr", "transport")
"""Given in one URI and not in the other, these make them different (RFC 3261 section 19.1.4)."""


def unescape(text: str) -> str:
    """Decode %xx once."""
    if "%" not in text:
        return text
    return ESCAPE.sub(lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogateescape"), text)


def escape_user(text: str) -> str:
    """Encode what a user part may not hold."""
    if NOT_IN_USER.search(text) is None:
        return text
    return NOT_IN_USER.sub(
        lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "surrogateescape")), text
    )


def _escapes_normalised(text: str) -> str:
    """Escapes of unreserved characters decoded, all others in upper case: equal texts are equal URIs' parts."""
    if "%" not in text:
        return text

    def normalise(match: re.Match[str]) -> str:
        character = chr(int(match[0][1:], 16))
        return character if UNRESERVED_ONLY.match(character) else match[0].upper()

    return re.sub(ESCAPED, normalise, text)


class SipUri:
    """sip:user:password@host:port;params?headers. Values never change; `replace` makes another one.

    `user_text` is the user part as it stands in the URI; `user` is it with escapes decoded. `host` is in lower case, an
    IPv6 address without brackets. `params` has names in lower case and values as they stand. `headers` is the text
    after the question mark, which the switch keeps but never obeys.
    """

    __slots__ = ("_text", "headers", "host", "params", "password", "port", "scheme", "user_text")

    def __init__(
        self,
        scheme: str = "sip",
        user: str | None = None,
        password: str | None = None,
        host: str = "",
        port: int | None = None,
        params: dict[str, str | None] | None = None,
        headers: str = "",
    ) -> None:
        self.scheme = scheme
        self.user_text = None if user is None else escape_user(user)
        self.password = password
        self.host = host
        self.port = port
        self.params = {} if params is None else params
        self.headers = headers
        self._text = ""

    @classmethod
    def parse(cls, text: str) -> "SipUri":
        """Raises Malformed."""
        match = SIP_URI.fullmatch(text)
        if match is None:
            raise Malformed(400, "Malformed SIP URI")
        scheme, user, password, host, port, params, headers = match.groups()
        uri = cls(
            scheme.lower(),
            password=password,
            host=host.strip("[]").lower(),
            params=_parse_parameters(params) if params else None,
            headers=headers or "",
        )
        uri.user_text = user
        if port is not None:
            uri.port = int(port)
            if uri.port > 65535:
                raise Malformed(400, "Port Too Large in SIP URI")
        uri._text = text
        return uri

    @property
    def user(self) -> str | None:
        return None if self.user_text is None else unescape(self.user_text)

    @property
    def transport(self) -> str | None:
        """The transport parameter in lower case."""
        value = self.params.get("transport")
        return value.lower() if value else None

    @property
    def is_loose_router(self) -> bool:
        return "lr" in self.params

    def replace(
        self,
        *,
        host: str | None = None,
        port: int | None = None,
        params: dict[str, str | None] | None = None,
        headers: str | None = None,
    ) -> "SipUri":
        """The same URI with these parts changed; what is None stays."""
        uri = SipUri(self.scheme, None, self.password, self.host, self.port, self.params, self.headers)
        uri.user_text = self.user_text
        if host is not None:
            uri.host, uri.port = host, port
        elif port is not None:
            uri.port = port
        if params is not None:
            uri.params = params
        if headers is not None:
            uri.headers = headers
        return uri

    def __str__(self) -> str:
        if not self._text:
            self._text = self._print()
        return self._text

    def _print(self) -> str:
        parts = [self.scheme, ":"]
        if self.user_text is not None:
            parts.append(self.user_text)
            if self.password is not None:
                parts.append(f":{self.password}")
            parts.append("@")
        parts.append(f"[{self.host}]" if ":" in self.host else self.host)
        if self.port is not None:
            parts.append(f":{self.port}")
        parts.extend(f";{name}" if value is None else f";{name}={value}" for name, value in self.params.items())
        if self.headers:
            parts.append(f"?{self.headers}")
        return "".join(parts)

    def __repr__(self) -> str:
        return f"SipUri({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        """The same text. For the RFC's comparison, which is no equivalence relation, see `matches`."""
        return isinstance(other, SipUri) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def matches(self, other: "SipUri") -> bool:
        """RFC 3261 section 19.1.4."""
        return (
            self.scheme == other.scheme
            and _escapes_normalised(self.user_text or "") == _escapes_normalised(other.user_text or "")
            and (self.user_text is None) == (other.user_text is None)
            and _escapes_normalised(self.password or "") == _escapes_normalised(other.password or "")
            and self.host == other.host
            and self.port == other.port
            and _parameters_match(self.params, other.params)
            and _headers_for_comparison(self.headers) == _headers_for_comparison(other.headers)
        )


def _parse_parameters(text: str) -> dict[str, str | None]:
    params: dict[str, str | None] = {}
    for part in text.split(";")[1:]:
        name, equals, value = part.partition("=")
        kept = value if equals else None
        if params.setdefault(name.lower(), kept) != kept:
            raise Malformed(400, "Contradictory Parameters in SIP URI")
    return params


def _parameters_match(one: dict[str, str | None], other: dict[str, str | None]) -> bool:
    if any((name in one) != (name in other) for name in PARAMETERS_THAT_MUST_MATCH):
        return False
    return all(
        _escapes_normalised(one[name] or "").lower() == _escapes_normalised(other[name] or "").lower()
        for name in one.keys() & other.keys()
    )


def _headers_for_comparison(headers: str) -> list[tuple[str, str]]:
    parts = (header.partition("=") for header in headers.split("&")) if headers else ()
    return sorted((unescape(name).lower(), unescape(value)) for name, _, value in parts)


class TelUri:
    """tel:number;params (RFC 3966). `number` is as written, `digits` without visual separators."""

    __slots__ = ("_text", "number", "params")

    scheme = "tel"

    def __init__(self, number: str, params: dict[str, str | None] | None = None) -> None:
        self.number = number
        self.params = {} if params is None else params
        self._text = ""

    @classmethod
    def parse(cls, text: str) -> "TelUri":
        """Raises Malformed."""
        match = TEL_URI.fullmatch(text)
        if match is None:
            raise Malformed(400, "Malformed tel URI")
        uri = cls(match[1], _parse_parameters(match[2]) if match[2] else None)
        uri._text = text
        return uri

    @property
    def digits(self) -> str:
        return self.number.translate({ord(separator): None for separator in "-.()"})

    @property
    def user(self) -> str:
        """What a SIP URI would have as its user part."""
        return self.digits

    def __str__(self) -> str:
        if not self._text:
            params = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.params.items())
            self._text = f"tel:{self.number}{params}"
        return self._text

    def __repr__(self) -> str:
        return f"TelUri({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TelUri) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class AbsoluteUri:
    """A URI of a scheme the switch does not speak; as a Request-URI it is answered with 416."""

    __slots__ = ("rest", "scheme")

    def __init__(self, scheme: str, rest: str) -> None:
        self.scheme = scheme
        self.rest = rest

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"

    def __repr__(self) -> str:
        return f"AbsoluteUri({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbsoluteUri) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


Uri = SipUri | TelUri | AbsoluteUri


def parse_uri(text: str) -> Uri:
    """A URI of any scheme. Raises Malformed.

    URIs of phones, trunks and of our own come again in every message; the last ones read are kept.
    """
    return _known_uri(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else _read_uri(text)


def _read_uri(text: str) -> Uri:
    scheme = text[:5].lower()
    if scheme[:4] == "sip:" or scheme == "sips:":
        return SipUri.parse(text)
    if scheme[:4] == "tel:":
        return TelUri.parse(text)
    match = ABSOLUTE_URI.fullmatch(text)
    if match is None:
        raise Malformed(400, "Malformed URI")
    return AbsoluteUri(match[1], match[2])


_known_uri = lru_cache(maxsize=URIS_REMEMBERED)(_read_uri)
