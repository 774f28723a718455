"""Session descriptions (RFC 8866): every line kept in its place, so that what is unknown here survives a round trip.

Read leniently: LF line ends, no line end after the last line, and missing s= or t= lines are all met in the field.
"""

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from softswitch.sip.limits import SDP_BYTES_MAX, SDP_MEDIA_MAX
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
    """Lines of the session or of one of its media, with access to what both levels have."""

    __slots__ = ("lines",)

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def attributes(self, name: str) -> Iterator[str]:
        """The values of all a=name lines, "" for those without a value."""
        start = f"{name}:"
        for letter, value in self.lines:
            if letter == "a":
                if value.startswith(start):
                    yield value[len(start) :]
                elif value == name:
                    yield ""

    def attribute(self, name: str) -> str | None:
        """The first such value, None if there is no such line."""
        start = f"{name}:"
        for letter, value in self.lines:
            if letter == "a":
                if value.startswith(start):
                    return value[len(start) :]
                if value == name:
                    return ""
        return None

    @property
    def direction(self) -> Direction | None:
        """The first direction attribute of this level."""
        for letter, value in self.lines:
            if letter == "a" and value in DIRECTIONS:
                return DIRECTIONS[value]
        return None

    @property
    def connection(self) -> str | None:
        """The address of this level's c= line, without the multicast TTL; None if there is no such line."""
        value = next((value for letter, value in self.lines if letter == "c"), None)
        if value is None:
            return None
        parts = value.split()
        if len(parts) != 3:
            raise Malformed(400, "Malformed SDP Connection")
        return parts[2].partition("/")[0]


class MediaDescription(Section):
    """One m= line and what belongs to it."""

    __slots__ = ("_rtpmaps", "formats", "kind", "port", "port_count", "protocol")

    def __init__(
        self, kind: str, port: int, protocol: str, formats: list[str], lines: list[Line], port_count: int | None = None
    ) -> None:
        super().__init__(lines)
        self.kind = kind
        self.port = port
        self.port_count = port_count
        self.protocol = protocol
        self.formats = formats
        self._rtpmaps: dict[int, RtpMap] | None = None

    @classmethod
    def parse(cls, value: str) -> "MediaDescription":
        """The value of an m= line. Raises Malformed."""
        match = MEDIA_LINE.fullmatch(value)
        if match is None or int(match[2]) > 65535:
            raise Malformed(400, "Malformed SDP Media Line")
        port_count = None if match[3] is None else int(match[3])
        return cls(match[1].lower(), int(match[2]), match[4], match[5].split(), [], port_count)

    @property
    def numbers(self) -> list[int]:
        """The formats that are payload types, in order; whatever else stands there is left out."""
        return [PAYLOAD_TYPES[text] for text in self.formats if text in PAYLOAD_TYPES]

    @property
    def rtpmaps(self) -> dict[int, RtpMap]:
        """By payload type. A line that cannot be read is left out, and so is a second one for the same number.

        Read when first asked for, so that the lines must be complete by then.
        """
        maps = self._rtpmaps
        if maps is None:
            maps = self._rtpmaps = {}
            for letter, value in self.lines:
                if letter == "a" and value.startswith("rtpmap:"):
                    number, rtpmap = _read_rtpmap(value)
                    if rtpmap is not None:
                        maps.setdefault(number, rtpmap)
        return maps

    def declined(self) -> "MediaDescription":
        """The same m= line with port 0 and nothing else: no, thank you (RFC 3264 section 6)."""
        return MediaDescription(self.kind, 0, self.protocol, self.formats, [])

    def print_lines(self) -> Iterator[str]:
        port = str(self.port) if self.port_count is None else f"{self.port}/{self.port_count}"
        yield " ".join([f"m={self.kind}", port, self.protocol, *self.formats])
        yield from (f"{letter}={value}" for letter, value in self.lines)


class SessionDescription(Section):
    """The session-level lines (v= to the last before the first m=) and the media."""

    __slots__ = ("media",)

    def __init__(self, lines: list[Line], media: list[MediaDescription]) -> None:
        super().__init__(lines)
        self.media = media

    @classmethod
    def parse(cls, body: bytes) -> "SessionDescription":
        """Raises Malformed with what is wrong."""
        if len(body) > SDP_BYTES_MAX:
            raise Malformed(413, "SDP Too Large")
        text = body.decode("utf-8", "surrogateescape")
        if LINES.fullmatch(text) is None:
            raise Malformed(400, "Malformed SDP Line")
        session = cls([], [])
        section: Section = session
        for line in LINE.findall(text):
            if line[0] == "m":
                section = MediaDescription.parse(line[1])
                session.media.append(section)
            else:
                section.lines.append(line)
        if session.lines[:1] != [("v", "0")]:
            raise Malformed(400, "SDP Does Not Begin With v=0")
        if len(session.media) > SDP_MEDIA_MAX:
            raise Malformed(413, "Too Many SDP Media Lines")
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


def connection_line(host: str) -> Line:
    """A c= line for an IP address."""
    return ("c", f"IN {address_type(host)} {host}")


def address_type(host: str) -> str:
    return "IP6" if ":" in host else "IP4"


@lru_cache(maxsize=4096)
def is_somebody(address: str) -> bool:
    """Whether it is the IP address of one machine, or 0.0.0.0 or ::, which stand for nobody now."""
    ip = parse_ip(address)
    return ip is not None and not ip.is_multicast and address != "255.255.255.255"


@lru_cache(maxsize=4096)
def parse_ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None for a host name. The same few thousand addresses come again and again."""
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
