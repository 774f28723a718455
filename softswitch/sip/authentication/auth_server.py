"""Digest authentication of requests that come in (RFC 7616, RFC 8760, RFC 3261 section 22).

A nonce is made of its time and a MAC over it and over the source it is given to, so that a challenge costs no memory:
a flood of unauthenticated requests leaves nothing behind. And only who receives what is sent to a source can answer
from there: a password is judged with a nonce of ours, in time and for that source, and not at all with any other. So a
wrong one is never a forged packet's, and invented nonces find out nothing.

Memory is spent only on nonces that were answered rightly: the highest nonce count of each, against replay. When that
table is full, the oldest nonces go, and every nonce of their age is stale thereafter.

An unknown user, and an account that has no password, cost the same hashes and get the same answer as a wrong password.
The quality of protection offered is `auth`: `auth-int` would have every body hashed, and phones that know it are rare;
an answer that claims it all the same is refused like any other that is not what was asked for. `stale` (RFC 7616
section 3.3) tells a phone that it is the nonce that is not good; without it, phones give up or ask their user.

Clients without qop (RFC 2069) cannot count. They are let in with MD5 if `accept_without_qop` says so, and then one
nonce serves one request.
"""

import base64
import hmac
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from softswitch.base.entropy import Entropy
from softswitch.base.errors import LocalError
from softswitch.sip.authentication.digest import (
    HASHES,
    Credential,
    compute_ha1,
    compute_response,
    keyed_digest,
    parse_digest,
    print_digest,
)
from softswitch.sip.limits import NONCES_MAX

NONCE_LIFETIME_S = 600.0
"""Long enough for a phone that registers every few minutes to reuse its nonce, short enough for a captured one."""

SPENT = 2**32
"""Counted for a nonce that was used without a count: no count can be higher."""


class Accepted(msgspec.Struct, frozen=True):
    """The password is right. `uri_matches` is False if the digest covers another URI (a proxy rewrote it): log it."""

    username: str
    uri_matches: bool = True


class Rejected(msgspec.Struct, frozen=True):
    """`stale`: the nonce is not good, challenge again with stale=True. `reason` is for our log, never for the peer.

    `username` is what the client claimed, "" if there was no answer with a nonce of ours for our realm: then nothing
    was judged.
    """

    stale: bool
    reason: str
    username: str = ""


