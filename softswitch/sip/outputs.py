"""Everything the SIP endpoint may emit: orders to the transports and facts for whoever runs the calls.

`SipEndpoint.take_outputs()` returns one ordered list of these. `Transmit`, `CloseFlow` and `ResolveTarget` are for the
driver (softswitch/sip/runtime); the rest is for `calls`.

How the facts of one leg follow each other:

```
inbound    InviteReceived ── accept() ──► LegConfirmed ── (Reinvite… | InfoReceived)* ──► LegEnded
                └── reject(), hang_up(), CANCEL from the caller ─────────────────────────► LegEnded
outbound   LegProgress* ────────────────► LegAnswered ── (Reinvite… | InfoReceived)* ───► LegEnded
                ├── refused, no answer ──► LegFailed   (the leg's end: no LegEnded follows)
                └── hang_up() before the answer ─────────────────────────────────────────► LegEnded
```

A leg is over for `calls` with its LegEnded or LegFailed; whatever the endpoint still has to say to the peer (CANCEL,
BYE, repeated ACKs) it says on its own. Commands that come too late for a leg that is over are ignored.
"""

from typing import Literal

import msgspec

from softswitch.base.address import Flow, TransportKind
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.events.presence import Presence
from softswitch.sip.kept import KeptSubscription


class Transmit(msgspec.Struct, frozen=True, gc=False):
    """Send these bytes along this flow."""

    flow: Flow
    message: bytes


class CloseFlow(msgspec.Struct, frozen=True, gc=False):
    """Close this stream connection; what was to be sent is sent first."""

    flow: Flow


class ResolveTarget(msgspec.Struct, frozen=True, gc=False):
    """Find the servers of a name (RFC 3263); the answer is `SipEndpoint.resolved`, within seconds, once.

    `kind` and `port` are None where the URI does not say; `is_secure` is a sips URI.
    """

    query_id: int
    host: str
    port: int | None
    kind: TransportKind | None
    is_secure: bool


class InviteSource(msgspec.Struct, frozen=True):
    """Who sent an INVITE, proven: by digest (`account`, name = username) or by address (`trunk`, name = its name)."""

    kind: Literal["account", "trunk"]
    name: str


class InviteReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A new inbound leg from somebody who may call; 100 Trying is sent. Answer with progress, accept or reject.

    `calling_number` of an account is its configured number (or its user name), never what the phone claims; that of
    a trunk is what it asserts if it is trusted, else From. Of a trunk's call it and `called_number` are translated as
    its settings say. `sdp` is b"" when the caller wants our offer (late offer): then `accept` takes an offer, and the
    answer comes with LegConfirmed.
    `headers` holds, by lower-case name, those of KEPT_HEADERS (reception.py) and all `x-...` that were there.
    `max_forwards` is what an outbound leg made for this one may use (already one less).
    `replaces` is the leg of ours whose place the caller wants to take (RFC 3891): established, or an outbound one that
    rings. Whether he may is for the owner to say, who answers the one and hangs up the other.
    `is_reliable`: our provisional responses reach him for certain (RFC 3262), so a description in one of them counts:
    offer and answer are exchanged with it, and `accept` adds nothing to them.
    """

    leg_id: LegId
    flow: Flow
    source: InviteSource
    calling_number: str
    calling_name: str
    called_number: str
    request_uri: str
    sip_call_id: str
    sdp: bytes
    headers: dict[str, str]
    max_forwards: int = 69
    replaces: LegId | None = None
    is_caller_hidden: bool = False
    """The caller wants nobody he calls to learn his number (RFC 3323); flows and records know it all the same."""
    is_reliable: bool = False
    instance: str = ""
    """Which phone of whoever is called he means (RFC 5627), as `Binding.instance` has it; "" for all of them."""


class ProgressConfirmed(msgspec.Struct, frozen=True):
    """The PRACK for our reliable provisional response with an offer arrived; `sdp` is the answer."""

    leg_id: LegId
    sdp: bytes


class LegProgress(msgspec.Struct, frozen=True):
    """A provisional response other than 100 to our INVITE. `sdp` (early media) is b"" mostly.

    `fork` counts the parties a proxy on the way has forked the INVITE to, in the order in which they were heard of:
    each has its own early media.
    """

    leg_id: LegId
    status: int
    sdp: bytes
    fork: int = 0


class LegAnswered(msgspec.Struct, frozen=True):
    """Our INVITE was answered with 2xx and its ACK is sent; `sdp` is the answer to our offer, of whoever answered.

    It is b"" if his early dialog has exchanged another offer and answer since (RFC 3311): that one is in force.
    """

    leg_id: LegId
    sdp: bytes
    fork: int = 0


class LegFailed(msgspec.Struct, frozen=True):
    """Our INVITE failed; the leg is over. No answer at all gives 408, a broken transport 503.

    `retry_after` is the peer's wish in seconds, or None. `cause` is the ISDN cause (Q.850) the peer gives, or 0.
    `contacts` are where a 3xx says to try instead, the best first, if the session's policy is to follow it.
    """

    leg_id: LegId
    status: int
    reason: str
    retry_after: int | None = None
    cause: int = 0
    contacts: tuple[str, ...] = ()


class LegConfirmed(msgspec.Struct, frozen=True):
    """The ACK for our 200 to the first INVITE arrived; `sdp` is the answer if our 200 carried the offer, else b"".

    A late offer that the ACK leaves without answer ends the leg (BYE), so `sdp` is never missing then.
    """

    leg_id: LegId
    sdp: bytes


class LegEnded(msgspec.Struct, frozen=True):
    """The leg is over, exactly once for every leg that did not end with LegFailed.

    `by`: "remote" (BYE, CANCEL), "local" (hang_up, reject), "timeout" (no ACK, a re-INVITE without answer, a lost
    connection). `reason` is for records ("cancelled", "bye", the text of a Reason header, "no ACK" …); `status` is
    the SIP status that fits: 200 after a conversation, 487 when cancelled, ours when rejected, 408 at time-out.
    `cause` is the ISDN cause (Q.850) the peer gives, or 0.
    """

    leg_id: LegId
    by: Literal["remote", "local", "timeout"]
    reason: str
    status: int
    cause: int = 0


class LegChanged(msgspec.Struct, frozen=True, gc=False):
    """What `SipEndpoint.keep` says of the leg has changed without any other output telling of it.

    The peer's target or the way to it, what the session timer agrees on, an offer that has begun or is over, how far
    our own numbers have come; that it was adopted.
    """

    leg_id: LegId


class ReinviteReceived(msgspec.Struct, frozen=True):
    """The party wants to change the session, by re-INVITE, UPDATE or PRACK. Answer it or refuse it (`answer_reinvite`).

    It may come before the first INVITE is answered, in either direction (RFC 3311).
    `sdp` b"" asks for our offer: answer_reinvite takes one, and the answer comes with ReinviteConfirmed.
    """

    leg_id: LegId
    sdp: bytes


class ReinviteWithdrawn(msgspec.Struct, frozen=True):
    """The party has cancelled what `ReinviteReceived` told of before it was answered; it needs no answer any more."""

    leg_id: LegId


class ReinviteConfirmed(msgspec.Struct, frozen=True):
    """The ACK for our 200 to a re-INVITE arrived; `sdp` is the answer if our 200 carried the offer, else b""."""

    leg_id: LegId
    sdp: bytes


class ReinviteAnswered(msgspec.Struct, frozen=True):
    """Our re-INVITE was answered with 2xx and its ACK is sent (or our UPDATE, before the first INVITE was answered).

    It comes too when the session was refreshed by re-INVITE; mostly the answer is the one that is known then.
    """

    leg_id: LegId
    sdp: bytes


class ReinviteFailed(msgspec.Struct, frozen=True):
    """Our re-INVITE was refused; the session goes on as it was (RFC 6141). 491 is retried before it comes here."""

    leg_id: LegId
    status: int


class InfoReceived(msgspec.Struct, frozen=True):
    """An INFO within the leg's dialog; 200 is already sent."""

    leg_id: LegId
    content_type: str
    body: bytes


class ReferReceived(msgspec.Struct, frozen=True):
    """The party wants somebody else to have the call. Answer with accept_refer, then notify_refer, or refuse_refer.

    `target` is the number or name to be called, `target_uri` all of the URI. `replaces_leg` is the leg of ours whose
    place is to be taken, of this or another call: then that party is who is meant, and `target` says no more.
    `referred_by` is the URI of Referred-By (RFC 3892), a mere claim, or "".
    """

    leg_id: LegId
    refer_id: ReferId
    target: str
    target_uri: str
    replaces_leg: LegId | None = None
    referred_by: str = ""


