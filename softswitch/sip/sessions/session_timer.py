"""Session timers (RFC 4028): a call whose other end has died, or whose BYE was lost, comes to an end.

Both sides agree with an INVITE how long the session lasts unless it is refreshed, and who refreshes it. A refresh is an
UPDATE or re-INVITE that succeeds; every one of them agrees on both anew. `refresher` names a role of *that* transaction
(section 7.4): in a refresh of ours "uac" is us, in the peer's it is the peer, whoever made the call.

| who refreshes | half of the interval is over      | the interval, less a third or 32 s, is over | a refresh succeeds |
|---------------|-----------------------------------|---------------------------------------------|--------------------|
| we            | refresh; again at half of what is | BYE (section 10)                            | all begins anew    |
|               | left if that failed               |                                             |                    |
| the peer      |                                   | BYE (section 10)                            | all begins anew    |

What an INVITE, UPDATE or their 2xx says about it (sections 7 to 9):

| the request says                                   | we answer                                                     |
|----------------------------------------------------|---------------------------------------------------------------|
| Session-Expires below our minimum, timer supported | 422 with Min-SE                                               |
| Session-Expires                                    | the shorter of his and ours, above both minima; his refresher |
| only that timer is supported                       | ours; whoever refreshed goes on, else the caller refreshes    |
| neither                                            | nothing: there is no timer                                    |
"""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from softswitch.base.deadlines import Deadlines
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.option_tags import has_option
from softswitch.sip.settings import SESSION_EXPIRES_MAX_S, SESSION_EXPIRES_MIN_S, SessionPolicy
from softswitch.sip.transactions.transaction import Timed

Headers = tuple[tuple[str, str], ...]

SESSION_EXPIRES = re.compile(r"([0-9]{1,10})[ \t]*+(?:;(.*+))?", re.DOTALL)
REFRESHER = re.compile(r"(?:\A|;)[ \t]*+refresher[ \t]*+=[ \t]*+(uac|uas)[ \t]*+(?:;|\Z)", re.IGNORECASE)
DELTA = re.compile(r"([0-9]{1,10})[ \t]*+(?:;.*+)?", re.DOTALL)

REFRESHED_SOON_S = 10.0
"""A session that was taken over from another process, which we refresh, is refreshed within that time."""

REMINDER_MIN_S = 5.0
"""A refresh that failed is not tried again sooner: the peer may be too busy to answer."""


class SessionExpires(NamedTuple):
    """The value of a Session-Expires header. `refresher` is "" if it does not say."""

    interval_s: int
    refresher: Literal["", "uac", "uas"]

    @classmethod
    def of(cls, message: Request | Response) -> "SessionExpires | None":
        """None if there is none, or none that can be read."""
        match = SESSION_EXPIRES.fullmatch(message.get("session-expires") or "")
        if match is None:
            return None
        found = REFRESHER.search(match[2] or "")
        named = found[1].lower() if found else ""
        return cls(int(match[1]), "uac" if named == "uac" else "uas" if named == "uas" else "")


class SessionTerms(NamedTuple):
    """What was agreed."""

    interval_s: int
    is_ours: bool
    """We refresh."""


def min_se(message: Request | Response) -> int:
    """The shortest interval the message's sender takes (section 5); the RFC's own minimum if it does not say.

    One above our maximum counts as our maximum: he would have a call that never ends.
    """
    match = DELTA.fullmatch(message.get("min-se") or "")
    return SESSION_EXPIRES_MIN_S if match is None else _bounded(int(match[1]))


def ask(policy: SessionPolicy, *, interval_s: int = 0, is_refresh: bool = False) -> Headers:
    """What a request of ours says. `interval_s` is what is in force, or what a 422 wanted; 0: nothing yet.

    A refresh of ours is made by the one who refreshes, and says so; to begin with the peer may choose.
    """
    if not policy.session_expires_s:
        return ()
    interval_s = interval_s or policy.session_expires_s
    headers = (("session-expires", f"{interval_s};refresher=uac" if is_refresh else str(interval_s)),)
    return (*headers, ("min-se", str(interval_s))) if interval_s > policy.session_expires_s else headers


