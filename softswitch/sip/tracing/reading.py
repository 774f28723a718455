"""The little that must be known of a message to find it again, read from its bytes without parsing it."""

import re

_CALL_ID = re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_USUAL = b"\r\nCall-ID: "


def call_id_of(message: bytes) -> bytes:
    """The Call-ID as it stands; b"" if there is none."""
    start = message.find(_USUAL)
    if start >= 0:
        start += len(_USUAL)
        return message[start : message.find(b"\r", start)].strip()
    match = _CALL_ID.search(message)
    return b"" if match is None else match[1].strip()


def names_number(message: bytes, number: str) -> bool:
    """Whether the start line, or any URI of the head, is of this number or user, with or without a leading +."""
    wanted = number.removeprefix("+").encode("utf-8", "surrogateescape")
    if not wanted or wanted not in message:
        return False
    head = message.partition(b"\r\n\r\n")[0]
    return re.search(rb"\b(?:sips?|tel):\+?" + re.escape(wanted) + rb"(?=[@;>\s]|$)", head, re.IGNORECASE) is not None
