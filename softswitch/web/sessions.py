"""Who is logged in: sessions by a random id that only the browser's cookie and its hash here know.

A session ends when its time is over, when nothing was asked for too long, when its user logs out, or when there are too
many: of one user the oldest goes, of all users the one that was silent for the longest time. They are forgotten with
the process. Beside its id a session has a token that a page must send along with whatever acts: a page of another site
can make a browser send the cookie, but cannot read the token.
"""

from collections import OrderedDict
from hashlib import sha256

import msgspec

from softswitch.base.entropy import Entropy
from softswitch.web.callers import is_same
from softswitch.web.limits import SESSIONS_MAX, USER_SESSIONS_MAX

ID_BITS = 256


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in. `ends_at` is monotonic time."""

    user: str
    token: str
    """What is sent along with requests that act."""
    ends_at: float


class Sessions:
    """All of them."""

    def __init__(
        self,
        entropy: Entropy,
        *,
        longest_s: float,
        idle_s: float,
        sessions_max: int = SESSIONS_MAX,
        user_sessions_max: int = USER_SESSIONS_MAX,
    ) -> None:
        self._entropy = entropy
        self._longest_s = longest_s
        self._idle_s = idle_s
        self._sessions_max = sessions_max
        self._user_sessions_max = user_sessions_max
        self._sessions: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        """By the hash of the id, with when it was last used; the one that was used last is the last."""

    def begin(self, user: str, now: float) -> tuple[str, Session]:
        """The id, which is not kept, and the session."""
        own = [key for key, (session, _) in self._sessions.items() if session.user == user]
        for key in own[: len(own) - self._user_sessions_max + 1]:
            del self._sessions[key]
        if len(self._sessions) >= self._sessions_max:
            self._sessions.popitem(last=False)
        session_id = self._entropy.token(ID_BITS)
        session = Session(user=user, token=self._entropy.token(ID_BITS), ends_at=now + self._longest_s)
        self._sessions[_hash(session_id)] = (session, now)
        return session_id, session

    def find(self, session_id: str, now: float) -> Session | None:
        """The session of this id, which is used now."""
        key = _hash(session_id)
        found = self._sessions.pop(key, None)
        if found is None:
            return None
        session, used_at = found
        if now >= session.ends_at or now - used_at >= self._idle_s:
            return None
        self._sessions[key] = (session, now)
        return session

    def end(self, session_id: str) -> None:
        self._sessions.pop(_hash(session_id), None)

    def __len__(self) -> int:
        return len(self._sessions)


def is_token_of(session: Session, token: str) -> bool:
    return is_same(session.token, token)


def _hash(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()
