"""An INVITE whose server said nothing for so long that the next one is being called (RFC 3263 section 4.3).

Should it wake up after all, it is told that nobody waits any more: CANCEL after a provisional response, ACK and BYE
after a 2xx. Its transaction goes on until it ends by itself.
"""

from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.sessions.client_requests import Acknowledgement, make_cancel
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange


class AbandonedInvite:
    """Takes the place of the leg as the transaction's user."""

    __slots__ = ("_ack", "_core", "_invite", "_is_cancelled")

    def __init__(self, core: SipCore, invite: Request) -> None:
        self._core = core
        self._invite = invite
        self._is_cancelled = False
        self._ack: Acknowledgement | None = None

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            if not self._is_cancelled:
                self._is_cancelled = True
                self._core.transactions.send(make_cancel(self._invite), exchange.flow, NOBODY, now)
                exchange.cancelled(now)
        elif response.status < 300:
            self._leave(exchange, response, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        """As was to be expected."""

    def _leave(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if self._ack is None:
            dialog = Dialog.of_caller(self._invite, response, exchange.flow)
            self._core.route(dialog, exchange.flow)
            self._ack = Acknowledgement(self._core, dialog, self._invite)
            bye = dialog.make_request("BYE", self._core.make_via(dialog.flow))
            self._core.transactions.send(bye, dialog.flow, NOBODY, now)
        else:
            self._ack.send()
