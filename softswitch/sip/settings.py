"""What a SIP endpoint is told: who it is, who may use it, its timers and its bounds.

Frozen values; `SipEndpoint.update_settings` replaces them as a whole, calls and registrations go on.
"""

from functools import cached_property
from typing import Literal

import msgspec

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.messages.uri import AbsoluteUri, Uri
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.trunk_settings import ArrivalRules, LinkSettings

SESSION_EXPIRES_MIN_S = 90
"""The shortest session interval we take or ask for; RFC 4028 section 5 allows none shorter."""

SESSION_EXPIRES_MAX_S = 14_400
"""The longest session interval we take or ask for: a call whose other end is gone must not last a day."""

ReliablePolicy = Literal["off", "supported", "required"]


class SessionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How calls with one phone or trunk are conducted, as far as the RFCs leave it open.

    `reliable` (RFC 3262): "off" does not know reliable provisional responses, "supported" uses them where the peer
    requires them, "required" wherever the peer can, and refuses a peer that cannot.
    `session_expires_s` (RFC 4028) is how long a session lasts without a refresh; 0: no session timer.
    `follows_redirects`: where a 3xx points to is worth knowing; following it is for whoever has called.
    """

    reliable: ReliablePolicy = "supported"
    session_expires_s: int = 0
    follows_redirects: bool = False

    @property
    def option_tags(self) -> str:
        """The value of Supported."""
        reliable = "" if self.reliable == "off" else "100rel, "
        return f"{reliable}replaces, timer" if self.session_expires_s else f"{reliable}replaces"


PLAIN_SESSION = SessionPolicy()


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose phone may register and call: the password as text, or its digest hashes (HA1).

    With neither he cannot prove who he is, and is answered as if he did not exist.
    """

    username: str
    password: str = ""
    ha1_md5: str = ""
    ha1_sha256: str = ""
    ha1_sha512_256: str = ""
    caller_number: str = ""
    """Shown as calling number; the user name when empty."""
    display_name: str = ""
    session: SessionPolicy = PLAIN_SESSION
    allowed_from: tuple[str, ...] = ()
    """Networks its phone may come from; empty: any."""
    is_tls_only: bool = False
    """Its password counts for nothing on a connection that is not encrypted."""
    watched_by: tuple[str, ...] | None = None
    """User names that may watch his calls, presence, mailbox and registration; None: everybody the first two."""


class TrunkPeer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody known by address: requests from these addresses are never challenged.

    `addresses` are IP addresses or CIDR networks, each optionally with a port: "203.0.113.5", "198.51.100.0/24",
    "127.0.0.1:5070", "[2001:db8::1]:5060". `server` is a name that is looked up; where it leads is theirs as well.
    """

    name: str
    addresses: tuple[str, ...] = ()
    server: Wanted | None = None
    session: SessionPolicy = PLAIN_SESSION
    account: Account | None = None
    """Somebody who proves who he is by digest instead (another switch), from wherever he calls."""
    link: LinkSettings | None = None
    """What we send him on our own; None: nothing."""
    capacity: CapacitySettings = CapacitySettings()
    arrival: ArrivalRules = ArrivalRules()
    is_tls_only: bool = False
    """What comes from there unencrypted is a stranger's."""


