"""The INVITE server transaction (RFC 3261 section 17.2.1, RFC 6026 section 7.1): one INVITE a peer sent us.

While the user makes up its mind, a repeated INVITE is answered with the last provisional response. A refusal
(300-699) is repeated on UDP after T1, 2 T1 … up to every T2 (Timer G) until its ACK comes or 64 T1 have gone by
(Timer H); then repeated ACKs are swallowed for T4 (Timer I). A 2xx is repeated by the user, not here, since its ACK
travels end to end; the ACCEPTED state of RFC 6026 stays for 64 T1 (Timer L) and only swallows repeated INVITEs, which
would otherwise look like new calls.

```
 PROCEEDING ──2xx──► ACCEPTED ──L──► TERMINATED
     └──300-699──► COMPLETED ──ACK──► CONFIRMED ──I──► TERMINATED
                       └───────H: timed out ─────────────▲
```
"""

from collections.abc import Callable
from enum import auto

from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact, Symbol


class State(Symbol):
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class On(Symbol):
    """What can happen to it."""

    INVITE = auto()
    """The peer repeats its INVITE."""
    ACK = auto()
    PROVISIONAL = auto()
    SUCCESS = auto()
    REFUSAL = auto()
    REPEAT = auto()
    """Timer G."""
    EXPIRY = auto()
    """Timer H, I or L, whichever the state runs."""


class InviteServerTransaction:
    """Give it what the user answers (`respond`); on `Fact.ENDED` drop it."""

    __slots__ = (
        "_expires_at",
        "_interval_s",
        "_outputs",
        "_packet",
        "_reliable",
        "_repeat_at",
        "_timers",
        "ignored",
        "state",
    )

    def __init__(self, *, timers: SipTimers, is_reliable: bool) -> None:
        self.state = State.PROCEEDING
        self.ignored = 0
        """Inputs the table has no row for."""
        self._timers = timers
        self._reliable = is_reliable
        self._interval_s = timers.t1
        self._packet = b""
        self._repeat_at: float | None = None
        self._expires_at: float | None = None
        self._outputs: list[bytes | Fact] = []

    def adopt(self, packet: bytes) -> None:
        """Go on with one of another process, whose last provisional response was this."""
        self._packet = packet

    @property
    def packet(self) -> bytes:
        """The response that answers a repetition."""
        return self._packet

    # Inputs from the network

    def receive_invite(self, now: float) -> None:
        """The INVITE came again."""
        self._apply(On.INVITE, now)

    def receive_ack(self, now: float) -> None:
        self._apply(On.ACK, now)

    # Inputs from the user

    def respond(self, status: int, packet: bytes, now: float) -> None:
        if self.state is State.PROCEEDING or self.state is State.ACCEPTED:
            self._packet = packet
        if status < 200:
            self._apply(On.PROVISIONAL, now)
        elif status < 300:
            self._apply(On.SUCCESS, now)
        else:
            self._apply(On.REFUSAL, now)

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

    def take_outputs(self) -> list[bytes | Fact]:
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

    def _send(self, now: float) -> None:
        if self._packet:
            self._outputs.append(self._packet)

    def _pass_on(self, now: float) -> None:
        self._send(now)
        self._packet = b""

    def _accept(self, now: float) -> None:
        self._pass_on(now)
        self._expires_at = now + self._timers.transaction_s

    def _refuse(self, now: float) -> None:
        self._send(now)
        self._expires_at = now + self._timers.transaction_s
        self._repeat_at = None if self._reliable else now + self._interval_s

    def _repeat(self, now: float) -> None:
        self._send(now)
        self._interval_s = min(2.0 * self._interval_s, self._timers.t2)
        self._repeat_at = now + self._interval_s

    def _confirm(self, now: float) -> None:
        self._outputs.append(Fact.ACKED)
        self._repeat_at = None
        self._packet = b""
        settle_s = self._timers.settle_s(self._reliable)
        if settle_s:
            self._expires_at = now + settle_s
        else:
            self.state = State.TERMINATED
            self._end(now)

    def _acked(self, now: float) -> None:
        self._outputs.append(Fact.ACKED)

    def _swallow(self, now: float) -> None:
        """Nothing: the repetition was expected."""

    def _time_out(self, now: float) -> None:
        self._outputs.append(Fact.TIMED_OUT)
        self._end(now)

    def _end(self, now: float) -> None:
        self._repeat_at = self._expires_at = None
        self._outputs.append(Fact.ENDED)


_Row = tuple[State, Callable[[InviteServerTransaction, float], None]]
_T = InviteServerTransaction

# pyright: reportPrivateUsage=false
_TABLE: dict[State, dict[On, _Row]] = {
    State.PROCEEDING: {
        On.INVITE: (State.PROCEEDING, _T._send),  # 17.2.1: the last provisional response again
        On.PROVISIONAL: (State.PROCEEDING, _T._send),  # 17.2.1
        On.SUCCESS: (State.ACCEPTED, _T._accept),  # RFC 6026 7.1, starts Timer L
        On.REFUSAL: (State.COMPLETED, _T._refuse),  # 17.2.1, starts Timers G and H
    },
    State.ACCEPTED: {
        On.INVITE: (State.ACCEPTED, _T._swallow),  # RFC 6026 7.1
        On.SUCCESS: (State.ACCEPTED, _T._pass_on),  # RFC 6026 7.1: the user repeats its 2xx
        On.ACK: (State.ACCEPTED, _T._acked),  # RFC 6026 7.1: passed to the user
        On.EXPIRY: (State.TERMINATED, _T._end),  # RFC 6026 7.1, Timer L
    },
    State.COMPLETED: {
        On.INVITE: (State.COMPLETED, _T._send),  # 17.2.1
        On.REPEAT: (State.COMPLETED, _T._repeat),  # 17.2.1, Timer G
        On.ACK: (State.CONFIRMED, _T._confirm),  # 17.2.1, starts Timer I
        On.EXPIRY: (State.TERMINATED, _T._time_out),  # 17.2.1, Timer H
    },
    State.CONFIRMED: {
        On.INVITE: (State.CONFIRMED, _T._swallow),  # 17.2.1: overtaken by its own ACK
        On.ACK: (State.CONFIRMED, _T._swallow),  # 17.2.1
        On.EXPIRY: (State.TERMINATED, _T._end),  # 17.2.1, Timer I
    },
    State.TERMINATED: {},
}
