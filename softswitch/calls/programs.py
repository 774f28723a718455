"""Programs outside that hear calls, and may speak in them: what is known of each, and what a flow or a person names."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from softswitch.base.errors import LocalError
from softswitch.media.feeds.feed import NARROW_RATE_HZ
from softswitch.media.feeds.orders import Side


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program as it is configured, or a URL that was given in its place."""

    project: str = ""
    url: str
    headers: Mapping[str, str] = {}
    ca_file: str = ""
    rate_hz: int = NARROW_RATE_HZ
    connect_s: float = 5.0


class StreamFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A stream of a call as it is. Counts are of frames, 20 ms each (`Counts`)."""

    stream_id: str
    program: str
    """Its id, or its URL."""
    side: Side
    talks: bool
    is_connected: bool = False
    fault: str = ""
    """Why it is not, or was not before."""
    sent: int = 0
    dropped: int = 0
    said: int = 0
    refused: int = 0


def is_url(target: str) -> bool:
    return "://" in target


def program_at(url: str) -> Program:
    """A program that is not configured. Raises `LocalError` for what is no such URL."""
    fault = url_fault(url)
    if fault:
        raise LocalError(f"{fault}: write wss://host/path, or the id of a program of programs.toml")
    return Program(url=url)


def url_fault(text: str) -> str:
    """Why the text is no URL of a program, or ""."""
    try:
        url = urlsplit(text)
        is_address = url.scheme in ("ws", "wss") and bool(url.hostname) and url.port != 0
    except ValueError:
        return f'"{text}" is no URL'
    if not is_address or not text.isascii() or any(character.isspace() for character in text) or url.fragment:
        return f'"{text}" is no ws:// or wss:// URL'
    return "its headers, not its URL, are the place for a password" if url.username or url.password else ""


def shown(url: str) -> str:
    """A URL for logs and listings: what follows the path may be a key."""
    return url.partition("?")[0]
