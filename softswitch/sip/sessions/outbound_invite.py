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
* a repeated 2xx gets its ACK again, even when the leg is long over;
* a 422 makes us try again with the session interval it wants (RFC 4028 section 7.4).

What a provisional response has begun with one of the parties reached is an `EarlyDialog`; 199 says that one of them is
no more, and is of no interest to anybody.
"""

from collections.abc import Sequence
from enum import Enum, auto

from softswitch.base.address import Flow
from softswitch.base.ids import LegId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptAttempt, KeptDialog
from softswitch.sip.messages.legible import legible
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.messages.reason import read_cause
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.session_body import find_sdp
from softswitch.sip.outputs import LegAnswered, LegChanged, LegEnded, LegFailed, LegProgress
from softswitch.sip.sessions.abandoned_invite import AbandonedInvite
from softswitch.sip.sessions.client_requests import (
    Acknowledgement,
    keep_identity,
    make_cancel,
    read_retry_after,
    repeat_request,
)
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.early_dialog import EarlyDialog
from softswitch.sip.sessions.invite_session import InviteSession
from softswitch.sip.sessions.redirection import redirect_targets
from softswitch.sip.sessions.reliable_provisional import read_rseq
from softswitch.sip.sessions.remote_talk import Ringing, announces_talk, ask_to_talk
from softswitch.sip.sessions.session_offers import RAISES_MAX
from softswitch.sip.sessions.session_timer import ask, min_se
from softswitch.sip.settings import SessionPolicy
from softswitch.sip.transactions.transaction import Fact
from softswitch.sip.transactions.transaction_table import NOBODY, ClientExchange

FORKS_MAX = 16
"""Parties one INVITE may reach, each with an early dialog or an answer: an agent has a few phones, never so many."""


EARLY_DIALOG_TERMINATED = 199


class State(Enum):
    CALLING = auto()
    PROCEEDING = auto()
    WITHDRAWN = auto()
    ANSWERED = auto()
    ENDED = auto()


class OutboundInvite:
    """The INVITE transaction's user. `invite` is complete and sent at once; with `flow` None the name it goes to is
    being looked up, and it is sent when that has been `found`, with the Via and Contact of its way.

    Of several servers the next is tried when one cannot be reached, says 503, or nothing for `failover_s`
    (RFC 3263 section 4.3): the same INVITE in a new transaction.
    """

    __slots__ = (
        "_acks",
        "_cancel_reason",
        "_challenge",
        "_contact_user",
        "_core",
        "_early",
        "_exchange",
        "_forks",
        "_has_1xx",
        "_invite",
        "_left",
        "_others",
        "_policy",
        "_raises",
        "_talkers",
        "_wanted",
        "leg_id",
        "state",
    )

    is_answered = False

    def __init__(
        self,
        core: SipCore,
        leg_id: LegId,
        invite: Request,
        flow: Flow | None,
        challenge: ChallengeReply | None,
        policy: SessionPolicy,
        contact_user: str,
        now: float,
        others: Sequence[Flow] = (),
    ) -> None:
        self.leg_id = leg_id
        self.state = State.CALLING
        self._core = core
        self._invite = invite
        self._others: list[Flow] = list(others)
        """Servers, or flows of a phone, still to be tried."""
        self._challenge = challenge
        self._policy = policy
        self._contact_user = contact_user
        self._raises = 0
        """How often a 422 was obeyed."""
        self._wanted = b""
        """What the owner wants to offer when that is possible."""
        self._forks: dict[str, Response] = {}
        """The parties reached, by their tags, and what each has said first."""
        self._early: dict[str, EarlyDialog] = {}
        self._left: dict[str, Dialog] = {}
        """Of parties we do not want any more, who may answer all the same: BYE then has a number after our PRACKs."""
        self._talkers: dict[str, Ringing] = {}
        """Those that pick up when they are asked, by their tags."""
        self._has_1xx = False
        self._cancel_reason: str | None = None
        self._acks: dict[str, Acknowledgement] = {}
        self._exchange = None if flow is None else core.transactions.send(invite, flow, self, now)
        if others:
            core.deadlines.set(self, now + core.settings.failover_s)

    @property
    def sip_call_id(self) -> str:
        return self._invite.call_id

    @property
    def is_heard(self) -> bool:
        """A provisional response has come, be it 100, or a challenge that was answered."""
        return self._has_1xx or self._invite.cseq.number > 1

    # Inputs from the user

    def hang_up(self, reason: str | None, now: float) -> None:
        if self.state not in (State.CALLING, State.PROCEEDING):
            return
        self.state = State.WITHDRAWN
        self._cancel_reason = reason
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(LegEnded(self.leg_id, "local", "cancelled", 487))
        self._end_early(now)
        if self._has_1xx:
            self._cancel(now)

    def has_early_dialog(self, call_id: str, tags: set[str]) -> bool:
        return self._invite.call_id == call_id and self._invite.from_.tag in tags and not tags.isdisjoint(self._forks)

    def reinvite(self, sdp: bytes, now: float) -> None:
        """Offer a changed session: by UPDATE if the one party reached can take it, else as soon as somebody answers."""
        if self.state in (State.CALLING, State.PROCEEDING):
            self._wanted = sdp
            self._offer_wanted(now)

    def answer_reinvite(self, sdp: bytes, now: float) -> None:
        for early in self._early.values():
            early.offers.answer(sdp, now)

    def refuse_reinvite(self, status: int, now: float) -> None:
        for early in self._early.values():
            early.offers.refuse(status, now)

    def ask_to_talk(self, now: float) -> bool:
        """Ask the party that was reached last to pick up; False if nobody has announced that he would."""
        if self.state is not State.PROCEEDING or not self._talkers:
            return False
        ringing = next(reversed(self._talkers.values()))
        early = self._early_dialog(ringing.response, ringing.flow, self._fork_of(ringing.response))
        if early is not None:
            ask_to_talk(self._core, early.dialog, self._challenge, now)
        return early is not None

    def keep(self) -> KeptAttempt | None:
        """None while the name it goes to is being looked up: nothing is sent."""
        if self._exchange is None:
            return None
        return KeptAttempt(
            leg_id=self.leg_id,
            invite=self._invite.serialize(),
            flow=self._exchange.flow,
            forks=tuple([self._keep_fork(tag, self._exchange.flow) for tag in self._forks if tag]),
        )

    def replaces_for_peer(self) -> Replaces | None:
        if not self._forks:
            return None
        return Replaces(self._invite.call_id, next(reversed(self._forks)), self._invite.from_.tag or "")

    # Inputs from whoever looks names up

    def found(self, flows: list[Flow], now: float) -> None:
        """Where the name leads; nowhere, if there are none."""
        if self.state is not State.CALLING:
            return
        self._others = flows
        if not self._try_next(now):
            self._end_with(LegFailed(self.leg_id, 503, "No Route to Target"), now)

    # Time

    def handle_timeout(self, now: float) -> None:
        """The server has been given its time; unless it has said something, the next one is called."""
        if self.state is State.CALLING and not self._has_1xx and self._exchange is not None and self._others:
            self._exchange.user = AbandonedInvite(self._core, self._invite)
            self._try_next(now)

    # Inputs from the transaction

    def receive_response(self, exchange: ClientExchange, response: Response, now: float) -> None:
        if response.status < 200:
            self._receive_provisional(response, exchange.flow, now)
        elif response.status < 300:
            self._receive_success(response, exchange.flow, now)
        elif self.state in (State.CALLING, State.PROCEEDING) and exchange is self._exchange:
            self._receive_refusal(response, exchange.flow, now)

    def request_failed(self, exchange: ClientExchange, fact: Fact, now: float) -> None:
        if self.state is State.CALLING and self._try_next(now):
            return
        if self.state in (State.CALLING, State.PROCEEDING):
            if fact is Fact.TIMED_OUT:
                self._end_with(LegFailed(self.leg_id, 408, "Request Timeout"), now)
            else:
                self._end_with(LegFailed(self.leg_id, 503, "Connection Failed"), now)

    # Private

    def _receive_provisional(self, response: Response, flow: Flow, now: float) -> None:
        is_first = not self._has_1xx
        self._has_1xx = True
        if self.state is State.WITHDRAWN:
            if is_first:
                self._cancel(now)
        elif self.state in (State.CALLING, State.PROCEEDING) and response.status > 100:
            self.state = State.PROCEEDING
            fork = self._fork_of(response)
            if fork < FORKS_MAX and announces_talk(response):
                self._talkers[response.to.tag or ""] = Ringing(response, flow)
            sdp = find_sdp(response)
            rseq = None if self._policy.reliable == "off" else read_rseq(response)
            if sdp or rseq is not None:
                early = self._early_dialog(response, flow, fork)
                if early is None or (rseq is not None and not early.receive_reliable(rseq, response, now)):
                    return
                early.early_sdp = sdp or early.early_sdp
                self._offer_wanted(now)
            if response.status != EARLY_DIALOG_TERMINATED:
                self._core.outputs.append(LegProgress(self.leg_id, response.status, sdp, fork))

    def _fork_of(self, response: Response) -> int:
        tag = response.to.tag or ""
        if tag not in self._forks:
            if len(self._forks) >= FORKS_MAX:
                return FORKS_MAX
            self._forks[tag] = response
        return list(self._forks).index(tag)

    def _keep_fork(self, tag: str, flow: Flow) -> KeptDialog:
        early = self._early.get(tag)
        dialog = Dialog.of_caller(self._invite, self._forks[tag], flow) if early is None else early.dialog
        return dialog.keep()

    def _early_dialog(self, response: Response, flow: Flow, fork: int) -> EarlyDialog | None:
        """The one the response belongs to, begun with it if need be; None for one party too many, or without a tag."""
        tag = response.to.tag or ""
        early = self._early.get(tag)
        if early is None and fork < FORKS_MAX:
            early = self._early[tag] = EarlyDialog(
                self._core,
                self.leg_id,
                self._invite,
                response,
                flow,
                fork=fork,
                policy=self._policy,
                challenge=self._challenge,
            )
        return early

    def _offer_wanted(self, now: float) -> None:
        """An early dialog takes over what is wanted; of several nobody knows which will answer."""
        if self._wanted and len(self._early) == 1:
            (early,) = self._early.values()
            early.offers.offer(self._wanted, now)
            self._wanted = b""

    def _end_early(self, now: float) -> None:
        for tag, early in self._early.items():
            early.end(now)
            self._left[tag] = early.dialog
        self._early.clear()
        self._talkers.clear()

    def _receive_success(self, response: Response, flow: Flow, now: float) -> None:
        tag = response.to.tag or ""
        known = self._acks.get(tag)
        if known is not None:
            known.send()
            return
        if len(self._acks) >= FORKS_MAX:
            return
        dialog = Dialog.of_caller(self._invite, response, flow)
        early = self._early.pop(tag, None)
        begun = self._left.get(tag) if early is None else early.dialog
        if begun is not None:
            begun.confirm(dialog)
            dialog = begun
        self._core.route(dialog, flow)
        self._acks[tag] = Acknowledgement(self._core, dialog, self._invite)
        if self.state in (State.CALLING, State.PROCEEDING):
            self._answered(dialog, response, flow, early, now)
        else:
            bye = dialog.make_request("BYE", self._core.make_via(dialog.flow))
            self._core.transactions.send(bye, dialog.flow, NOBODY, now)

    def _answered(
        self, dialog: Dialog, response: Response, source: Flow, early: EarlyDialog | None, now: float
    ) -> None:
        self.state = State.ANSWERED
        fork = self._fork_of(response)
        self._end_early(now)
        if self._challenge is not None:
            self._challenge.succeeded()
        session = InviteSession(
            self._core,
            self.leg_id,
            dialog,
            source=source,
            is_caller=True,
            policy=self._policy,
            challenge=self._challenge,
            offers=None if early is None else early.offers,
        )
        if early is None:
            session.offers.described = self._invite.body
        self._core.legs[self.leg_id] = session
        session.offers.agreed(response, now)
        self._invite = keep_identity(self._invite)
        if early is None:
            sdp = find_sdp(response)
        elif early.owes_answer:
            sdp = find_sdp(response) or early.early_sdp
        else:
            sdp = b"" if early.offers.has_changed else early.early_sdp
        self._core.outputs.append(LegAnswered(self.leg_id, sdp, fork))
        if self._wanted:
            session.reinvite(self._wanted, now)
        else:
            session.offers.go_on(now)

    def _receive_refusal(self, response: Response, flow: Flow, now: float) -> None:
        if response.status in (430, 503) and self.state is State.CALLING and self._try_next(now):
            return
        if response.status in (401, 407) and self._challenge is not None:
            again = repeat_request(self._core, self._invite, flow, self._invite.cseq.number + 1)
            if self._challenge.authorize(again, response):
                self._try_again(again, flow, now)
                return
        if response.status == 422 and self._policy.session_expires_s and self._raises < RAISES_MAX:
            self._raises += 1
            again = repeat_request(self._core, self._invite, flow, self._invite.cseq.number + 1)
            for name, value in ask(self._policy, interval_s=max(min_se(response), self._policy.session_expires_s)):
                again.set(name, value)
            self._try_again(again, flow, now)
            return
        self._end_with(
            LegFailed(
                self.leg_id,
                response.status,
                legible(response.reason),
                read_retry_after(response),
                read_cause(response),
                redirect_targets(response) if self._policy.follows_redirects else (),
            ),
            now,
        )

    def _try_again(self, invite: Request, flow: Flow, now: float) -> None:
        self._invite = invite
        self._core.outputs.append(LegChanged(self.leg_id))
        self._has_1xx = False
        self._forks.clear()
        self._end_early(now)
        self._left.clear()
        self._exchange = self._core.transactions.send(invite, flow, self, now)

    def _try_next(self, now: float) -> bool:
        """Send the INVITE to the next server; False if there is none."""
        if not self._others:
            return False
        core, flow = self._core, self._others.pop(0)
        again = repeat_request(core, self._invite, flow, self._invite.cseq.number)
        again.set("contact", core.addresses.contact_for(self._contact_user, flow))
        self._try_again(again, flow, now)
        if self._others:
            core.deadlines.set(self, now + core.settings.failover_s)
        return True

    def _end_with(self, failed: LegFailed, now: float) -> None:
        self.state = State.ENDED
        self._end_early(now)
        self._core.legs.pop(self.leg_id, None)
        self._core.outputs.append(failed)

    def _cancel(self, now: float) -> None:
        if self._exchange is None:
            return
        cancel = make_cancel(self._invite)
        if self._cancel_reason is not None:
            cancel.add("reason", self._cancel_reason)
        self._core.transactions.send(cancel, self._exchange.flow, NOBODY, now)
        self._exchange.cancelled(now)
