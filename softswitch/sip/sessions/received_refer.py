"""A REFER we got within an answered call (RFC 3515): the peer wants somebody else to have it.

```
 ASKED ──accept()──► ACCEPTED: 202, NOTIFY 100 ── notify(1xx)* ── notify(200-699) ──► OVER (reason=noresource)
   └──refuse()──► OVER: final response              └── nothing in LASTS_S ─────────► OVER (reason=timeout)
```

The subscription that the REFER makes lives in the dialog of the call, and outlives it: a peer that says BYE as soon as
it has its 202 is still told how the transfer went (RFC 5057 section 4). It may not care: a NOTIFY that is refused is
the last. With `Refer-Sub: false` (RFC 4488) there is no subscription, and nothing is told.
"""

from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, make_response
from softswitch.sip.messages.sipfrag import SIPFRAG, status_line
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.notifying import Notice, Notifying
from softswitch.sip.transactions.transaction_table import ServerExchange

LASTS_S = 300
"""A transfer that has come to nothing by then is not waited for by any phone."""


class ReceivedRefer:
    """It is in `core.refers` until it is over."""

    __slots__ = (
        "_core",
        "_deadline",
        "_dialog",
        "_exchange",
        "_is_accepted",
        "_is_told",
        "_line",
        "_notifying",
        "_request",
        "leg_id",
        "refer_id",
    )

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        refer_id: ReferId,
        dialog: Dialog,
        request: Request,
        exchange: ServerExchange,
        challenge: ChallengeReply | None,
        *,
        is_first: bool,
    ) -> None:
        """Only the first REFER of a dialog may leave its number out of the event (2.4.6), and old phones want it so."""
        self.leg_id = leg_id
        self.refer_id = refer_id
        self._core = core
        self._dialog = dialog
        self._request = request
        self._exchange = exchange
        self._is_told = (request.get("refer-sub") or "").partition(";")[0].strip(" \t").lower() != "false"
        self._is_accepted = False
        self._line = status_line(100)
        self._deadline = 0.0
        event = "refer" if is_first else f"refer;id={request.cseq.number}"
        self._notifying = Notifying(core, dialog, event, challenge, self._forget)
        core.refers[refer_id] = self

    # Inputs from the user

    def accept(self, now: float) -> None:
        if self._is_accepted:
            return
        self._is_accepted = True
        response = make_response(self._request, 202)
        response.headers.append(("contact", self._core.addresses.contact(self._dialog.flow)))
        if not self._is_told:
            response.headers.append(("refer-sub", "false"))
        self._exchange.respond(response, now)
        if not self._is_told:
            self._forget()
            return
        self._deadline = now + LASTS_S
        self._core.deadlines.set(self, self._deadline)
        self._tell(now)

    def refuse(self, status: int, reason: str | None, now: float) -> None:
        if not self._is_accepted:
            self._exchange.respond(make_response(self._request, status, reason), now)
            self._forget()

    def notify(self, status: int, reason: str | None, now: float) -> None:
        """How far it is; 200 and more is the end."""
        if not self._is_accepted:
            return
        self._line = status_line(status, reason)
        if status < 200:
            self._tell(now)
        else:
            self._finish("noresource", now)

    # Inputs from the session

    def session_ended(self, now: float) -> None:
        """One that nobody has answered yet can be answered no more."""
        self.refuse(481, None, now)

    # Time

    def handle_timeout(self, now: float) -> None:
        if self._core.refers.get(self.refer_id) is self:
            self._finish("timeout", now)

    # Private

    def _tell(self, now: float) -> None:
        left_s = max(1, round(self._deadline - now))
        self._notifying.notify(Notice(f"active;expires={left_s}", SIPFRAG, self._line), now)

    def _finish(self, reason: str, now: float) -> None:
        self._notifying.notify(Notice(f"terminated;reason={reason}", SIPFRAG, self._line), now)
        self._forget()

    def _forget(self) -> None:
        self._core.deadlines.cancel(self)
        self._core.refers.pop(self.refer_id, None)
