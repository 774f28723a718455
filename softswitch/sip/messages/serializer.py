"""Messages to bytes (RFC 3261 section 7): one join, one encoding. Content-Length is always written, and last."""

from collections.abc import Iterable

from softswitch.sip.messages.header_names import PRINTED


def serialize_headers(start_line: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A whole message. Any Content-Length among `headers` is replaced by the body's true one."""
    printed = PRINTED
    lines = [start_line]
    lines.extend([f"{printed[name]}: {value}" for name, value in headers if name != "content-length"])
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body
