"""Who calls, and who diverted the call: what a provider says of it, and what he is told.

RFC 3325: P-Asserted-Identity is believed, and sent together with `Privacy: id`, only where there is trust. To anybody
else a caller who hides his number is anonymous throughout (RFC 3323 section 4.1.1.3: anonymous.invalid). Some providers
speak Remote-Party-ID instead. Diversion (RFC 5806) has the newest diversion first, History-Info (RFC 7044) the oldest;
here the oldest is first.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import msgspec

from softswitch.sip.messages.grammar import Malformed, split_list
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.uri import SipUri, unescape
from softswitch.sip.trunks.limits import DIVERSIONS_MAX

IdentityHeader = Literal["none", "p-asserted-identity", "p-preferred-identity", "remote-party-id"]
DiversionHeader = Literal["none", "diversion", "history-info", "both"]
CalledNumberFrom = Literal["request-uri", "to", "p-called-party-id"]

ANONYMOUS_HOST = "anonymous.invalid"
ANONYMOUS_NAME = "Anonymous"

_CAUSES = {
    "unconditional": 302,
    "user-busy": 486,
    "no-answer": 408,
    "unavailable": 503,
    "deflection": 487,
    "away": 480,
    "do-not-disturb": 480,
    "unknown": 404,
}
"""Reasons of RFC 5806 and the causes that RFC 4458 section 3 has for them."""


class Diversion(msgspec.Struct, frozen=True):
    """Somebody was called, and his phone or switch passed the call on: `reason` as "unconditional", "user-busy",
    "no-answer", "unavailable", "deflection", "unknown"."""

    number: str
    reason: str = "unknown"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls. `is_hidden`: whoever is called must not learn it."""

    number: str
    name: str = ""
    is_hidden: bool = False


class IdentityRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one provider wants to be told who calls. `domain` is the host of every URI that names a number.

    `account`: the user part of From, whoever calls; "" for the number. `is_trusted`: he may learn hidden numbers.
    """

    domain: str
    header: IdentityHeader = "none"
    is_trusted: bool = True
    diversion: DiversionHeader = "none"
    account: str = ""
    is_tel: bool = False
    has_user_phone: bool = False


class Introduction(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into an INVITE."""

    from_uri: str
    from_display: str
    headers: tuple[tuple[str, str], ...] = ()


def introduce(caller: Caller, rules: IdentityRules, called: str, diversions: Iterable[Diversion] = ()) -> Introduction:
    """The From, the identity headers and the diversions of an INVITE to a provider for the number `called`."""
    is_named = bool(caller.number) and (rules.is_trusted or not caller.is_hidden)
    headers: list[tuple[str, str]] = []
    if rules.header != "none" and is_named:
        headers.append((rules.header, _identity(caller, rules)))
    if caller.is_hidden:
        headers.append(("privacy", "id"))
    if rules.diversion != "none":
        headers += diverted(tuple(diversions), rules, called)
    if rules.account:
        from_uri = str(SipUri(user=rules.account, host=rules.domain))
    elif caller.is_hidden:
        from_uri = str(SipUri(user="anonymous", host=ANONYMOUS_HOST))
    else:
        from_uri = uri_of(caller.number or "anonymous", rules.domain, has_user_phone=rules.has_user_phone)
    display = ANONYMOUS_NAME if caller.is_hidden else caller.name
    return Introduction(from_uri=from_uri, from_display=display, headers=tuple(headers))


def uri_of(number: str, domain: str, *, has_user_phone: bool = False) -> str:
    """The SIP URI of a number at a host."""
    params: dict[str, str | None] = {"user": "phone"} if has_user_phone else {}
    return str(SipUri(user=number, host=domain, params=params))


def read_caller(request: Request, *, is_trusted: bool) -> Caller:
    """Who calls, by an INVITE from a provider: what he asserts if he is trusted, otherwise what From says."""
    sender = request.from_
    party, is_hidden = sender, _is_anonymous(sender)
    if is_trusted:
        party = _asserted(request) or sender
        if party is sender and request.get("remote-party-id") is not None:
            remote = next((each for each in _addresses(request.get_all("remote-party-id")) if each.user), None)
            if remote is not None:
                party = remote
                is_hidden |= (remote.params.get("privacy") or "off").lower() in ("full", "uri", "yes")
    privacy = request.get("privacy")
    if privacy is not None:
        wishes = {wish.strip().lower() for wish in privacy.replace(",", ";").split(";")}
        is_hidden |= bool(wishes & {"id", "user", "header", "full"})
    number = "" if _is_anonymous(party) else _user(party)
    name = "" if is_hidden and party is sender else party.display or sender.display
    return Caller(number=number, name=name, is_hidden=is_hidden)


