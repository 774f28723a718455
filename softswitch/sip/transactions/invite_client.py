"""The INVITE client transaction (RFC 3261 section 17.1.1, RFC 6026 section 7.2): one INVITE we sent, until settled.

On UDP the INVITE is repeated after T1, 2 T1, 4 T1 … (Timer A) until anything comes back; without any answer it is
given up after 64 T1 (Timer B). A provisional response stops both: from then on a person is being waited for, and only
a final response, or the user's CANCEL, ends it. A refusal (300-699) is acknowledged here, hop by hop; a 2xx is
acknowledged by the dialog, end to end, which is why every 2xx that comes, repeated or forked, is passed up for 64 T1
(Timer M, the state RFC 6026 added: without it the second 2xx of a forked INVITE belongs to nobody).

```
 CALLING ──1xx──► PROCEEDING ──2xx──► ACCEPTED ──M──► TERMINATED
    │ └────────── 2xx ──────────────────▲
    └─── 300-699 ─┬─► COMPLETED ──D──► TERMINATED          B, transport error: TERMINATED
```
"""

from collections.abc import Callable
from enum import auto

from softswitch.sip.messages.message import Request, Response
from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact, Symbol


class State(Symbol):
    CALLING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class On(Symbol):
    """What can happen to it."""

    PROVISIONAL = auto()
    SUCCESS = auto()
    REFUSAL = auto()
    REPEAT = auto()
    """Timer A."""
    EXPIRY = auto()
    """Timer B, D or M, whichever the state runs."""
    BREAKAGE = auto()
    """The transport failed."""


class InviteClientTransaction:
    """Sends its request when made. Feed `receive`; on `Fact.ENDED` drop it."""

    __slots__ = (
        "_ack",
        "_expires_at",
        "_interval_s",
        "_invite",
        "_outputs",
        "_packet",
        "_reliable",
        "_repeat_at",
        "_response",
        "_timers",
        "ignored",
        "state",
    )

    def __init__(
        self,
        invite: Request,
        packet: bytes,
        *,
        timers: SipTimers,
        is_reliable: bool,
        now: float,
        is_sent: bool = False,
    ) -> None:
        """`packet` is the INVITE as it goes over the wire. With `is_sent` another process has sent it."""
        self.state = State.PROCEEDING if is_sent else State.CALLING
        self.ignored = 0
        """Inputs the table has no row for."""
        self._invite: Request | None = invite
        self._packet = packet
        self._timers = timers
        self._reliable = is_reliable
        self._interval_s = timers.t1
        self._repeat_at: float | None = None if is_reliable or is_sent else now + timers.t1
        self._expires_at: float | None = now + timers.transaction_s
        self._response: Response | None = None
        self._ack = b""
        self._outputs: list[bytes | Response | Fact] = [] if is_sent else [packet]

    # Inputs from the network

    def receive(self, response: Response, now: float) -> None:
        self._response = response
        if response.status < 200:
            self._apply(On.PROVISIONAL, now)
        elif response.status < 300:
            self._apply(On.SUCCESS, now)
        else:
            self._apply(On.REFUSAL, now)
        self._response = None

    def transport_failed(self, now: float) -> None:
        self._apply(On.BREAKAGE, now)

    # Inputs from the user

    def cancelled(self, now: float) -> None:
        """CANCEL was sent: if no final response follows within 64 T1 there will be none (section 9.1)."""
        if self.state is State.PROCEEDING:
            self._expires_at = now + self._timers.transaction_s

    # Time

    def next_timeout(self) -> float | None:
        if self._repeat_at is None or self._expires_at is None:
            return self._expires_at if self._repeat_at is None else self._repeat_at
        return min(self._repeat_at, self._expires_at)

    def handle_timeout(self, now: float) -> None:
        if self._expires_at is not None and now >= self._expires_at:
            self._apply(On.EXPIRY, now)
        elif self._repeat_at is not None and now >= self._repeat_at:
            self._apply(On.REPEAT, now)

    # Outputs

    def take_outputs(self) -> list[bytes | Response | Fact]:
        outputs = self._outputs
        self._outputs = []
        return outputs

    # Private

    def _apply(self, event: On, now: float) -> None:
        row = _TABLE[self.state].get(event)
        if row is None:
            self.ignored += 1
            return
        self.state, action = row
        action(self, now)

    def _repeat(self, now: float) -> None:
        self._outputs.append(self._packet)
        self._interval_s *= 2.0
        self._repeat_at = now + self._interval_s

    def _pass_up(self, now: float) -> None:
        assert self._response is not None
        self._outputs.append(self._response)

    def _proceed(self, now: float) -> None:
        self._repeat_at = self._expires_at = None
        self._pass_up(now)

    def _accept(self, now: float) -> None:
        self._repeat_at = None
        self._expires_at = now + self._timers.transaction_s
        self._invite = None
        self._packet = b""
        self._pass_up(now)

    def _complete(self, now: float) -> None:
        assert self._response is not None
        assert self._invite is not None
        self._repeat_at = None
        self._ack = acknowledge_refusal(self._invite, self._response).serialize()
        self._outputs.append(self._ack)
        self._outputs.append(self._response)
        absorb_s = self._timers.absorb_s(self._reliable)
        if absorb_s:
            self._expires_at = now + absorb_s
        else:
            self.state = State.TERMINATED
            self._end(now)

    def _acknowledge_again(self, now: float) -> None:
        self._outputs.append(self._ack)

    def _time_out(self, now: float) -> None:
        self._outputs.append(Fact.TIMED_OUT)
        self._end(now)

    def _break(self, now: float) -> None:
        self._outputs.append(Fact.BROKEN)
        self._end(now)

    def _end(self, now: float) -> None:
        self._repeat_at = self._expires_at = None
        self._outputs.append(Fact.ENDED)


