"""One of the parties our INVITE has reached, before anybody has answered: an early dialog (RFC 3261 section 12.1).

A proxy on the way may fork the INVITE, so there may be several, each with its own tag, its own order of reliable
responses (RFC 3262), its own early media and its own answer to our offer. It is made when there is something to
remember: a reliable response, or a description. The one whose party answers becomes the dialog of the session; the
others end with the INVITE.
"""

from typing import Literal

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.option_tags import allows
from softswitch.sip.messages.session_body import find_sdp
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.reliable_provisional import ReliableOrder
from softswitch.sip.sessions.sent_in_dialog import SentPrack
from softswitch.sip.sessions.session_offers import SessionOffers
from softswitch.sip.sessions.session_timer import Headers
from softswitch.sip.sessions.within_dialog import answer_simply
from softswitch.sip.settings import SessionPolicy
from softswitch.sip.transactions.transaction_table import ServerExchange


class EarlyDialog:
    """Registers itself as its dialog's user. `response` is the first that made it necessary."""

    __slots__ = (
        "_challenge",
        "_core",
        "_order",
        "dialog",
        "early_sdp",
        "fork",
        "leg_id",
        "offers",
        "owes_answer",
        "source",
    )

    is_confirmed = False
    is_ack_missing = False
    is_answer_missing = False

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        invite: Request,
        response: Response,
        flow: Flow,
        *,
        fork: int,
        policy: SessionPolicy,
        challenge: ChallengeReply | None,
    ) -> None:
        self.source = flow
        self.fork = fork
        self.early_sdp = b""
        """The description the party sent last."""
        self.owes_answer = True
        """No reliable answer to the INVITE's offer has come: neither side may offer again."""
        self._core = core
        self.leg_id = leg_id
        self._challenge = challenge
        self._order = ReliableOrder()
        self.dialog = Dialog.of_caller(invite, response, flow)
        self.offers = SessionOffers(core, leg_id, self.dialog, self, is_caller=True, policy=policy, challenge=challenge)
        self.offers.described = invite.body
        core.route(self.dialog, flow)
        core.dialogs[self.dialog.id] = self

    @property
    def flows(self) -> tuple[Flow, ...]:
        return self.dialog.flow, self.source

    # Inputs from the INVITE

    def receive_reliable(self, rseq: int, response: Response, now: float) -> bool:
        """A reliable response: PRACK goes out. False for one that is a repetition or out of order: it is not read."""
        if not self._order.is_next(rseq):
            return False
        self.offers.peer_updates = self.offers.peer_updates or allows(response, "UPDATE")
        self.dialog.refresh_target(response)
        cseq = response.cseq
        SentPrack(self._core, self.dialog, f"{rseq} {cseq.number} {cseq.method}", self._challenge, now)
        if find_sdp(response):
            self.owes_answer = False
        self.offers.go_on(now)
        return True

    def end(self, now: float) -> None:
        """Another party has answered, or nobody will."""
        self.offers.withdraw(now)
        self.offers.let_go()
        if self._core.dialogs.get(self.dialog.id) is self:
            del self._core.dialogs[self.dialog.id]

    # Inputs from the dialog

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        last = self.dialog.remote_cseq
        if last is not None and request.cseq.number < last:
            self._core.answer(request, flow, 500, now)
            return
        self.dialog.remote_cseq = request.cseq.number
        if request.method == "UPDATE":
            self.offers.receive_update(request, flow, now)
        elif request.method in ("BYE", "INVITE"):
            self._core.answer(request, flow, 481, now)  # only the caller may end an early dialog (section 15)
        else:
            answer_simply(self._core, self.leg_id, request, flow, now)

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        return False

    def receive_stray(self, response: Response, flow: Flow, now: float) -> bool:
        """Nothing is answered."""
        return False

    # Inputs from the offers

    def accept_reinvite(
        self, invite: Request, exchange: ServerExchange, sdp: bytes, headers: Headers, now: float
    ) -> None:
        """Never: nobody invites again in an early dialog."""

    def offers_settled(self, now: float) -> None:
        """Nothing waits for that."""

    def session_lost(self, by: Literal["remote", "timeout"], reason: str, status: int, now: float) -> None:
        """The INVITE itself will tell."""
