"""Answering the challenges to our own requests (RFC 3261 section 22, RFC 7616), with care.

A party we call may challenge us just to learn a digest of somebody's password. So a challenge is answered only with
credentials that were given for that very request (or the dialog it made), for their realm if they name one, and at
most twice: once, and once more when the nonce was stale.
"""

from softswitch.base.entropy import Entropy
from softswitch.sip.authentication.auth_client import answer_challenge
from softswitch.sip.authentication.digest import Credential, parse_digest
from softswitch.sip.messages.message import Request, Response

TRIES_MAX = 2


class ChallengeReply:
    """The credentials of one request or dialog, and how often they were asked for."""

    __slots__ = ("_counts", "_credential", "_entropy", "_tries", "realm")

    def __init__(self, credential: Credential, entropy: Entropy) -> None:
        self._credential = credential
        self._entropy = entropy
        self._counts: dict[str, int] = {}
        self._tries = 0
        self.realm = ""
        """Whom we have answered last."""

    @property
    def owner(self) -> tuple[str, str]:
        """Whose they are: the user name, and the realm if they name one."""
        return self._credential.username, self._credential.realm

    def authorize(self, request: Request, response: Response) -> bool:
        """Write the answer to a 401 or 407 into `request`, which is to be sent anew; False if none may be given."""
        asks, replies = (
            ("www-authenticate", "authorization")
            if response.status == 401
            else ("proxy-authenticate", "proxy-authorization")
        )
        challenges = response.get_all(asks)
        self._tries += 1
        if self._tries > TRIES_MAX or (self._tries > 1 and not _is_stale(challenges)):
            return False
        value = answer_challenge(
            challenges,
            self._credential.username,
            self._credential.password or "",
            request.method,
            request.uri_text,
            self._entropy,
            self._counts,
            realm=self._credential.realm or None,
        )
        if value is None:
            return False
        request.set(replies, value)
        self.realm = (parse_digest(value) or {}).get("realm", "")
        return True

    def succeeded(self) -> None:
        """The request was let through: the next one of the dialog may be challenged afresh."""
        self._tries = 0


def _is_stale(challenges: list[str]) -> bool:
    return any((parse_digest(value) or {}).get("stale", "").lower() == "true" for value in challenges)
