"""Whether the other side of a dialog is still there: OPTIONS within it, asked once.

| what comes                                     | what it means (RFC 3261 section 12.2.1.2, RFC 5057)                |
|------------------------------------------------|--------------------------------------------------------------------|
| 481, 408, or nothing at all                    | the dialog is no more                                              |
| anything else, be it 405 or a challenge        | somebody knows it                                                  |
| the connection breaks                          | nothing: he will be back, or the session timer finds out           |

For dialogs of a switch process that died: one of whose ends the next process has not heard has nobody at the other end.
"""

from typing import Protocol

from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Response
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange


class OptionsOwner(Protocol):
    def peer_is_gone(self, status: int, now: float) -> None:
        """`status` is 408 if nobody has answered."""
        ...


class SentOptions:
    """Sent when made."""

    __slots__ = ("_owner",)

    def __init__(self, core: SipCore, dialog: Dialog, owner: OptionsOwner, now: float) -> None:
        self._owner = owner
        request = dialog.make_request("OPTIONS", core.make_via(dialog.flow))
        request.headers.append(("accept", "application/sdp"))
        core.transactions.send(request, dialog.flow, self, now)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            return
        exchange.user = NOBODY
        if response.status in (408, 481):
            self._owner.peer_is_gone(response.status, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if fact is not Fact.BROKEN:
            self._owner.peer_is_gone(408, now)
