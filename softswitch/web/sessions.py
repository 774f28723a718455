"""Who is logged in: sessions by a random id that only the browser's cookie and its hash here know.

A session ends when its time is over, when nothing was asked for too long, when its user logs out or has another
password, or when there are too many: of one user the oldest goes, of all users the one that was silent for the longest
time. Whoever keeps them (`SessionKeeper`) gives them back to the next process.

Beside its id a session has a token that a page must send along with whatever acts: a page of another site can make a
browser send the cookie, but cannot read the token. It is made of the id, so nobody keeps it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

import msgspec

from softswitch.base.entropy import Entropy
from softswitch.web.callers import is_same
from softswitch.web.limits import SESSION_NOTED_EVERY_S, SESSIONS_MAX, USER_SESSIONS_MAX

ID_BITS = 256


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One log-in. `ends_at` is monotonic time."""

    user: str
    credential: str
    """What his password was known by: with another one the session is over."""
    token: str
    """What is sent along with requests that act."""
    ends_at: float


class KeptSession(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session without its id. Times are monotonic, and may be negative."""

    user: str
    credential: str
    ends_at: float
    used_at: float
    noted_at: float
    """When it was last kept."""


class SessionKeeper(Protocol):
    """Remembers sessions for the next process, by the hashes of their ids."""

    def session_used(self, key: str, session: KeptSession) -> None: ...
    def session_over(self, key: str) -> None: ...


class Sessions:
    """All of them."""

    def __init__(
        self,
        entropy: Entropy,
        keeper: SessionKeeper,
        *,
        longest_s: float,
        idle_s: float,
        sessions_max: int = SESSIONS_MAX,
        user_sessions_max: int = USER_SESSIONS_MAX,
    ) -> None:
        self._entropy = entropy
        self._keeper = keeper
        self._longest_s = longest_s
        self._idle_s = idle_s
        self._noted_every_s = min(SESSION_NOTED_EVERY_S, idle_s / 10)
        self._sessions_max = sessions_max
        self._user_sessions_max = user_sessions_max
        self._sessions: OrderedDict[str, KeptSession] = OrderedDict()
        """By the hash of the id; the one that was used last is the last."""

    def restore(self, sessions: Iterable[tuple[str, KeptSession]], now: float) -> None:
        """Those of the process before, by the hashes of their ids."""
        in_order = sorted(sessions, key=lambda each: each[1].used_at, reverse=True)
        good = [each for each in in_order if not self._is_over(each[1], now)][: self._sessions_max]
        self._sessions.update(reversed(good))
        for key, _ in in_order:
            if key not in self._sessions:
                self._keeper.session_over(key)

    def begin(self, user: str, credential: str, now: float) -> tuple[str, Session]:
        """The id, which is not kept, and the session."""
        self._make_room(user)
        session_id = self._entropy.token(ID_BITS)
        ends_at = now + self._longest_s
        kept = KeptSession(user=user, credential=credential, ends_at=ends_at, used_at=now, noted_at=now)
        self._sessions[_hash(session_id)] = kept
        self._keeper.session_used(_hash(session_id), kept)
        return session_id, _session(session_id, kept)

    def find(self, session_id: str, now: float) -> Session | None:
        """The session of this id, which is used now."""
        key = _hash(session_id)
        found = self._sessions.pop(key, None)
        if found is None:
            return None
        if self._is_over(found, now):
            self._keeper.session_over(key)
            return None
        is_due = now - found.noted_at >= self._noted_every_s
        used = msgspec.structs.replace(found, used_at=now, noted_at=now if is_due else found.noted_at)
        self._sessions[key] = used
        if is_due:
            self._keeper.session_used(key, used)
        return _session(session_id, used)

    def end(self, session_id: str) -> None:
        self._forget(_hash(session_id))

    def __len__(self) -> int:
        return len(self._sessions)

    def _is_over(self, session: KeptSession, now: float) -> bool:
        return now >= session.ends_at or now - session.used_at >= self._idle_s

    def _make_room(self, user: str) -> None:
        own = [key for key, session in self._sessions.items() if session.user == user]
        for key in own[: len(own) - self._user_sessions_max + 1]:
            self._forget(key)
        if len(self._sessions) >= self._sessions_max:
            self._forget(next(iter(self._sessions)))

    def _forget(self, key: str) -> None:
        if self._sessions.pop(key, None) is not None:
            self._keeper.session_over(key)


def is_token_of(session: Session, token: str) -> bool:
    return is_same(session.token, token)


def _session(session_id: str, kept: KeptSession) -> Session:
    token = sha256(f"token of {session_id}".encode()).hexdigest()
    return Session(user=kept.user, credential=kept.credential, token=token, ends_at=kept.ends_at)


def _hash(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()
