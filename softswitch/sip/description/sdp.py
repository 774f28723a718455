"""Session descriptions (RFC 8866): every line kept in its place, so that what is unknown here survives a round trip.

Read leniently: LF line ends, no line end after the last line, and missing s= or t= lines are all met in the field.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from softswitch.base.ip_address import read_ip
from softswitch.sip.limits import MEDIA_CHARACTERS_MAX, MEDIA_REMEMBERED, SDP_BYTES_MAX, SDP_MEDIA_MAX
from softswitch.sip.messages.grammar import Malformed

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
DIRECTIONS: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "sendonly",
    "recvonly": "recvonly",
    "inactive": "inactive",
}

MEDIA_LINE = re.compile(r"([A-Za-z0-9\-]++) ++([0-9]{1,5})(?:/([0-9]{1,5}))? ++([A-Za-z0-9/\-]++)((?: ++[^\s]++)*+) *+")
LINE = re.compile(r"([a-z])=([^\r\n\0]*+)")
LINES = re.compile(r"(?:\r*+\n)*+(?:[a-z]=[^\r\n\0]*+(?:\r*+(?:\n\r*+)++|\r*+\Z))*+")
RTPMAP = re.compile(r"([0-9]{1,3}) ++([^\s/]++)/([0-9]{1,6})(?:/([0-9]{1,2}))?\s*+")

KEYS = "crypto:"
"""What stands in a media with keys of SRTP: nothing of it is remembered."""

PORT_MAX = 65535
PAYLOAD_TYPE_MAX = 127
PAYLOAD_TYPES = {str(number): number for number in range(PAYLOAD_TYPE_MAX + 1)} | {
    f"{number:0{width}}": number for number in range(100) for width in (2, 3)
}
"""By what may stand for them: digits, at most three, with zeros before them or without."""

Line = tuple[str, str]
"""Type letter and value."""


class RtpMap(NamedTuple):
    """What a payload type means (RFC 8866 section 6.6). `encoding` is in upper case."""

    encoding: str
    clock_rate_hz: int
    channels: int


def read_rtpmaps(explanations: Iterable[str]) -> dict[int, RtpMap]:
    """What `MediaDescription.explanations` say, by payload type.

    A line that cannot be read is left out, and so is a second one for the same number.
    """
    maps: dict[int, RtpMap] = {}
    for attribute in explanations:
        if attribute.startswith("rtpmap:"):
            number, rtpmap = _read_rtpmap(attribute)
            if rtpmap is not None:
                maps.setdefault(number, rtpmap)
    return maps


@lru_cache(maxsize=256)
def _read_rtpmap(attribute: str) -> tuple[int, RtpMap | None]:
    """The payload type of an a=rtpmap and its meaning, None if it cannot be read. All phones together know few."""
    match = RTPMAP.fullmatch(attribute, len("rtpmap:"))
    if match is None:
        return 0, None
    return int(match[1]), RtpMap(match[2].upper(), int(match[3]), int(match[4] or 1))


class Origin(NamedTuple):
    """The o= line: who made the session, and which version of it this is."""

    username: str
    session_id: str
    version: str
    address: str


class Section:
    """Lines of the session or of one of its media, with access to what both levels have. They do not change."""

    __slots__ = ("_connection", "_values", "direction", "lines")

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.direction: Direction | None = None
        """The first direction attribute of this level."""
        self._connection: str | None = None
        self._values: dict[str, list[str]] = {}
        """Those of the attributes, by their names."""
        for letter, value in lines:
            if letter == "a":
                name, _, argument = value.partition(":")
                self._values.setdefault(name, []).append(argument)
                if self.direction is None:
                    self.direction = DIRECTIONS.get(value)
            elif letter == "c" and self._connection is None:
                self._connection = value

    def attributes(self, name: str) -> Sequence[str]:
        """The values of all a=name lines, "" for those without a value."""
        return self._values.get(name, ())

    def attribute(self, name: str) -> str | None:
        """The first such value, None if there is no such line."""
        values = self._values.get(name)
        return None if values is None else values[0]

    @property
    def connection(self) -> str | None:
        """The address of this level's c= line, without the multicast TTL; None if there is no such line."""
        if self._connection is None:
            return None
        parts = self._connection.split()
        if len(parts) != 3:
            raise Malformed(400, "Malformed SDP Connection")
        return parts[2].partition("/")[0]


