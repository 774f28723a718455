"""Our own requests outside any dialog: OPTIONS to a trunk, REGISTER as a phone sends it, and the INVITE to begin with.

`build_request` makes the message (RFC 3261 section 8.1.1); `PlainRequest` carries one that is no INVITE through its
transaction, answers a challenge with the credentials it was given, and reports RequestFinished once.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from softswitch.base.address import Flow
from softswitch.base.errors import LocalError
from softswitch.sip.authentication.challenge_reply import TRIES_MAX, ChallengeReply
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.core import SipCore
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.uri import SipUri, parse_uri
from softswitch.sip.outputs import RequestFinished
from softswitch.sip.routing.server_location import Wanted
from softswitch.sip.sessions.client_requests import repeat_request
from softswitch.sip.sessions.dialog import is_loose, route_uri
from softswitch.sip.settings import Target
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange

ANONYMOUS = "sip:anonymous@anonymous.invalid"


def build_request(
    core: SipCore,
    method: str,
    target: Target,
    flow: Flow | None,
    *,
    from_uri: str,
    from_display: str = "",
    to_uri: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    call_id: str | None = None,
    cseq: int = 1,
    max_forwards: int = 70,
) -> Request:
    """A request with a Via, From tag and Call-ID of our own. `headers` come last and may be any but these.

    The Via is empty as long as `flow` is not known.
    Raises LocalError for a header that would break the message.
    """
    uri, routes = target.uri, list(target.route)
    if routes and not is_loose(routes[0]):
        uri, routes = route_uri(routes[0]), [*routes[1:], f"<{target.uri}>"]
    request = Request(method, uri)
    request.headers = [
        ("via", "" if flow is None else core.make_via(flow)),
        ("max-forwards", str(max_forwards)),
        *[("route", route if route.startswith("<") else f"<{route}>") for route in routes],
        ("call-id", call_id or core.entropy.token(128)),
        ("cseq", f"{cseq} {method}"),
        ("user-agent", core.settings.user_agent),
    ]
    sender = NameAddr(from_display, from_uri if is_uri(from_uri) else ANONYMOUS, {"tag": core.entropy.token(64)})
    request.add("from", str(sender))
    request.add("to", f"<{to_uri or target.uri}>")
    for name, value in headers:
        request.add(name, value)
    request.body = body
    return request


def is_uri(text: str) -> bool:
    """Whether this may stand in a start line or between angle brackets. Numbers come from peers, and some are odd."""
    try:
        parse_uri(text)
    except Malformed:
        return False
    return True


def way_to(core: SipCore, target: Target) -> Flow | Wanted | None:
    """The flow of a request, or the name to be looked up first; None if it cannot be sent."""
    if not is_uri(target.uri):
        return None
    if target.flow is not None:
        return core.addresses.rehome(target.flow)
    return core.next_hop.first_way(target.uri, target.route, target.kind)


class RequestUser(Protocol):
    """Who hears what became of a request, instead of whoever reads the endpoint's outputs."""

    def request_finished(self, finished: RequestFinished, now: float) -> None: ...


OwnContact = Callable[[Flow], str]
"""The value of a Contact of ours, which depends on the way."""


class PlainRequest:
    """Sent when made; with `flow` None, when the name it goes to has been `found`.

    Reports RequestFinished with `request_id` exactly once, to `user` if there is one. Of several servers the next is
    tried as an INVITE does it (outbound_invite.py).
    """

    __slots__ = ("_challenge", "_contact", "_core", "_exchange", "_others", "_request", "_request_id", "_user")

    def __init__(
        self,
        core: SipCore,
        request_id: int,
        request: Request,
        flow: Flow | None,
        challenge: ChallengeReply | None,
        user: RequestUser | None,
        contact: OwnContact | None,
        now: float,
    ) -> None:
        self._core = core
        self._user = user
        self._request_id = request_id
        self._request = request
        self._challenge = challenge
        self._contact = contact
        self._others: list[Flow] = []
        """Servers still to be tried."""
        self._exchange: ClientExchange | None = None
        if flow is not None:
            self._send(request, flow, now)

    def found(self, flows: list[Flow], now: float) -> None:
        """Where the name leads; nowhere, if there are none."""
        self._others = flows
        if not self._try_next(now):
            self._finish(RequestFinished(self._request_id, 503, "No Route to Target"), now)

    def handle_timeout(self, now: float) -> None:
        """The server has been given its time."""
        if self._exchange is not None and self._others:
            self._exchange.user = NOBODY
            self._try_next(now)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if self._others:
            self._core.deadlines.cancel(self)
        if response.status < 200:
            return
        if response.status == 503 and self._try_next(now):
            return
        self._exchange = None
        if response.status in (401, 407) and self._challenge is not None:
            again = repeat_request(self._core, self._request, exchange.flow, self._request.cseq.number + 1)
            if self._challenge.authorize(again, response):
                self._send(again, exchange.flow, now)
                return
        self._finish(
            RequestFinished(
                self._request_id,
                response.status,
                legible(response.reason),
                tuple((legible(name), legible(value)) for name, value in response.headers),
                response.body,
            ),
            now,
        )

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if self._try_next(now):
            return
        self._exchange = None
        status, reason = (408, "Request Timeout") if fact is Fact.TIMED_OUT else (503, "Connection Failed")
        self._finish(RequestFinished(self._request_id, status, reason), now)

    def _finish(self, finished: RequestFinished, now: float) -> None:
        if self._user is None:
            self._core.outputs.append(finished)
        else:
            self._user.request_finished(finished, now)

    def _try_next(self, now: float) -> bool:
        """Send the request to the next server; False if there is none."""
        if not self._others:
            return False
        core, flow = self._core, self._others.pop(0)
        again = repeat_request(core, self._request, flow, self._request.cseq.number)
        if self._contact is not None:
            again.set("contact", self._contact(flow))
        self._send(again, flow, now)
        if self._others:
            core.deadlines.set(self, now + core.settings.failover_s)
        return True

    def _send(self, request: Request, flow: Flow, now: float) -> None:
        self._request = request
        self._exchange = self._core.transactions.send(request, flow, self, now)


