"""Keys of SRTP in the session description: a=crypto, called SDES (RFC 4568).

The keys stand in the SIP message for all to read who see it, so they protect the sound only where the message itself is
protected: by TLS, or in a network that is trusted.

| their offer                                | srtp = "off"   | "preferred"              | "required"                 |
|--------------------------------------------|----------------|--------------------------|----------------------------|
| RTP/SAVP with a key we can use             | refused        | SRTP                     | SRTP                       |
| RTP/AVP with one ("optional" on phones)    | plain          | SRTP                     | SRTP                       |
| RTP/AVP without                            | plain          | plain                    | refused, a Warning says so |
| our own offer                              | RTP/AVP        | RTP/AVP with keys        | RTP/SAVP                   |

Our key stays the same through a session as long as theirs does: hold and refreshes change nothing. When they send a
new one we make a new one too, because most phones then begin counting anew in both directions.
"""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from softswitch.base.entropy import Entropy
from softswitch.sip.description.sdp import Line, MediaDescription
from softswitch.sip.messages.grammar import Malformed

SrtpPolicy = Literal["off", "preferred", "required"]

PLAIN_PROTOCOLS = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROTOCOLS = frozenset({"RTP/SAVP", "RTP/SAVPF"})
AUDIO_PROTOCOLS = PLAIN_PROTOCOLS | SECURE_PROTOCOLS

KEY_BYTES = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AEAD_AES_256_GCM": 44,
    "AEAD_AES_128_GCM": 28,
    "AES_CM_128_HMAC_SHA1_32": 30,
}
"""Crypto suites with the length of master key and salt (RFC 4568 section 6.2, RFC 7714 section 14)."""

OFFERED_SUITES = ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_256_GCM", "AEAD_AES_128_GCM")
"""The first is the one every phone has. The short authentication tag is accepted but not asked for."""

CRYPTO = re.compile(r"([0-9]{1,9}) ++([A-Za-z0-9_]++) ++(\S++)((?: ++\S++)*+) *+")
KEY = re.compile(r"inline:([A-Za-z0-9+/]++={0,2})(?:\|(?:2\^)?[0-9]{1,15})?+", re.IGNORECASE)
"""A key and its lifetime, which lasts longer than any call. With an MKI ("|1:4") after it, it is not matched."""
HARMLESS = re.compile(r"-.*|KDR=0|WSH=[0-9]+", re.IGNORECASE)
"""Session parameters that change nothing for us; a line with any other must not be used (RFC 4568 section 6.3.7)."""

REQUIRED_WARNING = "only encrypted sound (SRTP with keys by SDES) is accepted here: switch it on in the phone"
UNUSABLE_WARNING = "none of the a=crypto lines can be used: offer AES_CM_128_HMAC_SHA1_80 without an MKI"


class Crypto(NamedTuple):
    """An a=crypto line that can be used."""

    tag: str
    suite: str
    key: bytes

    def __repr__(self) -> str:
        """Without the key, which belongs in no log."""
        return f"Crypto(tag={self.tag!r}, suite={self.suite!r})"

    @property
    def line(self) -> Line:
        return ("a", f"crypto:{self.tag} {self.suite} inline:{b64encode(self.key).decode()}")


class NegotiatedSrtp(Struct, frozen=True):
    """What both sides agreed on: `send` is our key, `receive` theirs, master key and salt in one."""

    suite: str
    send: bytes
    receive: bytes

    def __repr__(self) -> str:
        return f"NegotiatedSrtp(suite={self.suite!r})"


