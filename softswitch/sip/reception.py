"""What becomes of a request that begins something new: the checks of RFC 3261 section 8.2, and who may do what.

In this order, each with its answer:

| check                                                | otherwise                      |
|------------------------------------------------------|--------------------------------|
| the source does not flood, guess or scan             | silence, and soon a ban        |
| it is not meant for a dialog (To has a tag)          | 481                            |
| the method is known, and one of ours                 | 501, 405 with Allow            |
| it is no REFER: a transfer belongs to a call         | 403                            |
| the Request-URI has a scheme we speak                | 416                            |
| REGISTER: To is an address-of-record at all          | 400                            |
| an INVITE may still be forwarded (Max-Forwards)      | 483                            |
| it demands no extension we lack (Require)            | 420 with Unsupported           |
| it has not come by another way already               | 482                            |
| it is from a trunk's address, or for the Contact we  | 401; to a guesser silence      |
| registered with it, or knows its password            |                                |
| there is room for its transaction                    | 503 with Retry-After           |
| INVITE: a body we can read                           | 415 with Accept                |
| INVITE: the caller can read ours (Accept)            | 406                            |
| INVITE: room for a call, and we are not draining     | 503 with Retry-After           |
| INVITE: the dialog it replaces is one of ours        | 400, 481, 486, 603             |
| INVITE: reliable responses as configured (RFC 3262)  | 420 with Unsupported, or 421   |
| INVITE: a session interval that is not too short     | 422 with Min-SE (RFC 4028)     |
| REGISTER: the address-of-record is the user's own    | 404, 403                       |
| SUBSCRIBE, PUBLISH: events/ says                     | 489, 404, 403, 423, …          |

Until somebody is known, every answer is stateless: a flood costs no memory, and our tag is made of the request so that
repeating it gives the same answer. An unknown source and an unknown user get the same challenge, after the same work,
and so does a known one from a network or a transport that its account does not permit.
A REGISTER is always challenged, from wherever it comes.
"""

from collections.abc import Iterable

from softswitch.base.address import Flow
from softswitch.base.entropy import Entropy
from softswitch.base.ids import LegId
from softswitch.sip.authentication.auth_server import Accepted, DigestServer, Rejected
from softswitch.sip.authentication.digest import Credential, keyed_digest
from softswitch.sip.core import ACCEPT, ALLOW, ALLOWED_METHODS, CAPABILITIES, SUPPORTED, SipCore
from softswitch.sip.events.publications import NotPublished, Publications
from softswitch.sip.events.subscriptions import Subscriptions
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_names import LISTS
from softswitch.sip.messages.legible import legible, legible_uri
from softswitch.sip.messages.message import Request, make_response
from softswitch.sip.messages.methods import KNOWN_METHODS
from softswitch.sip.messages.option_tags import has_option
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import accepts_sdp, find_sdp, is_acceptable
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import (
    CloseFlow,
    InviteReceived,
    InviteSource,
    RegistrationChanged,
    SecurityEvent,
    SecurityKind,
)
from softswitch.sip.registration.gruu import instance_in, wants_gruu
from softswitch.sip.registration.registrar import OUTBOUND, NotRegistered, Registrar, contact_values
from softswitch.sip.routing.trunk_peers import is_encrypted
from softswitch.sip.security.guard import Guard
from softswitch.sip.security.networks import NetworkSet, source_of
from softswitch.sip.sessions.inbound_invite import InboundInvite
from softswitch.sip.sessions.replacing import find_replaced
from softswitch.sip.sessions.session_timer import is_too_brief
from softswitch.sip.settings import PLAIN_SESSION, SESSION_EXPIRES_MIN_S, Account, SessionPolicy, SipSettings
from softswitch.sip.trunks.identity import Caller, read_called, read_caller
from softswitch.sip.trunks.trunk_settings import ArrivalRules

KEPT_HEADERS = frozenset(
    {
        "alert-info",
        "call-info",
        "p-called-party-id",
        "priority",
        "privacy",
        "session-id",
        "subject",
        "user-agent",
    }
)
"""What InviteReceived passes on besides every X- header."""

TRUNK_HEADERS = KEPT_HEADERS | {"diversion", "history-info", "p-asserted-identity"}
"""And of a trunk's: a phone could have providers let out its calls, and bill them, in the name of others."""

Headers = Iterable[tuple[str, str]]