class AccessList(msgspec.Struct, frozen=True, kw_only=True):
    """Networks that may, or may not, speak to one listener; with `kind` and `local` None, to all of them."""

    kind: TransportKind | None = None
    local: HostPort | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request goes.

    `uri` becomes the Request-URI. `flow`, when known (a binding's), is the path it takes; else the first of `route`,
    or `uri`, names an address or a host whose servers are looked up (RFC 3263). `route` are URIs, in order (a
    binding's path). `kind` is what it travels by where the URI does not say.
    """

    uri: str
    flow: Flow | None = None
    route: tuple[str, ...] = ()
    kind: TransportKind | None = None
    others: tuple[Flow, ...] = ()
    """Further flows to the same phone (RFC 5626 section 7), tried in turn where an INVITE finds nobody on the first."""


class RegistrationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long bindings live, in seconds, and how many an address-of-record may have."""

    expires_min_s: int = 60
    expires_default_s: int = 3600
    expires_max_s: int = 7200
    contacts_max: int = 10
    flow_timer_s: int = 120
    """How often a phone with flows of RFC 5626 is told to show on a stream connection that it is there."""


class EventPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Of subscriptions and publications, in seconds: how long they last, and how often a watcher is told."""

    expires_min_s: int = 60
    expires_default_s: int = 3600
    expires_max_s: int = 3600
    notify_every_s: float = 0.5
    """A lamp that changes twice in this time shows the second state only."""

    def expires_s(self, asked_s: int | None) -> int | None:
        """For how long, 0 for not at all; None if what is asked for is too short."""
        if asked_s is None:
            return self.expires_default_s
        return None if 0 < asked_s < self.expires_min_s else min(asked_s, self.expires_max_s)


class GuardSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much strangers may ask. Trunks and the flows of registered phones are exempt."""

    requests_per_s: float = 50.0
    """Sustained rate of new requests from one address: an office of some hundred phones behind one NAT still starts."""
    burst: float = 200.0
    failures_per_s: float = 0.2
    """Wrong passwords forgiven per second and address: a guesser gets 17,000 a day, a forgetful phone never notices."""
    failures_burst: float = 30.0
    scanners: tuple[str, ...] = (
        "friendly-scanner",
        "sipvicious",
        "sipcli",
        "sip-scan",
        "sundayddr",
        "iwar",
        "pplsip",
        "vaxsipuseragent",
    )
    """Lower-case parts of User-Agent values that get no answer at all."""
    ban_after: int = 40
    """Offences (security/bans.py) after which a source is banned; 0: nobody ever is."""
    ban_s: float = 300.0
    ban_max_s: float = 86_400.0
    neighbours: int = 5
    """So many banned addresses of one /24 get all of it banned; 0: never."""
    never_ban: tuple[str, ...] = ()
    """Networks that are never banned, like those of trunks."""


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What the endpoint holds at most; over the bound a new request gets 503 with Retry-After."""

    sessions_max: int = 10_000
    """INVITE sessions, both directions: twice the calls one switch process is measured for."""
    transactions_max: int = 200_000
    """A transaction lives 32 s after its answer on UDP: this is 6,000 requests a second."""
    bindings_max: int = 50_000
    """Registered contacts over all addresses-of-record; each costs about 2 KiB."""


class SipSettings(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All of it. `domain` is the host part of every address-of-record; `aliases` are other names phones may use for it.

    `realm` (digest) is `domain` when empty; changing it makes every HA1 wrong.
    `advertised` maps a local host to the one to be written into Via and Contact (a public address before a NAT);
    "0.0.0.0" stands for every local host that is not named. A listener on a wildcard needs no entry of its own: the
    transports know which local address a peer is reached from.
    `hosts` maps host names to IP addresses, as /etc/hosts does: for these nobody is asked.
    """

    domain: str
    realm: str = ""
    aliases: frozenset[str] = frozenset()
    user_agent: str = "softswitch"
    algorithms: tuple[str, ...] = ("MD5", "SHA-256")
    """Challenged with, in this order ("SHA-512-256" is the third there is); old phones read only the first."""
    accounts: dict[str, Account] = {}
    trunks: tuple[TrunkPeer, ...] = ()
    advertised: dict[str, str] = {}
    hosts: dict[str, str] = {}
    failover_s: float = 4.0
    """A server that says nothing for so long is left for the next one of its name."""
    retry_after_s: int = 5
    """What a refused caller is told while the switch drains or is overloaded."""
    timers: SipTimers = SipTimers()
    registration: RegistrationPolicy = RegistrationPolicy()
    guard: GuardSettings = GuardSettings()
    access: tuple[AccessList, ...] = ()
    limits: SessionLimits = SessionLimits()
    events: EventPolicy = EventPolicy()
    places: frozenset[str] = frozenset()
    """User parts behind which there are calls but no account, such as parking slots: every account may watch theirs.
    Where there is an account of that name or number, it is meant."""

    def account_of(self, uri: Uri) -> Account | None:
        """Whom a URI means by user name or number; its host has been looked at."""
        user = None if isinstance(uri, AbsoluteUri) else uri.user
        if not user:
            return None
        return self.accounts.get(user) or self._by_number.get(user)

    @cached_property
    def _by_number(self) -> dict[str, Account]:
        return {account.caller_number: account for account in self.accounts.values() if account.caller_number}