class ReferProgress(msgspec.Struct, frozen=True):
    """What became of a REFER of ours so far: 202 when it is taken, the status of the new call as the party tells it.

    With `is_over` nothing more follows: refused (300-699), done (200), or nothing more is told (202, 1xx).
    Nor does anything follow the leg's LegEnded, which a party that took the call away sends when it likes.
    """

    leg_id: LegId
    refer_id: ReferId
    status: int
    reason: str
    is_over: bool = False


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """One place an address-of-record can be reached at (RFC 3261 section 10).

    `flow` is the path its REGISTER came along: requests go back along it, through whatever NAT there is.
    `expires_at` is monotonic, `expires_at_wall` seconds since 1970. `path` is the REGISTER's Path, to become Route.
    `extensions` are the Contact's parameters that mean nothing to us, as ";novel=1": the phone sees them again.
    `reg_id`, unless 0, numbers the flows of the phone `instance` (RFC 5626).
    """

    aor: str
    contact_uri: str
    flow: Flow
    expires_at: float
    expires_at_wall: float
    call_id: str
    cseq: int
    q: float = 1.0
    user_agent: str = ""
    path: tuple[str, ...] = ()
    instance: str = ""
    extensions: str = ""
    reg_id: int = 0

    @property
    def key(self) -> str:
        """What tells it from the other bindings of its address-of-record."""
        return outbound_key(self.instance, self.reg_id) if self.reg_id else self.contact_uri


def outbound_key(instance: str, reg_id: int) -> str:
    """`Binding.key` of a phone's flow; no URI begins so."""
    return f"{instance};reg-id={reg_id}"


class RegistrationChanged(msgspec.Struct, frozen=True):
    """The bindings of an address-of-record as they are now, best first; after each change, expiry included.

    A mere refresh is a change too (its expiry moved).
    """

    aor: str
    bindings: list[Binding]


class ResourceWatched(msgspec.Struct, frozen=True):
    """Somebody wants to know how `resource`, a user name or a place, is: say so by `set_event_state`, and at changes.

    `event` is the package's name (softswitch/sip/events/packages.py). Repeated only after ResourceUnwatched.
    """

    event: str
    resource: str


class ResourceUnwatched(msgspec.Struct, frozen=True):
    """Nobody wants to know any more."""

    event: str
    resource: str


class SubscriptionChanged(msgspec.Struct, frozen=True):
    """What is kept of a subscription, for `restore_subscriptions` of another endpoint; None once it is over."""

    subscription_id: str
    kept: KeptSubscription | None


class PresencePublished(msgspec.Struct, frozen=True):
    """What the devices of `user` say of him, as it is now; none at all once the last has expired or was removed."""

    user: str
    presences: tuple[Presence, ...]


class RequestFinished(msgspec.Struct, frozen=True):
    """The final response to `SipEndpoint.request()`. No answer gives 408, a broken transport 503, both with no headers.

    `headers` are (lower-case name, value) in order.
    """

    request_id: int
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class TrunkChanged(msgspec.Struct, frozen=True):
    """The link to a provider is in another state. `subject` is "registration" or "health", `reason` says why."""

    trunk: str
    subject: str
    state: str
    reason: str


SecurityKind = Literal["authentication", "scanner", "flood", "malformed", "forbidden", "banned", "denied"]


class SecurityEvent(msgspec.Struct, frozen=True):
    """One machine-readable fact about an unwelcome request, for the security log and fail2ban.

    `source` is the peer's IP address. Every wrong password is reported; of the other kinds a source's repeats within
    ten seconds are merged: `count` says how many requests this one stands for.
    """

    kind: SecurityKind
    source: str
    detail: str
    count: int = 1


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """A source whose packets are dropped unread: an address, or a network ("198.51.100.0/24", "2001:db8::/64").

    `times` is how often it was banned by and by, `by` is "switch" or "operator". Times are seconds since 1970.
    """

    network: str
    since_wall: float
    until_wall: float
    times: int = 1
    reason: str = ""
    by: str = "switch"


class BanChanged(msgspec.Struct, frozen=True):
    """A ban began, or was lifted (`is_lifted`); nothing is said of one whose time is over."""

    ban: Ban
    is_lifted: bool = False


SipOutput = (
    Transmit
    | CloseFlow
    | ResolveTarget
    | InviteReceived
    | ProgressConfirmed
    | LegProgress
    | LegAnswered
    | LegFailed
    | LegConfirmed
    | LegEnded
    | LegChanged
    | ReinviteReceived
    | ReinviteConfirmed
    | ReinviteAnswered
    | ReinviteFailed
    | ReinviteWithdrawn
    | InfoReceived
    | ReferReceived
    | ReferProgress
    | RegistrationChanged
    | ResourceWatched
    | ResourceUnwatched
    | SubscriptionChanged
    | PresencePublished
    | RequestFinished
    | TrunkChanged
    | SecurityEvent
    | BanChanged
)