_UNTOUCHED = ArrivalRules()
"""How an INVITE is read if nobody says otherwise."""


class Reception:
    """Judges new requests outside dialogs. Requests must be valid and not known to the transaction table."""

    __slots__ = (
        "_arrivals",
        "_core",
        "_credentials",
        "_digest",
        "_entropy",
        "_publications",
        "_registrar",
        "_restricted",
        "_tag_key",
        "_trunk_accounts",
        "guard",
        "is_refusing",
        "subscriptions",
    )

    def __init__(self, core: SipCore, registrar: Registrar, entropy: Entropy, wall_offset: float = 0.0) -> None:
        self.guard = Guard(
            core.settings.guard, core.settings.access, core.trunks.networks, wall_offset, registrar.has_source
        )
        self.is_refusing = False
        """New INVITEs get 503: we drain, or have too much to do."""
        self._core = core
        self._registrar = registrar
        self.subscriptions = Subscriptions(core, wall_offset)
        self._publications = Publications(core)
        self._entropy = entropy
        self._tag_key = bytes.fromhex(entropy.token(256))
        self._credentials: dict[str, Credential] = {}
        self._trunk_accounts: dict[str, str] = {}
        """Trunks that prove who they are with a password: user names and whose they are."""
        self._arrivals: dict[str, ArrivalRules] = {}
        self._restricted: dict[str, tuple[Account, NetworkSet]] = {}
        """Accounts that may not come from everywhere, or not unencrypted."""
        self._digest = self._make_digest(core.settings)
        self._take_accounts(core.settings)

    def update(self, old: SipSettings, new: SipSettings) -> None:
        """New settings: nonces stay good unless realm or algorithms changed."""
        self.guard.update(new.guard, new.access, self._core.trunks.networks)
        if (old.realm, old.domain, old.algorithms) != (new.realm, new.domain, new.algorithms):
            self._digest = self._make_digest(new)
        self._take_accounts(new)

    # Inputs

    def receive(self, request: Request, flow: Flow, now: float) -> None:
        trunk = self._core.trunks.sender(flow)
        if trunk is None and self._core.lines:
            trunk = self._trunk_of_line(request, flow)
        if trunk is None and not self._registrar.knows(flow) and not self._is_welcome(request, flow, now):
            return
        if self._refuse_at_sight(request, flow):
            return
        username = ""
        if trunk is None or request.method == "REGISTER":
            username = self._authenticate(request, flow, now)
            if not username:
                return
            trunk = trunk or self._trunk_accounts.get(username)
        if self._core.is_full:
            self.refuse(request, flow, 503, self._core.try_later)
        elif request.method == "INVITE":
            source = InviteSource("account", username) if trunk is None else InviteSource("trunk", trunk)
            self._receive_invite(request, source, flow, now)
        elif request.method == "REGISTER":
            self._receive_register(request, username, flow, now)
        elif request.method == "SUBSCRIBE":
            self._receive_subscribe(request, username if trunk is None else "", flow, now)
        elif request.method == "PUBLISH":
            self._receive_publish(request, username if trunk is None else "", flow, now)
        else:
            self.refuse(request, flow, 200, CAPABILITIES)

    def refuse(
        self, request: Request, flow: Flow, status: int, headers: Headers = (), reason: str | None = None
    ) -> None:
        """Answer without a transaction. The tag is made of the request, so that its repetitions get the same one."""
        response = make_response(request, status, reason, to_tag=self._tag_for(request))
        response.headers.extend(headers)
        meters = self._core.transactions.meters
        meters.received(request.method)
        meters.answered(request.method, status)
        self._core.transmit(flow, response)

    # Private: who may

    def _trunk_of_line(self, request: Request, flow: Flow) -> str | None:
        """The trunk whose provider was told this Contact when we registered with it; calls come from any address."""
        uri = request.uri
        line = uri.params.get("line") if isinstance(uri, SipUri) and request.method != "REGISTER" else None
        name = None if line is None else self._core.lines.get(line)
        return name if name is None or self._core.trunks.may_come(name, flow) else None

    def _is_welcome(self, request: Request, flow: Flow, now: float) -> bool:
        source = flow.remote.host
        if scanner := self.guard.scanner(request):
            self._drop("scanner", flow, scanner, now)
            return False
        if not self.guard.admits(source, now):
            self._drop("flood", flow, request.method, now)
            return False
        return True

    def _drop(self, kind: SecurityKind, flow: Flow, detail: str, now: float) -> None:
        """Silence, and the end of the connection it came along."""
        self._emit(self.guard.drop(kind, flow.remote.host, detail, now))
        self._core.outputs.extend(self.guard.offend(kind, flow.remote.host, now, is_proven=flow.kind.is_reliable))
        if flow.kind.is_reliable:
            self._core.outputs.append(CloseFlow(flow))

    def _refuse_at_sight(self, request: Request, flow: Flow) -> bool:
        method = request.method
        if request.to.tag is not None or method in ("BYE", "CANCEL", "INFO", "NOTIFY", "PRACK", "UPDATE"):
            self.refuse(request, flow, 481)
        elif method not in KNOWN_METHODS:
            self.refuse(request, flow, 501, (("allow", ALLOW),))
        elif method not in ALLOWED_METHODS:
            self.refuse(request, flow, 405, (("allow", ALLOW),))
        elif method == "REFER":
            self.refuse(request, flow, 403)
        elif request.uri.scheme not in ("sip", "tel") and not (request.uri.scheme == "sips" and flow.kind.is_secure):
            self.refuse(request, flow, 416)
        elif method == "REGISTER" and not isinstance(request.to.uri, SipUri):
            self.refuse(request, flow, 400, reason="To Is No SIP URI")
        elif method == "INVITE" and request.max_forwards == 0:
            self.refuse(request, flow, 483)
        elif unsupported := unsupported_extensions(request):
            self.refuse(request, flow, 420, (("unsupported", unsupported),))
        elif self._core.transactions.is_merged(request):
            self.refuse(request, flow, 482)
        else:
            return False
        return True

    def _authenticate(self, request: Request, flow: Flow, now: float) -> str:
        """The user's name; "" if the request was challenged."""
        address = str(flow.remote)
        if not self.guard.may_try_password(address, now):
            self._drop("flood", flow, request.method, now)
            return ""
        values = request.get_all("authorization")
        host = flow.remote.host
        source = source_of(host)
        verdict = self._digest.check(values, request.method, request.uri_text, self._credentials.get, now, source)
        if verdict.username in self._restricted:
            verdict = self._restrict(verdict, flow)
        if isinstance(verdict, Accepted):
            self._core.outputs.extend(self.guard.note_success(host, now))
            aor = f"{verdict.username}@{self._core.settings.domain}"
            if flow.connection and request.method != "REGISTER" and self._core.returning.misses(aor):
                self._core.returning.proven(aor, self._registrar.bindings(aor), flow, now)
            return verdict.username
        self.guard.counters.challenged += 1
        if verdict.username and not verdict.stale:
            self.guard.counters.failures += 1
            self.guard.note_failure(source, now)
            self.guard.note_failure(address, now)
            self._emit(SecurityEvent("authentication", host, legible(f"{verdict.username}: {verdict.reason}")))
            self._core.outputs.extend(self.guard.offend("authentication", host, now, is_proven=True))
        elif not self._registrar.knows(flow):
            self._core.outputs.extend(self.guard.offend("challenge", host, now, is_proven=flow.kind.is_reliable))
        challenges = self._digest.challenge(now, stale=verdict.stale, source=source)
        self.refuse(request, flow, 401, [("www-authenticate", challenge) for challenge in challenges])
        return ""

    def _restrict(self, verdict: Accepted | Rejected, flow: Flow) -> Accepted | Rejected:
        """From where its account does not permit, a right password is a wrong one, in every answer."""
        account, networks = self._restricted[verdict.username]
        if account.is_tls_only and not is_encrypted(flow):
            return Rejected(False, "not encrypted", verdict.username)
        if networks and flow.remote.host not in networks:
            return Rejected(False, "not from this network", verdict.username)
        return verdict

    # Private: what is done

    def _receive_invite(self, request: Request, source: InviteSource, flow: Flow, now: float) -> None:
        core = self._core
        if not is_acceptable(request):
            self.refuse(request, flow, 415, (("accept", ACCEPT),))
            return
        if not accepts_sdp(request):
            self.refuse(request, flow, 406)
            return
        if self.is_refusing or len(core.legs) >= core.settings.limits.sessions_max:
            self.refuse(request, flow, 503, core.try_later)
            return
        replaces = None
        if request.get("replaces") is not None:
            replaces = self._find_replaced(request)
            if isinstance(replaces, int):
                self.refuse(request, flow, replaces)
                return
        policy = self._session_policy(source)
        if policy.reliable != "supported" and self._refuse_extension(request, policy, flow):
            return
        if is_too_brief(policy, request):
            self.refuse(request, flow, 422, (("min-se", str(SESSION_EXPIRES_MIN_S)),))
            return
        leg_id = LegId(core.entropy.token(48))
        leg = core.legs[leg_id] = InboundInvite.arrived(core, leg_id, request, flow, policy, now)
        caller, called = self._parties(request, source)
        max_forwards = request.max_forwards
        core.outputs.append(
            InviteReceived(
                leg_id=leg_id,
                flow=flow,
                source=source,
                calling_number=legible(caller.number),
                calling_name=legible(caller.name),
                called_number=legible(called),
                is_caller_hidden=caller.is_hidden,
                request_uri=legible_uri(request.uri_text),
                sip_call_id=legible(request.call_id),
                sdp=find_sdp(request),
                headers=_kept_headers(request, TRUNK_HEADERS if source.kind == "trunk" else KEPT_HEADERS),
                max_forwards=69 if max_forwards is None else min(max_forwards, 70) - 1,
                replaces=replaces,
                is_reliable=leg.is_reliable,
                instance=legible(instance_in(request.uri)),
            )
        )

    def _find_replaced(self, request: Request) -> LegId | int:
        """RFC 3891 section 3: the leg, or the status to refuse with. Join beside Replaces makes no sense."""
        try:
            replaces = Replaces.parse(request.require("replaces"))
        except Malformed as fault:
            return fault.status_hint or 400
        return 400 if request.get("join") is not None else find_replaced(self._core, replaces)

    def _session_policy(self, source: InviteSource) -> SessionPolicy:
        if source.kind == "account":
            account = self._core.settings.accounts.get(source.name)
            return PLAIN_SESSION if account is None else account.session
        return self._core.trunks.sessions.get(source.name, PLAIN_SESSION)

    def _refuse_extension(self, request: Request, policy: SessionPolicy, flow: Flow) -> bool:
        """Reliable provisional responses are demanded where they are off, or lacking where they are required."""
        if policy.reliable == "off" and has_option(request, "require", "100rel"):
            self.refuse(request, flow, 420, (("unsupported", "100rel"),))
            return True
        is_known = has_option(request, "supported", "100rel") or has_option(request, "require", "100rel")
        if policy.reliable == "required" and not is_known:
            self.refuse(request, flow, 421, (("require", "100rel"),))
            return True
        return False

    def _parties(self, request: Request, source: InviteSource) -> tuple[Caller, str]:
        """Who calls (an account's own number, or what a trunk asserts or claims), and the number called."""
        if source.kind == "account":
            account = self._core.settings.accounts[source.name]
            name = account.display_name or request.from_.display
            return Caller(number=account.caller_number or account.username, name=name), read_called(request)
        rules = self._arrivals.get(source.name, _UNTOUCHED)
        caller = read_caller(request, is_trusted=rules.is_trusted)
        called = read_called(request, rules.called_number_from)
        numbers = rules.numbers
        if numbers is not _UNTOUCHED.numbers:
            number = numbers.inbound(caller.number, "calling_in")
            caller = Caller(number=number, name=caller.name, is_hidden=caller.is_hidden)
            called = numbers.inbound(called, "called_in")
        return caller, called

    def _receive_register(self, request: Request, username: str, flow: Flow, now: float) -> None:
        core = self._core
        to = request.to.uri
        if not isinstance(to, SipUri) or not self._is_our_domain(to.host):
            self.refuse(request, flow, 404)
            return
        if to.user != username or username in self._trunk_accounts:
            self._emit(self.guard.report("forbidden", flow.remote.host, f"{username} registers {to.user}", now))
            self._core.outputs.extend(self.guard.offend("forbidden", flow.remote.host, now, is_proven=True))
            self.refuse(request, flow, 403)
            return
        aor = f"{username}@{core.settings.domain}"
        result = self._registrar.register(aor, request, flow, now)
        exchange = core.transactions.open(request, flow)
        if isinstance(result, NotRegistered):
            response = make_response(request, result.status, result.reason, to_tag=self._tag_for(request))
            response.headers.extend(result.headers)
        else:
            response = make_response(request, 200, to_tag=self._tag_for(request))
            response.headers.extend(contact_values(result.bindings, now, has_gruu=wants_gruu(request)))
            if request.get("path") is not None:
                response.headers.extend(("path", path) for path in request.get_all("path"))
            if result.is_outbound:
                response.headers.append(("require", OUTBOUND))
                if flow.kind.is_reliable:
                    response.headers.append(("flow-timer", str(core.settings.registration.flow_timer_s)))
        exchange.respond(response, now)
        if not isinstance(result, NotRegistered) and result.is_changed:
            core.returning.registered(result.bindings, flow, now)
            core.outputs.append(RegistrationChanged(aor, result.bindings))

    def _receive_subscribe(self, request: Request, username: str, flow: Flow, now: float) -> None:
        if not self._is_ours(request):
            self.refuse(request, flow, 404)
            return
        refusal = self.subscriptions.subscribe(request, username, flow, now)
        if refusal is not None:
            self.refuse(request, flow, refusal.status, refusal.headers, refusal.reason)

    def _receive_publish(self, request: Request, username: str, flow: Flow, now: float) -> None:
        if not self._is_ours(request):
            self.refuse(request, flow, 404)
            return
        result = self._publications.publish(request, username, now)
        if isinstance(result, NotPublished):
            self.refuse(request, flow, result.status, result.headers, result.reason)
            return
        response = make_response(request, 200, to_tag=self._tag_for(request))
        response.headers.append(("expires", str(result.expires_s)))
        response.headers.append(("sip-etag", result.tag))
        self._core.transactions.open(request, flow).respond(response, now)

    def _is_ours(self, request: Request) -> bool:
        return isinstance(request.uri, SipUri) and self._is_our_domain(request.uri.host)

    def _is_our_domain(self, host: str) -> bool:
        settings = self._core.settings
        return host == settings.domain or host in settings.aliases or self._core.addresses.is_our_host(host)

    # Private: the rest

    def _emit(self, event: SecurityEvent | None) -> None:
        if event is not None:
            self._core.outputs.append(event)

    def _tag_for(self, request: Request) -> str:
        identity = f"{request.get('via')}\n{request.get('call-id')}\n{request.get('cseq')}"
        return keyed_digest(self._tag_key, identity.encode("utf-8", "surrogateescape"), 8).hex()

    def _make_digest(self, settings: SipSettings) -> DigestServer:
        secret = bytes.fromhex(self._entropy.token(256))
        return DigestServer(settings.realm or settings.domain, settings.algorithms, self._entropy, secret)

    def _take_accounts(self, settings: SipSettings) -> None:
        realm = settings.realm or settings.domain
        self._credentials = {name: _credential(account, realm) for name, account in settings.accounts.items()}
        trunk_accounts = {peer.account.username: peer.account for peer in settings.trunks if peer.account}
        self._trunk_accounts = {peer.account.username: peer.name for peer in settings.trunks if peer.account}
        self._credentials |= {name: _credential(account, realm) for name, account in trunk_accounts.items()}
        self._arrivals = {peer.name: peer.arrival for peer in settings.trunks}
        self._restricted = {
            name: (account, NetworkSet(account.allowed_from))
            for name, account in (settings.accounts | trunk_accounts).items()
            if account.is_tls_only or account.allowed_from
        }


def unsupported_extensions(request: Request) -> str:
    """The option tags of Require we do not know, as the value of Unsupported; "" if there are none."""
    if request.get("require") is None:
        return ""
    return ", ".join(tag for tag in request.get_all("require") if tag.lower() not in SUPPORTED)


def _credential(account: Account, realm: str) -> Credential:
    return Credential(
        username=account.username,
        realm=realm,
        password=account.password or None,
        ha1_md5=account.ha1_md5 or None,
        ha1_sha256=account.ha1_sha256 or None,
        ha1_sha512_256=account.ha1_sha512_256 or None,
    )


def _kept_headers(request: Request, names: frozenset[str]) -> dict[str, str]:
    """What a call's flow may look at; several headers of one name are one list, as they are on the wire."""
    kept: dict[str, str] = {}
    for header, value in request.headers:
        if header in names or header.startswith("x-"):
            name, text = legible(header), legible(value)
            kept[name] = f"{kept[name]}, {text}" if name in kept and header in LISTS else text
    return kept
