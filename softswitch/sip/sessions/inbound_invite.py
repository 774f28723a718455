"""An INVITE that was sent to us by somebody who may call, until it is answered, refused or withdrawn (section 13.3).

```
 PROCEEDING ──accept──► ANSWERED   (an InviteSession goes on with the leg)
     ├──reject, hang_up──► ENDED: final response, LegEnded by="local"
     └──CANCEL, BYE──────► ENDED: 487, LegEnded by="remote"
```

The dialog exists from the start under the tag that all our responses carry, so that a BYE in the early dialog finds
its way. While nobody answers, the last provisional response is repeated every minute, lest a proxy on the way gives
the caller up (13.3.1.1).
"""

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.core import ALLOW, SipCore
from softswitch.sip.messages.message import Request, Response, make_response
from softswitch.sip.messages.session_body import SDP
from softswitch.sip.outputs import LegEnded
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.within_dialog import answer_simply
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import ServerExchange

PROVISIONAL_EVERY_S = 60.0


class InboundInvite:
    """Registers itself as its dialog's user and as its transaction's. Sends 100 when made."""

    __slots__ = ("_core", "_dialog", "_exchange", "_invite", "_is_over", "_packet", "_source", "_status", "leg_id")

    is_answered = False

    def __init__(self, core: SipCore, leg_id: LegId, invite: Request, flow: Flow, now: float) -> None:
        self.leg_id = leg_id
        self._core = core
        self._invite = invite
        self._source = flow
        self._status = 100
        self._packet = b""
        self._is_over = False
        self._exchange = core.transactions.open(invite, flow)
        self._exchange.user = self
        self._exchange.to_tag = core.entropy.token(64)
        self._dialog = Dialog.of_callee(invite, self._exchange.to_tag, flow)
        core.route(self._dialog, flow)
        core.dialogs[self._dialog.id] = self
        self._exchange.respond(make_response(invite, 100), now)

    # Inputs from the user

    def progress(self, status: int, sdp: bytes, now: float) -> None:
        if self._is_over:
            return
        response = self._response(status)
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        response.headers.append(("allow", ALLOW))
        if sdp:
            response.headers.append(("content-type", SDP))
            response.body = sdp
        self._status = status
        self._packet = response.serialize()
        self._exchange.respond_packet(status, self._packet, now)
        self._core.deadlines.set(self, now + PROVISIONAL_EVERY_S)

    def accept(self, sdp: bytes, now: float) -> None:
        if self._is_over:
            return
        session = InviteSession(
            self._core, self.leg_id, self._dialog, source=self._source, is_caller=False, challenge=None
        )
        self._core.legs[self.leg_id] = session
        session.accept(self._invite, self._exchange, self._response(200), sdp, now)
        self._let_go()

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

    # Inputs from the dialog

    def receive_request(self, request: Request, flow: Flow, now: float) -> None:
        if request.cseq.number < (self._dialog.remote_cseq or 0):
            self._core.answer(request, flow, 500, now)
            return
        self._dialog.remote_cseq = request.cseq.number
        if request.method == "BYE":
            self._core.answer(request, flow, 200, now)
            self._withdraw("bye", now)
        elif request.method == "INVITE":
            self._core.answer(request, flow, 500, now, headers=(("retry-after", "5"),))
        else:
            answer_simply(self._core, self.leg_id, request, flow, now)

    def receive_ack(self, ack: Request, flow: Flow, now: float) -> bool:
        """There is no 2xx yet: it belongs to the transaction."""
        return False

    # Inputs from the transaction

    def invite_cancelled(self, exchange: ServerExchange, now: float) -> None:
        self._withdraw("cancelled", now)

    def invite_settled(self, exchange: ServerExchange, fact: Fact, now: float) -> None:
        """Our refusal has arrived, or never will."""

    # Time

    def handle_timeout(self, now: float) -> None:
        """The minute is over: repeat the last provisional response."""
        if self._is_over:
            return
        self._exchange.respond_packet(self._status, self._packet, now)
        self._core.deadlines.set(self, now + PROVISIONAL_EVERY_S)

    # Private

    def _response(self, status: int, reason: str | None = None) -> Response:
        return make_response(self._invite, status, reason, to_tag=self._exchange.to_tag)

    def _withdraw(self, reason: str, now: float) -> None:
        if not self._is_over:
            self._end(self._response(487), LegEnded(self.leg_id, "remote", reason, 487), now)

    def _end(self, response: Response, ended: LegEnded, now: float) -> None:
        self._core.dialogs.pop(self._dialog.id, None)
        self._core.legs.pop(self.leg_id, None)
        self._exchange.respond(response, now)
        self._core.outputs.append(ended)
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing any more: the heap of deadlines keeps what it was given until that time comes."""
        self._is_over = True
        self._core.deadlines.cancel(self)
        del self._core, self._dialog, self._exchange, self._invite, self._packet
