"""The session an answered INVITE made: re-INVITE both ways, INFO, OPTIONS, and its end (RFC 3261 sections 14, 15).

An InviteSession begins with a 2xx, ours or the peer's, and lives in one dialog. Besides the dialog it has at most:

* one 2xx of ours that waits for its ACK (`AnsweredInvite`): until then no BYE and no re-INVITE of ours may go out
  (15, 14.1), so both wait for it; if the ACK never comes, BYE;
* one re-INVITE of the peer that the owner has not answered;
* one re-INVITE of ours, on the wire (`SentReinvite`), waiting for its turn, or waiting to be repeated after a 491.

Who meets whom (14.1, 14.2):

| the peer's re-INVITE meets             | answer                                                   |
|----------------------------------------|----------------------------------------------------------|
| our re-INVITE on the wire              | 491; the peer's 491 to ours makes us wait at random,      |
|                                        | 2.1-4 s if the Call-ID is ours, else 0-2 s                |
| our 2xx whose ACK is missing           | 491: it overtook its own ACK                              |
| an earlier re-INVITE of his, unanswered| 500 with Retry-After 0-10                                 |
| nothing                                | ReinviteReceived; the owner answers                       |
"""

from typing import Literal

from softswitch.base.address import Flow
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import ACCEPT, ALLOW, SipCore
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import SDP, find_sdp, is_acceptable
from softswitch.sip.outputs import (
    LegConfirmed,
    LegEnded,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
)
from softswitch.sip.sessions.answered_invite import AnsweredInvite
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.refer import REFER_METHODS, Refers
from softswitch.sip.sessions.sent_in_dialog import SentBye, SentReinvite
from softswitch.sip.sessions.within_dialog import answer_simply, read_reason
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ServerExchange


