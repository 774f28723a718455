"""Answering a 401 or 407 (RFC 7616, RFC 8760): the strongest algorithm we know, whatever the order of the challenges.

Whom to answer is the caller's decision, and a grave one: a called party that challenges our request must not learn the
digest of a trunk's password. Pass `realm` wherever the realm is known.
"""

from softswitch.base.entropy import Entropy
from softswitch.sip.authentication.digest import HASHES, compute_ha1, compute_response, parse_digest, print_digest


def answer_challenge(
    challenges: list[str],
    username: str,
    password: str,
    method: str,
    uri: str,
    entropy: Entropy,
    nonce_counts: dict[str, int],
    *,
    realm: str | None = None,
) -> str | None:
    """The value of the Authorization (Proxy-Authorization) header, or None if no challenge can be answered.

    `challenges` are the values of all WWW-Authenticate (Proxy-Authenticate) headers. `nonce_counts` belongs to the
    caller, who keeps one per peer: it holds the count of the current nonce only, older ones are dropped here.
    """
    candidates = [
        challenge
        for value in challenges
        if (challenge := parse_digest(value)) is not None
        and "nonce" in challenge
        and "realm" in challenge
        and (realm is None or challenge["realm"] == realm)
    ]
    for algorithm in HASHES:
        for challenge in candidates:
            if challenge.get("algorithm", "MD5").lower() == algorithm.lower() and _qop_is_possible(challenge):
                return _answer(challenge, algorithm, username, password, method, uri, entropy, nonce_counts)
    return None


def _qop_is_possible(challenge: dict[str, str]) -> bool:
    return "qop" not in challenge or "auth" in _qop_options(challenge)


def _qop_options(challenge: dict[str, str]) -> list[str]:
    return [option.strip().lower() for option in challenge["qop"].split(",")]


def _answer(
    challenge: dict[str, str],
    algorithm: str,
    username: str,
    password: str,
    method: str,
    uri: str,
    entropy: Entropy,
    nonce_counts: dict[str, int],
) -> str:
    nonce = challenge["nonce"]
    ha1 = compute_ha1(algorithm, username, challenge["realm"], password)
    quoted = {"username": username, "realm": challenge["realm"], "nonce": nonce, "uri": uri}
    plain: dict[str, str] = {}
    if "algorithm" in challenge:
        plain["algorithm"] = algorithm
    qop = None
    if "qop" in challenge:
        count = nonce_counts.get(nonce, 0) + 1
        nonce_counts.clear()
        nonce_counts[nonce] = count
        qop = (f"{count:08x}", entropy.token(64))
        quoted["cnonce"] = qop[1]
        plain |= {"qop": "auth", "nc": qop[0]}
    quoted["response"] = compute_response(algorithm, ha1, nonce, method, uri, qop)
    if "opaque" in challenge:
        quoted["opaque"] = challenge["opaque"]
    return print_digest(quoted, plain)
