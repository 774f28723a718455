"""Our own requests within a dialog: re-INVITE, UPDATE, PRACK and BYE, each with its challenge and its end.

Each is its transaction's user. The session that sent it learns the outcome once; a repeated 2xx to a re-INVITE is
acknowledged here, again and again, long after the session has forgotten about it.
"""

from collections.abc import Iterable
from typing import Protocol

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import ALLOW, SUPPORTED_TEXT, SipCore
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.session_body import SDP
from softswitch.sip.sessions.client_requests import Acknowledgement, repeat_request
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange


class OfferOwner(Protocol):
    """What a session wants to know of its re-INVITE or UPDATE; exactly one of these is called, once."""

    def offer_answered(self, response: Response, now: float) -> None:
        """2xx; the ACK, if there is to be one, is sent."""
        ...

    def offer_refused(self, response: Response, now: float) -> None:
        """300-699."""
        ...

    def offer_interrupted(self, now: float) -> None:
        """The connection broke; it is known where the peer is, or that he has to come back. To be made once more."""
        ...

    def offer_failed(self, fact: Fact, now: float) -> None: ...


class SentReinvite:
    """Sent when made."""

    __slots__ = ("_ack", "_challenge", "_core", "_dialog", "_exchange", "_owner", "_request")

    def __init__(
        self,
        core: SipCore,
        dialog: Dialog,
        sdp: bytes,
        owner: OfferOwner,
        challenge: ChallengeReply | None,
        headers: Iterable[tuple[str, str]],
        now: float,
    ) -> None:
        self._core = core
        self._dialog = dialog
        self._owner = owner
        self._challenge = challenge
        self._ack: Acknowledgement | None = None
        self._request = _make_offer(core, dialog, "INVITE", sdp, headers)
        self._exchange = core.transactions.send(self._request, dialog.flow, self, now)

    @property
    def sdp(self) -> bytes:
        return self._request.body

    def session_ended(self, now: float) -> None:
        """Nobody waits for the outcome any more; without one the transaction gives up by itself."""
        self._exchange.cancelled(now)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if self._ack is not None:
            self._ack.send()
        elif response.status < 300:
            self._dialog.refresh_target(response)
            self._core.route(self._dialog, exchange.flow)
            self._ack = Acknowledgement(self._core, self._dialog, self._request)
            if self._challenge is not None:
                self._challenge.succeeded()
            self._owner.offer_answered(response, now)
        elif again := answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response):
            self._request = again
            self._exchange = self._core.transactions.send(again, self._dialog.flow, self, now)
        else:
            self._owner.offer_refused(response, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if fact is Fact.BROKEN and exchange.flow != self._dialog.flow:
            self._owner.offer_interrupted(now)
        else:
            self._owner.offer_failed(fact, now)


class SentUpdate:
    """Sent when made, with an offer or, to refresh the session, without one (RFC 3311 section 5.1)."""

    __slots__ = ("_challenge", "_core", "_dialog", "_is_over", "_owner", "_request")

    def __init__(
        self,
        core: SipCore,
        dialog: Dialog,
        sdp: bytes,
        owner: OfferOwner,
        challenge: ChallengeReply | None,
        headers: Iterable[tuple[str, str]],
        now: float,
    ) -> None:
        self._core = core
        self._dialog = dialog
        self._owner = owner
        self._challenge = challenge
        self._is_over = False
        self._request = _make_offer(core, dialog, "UPDATE", sdp, headers)
        core.transactions.send(self._request, dialog.flow, self, now)

    @property
    def sdp(self) -> bytes:
        return self._request.body

    def session_ended(self, now: float) -> None:
        """Nobody waits for the outcome any more."""
        self._is_over = True

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200 or self._is_over:
            return
        exchange.user = NOBODY
        if response.status < 300:
            self._dialog.refresh_target(response)
            self._core.route(self._dialog, exchange.flow)
            if self._challenge is not None:
                self._challenge.succeeded()
            self._owner.offer_answered(response, now)
        elif again := answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response):
            self._request = again
            self._core.transactions.send(again, self._dialog.flow, self, now)
        else:
            self._owner.offer_refused(response, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if self._is_over:
            return
        if fact is Fact.BROKEN and exchange.flow != self._dialog.flow:
            self._owner.offer_interrupted(now)
        else:
            self._owner.offer_failed(fact, now)


class SentPrack:
    """Sent when made (RFC 3262 section 4). If it fails the INVITE will fail: whoever sent the response gives up."""

    __slots__ = ("_challenge", "_core", "_dialog", "_request")

    def __init__(self, core: SipCore, dialog: Dialog, rack: str, challenge: ChallengeReply | None, now: float) -> None:
        """`rack` is the value of the RAck header."""
        self._core = core
        self._dialog = dialog
        self._challenge = challenge
        self._request = dialog.make_request("PRACK", core.make_via(dialog.flow))
        self._request.headers.append(("rack", rack))
        core.transactions.send(self._request, dialog.flow, self, now)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            return
        exchange.user = NOBODY
        again = answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response)
        if again is not None:
            self._request = again
            self._core.transactions.send(again, self._dialog.flow, self, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        """Nothing to do."""


def _make_offer(core: SipCore, dialog: Dialog, method: str, sdp: bytes, headers: Iterable[tuple[str, str]]) -> Request:
    request = dialog.make_request(method, core.make_via(dialog.flow))
    request.headers.append(("contact", core.addresses.contact(dialog.flow)))
    request.headers.append(("allow", ALLOW))
    request.headers.append(("supported", SUPPORTED_TEXT))
    request.headers.extend(headers)
    if sdp:
        request.headers.append(("content-type", SDP))
        request.body = sdp
    return request


class ByeOwner(Protocol):
    def bye_finished(self) -> None:
        """Answered or given up: the dialog is no more."""
        ...


class SentBye:
    """Sent when made."""

    __slots__ = ("_challenge", "_core", "_dialog", "_owner", "_request")

    def __init__(
        self,
        core: SipCore,
        dialog: Dialog,
        reason: str | None,
        owner: ByeOwner,
        challenge: ChallengeReply | None,
        now: float,
    ) -> None:
        """`reason` is the value of a Reason header."""
        self._core = core
        self._dialog = dialog
        self._owner = owner
        self._challenge = challenge
        self._request = dialog.make_request("BYE", core.make_via(dialog.flow))
        if reason is not None:
            self._request.add("reason", reason)
        core.transactions.send(self._request, dialog.flow, self, now)

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            return
        # The transaction stays for its Timer K; it must not keep the session.
        exchange.user = NOBODY
        if again := answer_challenge_in_dialog(self._core, self._dialog, self._request, self._challenge, response):
            self._request = again
            self._core.transactions.send(again, self._dialog.flow, self, now)
        else:
            self._owner.bye_finished()

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        dialog = self._dialog
        if fact is Fact.BROKEN and exchange.flow != dialog.flow:
            self._request = repeat_request(self._core, self._request, dialog.flow, dialog.next_cseq())
            self._core.transactions.send(self._request, dialog.flow, self, now)
        else:
            self._owner.bye_finished()


def answer_challenge_in_dialog(
    core: SipCore, dialog: Dialog, sent: Request, challenge: ChallengeReply | None, response: Response
) -> Request | None:
    """The request again with the answer to a 401 or 407, if the leg was given credentials and may still use them."""
    if response.status not in (401, 407) or challenge is None:
        return None
    again = repeat_request(core, sent, dialog.flow, dialog.local_cseq + 1)
    if not challenge.authorize(again, response):
        return None
    dialog.next_cseq()
    return again
