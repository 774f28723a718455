"""An INVITE that was sent to us by somebody who may call, until it is answered, refused or withdrawn (section 13.3).

```
 PROCEEDING ──accept──► ANSWERED   (an InviteSession goes on with the leg)
     ├──reject, hang_up──► ENDED: final response, LegEnded by="local"
     └──CANCEL, BYE──────► ENDED: 487, LegEnded by="remote"
```

The dialog exists from the start under the tag that all our responses carry, so that a BYE in the early dialog finds
its way. While nobody answers, the last provisional response is repeated every minute, lest a proxy on the way gives
the caller up (13.3.1.1).

A caller whose stream connection is lost (returning.py) has to be back soon, or the call is over.

Where provisional responses are reliable (RFC 3262; `SessionPolicy.reliable` says when) the 2xx waits until all of them
have arrived, and a description in one of them is the answer to the INVITE's offer, for good; or our offer, if the
INVITE had none, and the PRACK brings the answer. From then on either side may offer anew, the caller in a PRACK or
UPDATE, we in an UPDATE.
"""

from typing import Literal

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.kept import KeptArrival, text_of, wire
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.option_tags import allows, has_option
from softswitch.sip.messages.reason import read_cause
from softswitch.sip.messages.session_body import SDP, find_sdp
from softswitch.sip.outputs import LegEnded, ProgressConfirmed
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.following_leg import FollowingLeg
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.leg_watch import LegWatch
from softswitch.sip.sessions.reliable_provisional import RAck, ReliableProvisionals
from softswitch.sip.sessions.revived_dialog import revive_dialog
from softswitch.sip.sessions.session_offers import SessionOffers
from softswitch.sip.sessions.session_timer import Headers
from softswitch.sip.sessions.within_dialog import answer_simply
from softswitch.sip.settings import SessionPolicy
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import ServerExchange

PROVISIONAL_EVERY_S = 60.0

CALLER_BACK_WITHIN_S = 10.0
"""A caller who has lost the connection along which he calls has mostly given the call up with it (RFC 3261 section
8.1.3.1), and nobody should answer a page that is closed. Some come back."""


