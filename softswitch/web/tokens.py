"""Words we hand out and read again: cursors of pages, and signed links.

A cursor says where the next page begins. It is not secret and not signed: whoever makes one up gets what he may see
from some other place on. A link is signed, and says until when it is good.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256
from typing import TypeVar

import msgspec

from softswitch.store.layout import TimedKey
from softswitch.web.problem import ProblemError

T = TypeVar("T")
MAC_BYTES = 32


class Link(msgspec.Struct, frozen=True, array_like=True):
    """What a signed link is good for: one file, until `expires_at` (epoch seconds), in the name of who made it."""

    kind: str
    id: str
    at: float
    expires_at: float
    by: str


def cursor_text(key: TimedKey) -> str:
    return _text(msgspec.msgpack.encode(key))


def read_cursor(text: str) -> TimedKey:
    """Raises `ProblemError` for what is none."""
    raw = _bytes(text)
    try:
        at, identifier = msgspec.msgpack.decode(raw, type=tuple[float, str])
    except msgspec.MsgspecError as error:
        raise _no_cursor() from error
    if not 0 <= at < 1e11 or len(identifier) > 200:
        raise _no_cursor()
    return at, identifier


def sign(link: Link, secret: bytes) -> str:
    payload = msgspec.msgpack.encode(link)
    return _text(_mac(payload, secret) + payload)


def read_link(text: str, secret: bytes, wall: float) -> Link:
    """Raises `ProblemError` for one that is none of ours, or good no more."""
    raw = _bytes(text)
    mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(payload, secret)):
        raise ProblemError("forbidden", "the link is none of ours", "Ask for a new one", field="token")
    link = msgspec.msgpack.decode(payload, type=Link)
    if wall >= link.expires_at:
        raise ProblemError("forbidden", "the link is good no more", "Ask for a new one", field="token")
    return link


def _mac(payload: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, payload, sha256)


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Nothing for what is no base64."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, Error):
        return b""


def _no_cursor() -> ProblemError:
    remedy = "Send the cursor of the former page as it was, or none to begin with"
    return ProblemError("invalid", "this is no cursor of ours", remedy, field="cursor")