def is_too_brief(policy: SessionPolicy, request: Request) -> bool:
    """Whether a request is to be refused with 422 (section 9): only one who knows the timer can try again."""
    if request.get("session-expires") is None or not policy.session_expires_s:
        return False
    wanted = SessionExpires.of(request)
    is_short = wanted is not None and wanted.interval_s < SESSION_EXPIRES_MIN_S
    return is_short and has_option(request, "supported", "timer")


def agree(policy: SessionPolicy, request: Request, before: SessionTerms | None) -> tuple[SessionTerms | None, Headers]:
    """As the one who answers `request` with 2xx: what is agreed, and what the 2xx says. `before` is what was."""
    if not policy.session_expires_s:
        return None, ()
    wanted = SessionExpires.of(request)
    is_known = has_option(request, "supported", "timer")
    if wanted is None and not is_known:
        return None, ()
    interval_s = policy.session_expires_s if wanted is None else min(wanted.interval_s, policy.session_expires_s)
    interval_s = max(interval_s, min_se(request))
    if not is_known:
        refresher = "uas"
    elif wanted is not None and wanted.refresher:
        refresher = wanted.refresher
    else:
        refresher = "uas" if before is not None and before.is_ours else "uac"
    headers = (("session-expires", f"{interval_s};refresher={refresher}"),)
    return SessionTerms(interval_s, refresher == "uas"), (*headers, ("require", "timer")) if is_known else headers


def agreed(policy: SessionPolicy, response: Response) -> SessionTerms | None:
    """As the one who sent the request: what this 2xx to it says. Without a word about it there is no timer.

    An interval out of bounds, which the RFC forbids, is taken for the nearest that is within.
    """
    if not policy.session_expires_s or response.get("session-expires") is None:
        return None
    answer = SessionExpires.of(response)
    return None if answer is None else SessionTerms(_bounded(answer.interval_s), answer.refresher != "uas")


def _bounded(interval_s: int) -> int:
    return min(max(interval_s, SESSION_EXPIRES_MIN_S), SESSION_EXPIRES_MAX_S)


class SessionTimer:
    """The clock of one session, in the endpoint's heap. `on_refresh` and `on_expiry` are called with the time."""

    __slots__ = ("_deadlines", "_expires_at", "_on_expiry", "_on_refresh", "terms")

    def __init__(
        self,
        deadlines: Deadlines[Timed],
        terms: SessionTerms,
        now: float,
        *,
        on_refresh: Callable[[float], None],
        on_expiry: Callable[[float], None],
    ) -> None:
        self._deadlines = deadlines
        self._on_refresh = on_refresh
        self._on_expiry = on_expiry
        self.terms = terms
        self._expires_at = 0.0
        self.restart(terms, now)

    def restart(self, terms: SessionTerms, now: float) -> None:
        """The session was refreshed."""
        self.terms = terms
        self._expires_at = now + terms.interval_s - min(32.0, terms.interval_s / 3.0)
        self._deadlines.set(self, now + terms.interval_s / 2.0 if terms.is_ours else self._expires_at)

    def refresh_within(self, seconds: float, now: float) -> None:
        """Nobody knows when it was refreshed last."""
        if self.terms.is_ours:
            self._deadlines.set(self, now + seconds)

    def stop(self) -> None:
        self._deadlines.cancel(self)

    def handle_timeout(self, now: float) -> None:
        if now >= self._expires_at:
            self._on_expiry(now)
            return
        again_at = now + max((self._expires_at - now) / 2.0, REMINDER_MIN_S)
        self._deadlines.set(self, min(again_at, self._expires_at))
        self._on_refresh(now)
