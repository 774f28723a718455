"""The rows of trunks.toml: providers, and which of them carry which numbers; every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import (
    SESSION_TIMER_S,
    DigitMode,
    Identifier,
    ReliableRinging,
    SessionTimer,
    SrtpPolicy,
    TollRow,
)
from softswitch.config.settings import CodecName, MediaPorts
from softswitch.sip.trunks.limits import EXPIRES_MAX_S, NUMBER_CHARACTERS_MAX, RULES_MAX, TRUNKS_PER_ROUTE_MAX

Count = Annotated[int, Meta(ge=0, le=100_000)]
Status = Annotated[int, Meta(ge=300, le=699)]
NumberForm = Literal["as_is", "+e164", "e164", "national"]

Quirk = Literal[
    "from_user_is_account",
    "contact_user",
    "user_phone",
    "tel_identity",
    "ignore_183_without_sdp",
    "options_to_account",
    "service_route",
]
"""Peculiarities of providers; docs/configuration.md has a line on each."""


class NumberRuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """rules = [{...}] of a trunk: a change of its numbers of one kind."""

    number: Literal["called_out", "calling_out", "called_in", "calling_in"]
    prefix: str = ""
    """It is for numbers that begin so."""
    strip: Annotated[int, Meta(ge=0, le=NUMBER_CHARACTERS_MAX)] = 0
    """They lose so many characters,"""
    add: str = ""
    """and get this in front."""
    pattern: str = ""
    """Instead of all this: a regular expression for the whole number,"""
    replace: str = ""
    """and what becomes of it; \\1 is the first group."""


class TrunkRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[trunk]]: a telephone provider. Its calls are known by the address they come from, by the Contact we registered
    with it, or by a password.

    Nobody calls out through a trunk unless `permitted_callers` names him.
    """

    name: Identifier
    addresses: tuple[str, ...] = ()
    """IP addresses and networks whose INVITEs are the provider's."""
    host: str = ""
    """Where calls to the outside go; empty: none do."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: what the name's SRV records say, else that of the transport."""
    transport: Literal["udp", "tcp", "tls", "auto"] = "udp"
    """ "auto": what the name's records prefer."""
    tls_verify: bool = True
    """Whether the provider's certificate must be good, and name `host`."""
    tls_ca: str = ""
    """Who signs it; empty: as [tls] says."""
    domain: str = ""
    """The provider's SIP domain, where it is not `host`, which is his proxy then."""
    prefix: str = ""
    """Only numbers that begin with it take this trunk; the longest prefix wins. Not where [[outbound]] names it."""
    calling_number: str = ""
    """Shown to the network instead of the extension's own number."""
    username: str = ""
    """The account, for a provider that challenges our calls or wants us to register."""
    password: str = ""
    auth_username: str = ""
    """The user name of the digest, where it is not `username`."""
    realm: str = ""
    """Only this realm is told the digest of the password; empty: the one that has accepted our registration."""
    register: bool = False
    register_s: Annotated[int, Meta(ge=30, le=EXPIRES_MAX_S)] = 600
    """The expiry that is asked for; the provider's word counts."""
    accept_username: str = ""
    """Calls from any address are this trunk's if they know these two (another switch)."""
    accept_password: str = ""
    options_s: Annotated[float, Meta(ge=0, le=3600)] | None = None
    """OPTIONS are sent so often to see whether the provider is alive; 0: never. None: every minute where there is a
    `host`, and their being left without answer counts only once one was answered."""
    options_bad: tuple[Status, ...] = ()
    """Answers to OPTIONS that mean it is not."""
    down_after: Annotated[int, Meta(ge=1, le=100)] = 3
    """Failures in a row."""
    up_after: Annotated[int, Meta(ge=1, le=100)] = 2
    """Answers in a row."""
    channels: Count = 0
    """Calls at a time in both directions; 0: no limit."""
    channels_in: Count = 0
    channels_out: Count = 0
    calls_per_s: Annotated[float, Meta(ge=0, le=10_000)] = 0
    """Calls to the provider that begin in a second; 0: no limit."""
    identity: Literal["none", "p-asserted-identity", "p-preferred-identity", "remote-party-id"] = "none"
    """The header that says who calls, besides From."""
    trusted: bool = True
    """What it says of callers is believed, and it may learn hidden numbers."""
    diversion: Literal["none", "diversion", "history-info", "both"] = "both"
    """How it is told who has diverted a call."""
    called_number_from: Literal["request-uri", "to", "p-called-party-id"] = "request-uri"
    """Where the number called stands in its calls."""
    send_numbers_as: NumberForm = "as_is"
    receive_numbers_as: NumberForm = "as_is"
    country_code: str | None = None
    """How the provider writes numbers; None: as [numbers] says, here and in the next three."""
    national_prefix: str | None = None
    international_prefix: str | None = None
    national_digits: Annotated[int, Meta(ge=0, le=15)] | None = None
    rules: Annotated[tuple[NumberRuleRow, ...], Meta(max_length=RULES_MAX)] = ()
    """Of those for one kind of number the first that fits is applied."""
    quirks: tuple[Quirk, ...] = ()
    permitted_callers: tuple[str, ...] = ()
    """Ids of agents and phones that may call out; "*" is everybody who is registered."""
    srtp: SrtpPolicy = "off"
    dtmf: DigitMode = "auto"
    t38: bool = True
    prack: ReliableRinging = "supported"
    session_timer_s: SessionTimer = SESSION_TIMER_S
    follow_redirects: bool = False
    """Where the provider says to call instead (3xx): another number of this trunk."""
    codecs: tuple[CodecName, ...] = ()
    """Instead of those of [media]; empty: the same."""
    media_ports: MediaPorts | None = None
    """Whether this provider's callers share ports with others; None: as [media] says."""
    tls_only: bool = False
    """What comes from its addresses unencrypted is a stranger's."""
    toll: TollRow = TollRow()
    """Limits of all calls through this trunk together."""

    def permits(self, caller_id: str) -> bool:
        """Whether the agent or phone with this id may call out here."""
        return caller_id in self.permitted_callers or "*" in self.permitted_callers


class OutboundRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[outbound]]: which trunks carry a number, in the order in which they are tried."""

    number: str
    """A pattern as in numbers.toml; it fits the number as dialled, or in its international form."""
    trunks: Annotated[tuple[str, ...], Meta(min_length=1, max_length=TRUNKS_PER_ROUTE_MAX)]
    weights: dict[str, Annotated[int, Meta(ge=1, le=10_000)]] = {}
    """Neighbours in `trunks` that have weights share the calls in this proportion."""
    failover_on: tuple[Status, ...] = (401, 407, 408, 500, 502, 503, 504)
    """After these answers the next trunk is tried."""
    no_response_s: Annotated[float, Meta(ge=0.5, le=32)] = 5
    """And after so long without any,"""
    no_progress_s: Annotated[float, Meta(ge=0, le=180)] = 0
    """or so long without ringing; 0: as long as the caller waits."""
