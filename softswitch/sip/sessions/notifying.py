"""NOTIFY within a dialog (RFC 6665), one at a time.

Whoever is subscribed wants to know how things are, not how they came to be: while one NOTIFY waits for its answer, of
what is to be said next only the newest is kept. So a peer that answers slowly costs a state, never a queue, and reads
the states in order. The last one of a subscription waits for nothing: a BYE may follow it at once.
"""

from collections.abc import Callable
from typing import NamedTuple

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.sent_in_dialog import answer_challenge_in_dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange


class Notice(NamedTuple):
    """What a NOTIFY says. `state` is the value of Subscription-State: "active;expires=60", "terminated;reason=…"."""

    state: str
    content_type: str = ""
    body: bytes = b""

    @property
    def is_last(self) -> bool:
        return self.state.startswith("terminated")


class Notifying:
    """The NOTIFYs of one subscription. `event` is the value of their header Event.

    `on_refused` is called once if the peer wants no more of them, or does not answer.
    """

    __slots__ = (
        "_challenge",
        "_core",
        "_dialog",
        "_event",
        "_exchange",
        "_is_refused",
        "_next",
        "_on_refused",
        "_request",
    )

    def __init__(
        self,
        core: SipCore,
        dialog: Dialog,
        event: str,
        challenge: ChallengeReply | None,
        on_refused: Callable[[], None],
    ) -> None:
        self._core = core
        self._dialog = dialog
        self._event = event
        self._challenge = challenge
        self._on_refused = on_refused
        self._request: Request | None = None
        """On the wire, waiting for its answer."""
        self._exchange: ClientExchange | None = None
        self._next: Notice | None = None
        self._is_refused = False

    def notify(self, notice: Notice, now: float) -> None:
        """Say this, now or once the one before was answered."""
        if self._is_refused:
            return
        if self._request is not None and not notice.is_last:
            self._next = notice
            return
        core, dialog = self._core, self._dialog
        request = dialog.make_request("NOTIFY", core.make_via(dialog.flow))
        request.headers.append(("contact", core.addresses.contact(dialog.flow)))
        request.headers.append(("event", self._event))  # as it came: the peer's own words, readable or not
        request.headers.append(("subscription-state", notice.state))
        if notice.body:
            request.headers.append(("content-type", notice.content_type))
            request.body = notice.body
        self._send(request, now)

    # Inputs from the transaction

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200 or self._request is None or exchange is not self._exchange:
            return
        exchange.user = NOBODY
        again = answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response)
        if again is not None:
            self._send(again, now)
        elif response.status < 300:
            if self._challenge is not None:
                self._challenge.succeeded()
            self._go_on(now)
        else:
            self._refused()

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if exchange is not self._exchange:
            return
        if fact is Fact.BROKEN and exchange.flow != self._dialog.flow:
            self._request = self._next = None  # the peer will be found elsewhere; whoever notifies says so anew
        else:
            self._refused()

    # Private

    def _send(self, request: Request, now: float) -> None:
        self._request, self._next = request, None
        self._exchange = self._core.transactions.send(request, self._dialog.flow, self, now)

    def _go_on(self, now: float) -> None:
        self._request = None
        notice = self._next
        if notice is not None:
            self.notify(notice, now)

    def _refused(self) -> None:
        self._request = self._next = None
        self._is_refused = True
        self._on_refused()