def read_called(request: Request, source: CalledNumberFrom = "request-uri") -> str:
    """The number called, from where this provider writes it; from the Request-URI if it is not there."""
    number = ""
    if source == "to":
        number = _user(request.to)
    elif source == "p-called-party-id" and request.get("p-called-party-id") is not None:
        number = next((_user(each) for each in _addresses(request.get_all("p-called-party-id"))), "")
    return number or _without_parameters(getattr(request.uri, "user", None))


def read_diversions(headers: Mapping[str, str]) -> tuple[Diversion, ...]:
    """Who passed the call on before it came here, the first one first: from Diversion, else from History-Info."""
    if value := headers.get("diversion"):
        diverted = [
            Diversion(_user(each), (each.params.get("reason") or "unknown").strip('"').lower())
            for each in _addresses(split_list(value))
        ]
        return tuple(reversed(diverted))
    if value := headers.get("history-info"):
        entries = sorted(_addresses(split_list(value)), key=_index)
        return tuple(Diversion(_user(entry), _reason_of(target)) for entry, target in pairwise(entries))
    return ()


def _identity(caller: Caller, rules: IdentityRules) -> str:
    if rules.is_tel and caller.number.removeprefix("+").isdecimal():
        uri = f"tel:{caller.number}"
    else:
        uri = uri_of(caller.number, rules.domain, has_user_phone=rules.has_user_phone)
    params: dict[str, str | None] = {}
    if rules.header == "remote-party-id":
        params = {"party": "calling", "screen": "yes", "privacy": "full" if caller.is_hidden else "off"}
    return str(NameAddr(caller.name, uri, params))


def diverted(diversions: Sequence[Diversion], rules: IdentityRules, called: str) -> list[tuple[str, str]]:
    """What an INVITE for the number `called` says of who passed the call on, in the headers that `rules` want.

    `diversions` have the oldest first; of too many the newest are told.
    """
    diversions = diversions[-DIVERSIONS_MAX:]
    headers: list[tuple[str, str]] = []
    if rules.diversion in ("diversion", "both"):
        for each in reversed(diversions):
            uri = uri_of(each.number, rules.domain, has_user_phone=rules.has_user_phone)
            reason = each.reason if each.reason in _CAUSES else "unknown"
            headers.append(("diversion", f"<{uri}>;reason={reason};counter=1;privacy=off"))
    if diversions and rules.diversion in ("history-info", "both"):
        index, params = "1", dict[str, str | None]()
        for each in diversions:
            headers.append(("history-info", _entry(each.number, rules.domain, params, index)))
            index += ".1"
            params = dict[str, str | None](cause=str(_CAUSES.get(each.reason, 404)))
        headers.append(("history-info", _entry(called, rules.domain, params, index)))
    return headers


def _entry(number: str, domain: str, params: dict[str, str | None], index: str) -> str:
    return f"<{SipUri(user=number, host=domain, params=params)}>;index={index}"


def _asserted(request: Request) -> NameAddr | None:
    """The first P-Asserted-Identity with a number (there may be a SIP and a tel URI, section 9.1)."""
    if request.get("p-asserted-identity") is None:
        return None
    return next((each for each in _addresses(request.get_all("p-asserted-identity")) if each.user), None)


def _addresses(values: Iterable[str]) -> list[NameAddr]:
    """Those that can be read, as far as the bound."""
    found: list[NameAddr] = []
    for value in values:
        try:
            address = NameAddr.parse(value)
            _ = address.user
        except Malformed:
            continue
        found.append(address)
        if len(found) == DIVERSIONS_MAX:
            break
    return found


def _is_anonymous(address: NameAddr) -> bool:
    uri = address.uri
    if not isinstance(uri, SipUri):
        return False
    return uri.host == ANONYMOUS_HOST or (uri.user or "").lower() == "anonymous"


def _user(address: NameAddr) -> str:
    return _without_parameters(address.user)


def _without_parameters(user: str | None) -> str:
    """Without the parameters a telephone number in a user part may have (RFC 3261 section 19.1.6)."""
    return (user or "").partition(";")[0]


def _index(entry: NameAddr) -> list[int]:
    """History-Info's index as numbers; what cannot be read stays where it is, at the end."""
    parts = (entry.params.get("index") or "").split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        return [1 << 20]
    return [int(part) for part in parts]


def _reason_of(entry: NameAddr) -> str:
    """Why the entry before this one was left: the cause of RFC 4458 in this one's URI."""
    uri = entry.uri
    cause = unescape(uri.params.get("cause") or "") if isinstance(uri, SipUri) else ""
    return next((reason for reason, code in _CAUSES.items() if str(code) == cause), "unknown")