class InviteSession:
    """Registers itself as its dialog's user. `source` is the flow the peer was last heard on."""

    __slots__ = (
        "_answer",
        "_bye_reason",
        "_challenge",
        "_core",
        "_dialog",
        "_incoming",
        "_is_caller",
        "_is_confirmed",
        "_is_over",
        "_is_waiting",
        "_refers",
        "_sent",
        "_source",
        "_wanted_sdp",
        "leg_id",
    )

    is_answered = True

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        dialog: Dialog,
        *,
        source: Flow,
        is_caller: bool,
        challenge: ChallengeReply | None,
    ) -> None:
        self.leg_id = leg_id
        self._core = core
        self._dialog = dialog
        self._source = source
        self._is_caller = is_caller
        """The Call-ID is ours."""
        self._challenge = challenge
        self._is_confirmed = is_caller
        """The first INVITE's ACK was sent or has come."""
        self._is_over = False
        """The owner has been told of the end; what remains is courtesy to the peer."""
        self._answer: AnsweredInvite | None = None
        self._incoming: tuple[Request, ServerExchange] | None = None
        """The peer's re-INVITE, unanswered."""
        self._sent: SentReinvite | None = None
        """Our re-INVITE, on the wire."""
        self._wanted_sdp: bytes | None = None
        """The offer of our next re-INVITE."""
        self._is_waiting = False
        """A 491 makes our re-INVITE wait."""
        self._bye_reason: str | None = None
        self._refers: Refers | None = None
        """Once there was a first."""
        core.dialogs[dialog.id] = self

    # Inputs from the user

    def hang_up(self, reason: str | None, now: float) -> None:
        if not self._is_over:
            self._bye_reason = reason
            self._end("local", "hung up", 200, now)
            self._leave(now)

    def reinvite(self, sdp: bytes, now: float) -> None:
        """Offer a changed session; if something is in the way, later. A newer offer replaces a waiting one."""
        if not sdp:
            raise LocalError("a re-INVITE of ours must carry an offer.")
        if not self._is_over:
            self._wanted_sdp = sdp
            self._send_wanted(now)

    def answer_reinvite(self, sdp: bytes, now: float) -> None:
        if self._incoming is None:
            return
        request, exchange = self._incoming
        self._incoming = None
        self._dialog.refresh_target(request)
        self._core.route(self._dialog, self._source)
        response = make_response(request, 200)
        self.accept(request, exchange, response, sdp, now)

    def refuse_reinvite(self, status: int, now: float) -> None:
        if self._incoming is None:
            return
        request, exchange = self._incoming
        self._incoming = None
        exchange.respond(make_response(request, status), now)
        self._send_wanted(now)

    def accept(self, invite: Request, exchange: ServerExchange, response: Response, sdp: bytes, now: float) -> None:
        """Answer an INVITE, the first or a later one, with this 2xx and `sdp`, and wait for the ACK."""
        exchange.user = self
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("allow", ALLOW))
        response.headers.append(("content-type", SDP))
        response.body = sdp
        self._answer = AnsweredInvite(
            self._core,
            exchange,
            response.serialize(),
            invite.cseq.number,
            now,
            has_offer=not find_sdp(invite),
            on_silence=self._give_up_on_ack,
        )

    def send_info(self, content_type: str, body: bytes, now: float) -> None:
        if self._is_over:
            return
        request = self._dialog.make_request("INFO", self._core.make_via(self._dialog.flow))
        request.add("content-type", content_type)
        request.body = body
        self._core.transactions.send(request, self._dialog.flow, NOBODY, now)

    def refer(self, refer_to: str, referred_by: str, now: float) -> ReferId:
        """Ask the peer to call somebody else; ReferProgress follows."""
        return self._get_refers().send(refer_to, referred_by, now)

    def replaces_for_peer(self) -> Replaces:
        """What names this dialog to the peer's side."""
        return Replaces(self._dialog.call_id, self._dialog.remote_tag, self._dialog.local_tag)

    def has_early_dialog(self, call_id: str, tags: set[str]) -> bool:
        """It is answered."""
        return False

    # Inputs from the dialog

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        if not self._follows_sequence(request):
            self._core.answer(request, flow, 500, now)
            return
        if flow != self._source:
            self._source = flow
            self._core.route(self._dialog, flow)
        if request.method == "BYE":
            self._receive_bye(request, flow, now)
        elif self._is_over:
            self._core.answer(request, flow, 481, now)
        elif request.method == "INVITE":
            self._receive_reinvite(request, flow, now)
        elif request.method in REFER_METHODS:
            self._get_refers().receive(request, flow, now)
        else:
            answer_simply(self._core, self.leg_id, request, flow, now)

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        answer = self._answer
        if answer is None or ack.cseq.number != answer.cseq:
            return False
        answer.settle()
        self._answer = None
        if self._is_over:
            self._send_bye(now)
            return True
        sdp = find_sdp(ack)
        if self._is_confirmed:
            self._core.outputs.append(ReinviteConfirmed(self.leg_id, sdp))
            self._send_wanted(now)
            return True
        self._is_confirmed = True
        if answer.has_offer and not sdp:
            self._end("remote", "no answer in ACK", 488, now)
            self._send_bye(now)
            return True
        self._core.outputs.append(LegConfirmed(self.leg_id, sdp))
        self._send_wanted(now)
        return True

    # Inputs from transactions

    def invite_settled(self, exchange: ServerExchange, fact: Fact, now: float) -> None:
        """The dialog has seen the ACK already, or it was that of a refusal."""

    def invite_cancelled(self, exchange: ServerExchange, now: float) -> None:
        if self._incoming is not None and self._incoming[1] is exchange:
            self.refuse_reinvite(487, now)

    def reinvite_answered(self, response: Response, now: float) -> None:
        self._sent = None
        if not self._is_over:
            self._core.outputs.append(ReinviteAnswered(self.leg_id, find_sdp(response)))
            self._send_wanted(now)

    def reinvite_refused(self, sdp: bytes, response: Response, now: float) -> None:
        self._sent = None
        if self._is_over:
            return
        if response.status == 491:
            self._wanted_sdp = self._wanted_sdp or sdp
            self._is_waiting = True
            uniform = self._core.entropy.uniform
            self._core.deadlines.set(self, now + (uniform(2.1, 4.0) if self._is_caller else uniform(0.0, 2.0)))
        elif response.status in (408, 481):
            self._end("remote", legible(response.reason), response.status, now)
            self._leave(now)
        else:
            self._core.outputs.append(ReinviteFailed(self.leg_id, response.status))
            self._send_wanted(now)

    def reinvite_failed(self, fact: Fact, now: float) -> None:
        self._sent = None
        if not self._is_over:
            self._end("timeout", "no answer to re-INVITE" if fact is Fact.TIMED_OUT else "connection lost", 408, now)
            self._leave(now)

    def bye_finished(self) -> None:
        self._close()

    # Time

    def handle_timeout(self, now: float) -> None:
        """The wait after a 491 is over."""
        if not self._is_waiting:
            return
        self._is_waiting = False
        self._send_wanted(now)

    # Private: the peer's requests

    def _follows_sequence(self, request: Request) -> bool:
        """Section 12.2.2. A BYE is obeyed whatever its number: some phones restart it, and want nothing but an end."""
        number = request.cseq.number
        last = self._dialog.remote_cseq
        if last is not None and number < last:
            return request.method == "BYE"
        self._dialog.remote_cseq = number
        return True

    def _receive_bye(self, request: Request, flow: Flow, now: float) -> None:
        self._core.answer(request, flow, 200, now)
        if not self._is_over:
            self._end("remote", read_reason(request) or "bye", 200, now)
        self._withdraw_reinvites(now)
        if self._answer is not None:
            self._answer.settle()
            self._answer = None
        self._close()

    def _receive_reinvite(self, request: Request, flow: Flow, now: float) -> None:
        if self._sent is not None or self._answer is not None:
            self._core.answer(request, flow, 491, now)
        elif self._incoming is not None:
            seconds = int(self._core.entropy.uniform(0.0, 10.99))
            self._core.answer(request, flow, 500, now, headers=(("retry-after", str(seconds)),))
        elif not is_acceptable(request):
            self._core.answer(request, flow, 415, now, headers=(("accept", ACCEPT),))
        else:
            exchange = self._core.transactions.open(request, flow)
            exchange.user = self
            self._incoming = (request, exchange)
            self._core.outputs.append(ReinviteReceived(self.leg_id, find_sdp(request)))

    def _get_refers(self) -> Refers:
        if self._refers is None:
            self._refers = Refers(self._core, self.leg_id, self._dialog, self._challenge)
        return self._refers

    def _send_wanted(self, now: float) -> None:
        """Send our waiting re-INVITE unless something is in the way."""
        in_the_way = self._answer or self._incoming or self._sent or self._is_waiting or self._is_over
        if self._wanted_sdp is None or in_the_way or not self._is_confirmed:
            return
        sdp, self._wanted_sdp = self._wanted_sdp, None
        self._sent = SentReinvite(self._core, self._dialog, sdp, self, self._challenge, now)

    # Private: the end

    def _end(self, by: Literal["remote", "local", "timeout"], reason: str, status: int, now: float) -> None:
        """Tell the owner."""
        self._is_over = True
        self._wanted_sdp = None
        self._core.deadlines.cancel(self)
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(LegEnded(self.leg_id, by, reason, status))
        if self._refers is not None:
            self._refers.session_ended(now)

    def _leave(self, now: float) -> None:
        """Tell the peer, as soon as it is allowed."""
        self._withdraw_reinvites(now)
        if self._answer is None:
            self._send_bye(now)

    def _withdraw_reinvites(self, now: float) -> None:
        """The peer's is answered with 487; nobody waits for ours any more."""
        if self._incoming is not None:
            invite, exchange = self._incoming
            self._incoming = None
            exchange.respond(make_response(invite, 487), now)
        if self._sent is not None:
            self._sent.session_ended(now)

    def _give_up_on_ack(self, now: float) -> None:
        self._answer = None
        if not self._is_over:
            self._end("timeout", "no ACK", 408, now)
        self._leave(now)

    def _send_bye(self, now: float) -> None:
        SentBye(self._core, self._dialog, self._bye_reason, self, self._challenge, now)

    def _close(self) -> None:
        """Nothing more will be said in this dialog."""
        self._core.deadlines.cancel(self)
        self._core.dialogs.pop(self._dialog.id, None)
