"""The digest itself (RFC 7616 sections 3.4.1-3.4.3): algorithms, hashes, and the parameters in the header values."""

import hashlib
import re
from collections.abc import Callable

import msgspec

from softswitch.sip.messages.grammar import QUOTED, TOKEN_CHARACTERS, quote, unquote


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _sha512_256(text: str) -> str:
    return hashlib.new("sha512_256", text.encode("utf-8", "surrogateescape")).hexdigest()


def keyed_digest(key: bytes, message: bytes, size: int) -> bytes:
    """What only the owner of `key` (at most 64 bytes) can make of a message: a MAC of so many bytes, 64 at most.

    BLAKE2b (RFC 7693) takes 1.3 µs, HMAC-SHA-256 4.1 µs, and there are four in a registration.
    """
    return hashlib.blake2b(message, key=key, digest_size=size).digest()


HASHES: dict[str, Callable[[str], str]] = {"SHA-512-256": _sha512_256, "SHA-256": _sha256, "MD5": _md5}
"""By algorithm token, the strongest first. Text in, lower-case hex out."""

PARAMETER = re.compile(
    rf"([ \t]*+([{TOKEN_CHARACTERS}]++)[ \t]*+=[ \t]*+(?:\"([^\"\\]*+)\"|({QUOTED}|[^\s,\"]*+))[ \t]*+(?:,|\Z))",
    re.DOTALL,
)
"""The whole, the name, and the value: what is in plain quotes, or anything else as it stands."""
SCHEME = re.compile(rf"([{TOKEN_CHARACTERS}]++)[ \t]++")

PARAMETERS_MAX = 24
"""A Digest header has about ten."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about an account: its password, or the hashes of username:realm:password (HA1), or both."""

    username: str
    realm: str
    password: str | None = None
    ha1_md5: str | None = None
    ha1_sha256: str | None = None
    ha1_sha512_256: str | None = None

    def stored_ha1(self, algorithm: str) -> str | None:
        if algorithm == "MD5":
            return self.ha1_md5
        return self.ha1_sha256 if algorithm == "SHA-256" else self.ha1_sha512_256


def compute_ha1(algorithm: str, username: str, realm: str, password: str) -> str:
    return HASHES[algorithm](f"{username}:{realm}:{password}")


def compute_response(
    algorithm: str, ha1: str, nonce: str, method: str, uri: str, qop: tuple[str, str] | None = None
) -> str:
    """The response parameter. `qop` is (nc, cnonce) of qop=auth, or None for a client as old as RFC 2069."""
    digest = HASHES[algorithm]
    ha2 = digest(f"{method}:{uri}")
    if qop is None:
        return digest(f"{ha1}:{nonce}:{ha2}")
    nonce_count, client_nonce = qop
    return digest(f"{ha1}:{nonce}:{nonce_count}:{client_nonce}:auth:{ha2}")


def parse_digest(value: str) -> dict[str, str] | None:
    """The parameters of a Digest challenge or answer, unquoted, names in lower case.

    None if it is another scheme, malformed, or names a parameter twice.
    """
    scheme = SCHEME.match(value)
    if scheme is None or scheme[1].lower() != "digest":
        return None
    parameters: dict[str, str] = {}
    count, left = 0, len(value) - scheme.end()
    for whole, name, quoted, other in PARAMETER.findall(value, scheme.end()):
        parameters[name.lower()] = quoted or (unquote(other) if other else "")
        count += 1
        left -= len(whole)
    return None if left or len(parameters) != count or count > PARAMETERS_MAX else parameters


def print_digest(quoted: dict[str, str], plain: dict[str, str]) -> str:
    """A Digest header value; RFC 7616 fixes which parameters are quoted."""
    parts = [f"{name}={quote(value)}" for name, value in quoted.items()]
    parts.extend(f"{name}={value}" for name, value in plain.items())
    return "Digest " + ", ".join(parts)
