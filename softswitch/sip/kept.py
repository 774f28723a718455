"""What of a leg outlives the process: values that its owner writes down, and that another endpoint takes back.

| a leg                                  | is kept as    | and once adopted                               |
|----------------------------------------|---------------|------------------------------------------------|
| answered, even if the ACK is missing   | `KeptSession` | goes on as if nothing had been                 |
| an INVITE of a peer's, not answered    | `KeptArrival` | rings on; accepted, refused, withdrawn as ever |
| an INVITE of ours, not answered        | `KeptAttempt` | is withdrawn, whatever has come of it          |

Peers' text is kept as bytes, as it was on the wire: what is no UTF-8 cannot be written as text. No password is ever
kept: `KeptCredential` says whose it is. Times are not kept either: an adopted session has its whole patience anew, and
where we refresh it, it is refreshed soon.
"""

import msgspec

from softswitch.base.address import Flow
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.settings import SessionPolicy


class KeptDialog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See `Dialog`. `remote_cseq` is None before the peer's first request."""

    call_id: bytes
    local_party: bytes
    local_tag: bytes
    remote_party: bytes
    remote_tag: bytes
    local_cseq: int
    remote_cseq: int | None
    remote_target: bytes
    routes: tuple[bytes, ...] = ()
    flow: Flow


class KeptCredential(msgspec.Struct, frozen=True):
    """Whose credentials answer the peer's challenges: a user name at a provider, and his realm if it is known."""

    username: str
    realm: str


class KeptOffers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See `SessionOffers`. `interval_s` 0: there is no session timer; `is_refresher`: we refresh."""

    described: bytes = b""
    """Our description in force."""
    offering: bytes = b""
    """Our offer that has no answer: it is made once more."""
    asked: bytes = b""
    """The request with the peer's offer that has none."""
    has_changed: bool = False
    peer_updates: bool = False
    interval_s: int = 0
    is_refresher: bool = False


class KeptTransaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """By what the repetitions of a peer's INVITE are known, and the way it came."""

    key: tuple[bytes, ...]
    merge_key: tuple[bytes, ...] = ()
    flow: Flow


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A 2xx of ours that waits for its ACK (see `AnsweredInvite`)."""

    packet: bytes
    cseq: int
    has_offer: bool = False
    transaction: KeptTransaction


class KeptRefer(msgspec.Struct, frozen=True):
    """A REFER of ours that is not over (see `SentRefer`), and the number it was sent with."""

    refer_id: ReferId
    cseq: int


class KeptSession(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="session"):
    """A leg that is answered. With `is_caller` the Call-ID is ours; `source` is where the peer was last heard."""

    leg_id: LegId
    dialog: KeptDialog
    source: Flow
    is_caller: bool
    is_confirmed: bool
    policy: SessionPolicy
    credential: KeptCredential | None = None
    offers: KeptOffers
    answer: KeptAnswer | None = None
    refer: KeptRefer | None = None


class KeptReliable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See `ReliableProvisionals`: the last number, the response that waits for its PRACK, and those that follow it."""

    rseq: int
    packet: bytes = b""
    waiting: tuple[bytes, ...] = ()


class KeptArrival(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="arrival"):
    """A call to us that has no final answer: the INVITE, and what was said to it (see `InboundInvite`)."""

    leg_id: LegId
    invite: bytes
    transaction: KeptTransaction
    dialog: KeptDialog
    source: Flow
    policy: SessionPolicy
    status: int = 100
    packet: bytes = b""
    """The last provisional response."""
    described: bytes = b""
    is_answer_missing: bool = False
    reliable: KeptReliable | None = None
    accepted: bytes | None = None
    """What it was accepted with; the 2xx waits for a PRACK."""
    accepted_headers: tuple[tuple[bytes, bytes], ...] = ()
    offers: KeptOffers | None = None


class KeptAttempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="attempt"):
    """A call of ours that nobody has answered: the INVITE as it was sent last, and who is known to be reached."""

    leg_id: LegId
    invite: bytes
    flow: Flow
    forks: tuple[KeptDialog, ...] = ()


class KeptSubscription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who watches somebody (see `Subscription`); no leg. `expires_at_wall` is seconds since 1970."""

    subscription_id: str
    dialog: KeptDialog
    source: Flow
    event: str
    event_header: bytes
    """The value of Event as it came."""
    resource: str
    watcher: str
    entity: str
    version: int
    expires_at_wall: float


KeptLeg = KeptSession | KeptArrival | KeptAttempt


def wire(text: str) -> bytes:
    """A peer's text as it came."""
    return text.encode("utf-8", "surrogateescape")


def text_of(wire: bytes) -> str:
    """And back."""
    return wire.decode("utf-8", "surrogateescape")
