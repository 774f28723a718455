"""The session description in a message's body, alone or as a part of multipart/mixed (RFC 5621)."""

import re

from softswitch.sip.messages.message import Message

SDP = "application/sdp"
BOUNDARY = re.compile(r';[ \t]*boundary[ \t]*=[ \t]*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)


def is_acceptable(message: Message) -> bool:
    """Whether we can read the body of an INVITE: none at all, SDP, or SDP among other parts."""
    if not message.body:
        return True
    if (message.get("content-encoding") or "identity").strip().lower() != "identity":
        return False
    content_type = message.content_type
    return content_type == SDP or (content_type.startswith("multipart/") and bool(find_sdp(message)))


def accepts_sdp(request: Message) -> bool:
    """Whether the sender of an INVITE would read our SDP in the answer (Accept, RFC 3261 section 20.1)."""
    if request.get("accept") is None:
        return True
    ranges = {value.partition(";")[0].strip().lower() for value in request.get_all("accept")}
    return not ranges or not ranges.isdisjoint((SDP, "application/*", "*/*"))


def find_sdp(message: Message) -> bytes:
    """The SDP, or b"" if there is none."""
    if not message.body:
        return b""
    content_type = message.content_type
    if content_type == SDP:
        return message.body
    if not content_type.startswith("multipart/"):
        return b""
    match = BOUNDARY.search(message.get("content-type") or "")
    if match is None:
        return b""
    delimiter = b"--" + (match[1] or match[2]).encode("utf-8", "surrogateescape")
    for part in (b"\r\n" + message.body).split(b"\r\n" + delimiter)[1:]:
        head, found, body = part.partition(b"\r\n\r\n")
        if found and re.search(rb"content-type[ \t]*:[ \t]*application/sdp[ \t]*(?:;|\r|\Z)", head, re.IGNORECASE):
            return body
    return b""
