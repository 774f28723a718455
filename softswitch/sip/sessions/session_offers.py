"""Offers within a dialog, both ways: re-INVITE (RFC 3261 section 14), UPDATE (RFC 3311), PRACK (RFC 3262 section 5).

A dialog has one `SessionOffers`, from its early days to its end. It holds at most:

* one offer of the peer that the owner has not answered, whatever request it came in;
* one offer or refresh of ours: on the wire, waiting for its turn, or waiting to be repeated after a 491.

While the dialog is early ours go as UPDATE, if the peer allows it and the INVITE's own offer has got its answer
reliably; afterwards as re-INVITE. A refresh of the session timer is an UPDATE without SDP if the peer allows it, else a
re-INVITE with the description that is in force, unchanged.

Who meets whom (RFC 3261 14.1, 14.2; RFC 3311 5.2):

| the peer's re-INVITE or UPDATE meets            | answer                                                    |
|-------------------------------------------------|-----------------------------------------------------------|
| our re-INVITE or UPDATE on the wire             | 491; the peer's 491 to ours makes us wait at random,      |
|                                                 | 2.1-4 s if the Call-ID is ours, else 0-2 s                |
| our 2xx whose ACK is missing (UPDATE: whose     | 491: it overtook the ACK                                  |
| answer is missing)                              |                                                           |
| an earlier offer of his, unanswered, even the   | 500 with Retry-After 0-10                                 |
| INVITE's own                                    | (his to ours, of which another process has made the       |
|                                                 | first, makes us wait as long)                             |
| nothing, and it has no SDP (UPDATE)             | 200                                                       |
| nothing                                         | ReinviteReceived; the owner answers                       |
"""

from typing import Literal, Protocol

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import ACCEPT, ALLOW, SipCore
from softswitch.sip.kept import KeptOffers
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.option_tags import allows
from softswitch.sip.messages.parser import parse
from softswitch.sip.messages.session_body import SDP, find_sdp, is_acceptable
from softswitch.sip.outputs import ReinviteAnswered, ReinviteFailed, ReinviteReceived, ReinviteWithdrawn
from softswitch.sip.sessions.client_requests import read_retry_after
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.incoming_offer import TRYING_AFTER_S, IncomingOffer, Trying
from softswitch.sip.sessions.sent_in_dialog import SentReinvite, SentUpdate
from softswitch.sip.sessions.session_refreshes import SessionRefreshes
from softswitch.sip.sessions.session_timer import REFRESHED_SOON_S, Headers, SessionTerms, is_too_brief, min_se
from softswitch.sip.settings import SESSION_EXPIRES_MIN_S, SessionPolicy
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import ServerExchange

OFFERED_AGAIN_AFTER_S = 1.0
"""An offer that another process had made waits so long: what the peer says to the first one comes before. And one
whose connection broke: the peer may have no time just now."""

INTERRUPTIONS_MAX = 5
"""A peer that closes every connection along which we make an offer, or never has time, does not want to talk."""

OVERTAKEN_MAX_S = 10
"""Who is still at an earlier offer wants ours again within that time (RFC 3261 section 14.2)."""

RAISES_MAX = 2
"""How often in a row a longer interval is tried because of a 422: the second says what the first one's proxy hid."""


class OffersHost(Protocol):
    """The early or answered session the offers belong to."""

    source: Flow
    is_confirmed: bool
    """The first INVITE is answered and acknowledged."""

    @property
    def is_ack_missing(self) -> bool:
        """A 2xx of ours to an INVITE waits for its ACK."""
        ...

    @property
    def is_answer_missing(self) -> bool:
        """An offer of ours outside `SessionOffers` waits for its answer: in the 2xx, a reliable 1xx, or the INVITE."""
        ...

    @property
    def owes_answer(self) -> bool:
        """The INVITE's own offer has got no answer of ours that counts."""
        ...

    def accept_reinvite(
        self, invite: Request, exchange: ServerExchange, sdp: bytes, headers: Headers, now: float
    ) -> None:
        """Answer with 2xx and wait for the ACK."""
        ...

    def offers_settled(self, now: float) -> None:
        """Nothing of the peer's waits any more."""
        ...

    def session_lost(self, by: Literal["remote", "timeout"], reason: str, status: int, now: float) -> None:
        """The peer knows the session no more, or does not answer; `reason` is plain text of our own or legible."""
        ...