class MediaDescription(Section):
    """One m= line and what belongs to it.

    But for the port, a phone says the same in every call: what was read of that is remembered (`parse`).
    """

    __slots__ = ("explanations", "formats", "kind", "port", "port_count", "protocol")

    def __init__(
        self,
        kind: str,
        port: int,
        protocol: str,
        formats: Sequence[str],
        lines: Sequence[Line],
        port_count: int | None = None,
    ) -> None:
        super().__init__(lines)
        self.kind = kind
        self.port = port
        self.port_count = port_count
        self.protocol = protocol
        self.formats = tuple(formats)
        self.explanations = tuple(
            value for letter, value in lines if letter == "a" and value.startswith(("rtpmap:", "fmtp:"))
        )
        """The attributes that say what the formats mean."""

    @staticmethod
    def parse(text: str) -> "MediaDescription":
        """From what is behind "m=" to the next one. Raises Malformed."""
        kind, _, rest = text.partition(" ")
        port, _, rest = rest.partition(" ")
        is_like_others = port.isdecimal() and port.isascii() and len(text) <= MEDIA_CHARACTERS_MAX
        if not is_like_others or KEYS in text:
            return _read_media(text)
        if int(port) > PORT_MAX:
            raise Malformed(400, "Malformed SDP Media Line")
        return _known_media(kind, rest).with_port(int(port))

    def with_port(self, port: int) -> "MediaDescription":
        """The same at another port; what was read of the lines is known of both."""
        other = object.__new__(MediaDescription)
        other.lines = self.lines
        other.direction = self.direction
        other._connection = self._connection
        other._values = self._values
        other.kind = self.kind
        other.port = port
        other.port_count = self.port_count
        other.protocol = self.protocol
        other.formats = self.formats
        other.explanations = self.explanations
        return other

    @property
    def rtpmaps(self) -> dict[int, RtpMap]:
        return read_rtpmaps(self.explanations)

    def declined(self) -> "MediaDescription":
        """The same m= line with port 0 and nothing else: no, thank you (RFC 3264 section 6)."""
        return MediaDescription(self.kind, 0, self.protocol, self.formats, ())

    def print_lines(self) -> Iterator[str]:
        port = str(self.port) if self.port_count is None else f"{self.port}/{self.port_count}"
        yield " ".join([f"m={self.kind}", port, self.protocol, *self.formats])
        yield from (f"{letter}={value}" for letter, value in self.lines)


@lru_cache(maxsize=MEDIA_REMEMBERED)
def _known_media(kind: str, rest: str) -> MediaDescription:
    """A media by all of its text but the port."""
    return _read_media(f"{kind} 0 {rest}")


def _read_media(text: str) -> MediaDescription:
    media_line, _, further = text.partition("\n")
    match = MEDIA_LINE.fullmatch(media_line.rstrip("\r"))
    if match is None or int(match[2]) > PORT_MAX:
        raise Malformed(400, "Malformed SDP Media Line")
    kind, port, port_count, protocol, formats = match.groups()
    count = None if port_count is None else int(port_count)
    return MediaDescription(kind.lower(), int(port), protocol, formats.split(), read_lines(further), count)


class SessionDescription(Section):
    """The session-level lines (v= to the last before the first m=) and the media."""

    __slots__ = ("media",)

    def __init__(self, lines: Sequence[Line], media: list[MediaDescription]) -> None:
        super().__init__(lines)
        self.media = media

    @classmethod
    def parse(cls, body: bytes) -> "SessionDescription":
        """Raises Malformed with what is wrong."""
        if len(body) > SDP_BYTES_MAX:
            raise Malformed(413, "SDP Too Large")
        text = body.decode("utf-8", "surrogateescape")
        head, *rest = text.split("\nm=")
        if "\rm=" in text or "\0" in text:
            raise Malformed(400, "Malformed SDP Line")
        if len(rest) > SDP_MEDIA_MAX:
            raise Malformed(413, "Too Many SDP Media Lines")
        session = cls(read_lines(head), [MediaDescription.parse(each) for each in rest])
        if session.lines[:1] != [("v", "0")]:
            raise Malformed(400, "SDP Does Not Begin With v=0")
        return session

    @property
    def origin(self) -> Origin:
        """Raises Malformed."""
        parts = next((value for letter, value in self.lines if letter == "o"), "").split()
        if len(parts) != 6:
            raise Malformed(400, "Malformed SDP Origin")
        return Origin(parts[0], parts[1], parts[2], parts[5])

    def direction_of(self, media: MediaDescription) -> Direction:
        """The media's direction, else the session's, else sendrecv (RFC 8866 section 6.7)."""
        return media.direction or self.direction or "sendrecv"

    def connection_of(self, media: MediaDescription) -> str | None:
        """The media's address, else the session's. Raises Malformed."""
        return media.connection or self.connection

    def serialize(self) -> bytes:
        lines = [f"{letter}={value}" for letter, value in self.lines]
        for media in self.media:
            lines.extend(media.print_lines())
        return ("\r\n".join(lines) + "\r\n").encode("utf-8", "surrogateescape")


def read_lines(text: str) -> list[Line]:
    """Raises Malformed."""
    if LINES.fullmatch(text) is None:
        raise Malformed(400, "Malformed SDP Line")
    return LINE.findall(text)


def address_type(host: str) -> str:
    return "IP6" if ":" in host else "IP4"


@lru_cache(maxsize=4096)
def is_somebody(address: str) -> bool:
    """Whether it is the IP address of one machine, or 0.0.0.0 or ::, which stand for nobody now."""
    ip = read_ip(address)
    return ip is not None and not ip.is_multicast and address != "255.255.255.255"
