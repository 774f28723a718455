"""The session an answered INVITE made, and its end (RFC 3261 sections 13 to 15).

An InviteSession begins with a 2xx, ours or the peer's, and lives in one dialog. Besides the dialog it has

* one 2xx of ours that waits for its ACK (`AnsweredInvite`), at most: until then no BYE and no re-INVITE of ours may go
  out (15, 14.1), so both wait for it; if the ACK never comes, BYE;
* its offers, both ways, and what keeps it fresh (`SessionOffers`).

It may have begun in another process (`adopt`). What is new then:

| what comes of the time before                     | what is done                                             |
|---------------------------------------------------|----------------------------------------------------------|
| the peer repeats its INVITE, our 2xx has no ACK   | our 2xx again, until the ACK is here                     |
| the same along a connection, which is no more     | the same, but the ACK may have come, unwritten, and not  |
|                                                   | come again: without it the peer is asked (OPTIONS)       |
| it repeats a 2xx to an INVITE of ours             | ACK                                                      |
| it repeats a request that was answered            | 200, or 202 to a REFER: it was carried out               |
| its offer had no answer                           | ReinviteReceived once more                               |
| our offer had none                                | it is made once more                                     |
| our REFER was under way                           | what the peer says of it is told as before               |
"""

from typing import Literal

from softswitch.base.address import Flow
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.kept import KeptCredential, KeptSession
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.reason import read_cause
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import SDP, find_sdp
from softswitch.sip.outputs import LegConfirmed, LegEnded, ReinviteConfirmed
from softswitch.sip.sessions.answered_invite import AnsweredInvite
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.following_leg import FollowingLeg
from softswitch.sip.sessions.leg_watch import LegWatch
from softswitch.sip.sessions.refer import REFER_METHODS, Refers
from softswitch.sip.sessions.revived_dialog import revive_dialog
from softswitch.sip.sessions.sent_in_dialog import SentBye
from softswitch.sip.sessions.sent_options import SentOptions
from softswitch.sip.sessions.sent_refer import SentRefer
from softswitch.sip.sessions.session_offers import SessionOffers
from softswitch.sip.sessions.session_timer import Headers
from softswitch.sip.sessions.within_dialog import answer_simply, read_reason
from softswitch.sip.settings import SessionPolicy
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ServerExchange


