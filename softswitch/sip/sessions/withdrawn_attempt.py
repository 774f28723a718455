"""An INVITE that another process has sent, taken back by this one: nobody is left ringing for a call that is gone.

CANCEL goes out at once, whether a provisional response has come or not (RFC 3261 section 9.1 would have us wait): the
process that could have heard one is dead, and nobody repeats it. What then comes of the INVITE:

| what comes                                  | what is done                                                     |
|---------------------------------------------|------------------------------------------------------------------|
| 300-699                                     | its ACK, by the transaction: all is well                         |
| a 2xx, of any of the parties reached        | ACK and BYE; a repeated one gets its ACK again                   |
| 200 to the CANCEL, and nothing in T2        | the INVITE was answered before (RFC 6026 section 7.1): BYE to    |
|                                             | everybody known to be reached, and to who has said 200           |
| 481 to the CANCEL, or nothing at all        | the same                                                         |
"""

from softswitch.base.address import Flow
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.sessions.client_requests import Acknowledgement, make_cancel
from softswitch.sip.sessions.dialog import CSEQ_LEAP, Dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange

ACKS_MAX = 16
"""Parties one INVITE may have reached; further ones get no ACK, and give up by themselves."""


class WithdrawnAttempt:
    """The user of the INVITE's transaction, and of the CANCEL's, which is sent when made. No leg ever ends by it."""

    __slots__ = ("_acks", "_core", "_flow", "_invite", "_invited", "_is_refused", "_reached")

    def __init__(self, core: SipCore, invite: Request, flow: Flow, reached: list[Dialog], now: float) -> None:
        self._core = core
        self._invite = invite
        self._reached = reached
        self._is_refused = False
        self._acks: dict[str, Acknowledgement] = {}
        self._invited = core.transactions.adopt_sent(invite, flow, self, now)
        core.transactions.send(make_cancel(invite), flow, self, now)
        self._invited.cancelled(now)
        self._flow = flow
        core.returning.follow(flow, self)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if exchange is not self._invited:
            exchange.user = NOBODY
            if response.status == 481:
                self._leave(now)
            elif response.status < 300 and not self._is_refused:
                self._note(Dialog.of_caller(self._invite, response, exchange.flow))
                self._core.deadlines.set(self, now + self._core.settings.timers.t2)
        elif response.status < 300:
            self._answered(exchange, response, now)
        else:
            self._is_refused = True
            self._core.deadlines.cancel(self)
            self._reached.clear()

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if exchange is self._invited:
            self._leave(now)

    # Time

    def handle_timeout(self, now: float) -> None:
        """A refusal would be here, be it repeated."""
        self._leave(now)

    # Inputs from whoever knows about connections (Follower)

    def connection_broken(self, now: float) -> None:
        """What was to be said has been said."""

    def move_to(self, flow: Flow, now: float) -> None:
        self._core.transactions.move(self._flow, flow)
        self._flow = flow

    # Private

    def _note(self, dialog: Dialog) -> None:
        """Somebody who was reached, perhaps, and has said who he is."""
        dialog.local_cseq += CSEQ_LEAP
        if dialog.remote_tag not in self._acks and all(each.id != dialog.id for each in self._reached):
            self._reached.append(dialog)

    def _answered(self, exchange: ClientExchange, response: Response, now: float) -> None:
        tag = response.to.tag or ""
        known = self._acks.get(tag)
        if known is not None:
            known.send()
        elif len(self._acks) < ACKS_MAX:
            dialog = Dialog.of_caller(self._invite, response, exchange.flow)
            dialog.local_cseq += CSEQ_LEAP  # there may have been a PRACK
            self._core.route(dialog, exchange.flow)
            self._acks[tag] = Acknowledgement(self._core, dialog, self._invite)
            self._part_from(dialog, now)

    def _leave(self, now: float) -> None:
        """Nobody refuses the INVITE, so somebody has answered it."""
        for dialog in self._reached:
            if dialog.remote_tag not in self._acks:
                self._core.route(dialog, self._invited.flow)
                self._part_from(dialog, now)
        self._reached.clear()

    def _part_from(self, dialog: Dialog, now: float) -> None:
        bye = dialog.make_request("BYE", self._core.make_via(dialog.flow))
        self._core.transactions.send(bye, dialog.flow, NOBODY, now)
