"""SIP requests and responses: headers as received, in order, and typed views of them made when first asked for.

A header is a pair (canonical name, value): the name long and in lower case, the value unfolded and stripped, decoded
from UTF-8 with `surrogateescape` so that it goes out with the bytes it came in with. Whoever never asks for a header
never pays for its parsing. Typed views raise Malformed when the header is absent or cannot be read; `validate` asks for
all that matter once, so that code behind it may rely on them.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from softswitch.base.address import HostPort
from softswitch.base.errors import LocalError
from softswitch.sip.messages.grammar import TOKEN_CHARACTERS, Malformed, parse_number, split_list
from softswitch.sip.messages.header_names import CANONICAL, LISTS, canonical_name, printed_name
from softswitch.sip.messages.header_values import CSeq, NameAddr, Via, parse_expires, read_address, read_cseq
from softswitch.sip.messages.serializer import serialize_headers
from softswitch.sip.messages.status import reason_phrase
from softswitch.sip.messages.uri import Uri, parse_uri

T = TypeVar("T")

MAX_FORWARDS_MAX = 255

BRANCH = re.compile(rf"[^,\";]++;(?:rport(?:=[0-9]++)?;)?branch=([{TOKEN_CHARACTERS}]++)(?=[;,]|\Z)")
"""The beginning of a Via as we write it, and as it comes back."""


_OTHERS = r'(?:;(?!rport|received)[a-z]++(?:=[^\s,;"]++)?)*+'
PLAIN_RPORT = re.compile(rf'SIP/2\.0/[A-Z]++ [^\s,;"]++{_OTHERS};rport{_OTHERS}')
"""A Via as nearly all are, asking for rport (RFC 3581)."""


class Message:
    """What requests and responses have in common. Change `headers` through `add`, `set` and `remove` only."""

    __slots__ = ("_first", "_typed", "body", "headers")

    def __init__(self, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        self.headers: list[tuple[str, str]] = []
        self.body = body
        self._first: dict[str, str] | None = None
        self._typed: dict[str, Any] = {}
        for name, value in headers:
            self.add(name, value)

    def get(self, name: str) -> str | None:
        """The first value of a header as it stands; `name` is canonical ("call-id")."""
        return (self._first or self._index()).get(name)

    @property
    def has_repetitions(self) -> bool:
        """Whether any header stands there more than once."""
        return len(self._first or self._index()) != len(self.headers)

    def _index(self) -> dict[str, str]:
        first = self._first = dict(reversed(self.headers))
        return first

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, lists taken apart, empty elements left out."""
        if name not in LISTS:
            return [value for known, value in self.headers if known == name]
        return [element for element in self._elements(name) if element]

    def _elements(self, name: str) -> list[str]:
        return [element for known, value in self.headers if known == name for element in split_list(value)]

    def require(self, name: str) -> str:
        """The first value of a header that must be there. Raises Malformed."""
        value = (self._first or self._index()).get(name)
        if value is None:
            raise Malformed(400, f"Missing {printed_name(name)}")
        return value

    def add(self, name: str, value: str) -> None:
        """Append a header. Raises LocalError for a name or value that would break the message."""
        self.headers.append((_checked_name(name), _checked_value(value)))
        self._forget()

    def set(self, name: str, value: str) -> None:
        """Replace every header of that name by one, in the place of the first."""
        name = _checked_name(name)
        kept = [(known, old) for known, old in self.headers if known != name]
        position = next((index for index, (known, _) in enumerate(self.headers) if known == name), len(kept))
        kept.insert(position, (name, _checked_value(value)))
        self.headers = kept
        self._forget()

    def remove(self, name: str) -> None:
        """Remove every header of that name."""
        name = _checked_name(name)
        self.headers = [header for header in self.headers if header[0] != name]
        self._forget()

    def _forget(self) -> None:
        self._first = None
        if self._typed:
            self._typed.clear()

    @property
    def top_via(self) -> Via:
        via = self._typed.get("top via")
        if via is None:
            text = self.require("via")
            try:
                via = self._typed["top via"] = Via.parse(split_list(text)[0] if "," in text else text)
            except Malformed as fault:
                raise _named(fault, "via") from None
        return via

    @property
    def branch(self) -> str:
        """Of the top Via, "" without one. A message of ours, or an answer to it, need not be taken apart for that."""
        text = self.require("via")
        match = BRANCH.match(text)
        return self.top_via.branch or "" if match is None else match[1]

    @property
    def vias(self) -> list[Via]:
        vias = self._typed.get("vias")
        if vias is None:
            vias = self._typed["vias"] = [_read("via", Via.parse, element) for element in self._elements("via")]
        return vias

    @property
    def from_(self) -> NameAddr:
        return self._address("from")

    @property
    def to(self) -> NameAddr:
        return self._address("to")

    def _address(self, name: str) -> NameAddr:
        address = self._typed.get(name)
        if address is None:
            text = self.require(name)
            try:
                address = self._typed[name] = read_address(text)
            except Malformed as fault:
                raise _named(fault, name) from None
        return address

    @property
    def call_id(self) -> str:
        value = self._typed.get("call-id")
        if value is None:
            value = self.require("call-id")
            if not value or " " in value or "\t" in value:
                raise Malformed(400, "Malformed Call-ID")
            self._typed["call-id"] = value
        return value

    @property
    def cseq(self) -> CSeq:
        cseq = self._typed.get("cseq")
        if cseq is None:
            cseq = self._typed["cseq"] = read_cseq(self.require("cseq"))
        return cseq

    @property
    def contact_is_star(self) -> bool:
        """`Contact: *`, which removes all bindings (RFC 3261 section 10.2.2); `contacts` is empty then."""
        return self.get("contact") == "*" and len(self._elements("contact")) == 1

    @property
    def contacts(self) -> list[NameAddr]:
        return [] if self.get("contact") == "*" and self.contact_is_star else self._addresses("contact")

    @property
    def routes(self) -> list[NameAddr]:
        return self._addresses("route")

    @property
    def record_routes(self) -> list[NameAddr]:
        return self._addresses("record-route")

    def _addresses(self, name: str) -> list[NameAddr]:
        addresses = self._typed.get(name)
        if addresses is None:
            if self.get(name) is None:
                return []
            elements = self._elements(name)
            addresses = self._typed[name] = [_read(name, read_address, element) for element in elements]
        return addresses

    @property
    def max_forwards(self) -> int | None:
        value = self.get("max-forwards")
        return None if value is None else parse_number(value, MAX_FORWARDS_MAX, "Max-Forwards")

    @property
    def expires(self) -> int | None:
        """Seconds; None if absent or unreadable."""
        return parse_expires(self.get("expires"))

    @property
    def content_type(self) -> str:
        """type/subtype in lower case without parameters; empty if absent."""
        return (self.get("content-type") or "").partition(";")[0].strip(" \t").lower()

    @property
    def start_line(self) -> str:
        raise NotImplementedError

    def serialize(self) -> bytes:
        """The message as it goes on the wire, with Content-Length last."""
        return serialize_headers(self.start_line, self.headers, self.body)


