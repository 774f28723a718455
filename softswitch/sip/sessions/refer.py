"""REFER within one answered call, both ways: which are under way, and what a REFER must be like to be asked about.

| a REFER of the peer's                                     | answer                                             |
|-----------------------------------------------------------|----------------------------------------------------|
| REFERS_MAX of his are under way in this dialog            | 503 with Retry-After                               |
| no Refer-To, several, or one that cannot be read          | 400 with the fault                                 |
| Refer-To is no sip, sips or tel URI, or asks for no call  | 403 with the fault                                 |
| the dialog its Replaces names is none of ours             | 400: what it names is over, or was never here      |
| anything else                                             | ReferReceived; the owner accepts or refuses        |

404, 416 and 481 say of a dialog that it is dead (RFC 5057), which no refusal of a REFER means. Referred-By (RFC 3892)
is passed on as a claim: who refers is whoever the leg belongs to.
A NOTIFY for no REFER of ours gets 481, which ends only the subscription it comes from; one of another event 489.
"""

from softswitch.base.address import Flow
from softswitch.base.ids import LegId, ReferId
from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.core import SipCore
from softswitch.sip.kept import KeptRefer
from softswitch.sip.limits import REFERS_MAX
from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.header_values import NameAddr
from softswitch.sip.messages.legible import legible, legible_uri
from softswitch.sip.messages.message import Request, make_response
from softswitch.sip.messages.refer_to import ReferTo
from softswitch.sip.outputs import ReferReceived
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.received_refer import ReceivedRefer
from softswitch.sip.sessions.replacing import find_replaced
from softswitch.sip.sessions.sent_refer import SentRefer

REFER_METHODS = frozenset({"REFER", "NOTIFY"})


class Refers:
    """Those of one dialog. Made when the first is sent or comes."""

    __slots__ = ("_challenge", "_core", "_dialog", "_has_had_one", "_leg_id", "_received", "_sent")

    def __init__(self, core: SipCore, leg_id: LegId, dialog: Dialog, challenge: ChallengeReply | None) -> None:
        self._core = core
        self._leg_id = leg_id
        self._dialog = dialog
        self._challenge = challenge
        self._has_had_one = False
        self._received: list[ReceivedRefer] = []
        self._sent: list[SentRefer] = []

    def send(self, refer_to: str, referred_by: str, now: float) -> ReferId:
        refer_id = self._new_id()
        refer = SentRefer(self._core, self._leg_id, refer_id, self._dialog, self._challenge)
        self._sent = [*(each for each in self._sent if not each.is_over), refer]
        refer.send(refer_to, referred_by, now)
        return refer_id

    @property
    def under_way(self) -> SentRefer | None:
        """The one of ours that was sent last, unless it is over."""
        return self._sent[-1] if self._sent and not self._sent[-1].is_over else None

    def adopt(self, kept: KeptRefer) -> None:
        """Go on with one that another process has sent."""
        refer = SentRefer(self._core, self._leg_id, kept.refer_id, self._dialog, self._challenge)
        refer.adopt(kept)
        self._sent.append(refer)

    def receive(self, request: Request, flow: Flow, now: float) -> None:
        """A REFER or NOTIFY in sequence; it must be answered."""
        if request.method == "NOTIFY":
            self._receive_notify(request, flow, now)
            return
        self._received = [each for each in self._received if each.refer_id in self._core.refers]
        if len(self._received) >= REFERS_MAX:
            self._core.answer(request, flow, 503, now, headers=self._core.try_later)
            return
        try:
            self._ask(request, flow)
        except Malformed as fault:
            self._refuse(request, flow, fault, now)

    def session_ended(self, now: float) -> None:
        for received in self._received:
            received.session_ended(now)
        for sent in self._sent:
            sent.session_ended()

    # Private

    def _ask(self, request: Request, flow: Flow) -> None:
        refer_to = ReferTo.of(request)
        replaced = None
        if refer_to.replaces is not None:
            replaced = find_replaced(self._core, refer_to.replaces, is_refer=True)
            if isinstance(replaced, int):
                raise Malformed(400, "No Such Dialog To Replace")
        referred_by = request.get("referred-by")
        claimed = "" if referred_by is None else NameAddr.parse(referred_by).uri_text
        refer_id = self._new_id()
        exchange = self._core.transactions.open(request, flow)
        received = ReceivedRefer(
            self._core,
            self._leg_id,
            refer_id,
            self._dialog,
            request,
            exchange,
            self._challenge,
            is_first=not self._has_had_one,
        )
        self._has_had_one = True
        self._received.append(received)
        self._core.outputs.append(
            ReferReceived(
                self._leg_id,
                refer_id,
                target=legible(refer_to.user),
                target_uri=legible_uri(refer_to.uri),
                replaces_leg=replaced,
                referred_by=legible_uri(claimed),
            )
        )

    def _refuse(self, request: Request, flow: Flow, fault: Malformed, now: float) -> None:
        exchange = self._core.transactions.open(request, flow)
        exchange.respond(make_response(request, fault.status_hint or 400, fault.reason), now)

    def _receive_notify(self, notify: Request, flow: Flow, now: float) -> None:
        event, _, tail = (notify.get("event") or "").partition(";")
        if event.strip(" \t").lower() != "refer":
            self._core.answer(notify, flow, 489, now, headers=(("allow-events", "refer"),))
            return
        name, _, event_id = tail.partition("=")
        wanted = event_id.strip(" \t") if name.strip(" \t").lower() == "id" else ""
        sent = next((each for each in self._sent if wanted in ("", each.event_id)), None)
        if sent is None:
            self._core.answer(notify, flow, 481, now)
            return
        self._core.answer(notify, flow, 200, now)
        sent.receive_notify(notify)

    def _new_id(self) -> ReferId:
        return ReferId(self._core.entropy.token(48))
