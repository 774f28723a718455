"""A REFER of ours within a call (RFC 3515): the peer is asked to call somebody else instead of us.

```
 SENT ──202──► ACCEPTED ── NOTIFY 1xx* ── NOTIFY 200-699, or "terminated" ──► OVER
   └──300-699, no answer──► OVER
```

Each step is a ReferProgress. A peer that takes the call away says BYE sooner or later; what it says of the transfer
after that is answered, and of no interest.
"""

from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptRefer
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.sipfrag import read_status_line
from softswitch.sip.outputs import ReferProgress
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.sent_in_dialog import answer_challenge_in_dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange


class SentRefer:
    """To be sent, or adopted: another process has sent it."""

    __slots__ = ("_challenge", "_core", "_dialog", "_leg_id", "_number", "_request", "is_over", "refer_id")

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        refer_id: ReferId,
        dialog: Dialog,
        challenge: ChallengeReply | None,
    ) -> None:
        self.refer_id = refer_id
        self.is_over = False
        self._core = core
        self._leg_id = leg_id
        self._dialog = dialog
        self._challenge = challenge
        self._request: Request | None = None
        self._number = 0

    def send(self, refer_to: str, referred_by: str, now: float) -> None:
        """`refer_to` and `referred_by` are values of those headers."""
        core, dialog = self._core, self._dialog
        request = dialog.make_request("REFER", core.make_via(dialog.flow))
        request.headers.append(("contact", core.addresses.contact(dialog.flow)))
        request.add("refer-to", refer_to)
        request.add("referred-by", referred_by)
        self._send(request, now)

    def adopt(self, kept: KeptRefer) -> None:
        """What comes of one that another process has sent its peer tells as before."""
        self._number = kept.cseq

    def keep(self) -> KeptRefer:
        return KeptRefer(self.refer_id, self._number)

    @property
    def event_id(self) -> str:
        """What NOTIFYs of this REFER have as the id of their event, if they have one."""
        return str(self._number)

    def session_ended(self) -> None:
        """Nobody waits for the outcome any more."""
        self.is_over = True

    def receive_notify(self, notify: Request) -> None:
        """One of ours; it is answered already."""
        is_last = (notify.get("subscription-state") or "").partition(";")[0].strip(" \t").lower() == "terminated"
        status, reason = read_status_line(notify.body) or (100, "")
        # The transfer has neither failed nor been told to be done: the peer only says no more.
        self._tell(status, reason, is_over=is_last or status >= 200)

    # Inputs from the transaction

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200 or self._request is None:
            return
        exchange.user = NOBODY
        again = answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response)
        if again is not None:
            self._send(again, now)
            return
        if response.status < 300 and self._challenge is not None:
            self._challenge.succeeded()
        is_untold = (response.get("refer-sub") or "").strip(" \t").lower().startswith("false")
        self._tell(response.status, legible(response.reason), is_over=response.status >= 300 or is_untold)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if fact is Fact.TIMED_OUT:
            self._tell(408, "Request Timeout", is_over=True)
        else:
            self._tell(503, "Connection Failed", is_over=True)

    # Private

    def _send(self, request: Request, now: float) -> None:
        self._request, self._number = request, request.cseq.number
        self._core.transactions.send(request, self._dialog.flow, self, now)
        self._changed()

    def _changed(self) -> None:
        if self._dialog.watch is not None:
            self._dialog.watch.changed()

    def _tell(self, status: int, reason: str, *, is_over: bool) -> None:
        if not self.is_over:
            self.is_over = is_over
            self._changed()
            self._core.outputs.append(ReferProgress(self._leg_id, self.refer_id, status, reason, is_over=is_over))
