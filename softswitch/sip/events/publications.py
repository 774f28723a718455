"""Presence that people's own devices publish (RFC 3903): what is in force, and until when.

| a PUBLISH                            | its answer                                                          |
|--------------------------------------|---------------------------------------------------------------------|
| of another event than presence       | 489 with Allow-Events                                               |
| for somebody else, or from a trunk   | 403                                                                 |
| with Expires below the minimum       | 423 with Min-Expires                                                |
| SIP-If-Match names nothing in force  | 412: the device publishes anew                                      |
| SIP-If-Match, no body                | 200: lives longer under a new tag; Expires 0: removed               |
| a body that is no PIDF, or too long  | 415 with Accept, 413, 400                                           |
| a body                               | 200 with SIP-ETag: new, or in place of what SIP-If-Match names      |
| neither                              | 400                                                                 |

Every change is told as PresencePublished. Nothing of it survives a restart: devices publish anew when they get 412.
"""

import msgspec

from softswitch.sip.core import SipCore
from softswitch.sip.events.limits import PUBLICATIONS_OF_ONE_MAX, XML_BYTES_MAX
from softswitch.sip.events.packages import ALLOW_EVENTS
from softswitch.sip.events.presence import Presence, read_presence
from softswitch.sip.events.subscriptions import event_of
from softswitch.sip.events.xml import Unreadable
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import PresencePublished


class Published(msgspec.Struct, frozen=True):
    """Carried out: `tag` is the SIP-ETag."""

    tag: str
    expires_s: int


class NotPublished(msgspec.Struct, frozen=True):
    """Refused; nothing has changed."""

    status: int
    reason: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Publication:
    """What one device says, until it expires."""

    __slots__ = ("_owner", "expires_at", "presence", "tag", "user")

    def __init__(self, owner: "Publications", user: str, presence: Presence, expires_at: float, tag: str) -> None:
        self._owner = owner
        self.user = user
        self.presence = presence
        self.expires_at = expires_at
        self.tag = tag

    def handle_timeout(self, now: float) -> None:
        self._owner.expired(self)


class Publications:
    """One per endpoint."""

    __slots__ = ("_by_user", "_core")

    def __init__(self, core: SipCore) -> None:
        self._core = core
        self._by_user: dict[str, dict[str, Publication]] = {}

    def publish(self, request: Request, user: str, now: float) -> Published | NotPublished:
        """Judge a PUBLISH of the account `user`, "" for a trunk."""
        if event_of(request) != Presence.event:
            return NotPublished(489, None, (("allow-events", ALLOW_EVENTS),))
        account = None if not user else self._core.settings.account_of(request.uri)
        if account is None or account.username != user:
            return NotPublished(403)
        policy = self._core.settings.events
        expires_s = policy.expires_s(request.expires)
        if expires_s is None:
            return NotPublished(423, None, (("min-expires", str(policy.expires_min_s)),))
        known = self._by_user.get(user, {})
        tag = request.get("sip-if-match")
        former = None if tag is None else known.get(tag)
        if tag is not None and former is None:
            return NotPublished(412)
        if request.body:
            presence = _read(request)
        else:
            presence = NotPublished(400, "Nothing Published") if former is None else former.presence
        if isinstance(presence, NotPublished):
            return presence
        if former is not None:
            self._remove(former)
        return self._put(user, presence, expires_s, now)

    def expired(self, publication: Publication) -> None:
        """It was not refreshed in time."""
        self._remove(publication)
        self._tell(publication.user)

    # Private

    def _put(self, user: str, presence: Presence, expires_s: int, now: float) -> Published:
        tag = self._core.entropy.token(64)
        if expires_s:
            known = self._by_user.setdefault(user, {})
            if len(known) >= PUBLICATIONS_OF_ONE_MAX:
                self._remove(min(known.values(), key=lambda each: each.expires_at))
            publication = Publication(self, user, presence, now + expires_s, tag)
            self._by_user.setdefault(user, {})[tag] = publication
            self._core.deadlines.set(publication, publication.expires_at)
        self._tell(user)
        return Published(tag, expires_s)

    def _remove(self, publication: Publication) -> None:
        known = self._by_user[publication.user]
        del known[publication.tag]
        if not known:
            del self._by_user[publication.user]
        self._core.deadlines.cancel(publication)

    def _tell(self, user: str) -> None:
        known = self._by_user.get(user, {})
        self._core.outputs.append(PresencePublished(user, tuple(each.presence for each in known.values())))


def _read(request: Request) -> Presence | NotPublished:
    if request.content_type != Presence.content_type or request.get("content-encoding") is not None:
        return NotPublished(415, None, (("accept", Presence.content_type),))
    if len(request.body) > XML_BYTES_MAX:
        return NotPublished(413)
    try:
        return read_presence(request.body)
    except Unreadable as fault:
        return NotPublished(400, str(fault))
