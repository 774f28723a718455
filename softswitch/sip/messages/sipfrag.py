"""How far a transfer is, as a status line in a body (message/sipfrag, RFC 3420; RFC 3515 section 2.4.5)."""

import re

from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.status import reason_phrase

SIPFRAG = "message/sipfrag;version=2.0"
STATUS_LINE = re.compile(rb"SIP/2\.0[ \t]++([1-6][0-9]{2})(?:[ \t]++([^\r\n]{0,256}))?", re.IGNORECASE)


def status_line(status: int, reason: str | None = None) -> bytes:
    return f"SIP/2.0 {status} {reason or reason_phrase(status)}\r\n".encode()


def read_status_line(body: bytes) -> tuple[int, str] | None:
    """Status and reason; None if the body begins with no status line."""
    match = STATUS_LINE.match(body)
    if match is None:
        return None
    return int(match[1]), legible((match[2] or b"").decode("utf-8", "surrogateescape").strip(" \t"))