class Request(Message):
    """`uri_text` is the Request-URI as it stands."""

    __slots__ = ("method", "uri_text")

    def __init__(self, method: str, uri_text: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri_text = uri_text

    @property
    def start_line(self) -> str:
        return f"{self.method} {self.uri_text} SIP/2.0"

    @property
    def uri(self) -> Uri:
        """The Request-URI. Raises Malformed."""
        uri = self._typed.get("uri")
        if uri is None:
            uri = self._typed["uri"] = parse_uri(self.uri_text)
        return uri

    @property
    def sender_key(self) -> tuple[str, ...]:
        """What the requests of one transaction have in common, their method apart (RFC 3261 section 17.2.3)."""
        key: tuple[str, ...] | None = self._typed.get("sender key")
        if key is None:
            via = self.top_via
            if via.has_unique_branch:
                key = (via.branch or "", via.host, str(via.port))
            else:
                key = (self.call_id, self.from_.tag or "", str(self.cseq.number), via.host, str(via.port))
            self._typed["sender key"] = key
        return key

    @property
    def merge_key(self) -> tuple[str, ...] | None:
        """Equal for copies of one request that forking proxies sent us (section 8.2.2.2); None within a dialog."""
        if self.to.tag is not None:
            return None
        key: tuple[str, ...] | None = self._typed.get("merge key")
        if key is None:
            key = (self.from_.tag or "", self.call_id, str(self.cseq.number), self.method)
            self._typed["merge key"] = key
        return key

    def note_source(self, source: HostPort) -> None:
        """Write where the request came from into its top Via (RFC 3261 section 18.2.1, RFC 3581). Raises Malformed."""
        text = self.require("via")
        if PLAIN_RPORT.fullmatch(text):
            via = f"{text.replace(';rport', '', 1)};received={source.host};rport={source.port}"
        else:
            _, *others = split_list(text)
            via = ", ".join([str(self.top_via.with_source(source.host, source.port)), *others])
        position = next(index for index, (name, _) in enumerate(self.headers) if name == "via")
        self.headers[position] = ("via", via)
        if self._first is not None:
            self._first["via"] = via
        self._typed.pop("vias", None)
        self._typed.pop("top via", None)

    def __repr__(self) -> str:
        return f"<{self.start_line}>"


class Response(Message):
    __slots__ = ("reason", "status")

    def __init__(
        self,
        status: int,
        reason: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason_phrase(status) if reason is None else reason

    @property
    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"<{self.start_line}>"


COPIED_INTO_RESPONSES = frozenset({"via", "from", "to", "call-id", "cseq"})
COPIED_INTO_TRYING = COPIED_INTO_RESPONSES | {"timestamp"}
COPIED_INTO_DIALOG_RESPONSES = COPIED_INTO_RESPONSES | {"record-route"}


def make_response(request: Request, status: int, reason: str | None = None, *, to_tag: str | None = None) -> Response:
    """The beginning of every answer (RFC 3261 section 8.2.6.2, 12.1.1): copies, and our tag unless To has one.

    Works on requests that are not valid, too: what is there is copied as it stands.
    """
    if status == 100:
        copied = COPIED_INTO_TRYING
    else:
        copied = COPIED_INTO_DIALOG_RESPONSES if status < 300 else COPIED_INTO_RESPONSES
    response = Response(status, reason)
    response.headers = [header for header in request.headers if header[0] in copied]
    if to_tag is not None and status != 100:
        try:
            needs_tag = request.to.tag is None
        except Malformed:
            needs_tag = False
        if needs_tag:
            response.headers = [
                (name, f"{value};tag={to_tag}" if name == "to" else value) for name, value in response.headers
            ]
    return response


def _read(name: str, parse_value: Callable[[str], T], text: str) -> T:
    """A header's value; a fault in it is told with the header's name."""
    try:
        return parse_value(text)
    except Malformed as fault:
        raise _named(fault, name) from None


def _named(fault: Malformed, name: str) -> Malformed:
    return Malformed(fault.status_hint, f"{fault.reason} in {printed_name(name)}")


def _checked_name(name: str) -> str:
    known = CANONICAL.get(name)
    if known is not None:
        return known
    try:
        return canonical_name(name)
    except Malformed:
        raise LocalError(f"{name!r} is no header name. Use letters, digits and hyphens.") from None


def _checked_value(value: str) -> str:
    if "\n" in value or "\r" in value or "\0" in value:
        raise LocalError("a header value holds a line break or NUL. Quote or remove it before it is added.")
    return value