class InviteSession(FollowingLeg):
    """Registers itself as its dialog's user. `source` is the flow the peer was last heard on.

    `offers` are those of its early dialog, if there were any.
    """

    __slots__ = (
        "_answer",
        "_answered_before",
        "_asks_when_back",
        "_bye_reason",
        "_challenge",
        "_is_over",
        "_refers",
        "is_confirmed",
        "leg_id",
        "offers",
    )

    is_answered = True
    owes_answer = False
    """The first INVITE's offer was answered by the 2xx at the latest."""

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        dialog: Dialog,
        *,
        source: Flow,
        is_caller: bool,
        policy: SessionPolicy,
        challenge: ChallengeReply | None,
        offers: SessionOffers | None = None,
    ) -> None:
        """With `is_caller` the Call-ID is ours."""
        super().__init__(core, dialog, source)
        self.leg_id = leg_id
        self.is_confirmed = is_caller
        """The first INVITE's ACK was sent or has come."""
        self._challenge = challenge
        self._is_over = False
        """The owner has been told of the end; what remains is courtesy to the peer."""
        self._answer: AnsweredInvite | None = None
        self._bye_reason: str | None = None
        self._refers: Refers | None = None
        """Once there was a first."""
        self._answered_before = -1
        """Requests of the peer's up to this number another process has seen."""
        self._asks_when_back = False
        dialog.watch = LegWatch(leg_id, core.outputs)
        if offers is None:
            offers = SessionOffers(core, leg_id, dialog, self, is_caller=is_caller, policy=policy, challenge=challenge)
        else:
            offers.host = self
        self.offers = offers
        core.dialogs[dialog.id] = self

    @classmethod
    def adopt(cls, core: SipCore, kept: KeptSession, challenge: ChallengeReply | None, now: float) -> "InviteSession":
        """Go on with the session of another process."""
        dialog, source = revive_dialog(core, kept.dialog, kept.source)
        session = cls(
            core,
            kept.leg_id,
            dialog,
            source=source,
            is_caller=kept.is_caller,
            policy=kept.policy,
            challenge=challenge,
        )
        core.legs[kept.leg_id] = session
        session.is_confirmed = kept.is_confirmed
        session._answered_before = -1 if kept.dialog.remote_cseq is None else kept.dialog.remote_cseq
        answer = kept.answer
        if answer is not None:
            exchange = core.transactions.adopt(answer.transaction, source)
            exchange.user = session
            exchange.to_tag = dialog.local_tag
            session._answer = AnsweredInvite(
                core,
                exchange,
                answer.packet,
                answer.cseq,
                now,
                has_offer=answer.has_offer,
                on_silence=session._give_up_on_ack,
            )
            if source.kind.is_reliable:
                session._answer.was_moved = True
                session.is_confirmed = session.is_confirmed or not answer.has_offer
        if kept.refer is not None:
            session._get_refers().adopt(kept.refer)
        session.offers.adopt(kept.offers, now)
        return session

    def keep(self) -> KeptSession:
        return KeptSession(
            leg_id=self.leg_id,
            dialog=self._dialog.keep(),
            source=self.source,
            is_caller=self.offers.is_caller,
            is_confirmed=self.is_confirmed,
            policy=self.offers.policy,
            credential=None if self._challenge is None else KeptCredential(*self._challenge.owner),
            offers=self.offers.keep(),
            answer=None if self._answer is None else self._answer.keep(),
            refer=None if self.refer_under_way is None else self.refer_under_way.keep(),
        )

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
            self.offers.offer(sdp, now)

    def answer_reinvite(self, sdp: bytes, now: float) -> None:
        self.offers.answer(sdp, now)

    def refuse_reinvite(self, status: int, now: float) -> None:
        self.offers.refuse(status, now)

    def accept(self, invite: Request, exchange: ServerExchange, response: Response, sdp: bytes, now: float) -> None:
        """Answer an INVITE, the first or a later one, with this 2xx and `sdp`, and wait for the ACK.

        `sdp` is b"" if offer and answer were exchanged before.
        """
        exchange.user = self
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("allow", ALLOW))
        response.headers.append(("supported", self.offers.option_tags))
        if sdp:
            response.headers.append(("content-type", SDP))
            response.body = sdp
            self.offers.described = sdp
        self._answer = AnsweredInvite(
            self._core,
            exchange,
            response.serialize(),
            invite.cseq.number,
            now,
            has_offer=bool(sdp) and not find_sdp(invite),
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

    @property
    def refer_under_way(self) -> SentRefer | None:
        """One of ours that is not over."""
        return None if self._refers is None else self._refers.under_way

    def ask_whether_there(self, now: float) -> None:
        """Find out whether the peer knows the dialog; if he does not, the leg has ended.

        One whose connection is lost is asked when he is back.
        """
        self._asks_when_back = self._dialog.flow.is_lost
        if not self._is_over and self._answer is None and not self._asks_when_back:
            SentOptions(self._core, self._dialog, self, now)

    def peer_is_gone(self, status: int, now: float) -> None:
        self.session_lost("remote" if status == 481 else "timeout", "not there any more", status, now)

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
        self.move_to(flow, now)
        if request.cseq.number <= self._answered_before and request.method not in ("BYE", "INVITE", "UPDATE"):
            self._core.answer(request, flow, 202 if request.method == "REFER" else 200, now)
        elif request.method == "BYE":
            self._receive_bye(request, flow, now)
        elif self._is_over:
            self._core.answer(request, flow, 481, now)
        elif request.method == "INVITE":
            self._forget_given_up(request.cseq.number)
            self.offers.receive_reinvite(request, flow, now)
        elif request.method == "UPDATE":
            self.offers.receive_update(request, flow, now)
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
        if self.is_confirmed:
            self._core.outputs.append(ReinviteConfirmed(self.leg_id, sdp))
            self.offers.go_on(now)
            return True
        self.is_confirmed = True
        if answer.has_offer and not sdp:
            self._end("remote", "no answer in ACK", 488, now)
            self._leave(now)
            return True
        self._core.outputs.append(LegConfirmed(self.leg_id, sdp))
        self.offers.go_on(now)
        return True

    def receive_stray(self, response: Response, flow: Flow, now: float) -> bool:
        if response.cseq.number > self._dialog.local_cseq:
            return False
        if self.source.is_lost:
            self.move_to(flow, now)
        ack = self._dialog.make_request("ACK", self._core.make_via(self._dialog.flow), cseq=response.cseq.number)
        self._core.transmit(self._dialog.flow, ack)
        return True

    # Inputs from transactions

    def invite_settled(self, exchange: ServerExchange, fact: Fact, now: float) -> None:
        """The dialog has seen the ACK already, or it was that of a refusal."""

    def invite_cancelled(self, exchange: ServerExchange, now: float, cause: int) -> None:
        """Too late: it is answered (section 9.2)."""

    def bye_finished(self) -> None:
        self._close()

    # Inputs from the offers

    @property
    def is_ack_missing(self) -> bool:
        return self._answer is not None

    @property
    def is_answer_missing(self) -> bool:
        return self._answer is not None and self._answer.has_offer

    def accept_reinvite(
        self, invite: Request, exchange: ServerExchange, sdp: bytes, headers: Headers, now: float
    ) -> None:
        response = make_response(invite, 200)
        response.headers.extend(headers)
        self.accept(invite, exchange, response, sdp, now)

    def offers_settled(self, now: float) -> None:
        """Nothing waits for that."""

    def session_lost(self, by: Literal["remote", "timeout"], reason: str, status: int, now: float) -> None:
        if self._is_over:
            return
        if by == "timeout":
            self._bye_reason = f'SIP;cause={status};text="{reason}"'
        self._end(by, legible(reason), status, now)
        self._leave(now)

    # Private: the peer's requests

    def _follows_sequence(self, request: Request) -> bool:
        """Section 12.2.2. A BYE is obeyed whatever its number: some phones restart it, and want nothing but an end."""
        number = request.cseq.number
        last = self._dialog.remote_cseq
        if last is not None and number < last:
            return request.method == "BYE" or number <= self._answered_before
        self._dialog.remote_cseq = number
        return True

    def _receive_bye(self, request: Request, flow: Flow, now: float) -> None:
        self._core.answer(request, flow, 200, now)
        if not self._is_over:
            self._end("remote", read_reason(request) or "bye", 200, now, read_cause(request))
        self.offers.withdraw(now)
        if self._answer is not None:
            self._answer.settle()
            self._answer = None
        self._close()

    def _go_on(self, now: float) -> None:
        if self._answer is not None:
            self._answer.move_to(self.source, now)
        if not self._is_over:
            self.offers.move_to(self.source, now)
        if self._asks_when_back:
            self.ask_whether_there(now)

    def _forget_given_up(self, number: int) -> None:
        """The peer invites again, so what his last INVITE was answered along a broken connection is nothing to him."""
        answer = self._answer
        if answer is not None and answer.was_moved and self.is_confirmed and number > answer.cseq:
            answer.settle()
            self._answer = None

    def _get_refers(self) -> Refers:
        if self._refers is None:
            self._refers = Refers(self._core, self.leg_id, self._dialog, self._challenge)
        return self._refers

    # Private: the end

    def _end(
        self, by: Literal["remote", "local", "timeout"], reason: str, status: int, now: float, cause: int = 0
    ) -> None:
        """Tell the owner."""
        self._is_over = True
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(LegEnded(self.leg_id, by, reason, status, cause))
        if self._refers is not None:
            self._refers.session_ended(now)

    def _leave(self, now: float) -> None:
        """Tell the peer, as soon as it is allowed."""
        self.offers.withdraw(now)
        if self._answer is not None and self._answer.was_moved and self.is_confirmed:
            self._answer.settle()
            self._answer = None
        if self._answer is None:
            self._send_bye(now)

    def _give_up_on_ack(self, now: float) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and answer.was_moved and self.is_confirmed and not self._is_over:
            self.offers.go_on(now)
            self.ask_whether_there(now)
            return
        if not self._is_over:
            self._end("timeout", "no ACK", 408, now)
        self._leave(now)

    def _send_bye(self, now: float) -> None:
        SentBye(self._core, self._dialog, self._bye_reason, self, self._challenge, now)

    def _close(self) -> None:
        """Nothing more will be said in this dialog."""
        self._core.returning.leave(self.source, self)
        if self._core.dialogs.pop(self._dialog.id, None) is not None:
            self.offers.let_go()