class InboundInvite(FollowingLeg):
    """Registers itself as its dialog's user and as its transaction's. Either `arrived`, or adopted."""

    __slots__ = (
        "_accepted_headers",
        "_accepted_sdp",
        "_answered_before",
        "_described",
        "_exchange",
        "_invite",
        "_is_over",
        "_offers",
        "_packet",
        "_policy",
        "_reliable",
        "_status",
        "is_answer_missing",
        "leg_id",
    )

    is_answered = False
    is_confirmed = False
    is_ack_missing = False

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        invite: Request,
        *,
        exchange: ServerExchange,
        dialog: Dialog,
        source: Flow,
        policy: SessionPolicy,
    ) -> None:
        super().__init__(core, dialog, source)
        self.leg_id = leg_id
        self.is_answer_missing = False
        """Our offer is in a reliable response, and the answer has not come."""
        self._invite = invite
        self._policy = policy
        self._status = 100
        self._packet = b""
        self._is_over = False
        self._described = b""
        """Our description, if a reliable response has it."""
        self._accepted_sdp: bytes | None = None
        """With which the owner has accepted; the 2xx waits."""
        self._accepted_headers: Headers = ()
        self._offers: SessionOffers | None = None
        self._answered_before = -1
        """Requests of the peer's up to this number another process has seen."""
        self._exchange = exchange
        exchange.user = self
        exchange.to_tag = dialog.local_tag
        self._reliable = (
            ReliableProvisionals(core, self._exchange, invite.cseq.number, self._never_acknowledged)
            if uses_reliable(policy, invite)
            else None
        )
        core.dialogs[dialog.id] = self

    @classmethod
    def arrived(
        cls, core: SipCore, leg_id: LegId, invite: Request, flow: Flow, policy: SessionPolicy, now: float
    ) -> "InboundInvite":
        """A new one; 100 is sent."""
        exchange = core.transactions.open(invite, flow)
        dialog = Dialog.of_callee(invite, core.entropy.token(64), flow)
        core.route(dialog, flow)
        leg = cls(core, leg_id, invite, exchange=exchange, dialog=dialog, source=flow, policy=policy)
        dialog.watch = LegWatch(leg_id, core.outputs)
        exchange.respond(make_response(invite, 100), now)
        return leg

    @classmethod
    def adopt(cls, core: SipCore, kept: KeptArrival, invite: Request, now: float) -> "InboundInvite":
        """Go on with one that another process had; nothing is sent unless a 2xx was waiting."""
        dialog, source = revive_dialog(core, kept.dialog, kept.source)
        exchange = core.transactions.adopt(kept.transaction, source, kept.packet)
        leg = cls(core, kept.leg_id, invite, exchange=exchange, dialog=dialog, source=source, policy=kept.policy)
        dialog.watch = LegWatch(kept.leg_id, core.outputs)
        core.legs[kept.leg_id] = leg
        leg._resume(kept, now)
        return leg

    def keep(self) -> KeptArrival:
        return KeptArrival(
            leg_id=self.leg_id,
            invite=self._invite.serialize(),
            transaction=self._exchange.keep(),
            dialog=self._dialog.keep(),
            source=self.source,
            policy=self._policy,
            status=self._status,
            packet=self._exchange.last_packet,
            described=self._described,
            is_answer_missing=self.is_answer_missing,
            reliable=None if self._reliable is None else self._reliable.keep(),
            accepted=self._accepted_sdp,
            accepted_headers=tuple([(wire(name), wire(value)) for name, value in self._accepted_headers]),
            offers=None if self._offers is None else self._offers.keep(),
        )

    @property
    def is_reliable(self) -> bool:
        """Provisional responses arrive for certain."""
        return self._reliable is not None

    @property
    def is_accepted(self) -> bool:
        """Its owner has answered; the 2xx waits."""
        return self._accepted_sdp is not None

    # Inputs from the user

    def progress(self, status: int, sdp: bytes, now: float) -> None:
        if self._is_over or self._accepted_sdp is not None:
            return
        response = self._response(status)
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("allow", ALLOW))
        if sdp and not self._described:
            response.headers.append(("content-type", SDP))
            response.body = sdp
        self._status = status
        if self._reliable is not None:
            self._describe(response.body)
            self._reliable.send(response, now)
            if self._dialog.watch is not None:
                self._dialog.watch.changed()  # its number must not be used again
        else:
            self._packet = response.serialize()
            self._exchange.respond_packet(status, self._packet, now)
        self._wait(now)

    def accept(self, sdp: bytes, now: float, headers: Headers = ()) -> None:
        if self._is_over or self._accepted_sdp is not None:
            return
        self._accepted_sdp = sdp
        self._accepted_headers = headers
        self._core.deadlines.cancel(self)
        self._accept_if_free(now)

    def reject(self, status: int, reason: str | None, headers: tuple[tuple[str, str], ...], now: float) -> None:
        if self._is_over:
            return
        response = self._response(status, reason)
        for name, value in headers:
            response.add(name, value)
        self._end(response, LegEnded(self.leg_id, "local", response.reason, status), now)

    def hang_up(self, reason: str | None, now: float) -> None:
        """Nobody will answer: 480, with a Reason header if one is given."""
        self.reject(480, None, () if reason is None else (("reason", reason),), now)

    def has_early_dialog(self, call_id: str, tags: set[str]) -> bool:
        """It is the peer who has called."""
        return False

    def reinvite(self, sdp: bytes, now: float) -> None:
        """Offer a changed session: by UPDATE once that is possible, else as soon as the call is answered."""
        if not self._is_over:
            self._open_offers().offer(sdp, now)

    def answer_reinvite(self, sdp: bytes, now: float) -> None:
        if not self._is_over and self._offers is not None:
            self._offers.answer(sdp, now)

    def refuse_reinvite(self, status: int, now: float) -> None:
        if not self._is_over and self._offers is not None:
            self._offers.refuse(status, now)

    def replaces_for_peer(self) -> None:
        """Only he may replace it."""

    # Inputs from the dialog

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        number = request.cseq.number
        is_repeated = number <= self._answered_before and request.method not in ("BYE", "UPDATE", "PRACK")
        if number < (self._dialog.remote_cseq or 0) and number > self._answered_before:
            self._core.answer(request, flow, 500, now)
            return
        self._dialog.remote_cseq = max(number, self._dialog.remote_cseq or 0)
        self.move_to(flow, now)
        if is_repeated:
            self._core.answer(request, flow, 200, now)
        elif request.method == "BYE":
            self._core.answer(request, flow, 200, now)
            self._withdraw("bye", read_cause(request), now)
        elif request.method == "INVITE":
            self._core.answer(request, flow, 500, now, headers=(("retry-after", "5"),))
        elif request.method == "PRACK":
            self._receive_prack(request, flow, now)
        elif request.method == "UPDATE":
            self._open_offers().receive_update(request, flow, now)
        else:
            answer_simply(self._core, self.leg_id, request, flow, now)

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        """There is no 2xx yet: it belongs to the transaction."""
        return False

    def receive_stray(self, response: Response, flow: Flow, now: float) -> bool:
        """Nothing is answered."""
        return False

    # Inputs from the transaction

    def invite_cancelled(self, exchange: ServerExchange, now: float, cause: int) -> None:
        self._withdraw("cancelled", cause, now)

    def invite_settled(self, exchange: ServerExchange, fact: Fact, now: float) -> None:
        """Our refusal has arrived, or never will."""

    # Inputs from the offers

    @property
    def owes_answer(self) -> bool:
        return not self._described

    def accept_reinvite(
        self, invite: Request, exchange: ServerExchange, sdp: bytes, headers: Headers, now: float
    ) -> None:
        """Never: a second INVITE is refused before the first is answered."""

    def offers_settled(self, now: float) -> None:
        self._accept_if_free(now)

    def session_lost(self, by: Literal["remote", "timeout"], reason: str, status: int, now: float) -> None:
        if not self._is_over:
            self._end(self._response(480), LegEnded(self.leg_id, by, reason, status), now)

    # Time

    def handle_timeout(self, now: float) -> None:
        """The minute is over: repeat the last provisional response. Or the caller is not back."""
        if self._is_over:
            return
        if self.source.is_lost:
            self._withdraw("connection lost", 0, now)
        elif self._reliable is not None:
            self.progress(self._status, b"", now)
        else:
            self._exchange.respond_packet(self._status, self._packet, now)
            self._wait(now)

    # Private

    def _wait(self, now: float) -> None:
        """For the owner to answer; meanwhile somebody is told so, or is missing."""
        if self._accepted_sdp is not None:
            return
        if self.source.is_lost:
            self._core.deadlines.set(self, now + CALLER_BACK_WITHIN_S)
        elif self._status > 100:
            self._core.deadlines.set(self, now + PROVISIONAL_EVERY_S)
        else:
            self._core.deadlines.cancel(self)

    def _resume(self, kept: KeptArrival, now: float) -> None:
        self._answered_before = kept.dialog.remote_cseq or 0
        self._status = kept.status
        self._described = kept.described
        self.is_answer_missing = kept.is_answer_missing
        if self._reliable is not None and kept.reliable is not None:
            self._reliable.adopt(kept.reliable, now)
        elif kept.status > 100:
            self._packet = kept.packet
        self._wait(now)
        if kept.offers is not None:
            self._open_offers().adopt(kept.offers, now)
        if kept.accepted is not None:
            headers = tuple([(text_of(name), text_of(value)) for name, value in kept.accepted_headers])
            self.accept(kept.accepted, now, headers)

    def _go_on(self, now: float) -> None:
        self._wait(now)
        if self._offers is not None:
            self._offers.move_to(self.source, now)

    def _follow(self, flow: Flow) -> None:
        if self._exchange.flow == self.source:
            self._exchange.flow = flow
        super()._follow(flow)

    def _response(self, status: int, reason: str | None = None) -> Response:
        return make_response(self._invite, status, reason, to_tag=self._exchange.to_tag)

    def _describe(self, sdp: bytes) -> None:
        if sdp:
            self._described = sdp
            self.is_answer_missing = not self._invite.body

    def _open_offers(self) -> SessionOffers:
        if self._offers is None:
            self._offers = SessionOffers(
                self._core, self.leg_id, self._dialog, self, is_caller=False, policy=self._policy, challenge=None
            )
            self._offers.peer_updates = allows(self._invite, "UPDATE")
            self._offers.described = self._described
        return self._offers

    def _receive_prack(self, prack: Request, flow: Flow, now: float) -> None:
        """RFC 3262 section 3. One that acknowledges nothing that waits for it gets 481."""
        if self._reliable is None or not self._reliable.is_meant(RAck.of(prack)):
            self._core.answer(prack, flow, 200 if prack.cseq.number <= self._answered_before else 481, now)
            return
        if self._dialog.watch is not None:
            self._dialog.watch.changed()
        sdp = find_sdp(prack)
        if self.is_answer_missing:
            self._core.answer(prack, flow, 200, now)
            if not sdp:
                self._end(self._response(488), LegEnded(self.leg_id, "remote", "no answer in PRACK", 488), now)
                return
            self.is_answer_missing = False
            self._core.outputs.append(ProgressConfirmed(self.leg_id, sdp))
        elif prack.body:
            self._open_offers().receive_prack(prack, flow, now)
        else:
            self._core.answer(prack, flow, 200, now)
        self._reliable.acknowledged(now)
        self._accept_if_free(now)
        if not self._is_over and self._offers is not None:
            self._offers.go_on(now)

    def _never_acknowledged(self, now: float) -> None:
        """RFC 3262 section 3: the INVITE is refused with 5xx."""
        self._end(self._response(504), LegEnded(self.leg_id, "timeout", "no PRACK", 408), now)

    def _accept_if_free(self, now: float) -> None:
        """The 2xx goes once every reliable response has arrived and no offer of the peer's waits for its answer."""
        if self._accepted_sdp is None or self._is_over:
            return
        if self._reliable is not None and self._reliable.is_waiting:
            return
        if self._offers is not None and self._offers.has_incoming:
            return
        session = InviteSession(
            self._core,
            self.leg_id,
            self._dialog,
            source=self.source,
            is_caller=False,
            policy=self._policy,
            challenge=None,
            offers=self._offers,
        )
        self._core.legs[self.leg_id] = session
        response = self._response(200)
        for name, value in self._accepted_headers:
            response.add(name, value)
        response.headers.extend(session.offers.agree(self._invite, now))
        sdp = b"" if self._described else self._accepted_sdp
        session.accept(self._invite, self._exchange, response, sdp, now)
        self._let_go()

    def _withdraw(self, reason: str, cause: int, now: float) -> None:
        if not self._is_over:
            self._end(self._response(487), LegEnded(self.leg_id, "remote", reason, 487, cause), now)

    def _end(self, response: Response, ended: LegEnded, now: float) -> None:
        self._core.dialogs.pop(self._dialog.id, None)
        self._core.legs.pop(self.leg_id, None)
        if self._reliable is not None:
            self._reliable.stop()
        if self._offers is not None:
            self._offers.withdraw(now)
            self._offers.let_go()
        self._exchange.respond(response, now)
        self._core.outputs.append(ended)
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing any more: the heap of deadlines keeps what it was given until that time comes."""
        self._is_over = True
        self._core.deadlines.cancel(self)
        self._core.returning.leave(self.source, self)
        del self._core, self._dialog, self._exchange, self._invite, self._packet, self._offers, self._reliable


def uses_reliable(policy: SessionPolicy, invite: Request) -> bool:
    """Whether our provisional responses to this INVITE are reliable."""
    if policy.reliable == "off":
        return False
    return has_option(invite, "require", "100rel") or (
        policy.reliable == "required" and has_option(invite, "supported", "100rel")
    )
