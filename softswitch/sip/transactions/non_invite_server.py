"""The non-INVITE server transaction (RFC 3261 section 17.2.2): one request a peer sent us that needs no person.

It keeps the final response for 64 T1 on UDP (Timer J) and gives it again to every repetition of the request, so that
a BYE or REGISTER is carried out once however often it arrives.

```
 TRYING ──1xx──► PROCEEDING ──200-699──► COMPLETED ──J──► TERMINATED
    └────────────── 200-699 ────────────────▲
```
"""

from collections.abc import Callable
from enum import auto

from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact, Symbol


class State(Symbol):
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class On(Symbol):
    """What can happen to it."""

    REQUEST = auto()
    """The peer repeats its request."""
    PROVISIONAL = auto()
    FINAL = auto()
    EXPIRY = auto()
    """Timer J."""


class NonInviteServerTransaction:
    """Give it what the user answers (`respond`); on `Fact.ENDED` drop it."""

    __slots__ = (
        "_expires_at",
        "_outputs",
        "_packet",
        "_reliable",
        "_timers",
        "ignored",
        "state",
    )

    def __init__(self, *, timers: SipTimers, is_reliable: bool) -> None:
        self.state = State.TRYING
        self.ignored = 0
        """Inputs the table has no row for."""
        self._timers = timers
        self._reliable = is_reliable
        self._packet = b""
        self._expires_at: float | None = None
        self._outputs: list[bytes | Fact] = []

    @property
    def packet(self) -> bytes:
        """The response that answers a repetition."""
        return self._packet

    # Inputs from the network

    def receive_request(self, now: float) -> None:
        """The request came again."""
        self._apply(On.REQUEST, now)

    # Inputs from the user

    def respond(self, status: int, packet: bytes, now: float) -> None:
        if self.state is State.TRYING or self.state is State.PROCEEDING:
            self._packet = packet
        self._apply(On.PROVISIONAL if status < 200 else On.FINAL, now)

    # Time

    def next_timeout(self) -> float | None:
        return self._expires_at

    def handle_timeout(self, now: float) -> None:
        if self._expires_at is not None and now >= self._expires_at:
            self._apply(On.EXPIRY, now)

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
        self._outputs.append(self._packet)

    def _complete(self, now: float) -> None:
        self._send(now)
        absorb_s = self._timers.absorb_s(self._reliable)
        if absorb_s:
            self._expires_at = now + absorb_s
        else:
            self.state = State.TERMINATED
            self._end(now)

    def _swallow(self, now: float) -> None:
        """Nothing: there is no answer yet that could be repeated."""

    def _end(self, now: float) -> None:
        self._expires_at = None
        self._outputs.append(Fact.ENDED)


_Row = tuple[State, Callable[[NonInviteServerTransaction, float], None]]
_T = NonInviteServerTransaction

# pyright: reportPrivateUsage=false
_TABLE: dict[State, dict[On, _Row]] = {
    State.TRYING: {
        On.REQUEST: (State.TRYING, _T._swallow),  # 17.2.2
        On.PROVISIONAL: (State.PROCEEDING, _T._send),  # 17.2.2
        On.FINAL: (State.COMPLETED, _T._complete),  # 17.2.2, starts Timer J
    },
    State.PROCEEDING: {
        On.REQUEST: (State.PROCEEDING, _T._send),  # 17.2.2
        On.PROVISIONAL: (State.PROCEEDING, _T._send),  # 17.2.2
        On.FINAL: (State.COMPLETED, _T._complete),  # 17.2.2, starts Timer J
    },
    State.COMPLETED: {
        On.REQUEST: (State.COMPLETED, _T._send),  # 17.2.2
        On.EXPIRY: (State.TERMINATED, _T._end),  # 17.2.2, Timer J
    },
    State.TERMINATED: {},
}
