"""Bytes to messages (RFC 3261 section 7). Any bytes give a message or a `Malformed`, in time linear in their length.

Strict where two readers could disagree, because a proxy before us may have checked what it read and not what we read:
line ends are CRLF, names are tokens with at most white space before the colon, control characters stand only in quoted
pairs, Content-Length is one number. Lenient where phones need it and no two readings exist: folded lines, any case of
known methods, any bytes in display names, no Content-Length in a datagram, empty lines before the message.

Only the start line, the header names and the body's length are looked at here; values are read when asked for.
"""

import re

from softswitch.sip.limits import HEAD_BYTES_MAX, HEADERS_MAX, MESSAGE_BYTES_MAX
from softswitch.sip.messages.grammar import CONTROL, QUOTED_PAIR, TOKEN, Malformed, parse_number
from softswitch.sip.messages.header_names import CANONICAL, canonical_name
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.methods import KNOWN_METHODS, known_method

NOT_CONTROL = bytes(octet for octet in range(256) if not (octet < 0x20 or octet == 0x7F) or octet == 0x09)
"""Deleting these leaves the control characters: exactly one CRLF per line, if all is well."""

QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
BLANKS = " \t"
STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*+))?", re.IGNORECASE | re.DOTALL)
VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)


def parse(data: bytes) -> Request | Response | Malformed:
    """One message from one datagram, or from the framer of a stream. Octets behind the body are ignored."""
    if data[:2] == b"\r\n":
        data = data.lstrip(b"\r\n")
    if len(data) > MESSAGE_BYTES_MAX:
        return Malformed(None, "Message Too Large")
    end = data.find(b"\r\n\r\n")
    head = data.removesuffix(b"\r\n") if end < 0 else data[:end]
    if len(head) > HEAD_BYTES_MAX:
        return Malformed(None, "Headers Too Large")
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    fault = None
    if head.translate(None, NOT_CONTROL) != b"\r\n" * (len(lines) - 1):
        lines, fault = _without_stray_controls(lines)
    message, start_line_fault = _parse_start_line(lines[0])
    if message is None:
        return start_line_fault or Malformed(None, "Not SIP")
    fault = start_line_fault or fault
    if not _read_plain_headers(lines, message):
        fault = _read_headers(lines, message) or fault
    if end < 0:
        fault = fault or Malformed(400, "No Empty Line After Headers")
    else:
        fault = _read_body(data, end + 4, message) or fault
    return message if fault is None else verdict(fault, message)


def verdict(fault: Malformed, message: Request | Response) -> Malformed:
    """The fault with what is needed to answer it. Responses and ACKs are never answered."""
    if isinstance(message, Response):
        return Malformed(None, fault.reason)
    return Malformed(None if message.method == "ACK" else fault.status_hint, fault.reason, message)


def _parse_start_line(line: str) -> tuple[Request | Response | None, Malformed | None]:
    """A message without headers, as far as it can be told what it is, and what is wrong with the line."""
    parts = line.split(" ")
    if len(parts) == 3 and parts[2] == "SIP/2.0" and parts[0] in KNOWN_METHODS and parts[1]:
        return Request(parts[0], parts[1]), _request_uri_fault(parts[1])
    if (
        line[:8] == "SIP/2.0 "
        and line[11:12] == " "
        and line[8] in "123456"
        and line[9:11].isdecimal()
        and line.isascii()
    ):
        return Response(int(line[8:11]), line[12:]), None
    if line[:4].upper() == "SIP/":
        match = STATUS_LINE.fullmatch(line)
        if match is None:
            return None, Malformed(None, "Malformed Status Line")
        return Response(int(match[1]), match[2] or ""), None
    words = line.split()
    if len(words) < 3 or not TOKEN.fullmatch(words[0]) or not VERSION.fullmatch(words[-1]):
        return None, Malformed(None, "Not SIP")
    request = Request(known_method(words[0]), words[1])
    if len(words) != 3 or parts != words:
        return request, Malformed(400, "Malformed Request Line")
    if words[2].upper() != "SIP/2.0":
        return request, Malformed(505, "Version Not Supported")
    return request, _request_uri_fault(words[1])


def _request_uri_fault(uri_text: str) -> Malformed | None:
    return Malformed(400, "Request-URI in Angle Brackets") if uri_text[0] == "<" else None


def _read_plain_headers(lines: list[str], message: Request | Response) -> bool:
    """Put headers that are written as nearly all are, "Name: value" with a well-known name, into the message.

    False, and nothing is done, if a line is any other.
    """
    if len(lines) > HEADERS_MAX + 1:
        return False
    canonical = CANONICAL
    try:
        headers = [
            (canonical[name], value.strip(BLANKS))
            for name, colon, value in [line.partition(":") for line in lines[1:]]
            if colon
        ]
    except KeyError:
        return False
    if len(headers) != len(lines) - 1:
        return False
    message.headers = headers
    return True


def _read_headers(lines: list[str], message: Request | Response) -> Malformed | None:
    """Put the headers of `lines` (the first is the start line) into the message; tell the first fault."""
    fault = None
    headers = message.headers
    canonical = CANONICAL
    is_dropped = True
    for line in lines[1 : HEADERS_MAX + 1]:
        raw_name, colon, value = line.partition(":")
        name = canonical.get(raw_name)
        if name is None or not colon:
            if line[:1] in BLANKS and not is_dropped:
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip(BLANKS)}".strip(BLANKS))
                continue
            is_dropped = True
            try:
                if not colon:
                    raise Malformed(400, "Header Without Colon")
                name = canonical_name(raw_name)
            except Malformed as name_fault:
                fault = fault or name_fault
                continue
        headers.append((name, value.strip(BLANKS)))
        is_dropped = False
    if len(lines) > HEADERS_MAX + 1:
        fault = fault or Malformed(400, "Too Many Headers")
    return fault


def _read_body(data: bytes, start: int, message: Request | Response) -> Malformed | None:
    text = message.get("content-length")
    if text is None:
        message.body = data[start:]
        return None
    if message.has_repetitions and len(message.get_all("content-length")) > 1:
        return Malformed(400, "Multiple Content-Length Values")
    try:
        length = parse_number(text, MESSAGE_BYTES_MAX, "Content-Length")
    except Malformed as fault:
        return Malformed(fault.status_hint, fault.reason)
    if length > len(data) - start:
        return Malformed(400, "Content-Length Larger Than Message")
    message.body = data[start : start + length]
    return None


def _without_stray_controls(lines: list[str]) -> tuple[list[str], Malformed | None]:
    """The lines that hold control characters nowhere but behind a backslash in quoted strings (`quoted-pair`).

    A folded header is judged as a whole: a quote may be opened on one line and closed on another.
    """
    if _has_stray_control(lines[0]):
        return [""], Malformed(None, "Control Characters in Start Line")
    clean = lines[:1]
    begin = 1
    for end in range(2, len(lines) + 1):
        if end < len(lines) and lines[end][:1] in BLANKS:
            continue
        header = lines[begin:end]
        if not _has_stray_control(" ".join(header)):
            clean.extend(header)
        begin = end
    return clean, None if len(clean) == len(lines) else Malformed(400, "Control Character in Header")


def _has_stray_control(line: str) -> bool:
    outside = QUOTED_STRING.sub("", line)
    if CONTROL.search(outside):
        return True
    quoted = "".join(QUOTED_STRING.findall(line))
    return CONTROL.search(QUOTED_PAIR.sub("", quoted)) is not None or "\n" in quoted or "\r" in quoted
