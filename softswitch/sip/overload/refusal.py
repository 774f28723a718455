"""The cheapest answer there is: 503 to a new INVITE, made of its raw bytes, without parsing it or keeping anything.

Stateless (RFC 3261 section 8.2.7): the answer is Via, From, To with a tag, Call-ID and CSeq as they came. Whoever is
refused so will send an ACK; it bears our tag and can be forgotten unread. What is not a plain new INVITE, one within a
dialog or one that cannot be copied line by line, is left to those who read.
"""

import re

from softswitch.sip.limits import HEAD_BYTES_MAX

TAG = b"overload"
"""Of To in every such answer: no two of them need to differ, for no dialog comes of them."""

_COPIED = re.compile(
    rb"\r\n(via|v|from|f|to|t|call-id|i|cseq)[ \t]*+:((?:[^\r\n\0]|\r\n[ \t])*+)(?=\r\n)", re.IGNORECASE
)
_ACK_OF_OURS = re.compile(rb"\r\n(?:to|t)[ \t]*+:[^\r\n]*+(?<=;tag=" + TAG + rb")\r\n", re.IGNORECASE)
_TAG = re.compile(rb";[ \t]*+tag[ \t]*+=", re.IGNORECASE)
_ONCE = {b"f": b"from", b"t": b"to", b"i": b"call-id", b"v": b"via"}
_TOP_VIA = re.compile(
    rb"\r\n(?:via|v)[ \t]*+:[ \t]*+SIP/2\.0/[A-Z]++ ([A-Za-z0-9.\-]++)(?::([0-9]++))?+;(?:[^\r\n,]*?;)??branch="
    rb"(z9hG4bK[^;,\s]++)",
    re.IGNORECASE,
)


def top_via(request: bytes) -> tuple[str, str, str] | None:
    """Branch, host and port ("None" if there is none) of a topmost Via of the usual kind; None for others."""
    match = _TOP_VIA.search(request, 0, HEAD_BYTES_MAX)
    return None if match is None else (match[3].decode(), match[1].decode(), str(match[2] and int(match[2])))


def refuse(invite: bytes, retry_after_s: int) -> bytes | None:
    """The 503 to a new INVITE; None if it is none, or not fit for this."""
    end = invite.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX)
    if end < 0:
        return None
    seen: set[bytes] = set()
    lines = [b"SIP/2.0 503 Service Unavailable"]
    for match in _COPIED.finditer(invite, 0, end + 2):
        name = match[1].lower()
        name = _ONCE.get(name, name)
        if name != b"via" and name in seen:
            return None
        seen.add(name)
        if name == b"to":
            if _TAG.search(match[2]):
                return None
            lines.append(match[0][2:] + b";tag=" + TAG)
        else:
            lines.append(match[0][2:])
    if len(seen) != 5:
        return None
    lines.append(b"Retry-After: %d\r\nContent-Length: 0\r\n\r\n" % retry_after_s)
    return b"\r\n".join(lines)


def is_ack_of_refusal(data: bytes) -> bool:
    """Whether it is the ACK to such an answer: nothing more need be known of it."""
    return data.startswith(b"ACK ") and _ACK_OF_OURS.search(data, 0, HEAD_BYTES_MAX) is not None