class Sdes:
    """Our side of the keys of one session."""

    __slots__ = ("_agreed", "_entropy", "_offered", "_policy")

    def __init__(self, policy: SrtpPolicy, entropy: Entropy | None = None) -> None:
        """Keys come from `entropy`, which is needed unless the policy is "off"."""
        self._policy: SrtpPolicy = policy
        self._entropy = entropy
        self._offered: dict[str, bytes] = {}
        """Our keys by suite, as long as none is agreed."""
        self._agreed: NegotiatedSrtp | None = None

    @property
    def policy(self) -> SrtpPolicy:
        return self._policy

    @property
    def agreed(self) -> NegotiatedSrtp | None:
        """The keys in force."""
        return self._agreed

    def adopt(self, agreed: NegotiatedSrtp | None) -> None:
        """These keys are in force: another process has agreed on them."""
        self._agreed = agreed

    @property
    def protocol(self) -> str:
        """Of a stream we offer."""
        return "RTP/SAVP" if self._policy == "required" else "RTP/AVP"

    def candidates(self, media: Sequence[MediaDescription]) -> Iterator[tuple[MediaDescription, Crypto | None]]:
        """Their audio streams that the policy allows, the preferred first, each with the key to use.

        Raises Malformed when it allows none that there is.
        """
        audio = [stream for stream in media if is_audio(stream)]
        cryptos = [first_usable(stream) if self._policy != "off" else None for stream in audio]
        secure = [pair for pair in zip(audio, cryptos, strict=True) if pair[1] is not None]
        plain = [(stream, None) for stream in audio if is_plain(stream) and self._policy != "required"]
        if audio and not secure and not plain:
            if self._policy == "off":
                raise Malformed(488, "No Plain RTP Audio Offered")
            has_tried = any(stream.attribute("crypto") is not None or not is_plain(stream) for stream in audio)
            raise SrtpRefused("No Usable SRTP Key", UNUSABLE_WARNING) if has_tried else SrtpRefused()
        return iter([*secure, *plain])

    def answer(self, offered: Crypto | None) -> tuple[list[Line], NegotiatedSrtp | None]:
        """Our lines in the answer to the offer of this one, or of none that is used; and what is agreed then."""
        if offered is None:
            self._agreed = None
            return [], None
        agreed = self._agreed
        if agreed is None or (agreed.suite, agreed.receive) != (offered.suite, offered.key):
            agreed = NegotiatedSrtp(offered.suite, self._new_key(offered.suite), offered.key)
            self._agree(agreed)
        return [Crypto(offered.tag, agreed.suite, agreed.send).line], agreed

    def offer(self) -> list[Line]:
        """Our lines in an offer."""
        if self._policy == "off":
            return []
        if self._agreed is not None:
            return [Crypto("1", self._agreed.suite, self._agreed.send).line]
        if not self._offered:
            self._offered = {suite: self._new_key(suite) for suite in OFFERED_SUITES}
        return [Crypto(str(tag), *pair).line for tag, pair in enumerate(self._offered.items(), 1)]

    def read_answer(self, answered: MediaDescription, offered: MediaDescription) -> NegotiatedSrtp | None:
        """What was agreed; None is plain RTP. Raises Malformed when that is not allowed."""
        ours = {(crypto.tag, crypto.suite): crypto.key for crypto in cryptos(offered)}
        for crypto in cryptos(answered):
            key = ours.get((crypto.tag, crypto.suite))
            if key is not None:
                agreed = NegotiatedSrtp(crypto.suite, key, crypto.key)
                self._agree(agreed)
                return agreed
        if self._policy == "required" or not is_plain(answered):
            raise SrtpRefused("Answer Without a Usable SRTP Key")
        self._agreed = None
        return None

    def _new_key(self, suite: str) -> bytes:
        assert self._entropy is not None, "a policy other than off needs keys"
        size = KEY_BYTES[suite]
        return self._entropy.integer(8 * size).to_bytes(size, "big")

    def _agree(self, agreed: NegotiatedSrtp) -> None:
        """A key that was in use is never offered again: what it has encrypted must not be repeated."""
        self._agreed = agreed
        self._offered = {}


class SrtpRefused(Malformed):
    """What they offer is not allowed here, or cannot be used; `warning` is for whoever looks after their phone."""

    def __init__(self, reason: str = "SRTP Required", warning: str = REQUIRED_WARNING) -> None:
        super().__init__(488, reason)
        self.warning = warning


def is_audio(media: MediaDescription) -> bool:
    return media.kind == "audio" and media.port > 0 and media.protocol.upper() in AUDIO_PROTOCOLS


def is_plain(media: MediaDescription) -> bool:
    return media.protocol.upper() in PLAIN_PROTOCOLS


def first_usable(media: MediaDescription) -> Crypto | None:
    return next(cryptos(media), None)


def cryptos(media: MediaDescription) -> Iterator[Crypto]:
    """Their lines that can be used, in their order of preference. Others are passed over (RFC 4568 section 7.1.2)."""
    for value in media.attributes("crypto"):
        match = CRYPTO.fullmatch(value)
        key = KEY.fullmatch(match[3]) if match is not None else None
        if match is None or key is None or not all(map(HARMLESS.fullmatch, match[4].split())):
            continue
        suite, content = match[2].upper(), _decode(key[1])
        if len(content) == KEY_BYTES.get(suite):
            yield Crypto(match[1], suite, content)


def _decode(text: str) -> bytes:
    """b"" if it is not base64. Some leave the padding out."""
    try:
        return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except binascii.Error:
        return b""