class DigestServer:
    """Challenges and checks for one realm. `algorithms` are offered in this order ("MD5", "SHA-256", "SHA-512-256").

    `secret`, of at most 64 bytes, signs the nonces and must be new at every start: the memory of used nonces does not
    survive one. A phone that comes with an older nonce is told it is stale and answers the new challenge unasked.
    """

    def __init__(
        self,
        realm: str,
        algorithms: tuple[str, ...],
        entropy: Entropy,
        secret: bytes,
        *,
        accept_without_qop: bool = True,
        nonces_max: int = NONCES_MAX,
    ) -> None:
        if not algorithms or any(algorithm not in HASHES for algorithm in algorithms):
            raise LocalError(f"digest algorithms {algorithms} are not supported. Choose from {', '.join(HASHES)}.")
        self.realm = realm
        self.algorithms = algorithms
        self.accept_without_qop = accept_without_qop
        self._challenge_head = print_digest({"realm": realm}, {}) + ', nonce="'
        self._entropy = entropy
        self._secret = secret
        self._nonces_max = nonces_max
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._forgotten_until_ms = -1
        self._dummy_password = keyed_digest(secret, b"dummy password", 32).hex()

    def challenge(self, now: float, *, stale: bool = False, source: str = "") -> list[str]:
        """Values for WWW-Authenticate or Proxy-Authenticate, one header each, for `source` to answer."""
        middle = f'{self._make_nonce(now, source)}", qop="auth", algorithm='
        end = ", stale=true" if stale else ""
        return [f"{self._challenge_head}{middle}{algorithm}{end}" for algorithm in self.algorithms]

    def check(
        self,
        authorization_values: list[str],
        method: str,
        uri: str,
        password_hash_lookup: Callable[[str], Credential | None],
        now: float,
        source: str = "",
    ) -> Accepted | Rejected:
        """Judge the Authorization (or Proxy-Authorization) headers of a request to `uri`, the Request-URI's text."""
        answer = self._answer_for_realm(authorization_values)
        if answer is None:
            return Rejected(False, "no digest answer for our realm")
        fault = self._nonce_fault(answer["nonce"], source, now)
        if fault:
            return Rejected(True, fault)
        username = answer["username"]
        algorithm = next(
            (known for known in self.algorithms if known.lower() == answer.get("algorithm", "MD5").lower()), None
        )
        if algorithm is None:
            return Rejected(False, "algorithm not offered", username)
        qop, fault = self._read_qop(answer, algorithm)
        if fault:
            return Rejected(False, fault, username)
        credential = password_hash_lookup(username)
        ha1 = self._ha1(algorithm, username, credential)
        expected = compute_response(algorithm, ha1, answer["nonce"], method, answer["uri"], qop)
        received = answer["response"].lower().encode("utf-8", "surrogateescape")
        is_right = hmac.compare_digest(expected.encode(), received)
        if credential is None or not is_right:
            return Rejected(False, "wrong password" if credential else "unknown user", username)
        fault = self._spend(answer["nonce"], SPENT if qop is None else int(qop[0], 16))
        if fault:
            return Rejected(True, fault, username)
        return Accepted(username, answer["uri"] == uri)

    def _answer_for_realm(self, values: list[str]) -> dict[str, str] | None:
        """The one answer for our realm; others may be for proxies behind us."""
        for value in values:
            answer = parse_digest(value)
            if (
                answer is not None
                and answer.get("realm") == self.realm
                and answer.keys() >= {"username", "nonce", "uri", "response"}
            ):
                return answer
        return None

    def _read_qop(self, answer: dict[str, str], algorithm: str) -> tuple[tuple[str, str] | None, str]:
        """(nc, cnonce) or None for a client without qop; and a fault, "" if none."""
        qop = answer.get("qop")
        if qop is None:
            if self.accept_without_qop and algorithm == "MD5":
                return None, ""
            return None, "answer without qop"
        nonce_count, client_nonce = answer.get("nc", ""), answer.get("cnonce", "")
        if qop.lower() == "auth-int":
            return None, "qop auth-int was not offered"
        if qop.lower() != "auth" or not client_nonce or not _is_nonce_count(nonce_count):
            return None, "malformed qop, nc or cnonce"
        return (nonce_count, client_nonce), ""

    def _ha1(self, algorithm: str, username: str, credential: Credential | None) -> str:
        """Hash a password in every case, a made-up one if there is none, so that the time tells nothing."""
        password = (credential and credential.password) or self._dummy_password
        computed = compute_ha1(algorithm, username, self.realm, password)
        if credential is None or credential.password is not None:
            return computed
        return credential.stored_ha1(algorithm) or computed

    def _make_nonce(self, now: float, source: str) -> str:
        stamp = f"{int(now * 1000):012x}{self._entropy.token(32)}"
        return stamp + self._sign(stamp, source)

    def _sign(self, stamp: str, source: str) -> str:
        signed = f"{stamp}:{source}:{self.realm}".encode("utf-8", "surrogateescape")
        return base64.urlsafe_b64encode(keyed_digest(self._secret, signed, 15)).decode()

    def _nonce_fault(self, nonce: str, source: str, now: float) -> str:
        """Why nothing that was answered with this nonce is judged, or ""."""
        stamp = nonce[:20]
        if not hmac.compare_digest(nonce[20:].encode("utf-8", "surrogateescape"), self._sign(stamp, source).encode()):
            return "nonce not ours"
        made_ms = int(stamp[:12], 16)
        if not made_ms <= now * 1000 <= made_ms + NONCE_LIFETIME_S * 1000:
            return "nonce too old"
        return ""

    def _spend(self, nonce: str, count: int) -> str:
        """Note the count of a good nonce; the reason if it may not be used (any more), else ""."""
        made_ms = int(nonce[:12], 16)
        last = self._counts.get(nonce)
        if last is None and made_ms <= self._forgotten_until_ms:
            return "nonce forgotten"
        if last is not None and count <= last:
            return "nonce count replayed"
        self._counts[nonce] = count
        if len(self._counts) > self._nonces_max:
            oldest, _ = self._counts.popitem(last=False)
            self._forgotten_until_ms = max(self._forgotten_until_ms, int(oldest[:12], 16))
        return ""


def _is_nonce_count(text: str) -> bool:
    """Eight hexadecimal digits; int() alone would let signs and underscores through."""
    return len(text) == 8 and all(character in "0123456789abcdefABCDEF" for character in text) and int(text, 16) > 0