class SessionOffers:
    """See the module. `host` changes once, when the early session is answered."""

    __slots__ = (
        "_challenge",
        "_core",
        "_dialog",
        "_incoming",
        "_interruptions",
        "_is_caller",
        "_is_over",
        "_is_waiting",
        "_leg_id",
        "_needs_refresh",
        "_offered",
        "_policy",
        "_raises",
        "_refreshes",
        "_sent",
        "_trying",
        "_wanted",
        "described",
        "has_changed",
        "host",
        "peer_updates",
    )

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        dialog: Dialog,
        host: OffersHost,
        *,
        is_caller: bool,
        policy: SessionPolicy,
        challenge: ChallengeReply | None,
    ) -> None:
        self.host = host
        self.peer_updates = False
        """The peer takes UPDATE, as far as is known."""
        self.described = b""
        """Our description in force."""
        self.has_changed = False
        """Offer and answer were exchanged here: what the INVITE and its answer described is not in force any more."""
        self._core = core
        self._leg_id = leg_id
        self._dialog = dialog
        self._is_caller = is_caller
        """The Call-ID is ours."""
        self._policy = policy
        self._challenge = challenge
        self._incoming: IncomingOffer | None = None
        self._trying: Trying | None = None
        self._sent: SentReinvite | SentUpdate | None = None
        self._wanted: bytes | None = None
        """The offer that goes next."""
        self._offered = b""
        """What the owner's offer on the wire describes; b"" while it is a mere refresh."""
        self._needs_refresh = False
        self._is_waiting = False
        """A 491, or a change of process, makes ours wait."""
        self._is_over = False
        self._refreshes = SessionRefreshes(
            core.deadlines, policy, dialog, on_refresh=self._refresh, on_expiry=self._expired
        )
        self._raises = 0
        self._interruptions = 0
        """How often in a row ours was not even looked at: the connection broke, or an earlier one was before it."""

    def adopt(self, kept: KeptOffers, now: float) -> None:
        """Go on with those of another process. To be told of once the host is complete."""
        self.described = kept.described
        self.has_changed = kept.has_changed
        self.peer_updates = kept.peer_updates
        if kept.interval_s:
            terms = SessionTerms(kept.interval_s, kept.is_refresher)
            self._refreshes.adopt(terms, self._core.entropy.uniform(1.0, REFRESHED_SOON_S), now)
        if kept.offering:
            self._wanted = kept.offering
            self._wait(OFFERED_AGAIN_AFTER_S, now)
        asked = parse(kept.asked) if kept.asked else None
        if isinstance(asked, Request):
            self._take(asked, self._open(asked, self.host.source), now)

    def keep(self) -> KeptOffers:
        terms = self._refreshes.terms or SessionTerms(0, False)
        return KeptOffers(
            described=self.described,
            offering=self._wanted or (b"" if self._sent is None else self._offered),
            asked=b"" if self._incoming is None else self._incoming.request.serialize(),
            has_changed=self.has_changed,
            peer_updates=self.peer_updates,
            interval_s=terms.interval_s,
            is_refresher=terms.is_ours,
        )

    # Inputs from the user

    def offer(self, sdp: bytes, now: float) -> None:
        """Offer a changed session; if something is in the way, later. A newer offer replaces a waiting one."""
        self._wanted = sdp
        self.go_on(now)
        self._changed()

    def answer(self, sdp: bytes, now: float) -> None:
        if self._incoming is None:
            return
        request, exchange = self._take_incoming(self._incoming)
        self.described = sdp
        self.has_changed = True
        self._changed()
        self._dialog.refresh_target(request)
        self._core.route(self._dialog, self.host.source)
        headers = self._refreshed_by(request, now)
        if request.method == "INVITE":
            self.host.accept_reinvite(request, exchange, sdp, headers, now)
        else:
            exchange.respond(self._answer_to(request, sdp, headers), now)
            self._settled(now)

    def refuse(self, status: int, now: float) -> None:
        if self._incoming is None:
            return
        request, exchange = self._take_incoming(self._incoming)
        exchange.respond(make_response(request, status), now)
        self._changed()
        self._settled(now)

    # Inputs from the host

    def go_on(self, now: float) -> None:
        """Send ours unless something is in the way."""
        if self._wanted is None and not self._needs_refresh:
            return
        if self._incoming or self._sent or self._is_waiting or self._is_over or self._dialog.flow.is_lost:
            return
        host = self.host
        if host.is_answer_missing or host.owes_answer:
            return
        sdp = self._offered = self._wanted or b""
        as_update = self.peer_updates and not (host.is_confirmed and sdp)
        if not as_update and (not host.is_confirmed or host.is_ack_missing):
            return
        self._wanted, self._needs_refresh = None, False
        if as_update:
            self._sent = SentUpdate(self._core, self._dialog, sdp, self, self._challenge, self._refreshes.headers, now)
        else:
            sdp = sdp or self.described
            self._sent = SentReinvite(
                self._core, self._dialog, sdp, self, self._challenge, self._refreshes.headers, now
            )

    def move_to(self, flow: Flow, now: float) -> None:
        """The peer's connection is this one from now on; what he has come to say goes before what we have."""
        if self._incoming is not None:
            self._incoming.exchange.flow = flow
        if self._sent is None and (self._wanted is not None or self._needs_refresh):
            self._wait(OFFERED_AGAIN_AFTER_S, now)

    def withdraw(self, now: float) -> None:
        """The session is over: the peer's offer is answered with 487; nobody waits for ours any more."""
        self._is_over = True
        self._core.deadlines.cancel(self)
        self._refreshes.stop()
        if self._incoming is not None:
            request, exchange = self._take_incoming(self._incoming)
            exchange.respond(make_response(request, 487), now)
        if self._sent is not None:
            self._sent.session_ended(now)

    def let_go(self) -> None:
        """The session, withdrawn, is forgotten."""
        del self.host

    @property
    def is_caller(self) -> bool:
        """The Call-ID is ours."""
        return self._is_caller

    @property
    def policy(self) -> SessionPolicy:
        return self._policy

    @property
    def option_tags(self) -> str:
        return self._policy.option_tags

    @property
    def has_incoming(self) -> bool:
        """The peer waits for an answer."""
        return self._incoming is not None

    # The session timer

    def agree(self, invite: Request, now: float) -> Headers:
        """We accept the first INVITE: what our 2xx says about the session timer."""
        if not self._policy.session_expires_s:
            return ()
        if invite.get("session-expires") is None and invite.get("supported") is None:
            return ()
        return self._refreshed_by(invite, now)

    def agreed(self, response: Response, now: float) -> None:
        """The peer has accepted an INVITE or UPDATE of ours with this 2xx."""
        self._refreshes.answered(response, now)
        self._note_allow(response)

    def _refreshed_by(self, request: Request, now: float) -> Headers:
        """We accept a request that refreshes the session: what our 2xx says."""
        headers = self._refreshes.requested(request, now)
        self._note_allow(request)
        return headers

    def _note_allow(self, message: Request | Response) -> None:
        if self._refreshes.terms is not None and message.get("allow") is not None:
            self.peer_updates = allows(message, "UPDATE")

    def _refresh(self, now: float) -> None:
        self._needs_refresh = True
        self._raises = 0
        self.go_on(now)

    def _expired(self, now: float) -> None:
        if not self._is_over:
            self.host.session_lost("timeout", "session timer expired", 408, now)

    # Inputs from the dialog

    def receive_reinvite(self, request: Request, flow: Flow, now: float) -> None:
        if self._sent is not None or self.host.is_ack_missing:
            self._core.answer(request, flow, 491, now)
        elif self._may_take(request, flow, now):
            self._take(request, self._open(request, flow), now)

    def receive_update(self, request: Request, flow: Flow, now: float) -> None:
        if not request.body:
            if self._may_refresh(request, flow, now):
                self._dialog.refresh_target(request)
                self._core.route(self._dialog, self.host.source)
                response = self._answer_to(request, b"", self._refreshed_by(request, now))
                self._core.transactions.open(request, flow).respond(response, now)
        elif self._sent is not None or self.host.is_answer_missing:
            self._core.answer(request, flow, 491, now)
        elif self._may_take(request, flow, now):
            self._take(request, self._open(request, flow), now)

    def receive_prack(self, request: Request, flow: Flow, now: float) -> None:
        """One that is in order and carries an offer."""
        if self._may_take(request, flow, now):
            self._take(request, self._open(request, flow), now)

    # Inputs from the peer's re-INVITE

    def invite_cancelled(self, exchange: ServerExchange, now: float, cause: int) -> None:
        if self._incoming is not None and self._incoming.exchange is exchange:
            self.refuse(487, now)
            self._core.outputs.append(ReinviteWithdrawn(self._leg_id))

    def invite_settled(self, exchange: ServerExchange, fact: Fact, now: float) -> None:
        """Our refusal has arrived, or never will."""

    # Inputs from our own requests

    def offer_answered(self, response: Response, now: float) -> None:
        sent, self._sent = self._sent, None
        if self._is_over:
            return
        self._raises = self._interruptions = 0
        self.agreed(response, now)
        if sent is not None and sent.sdp:
            self.described = sent.sdp
            self.has_changed = self.has_changed or bool(self._offered)
            self._core.outputs.append(ReinviteAnswered(self._leg_id, find_sdp(response)))
        self.go_on(now)

    def offer_refused(self, response: Response, now: float) -> None:
        sent, self._sent = self._sent, None
        if sent is None or self._is_over:
            return
        sdp = self._offered
        if response.status == 491:
            self._repeat(sdp)
            uniform = self._core.entropy.uniform
            self._wait(uniform(2.1, 4.0) if self._is_caller else uniform(0.0, 2.0), now)
        elif response.status == 500 and self._is_overtaken(response):
            self._repeat(sdp)
            self._wait(max(float(read_retry_after(response) or 0), OFFERED_AGAIN_AFTER_S), now)
        elif response.status == 422 and self._refreshes.terms is not None and self._raises < RAISES_MAX:
            self._raises += 1
            self._refreshes.lengthen(min_se(response))
            self._repeat(sdp)
            self.go_on(now)
        elif response.status in (405, 501) and isinstance(sent, SentUpdate):
            self.peer_updates = False
            self._repeat(sdp)
            self.go_on(now)
        elif response.status in (408, 481):
            self.host.session_lost("remote", legible(response.reason), response.status, now)
        else:
            self._interruptions = 0
            if sdp:
                self._core.outputs.append(ReinviteFailed(self._leg_id, response.status))
                self._changed()
            self.go_on(now)

    def offer_interrupted(self, now: float) -> None:
        if self._is_over:
            self._sent = None
            return
        if self._is_interrupted_too_often():
            self.offer_failed(Fact.BROKEN, now)
            return
        self._sent = None
        self._repeat(self._offered)
        self._wait(OFFERED_AGAIN_AFTER_S, now)

    def offer_failed(self, fact: Fact, now: float) -> None:
        self._sent = None
        if self._is_over:
            return
        reason = "no answer to re-INVITE" if fact is Fact.TIMED_OUT else "connection lost"
        self.host.session_lost("timeout", reason, 408, now)

    # Time

    def handle_timeout(self, now: float) -> None:
        """The wait is over."""
        if self._is_waiting:
            self._is_waiting = False
            self.go_on(now)

    # Private

    def _changed(self) -> None:
        """An offer has begun, or is over: else the next process would not make it, or make or answer it once more."""
        if self._dialog.watch is not None:
            self._dialog.watch.changed()

    def _is_interrupted_too_often(self) -> bool:
        self._interruptions += 1
        return self._interruptions > INTERRUPTIONS_MAX

    def _is_overtaken(self, refusal: Response) -> bool:
        """The peer is still at an earlier one, of another process (RFC 3261 section 14.2): ours is to come again."""
        seconds = read_retry_after(refusal)
        return seconds is not None and seconds <= OVERTAKEN_MAX_S and not self._is_interrupted_too_often()

    def _wait(self, seconds: float, now: float) -> None:
        self._is_waiting = True
        self._core.deadlines.set(self, now + seconds)

    def _repeat(self, sdp: bytes) -> None:
        if sdp:
            self._wanted = self._wanted or sdp
        else:
            self._needs_refresh = True

    def _may_take(self, request: Request, flow: Flow, now: float) -> bool:
        """Whether an offer may come at all now; if not, it is answered."""
        if self._incoming is not None or self.host.owes_answer:
            seconds = int(self._core.entropy.uniform(0.0, 10.99))
            self._core.answer(request, flow, 500, now, headers=(("retry-after", str(seconds)),))
        elif not is_acceptable(request):
            self._core.answer(request, flow, 415, now, headers=(("accept", ACCEPT),))
        else:
            return self._may_refresh(request, flow, now)
        return False

    def _may_refresh(self, request: Request, flow: Flow, now: float) -> bool:
        if is_too_brief(self._policy, request):
            self._core.answer(request, flow, 422, now, headers=(("min-se", str(SESSION_EXPIRES_MIN_S)),))
            return False
        return True

    def _open(self, request: Request, flow: Flow) -> ServerExchange:
        exchange = self._core.transactions.open(request, flow)
        if request.method == "INVITE":
            exchange.user = self
        return exchange

    def _take(self, request: Request, exchange: ServerExchange, now: float) -> None:
        self._incoming = IncomingOffer(request, exchange)
        if request.method == "INVITE":
            self._trying = Trying(self._incoming)
            self._core.deadlines.set(self._trying, now + TRYING_AFTER_S)
        self._core.outputs.append(ReinviteReceived(self._leg_id, find_sdp(request)))

    def _take_incoming(self, incoming: IncomingOffer) -> IncomingOffer:
        """It is answered now."""
        self._incoming = None
        if self._trying is not None:
            self._core.deadlines.cancel(self._trying)
            self._trying = None
        return incoming

    def _answer_to(self, request: Request, sdp: bytes, headers: Headers) -> Response:
        """200 to an UPDATE or PRACK."""
        response = make_response(request, 200)
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("allow", ALLOW))
        response.headers.extend(headers)
        if sdp:
            response.headers.append(("content-type", SDP))
            response.body = sdp
        return response

    def _settled(self, now: float) -> None:
        self.host.offers_settled(now)
        self.go_on(now)
