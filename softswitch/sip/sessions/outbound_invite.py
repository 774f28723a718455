"""An INVITE we send, until it is answered, refused or withdrawn (RFC 3261 sections 9.1, 13.2).

```
 CALLING ──1xx──► PROCEEDING ──2xx──► ANSWERED   (an InviteSession goes on with the leg)
    │                 ├──300-699, no answer──► ENDED, LegFailed
    └──── hang_up ────┴──► WITHDRAWN: LegEnded at once; CANCEL as soon as there was a 1xx
```

Whatever crosses on the wire is cleared up here without the leg's owner hearing of it:

* a CANCEL may only follow a provisional response (9.1); before one it waits;
* a 2xx that crosses our CANCEL, and the 2xx of every further branch of a forked INVITE, is acknowledged and its dialog
  ended with BYE at once (13.2.2.4);
* a repeated 2xx gets its ACK again, even when the leg is long over.
"""

from enum import Enum, auto

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.session_body import find_sdp
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress, Transmit
from softswitch.sip.sessions.client_requests import (
    acknowledge,
    keep_identity,
    make_cancel,
    read_retry_after,
    repeat_request,
)
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange

FORKS_MAX = 16
"""Answers of one INVITE that are acknowledged: an agent has a few phones, never so many."""


class State(Enum):
    CALLING = auto()
    PROCEEDING = auto()
    WITHDRAWN = auto()
    ANSWERED = auto()
    ENDED = auto()


class OutboundInvite:
    """`invite` is complete but for Via and CSeq; it is sent at once. The INVITE transaction's user."""

    __slots__ = (
        "_acks",
        "_cancel_reason",
        "_challenge",
        "_core",
        "_early_sdp",
        "_early_tags",
        "_exchange",
        "_flow",
        "_has_1xx",
        "_invite",
        "leg_id",
        "state",
    )

    is_answered = False

    def __init__(
        self, core: SipCore, leg_id: LegId, invite: Request, flow: Flow, challenge: ChallengeReply | None, now: float
    ) -> None:
        self.leg_id = leg_id
        self.state = State.CALLING
        self._core = core
        self._invite = invite
        self._flow = flow
        self._challenge = challenge
        self._early_sdp = b""
        self._early_tags: tuple[str, ...] = ()
        """Of those who have said they ring."""
        self._has_1xx = False
        self._cancel_reason: str | None = None
        self._acks: dict[str, Transmit] = {}
        self._exchange = core.transactions.send(invite, flow, self, now)

    @property
    def sip_call_id(self) -> str:
        return self._invite.call_id

    # Inputs from the user

    def hang_up(self, reason: str | None, now: float) -> None:
        if self.state not in (State.CALLING, State.PROCEEDING):
            return
        self.state = State.WITHDRAWN
        self._cancel_reason = reason
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(LegEnded(self.leg_id, "local", "cancelled", 487))
        if self._has_1xx:
            self._cancel(now)

    def has_early_dialog(self, call_id: str, tags: set[str]) -> bool:
        return (
            self._invite.call_id == call_id and self._invite.from_.tag in tags and not tags.isdisjoint(self._early_tags)
        )

    # Inputs from the transaction

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            self._receive_provisional(response, now)
        elif response.status < 300:
            self._receive_success(response, exchange.flow, now)
        elif self.state in (State.CALLING, State.PROCEEDING) and exchange is self._exchange:
            self._receive_refusal(response, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if self.state in (State.CALLING, State.PROCEEDING):
            if fact is Fact.TIMED_OUT:
                self._fail(408, "Request Timeout", None)
            else:
                self._fail(503, "Connection Failed", None)

    # Private

    def _receive_provisional(self, response: Response, now: float) -> None:
        is_first = not self._has_1xx
        self._has_1xx = True
        if self.state is State.WITHDRAWN:
            if is_first:
                self._cancel(now)
        elif self.state is not State.ANSWERED and response.status > 100:
            self.state = State.PROCEEDING
            tag = response.to.tag
            if tag is not None and tag not in self._early_tags and len(self._early_tags) < FORKS_MAX:
                self._early_tags += (tag,)
            sdp = find_sdp(response)
            self._early_sdp = sdp or self._early_sdp
            self._core.outputs.append(LegProgress(self.leg_id, response.status, sdp))

    def _receive_success(self, response: Response, flow: Flow, now: float) -> None:
        tag = response.to.tag or ""
        known = self._acks.get(tag)
        if known is not None:
            self._core.outputs.append(known)
            return
        if len(self._acks) >= FORKS_MAX:
            return
        dialog = Dialog.of_caller(self._invite, response, flow)
        self._core.route(dialog, flow)
        self._acks[tag] = acknowledge(self._core, dialog, self._invite)
        self._core.outputs.append(self._acks[tag])
        if self.state in (State.CALLING, State.PROCEEDING):
            self._answered(dialog, flow, find_sdp(response) or self._early_sdp)
        else:
            bye = dialog.make_request("BYE", self._core.make_via(dialog.flow))
            self._core.transactions.send(bye, dialog.flow, NOBODY, now)

    def _answered(self, dialog: Dialog, source: Flow, sdp: bytes) -> None:
        self.state = State.ANSWERED
        self._invite = keep_identity(self._invite)
        if self._challenge is not None:
            self._challenge.succeeded()
        self._core.legs[self.leg_id] = InviteSession(
            self._core, self.leg_id, dialog, source=source, is_caller=True, challenge=self._challenge
        )
        self._core.outputs.append(LegAnswered(self.leg_id, sdp))

    def _receive_refusal(self, response: Response, now: float) -> None:
        if response.status in (401, 407) and self._challenge is not None:
            again = repeat_request(self._core, self._invite, self._flow, self._invite.cseq.number + 1)
            if self._challenge.authorize(again, response):
                self._invite = again
                self._has_1xx = False
                self._exchange = self._core.transactions.send(again, self._flow, self, now)
                return
        self._fail(response.status, legible(response.reason), read_retry_after(response))

    def _fail(self, status: int, reason: str, retry_after: int | None) -> None:
        self.state = State.ENDED
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(LegFailed(self.leg_id, status, reason, retry_after))

    def _cancel(self, now: float) -> None:
        cancel = make_cancel(self._invite)
        if self._cancel_reason is not None:
            cancel.add("reason", self._cancel_reason)
        self._core.transactions.send(cancel, self._flow, NOBODY, now)
        self._exchange.cancelled(now)