def acknowledge_refusal(invite: Request, response: Response) -> Request:
    """The ACK for a 300-699 (section 17.1.1.3): the INVITE's own Via, Route and identity, the response's To."""
    ack = Request("ACK", invite.uri_text)
    for name, value in invite.headers:
        if name == "via":
            ack.headers.append((name, value))
            break
    for name, value in invite.headers:
        if name in ("route", "max-forwards", "from", "call-id"):
            ack.headers.append((name, value))
    ack.headers.append(("to", response.get("to") or ""))
    ack.headers.append(("cseq", f"{invite.cseq.number} ACK"))
    return ack


_Row = tuple[State, Callable[[InviteClientTransaction, float], None]]
_T = InviteClientTransaction

# pyright: reportPrivateUsage=false
_TABLE: dict[State, dict[On, _Row]] = {
    State.CALLING: {
        On.REPEAT: (State.CALLING, _T._repeat),  # 17.1.1.2, Timer A
        On.EXPIRY: (State.TERMINATED, _T._time_out),  # 17.1.1.2, Timer B
        On.BREAKAGE: (State.TERMINATED, _T._break),  # 17.1.4
        On.PROVISIONAL: (State.PROCEEDING, _T._proceed),  # 17.1.1.2
        On.SUCCESS: (State.ACCEPTED, _T._accept),  # RFC 6026 7.2
        On.REFUSAL: (State.COMPLETED, _T._complete),  # 17.1.1.2
    },
    State.PROCEEDING: {
        On.PROVISIONAL: (State.PROCEEDING, _T._pass_up),  # 17.1.1.2
        On.SUCCESS: (State.ACCEPTED, _T._accept),  # RFC 6026 7.2
        On.REFUSAL: (State.COMPLETED, _T._complete),  # 17.1.1.2
        On.EXPIRY: (State.TERMINATED, _T._time_out),  # 9.1: nothing came after CANCEL
        On.BREAKAGE: (State.TERMINATED, _T._break),  # 17.1.4
    },
    State.ACCEPTED: {
        On.SUCCESS: (State.ACCEPTED, _T._pass_up),  # RFC 6026 7.2: repeated or forked
        On.EXPIRY: (State.TERMINATED, _T._end),  # RFC 6026 7.2, Timer M
    },
    State.COMPLETED: {
        On.REFUSAL: (State.COMPLETED, _T._acknowledge_again),  # 17.1.1.2
        On.EXPIRY: (State.TERMINATED, _T._end),  # 17.1.1.2, Timer D
    },
    State.TERMINATED: {},
}