class _NoRoute:
    """A request that could not be sent at all: its user hears so when he has its number."""

    __slots__ = ("_request_id", "_user")

    def __init__(self, user: RequestUser, request_id: int) -> None:
        self._user = user
        self._request_id = request_id

    def handle_timeout(self, now: float) -> None:
        self._user.request_finished(RequestFinished(self._request_id, 503, "No Route to Target"), now)


class PlainRequests:
    """Numbers our requests outside dialogs, and remembers what a registrar wants to see going on."""

    __slots__ = ("_core", "_last_id", "_registrations")

    def __init__(self, core: SipCore) -> None:
        self._core = core
        self._last_id = 0
        self._registrations: dict[tuple[str, str], tuple[str, int]] = {}
        """Call-ID and last CSeq of our own REGISTERs, by From and target (section 10.2)."""

    def send(
        self,
        method: str,
        target: Target,
        way: Flow | Wanted | None,
        from_uri: str,
        *,
        to_uri: str | None,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        credentials: Credential | None,
        now: float,
    ) -> int:
        """Send a request; RequestFinished with the number returned follows. `way` None: there is none."""
        if method in ("INVITE", "ACK", "CANCEL", "BYE"):
            raise LocalError(f"{method} cannot be sent with request(); use the commands of legs.")
        core = self._core
        self._last_id += 1
        if way is None:
            core.outputs.append(RequestFinished(self._last_id, 503, "No Route to Target"))
            return self._last_id
        flow = way if isinstance(way, Flow) else None
        call_id, cseq = self._sequence(method, from_uri, target.uri)
        request = build_request(
            core,
            method,
            target,
            flow,
            from_uri=from_uri,
            to_uri=to_uri,
            headers=headers,
            body=body,
            call_id=call_id,
            cseq=cseq,
        )
        contact: OwnContact | None = None
        if method == "REGISTER" and request.get("contact") is None:
            contact = self._own_contact(request)
            if flow is not None:
                request.headers.append(("contact", contact(flow)))
        challenge = None if credentials is None else ChallengeReply(credentials, core.entropy)
        sent = PlainRequest(core, self._last_id, request, flow, challenge, None, contact, now)
        if isinstance(way, Wanted):
            core.look_up(way, sent.found, now)
        return self._last_id

    def send_for(
        self,
        user: RequestUser,
        method: str,
        target: Target,
        from_uri: str,
        *,
        headers: Iterable[tuple[str, str]],
        challenge: ChallengeReply | None,
        line: str,
        now: float,
    ) -> int:
        """Send a request of a part of the endpoint's own, which hears what becomes of it after this has returned.

        The Contact of a REGISTER is marked with `line`.
        """
        core = self._core
        self._last_id += 1
        way = core.next_hop.first_way(target.uri, target.route, target.kind)
        if way is None:
            core.deadlines.set(_NoRoute(user, self._last_id), now)
            return self._last_id
        flow = way if isinstance(way, Flow) else None
        call_id, cseq = self._sequence(method, from_uri, target.uri)
        request = build_request(
            core,
            method,
            target,
            flow,
            from_uri=from_uri,
            to_uri=from_uri if method == "REGISTER" else None,
            headers=headers,
            call_id=call_id,
            cseq=cseq,
        )
        contact = self._own_contact(request, line) if line else None
        if contact is not None and flow is not None:
            request.add("contact", contact(flow))
        sent = PlainRequest(core, self._last_id, request, flow, challenge, user, contact, now)
        if isinstance(way, Wanted):
            core.look_up(way, sent.found, now)
        return self._last_id

    def _own_contact(self, request: Request, line: str = "") -> OwnContact:
        """A Contact with the user part of From, marked with `line` if there is one."""
        sender = request.from_.uri
        user = (sender.user_text if isinstance(sender, SipUri) else None) or ""
        addresses = self._core.addresses
        if not line:
            return lambda flow: addresses.contact_of(user, flow)
        return lambda flow: f"{addresses.contact_of(user, flow).removesuffix('>')};line={line}>"

    def _sequence(self, method: str, from_uri: str, target_uri: str) -> tuple[str, int]:
        """Call-ID and CSeq: new ones, but a REGISTER goes on where the last one for the same was.

        Each may cost further numbers when it is challenged, so room is left for them.
        """
        if method != "REGISTER":
            return self._core.entropy.token(128), 1
        call_id, last = self._registrations.get((from_uri, target_uri), (self._core.entropy.token(128), 0))
        self._registrations[(from_uri, target_uri)] = (call_id, last + 1 + TRIES_MAX)
        return call_id, last + 1
