"""The non-INVITE client transaction (RFC 3261 section 17.1.2): one request we sent that is answered without a person.

On UDP the request is repeated (Timer E) after T1, 2 T1 … but never less often than every T2; after a provisional
response every T2. After 64 T1 (Timer F) there is no hope of an answer. Once answered, repeated answers are swallowed
for T4 (Timer K).

```
 TRYING ──1xx──► PROCEEDING ──200-699──► COMPLETED ──K──► TERMINATED
    └────────────── 200-699 ────────────────▲              F, transport error: TERMINATED
```
"""

from collections.abc import Callable
from enum import auto

from softswitch.sip.messages.message import Response
from softswitch.sip.transactions.timers import SipTimers
from softswitch.sip.transactions.transaction import Fact, Symbol


class State(Symbol):
    TRYING = auto()
    PROCEEDING = auto()
    COMPLETED = auto()
    TERMINATED = auto()


class On(Symbol):
    """What can happen to it."""

    PROVISIONAL = auto()
    FINAL = auto()
    REPEAT = auto()
    """Timer E."""
    EXPIRY = auto()
    """Timer F or K, whichever the state runs."""
    BREAKAGE = auto()
    """The transport failed."""


class NonInviteClientTransaction:
    """Sends its request when made. Feed `receive`; on `Fact.ENDED` drop it."""

    __slots__ = (
        "_expires_at",
        "_interval_s",
        "_outputs",
        "_packet",
        "_reliable",
        "_repeat_at",
        "_response",
        "_timers",
        "ignored",
        "state",
    )

    def __init__(self, packet: bytes, *, timers: SipTimers, is_reliable: bool, now: float) -> None:
        """`packet` is the request as it goes over the wire."""
        self.state = State.TRYING
        self.ignored = 0
        """Inputs the table has no row for."""
        self._packet = packet
        self._timers = timers
        self._reliable = is_reliable
        self._interval_s = timers.t1
        self._repeat_at: float | None = None if is_reliable else now + timers.t1
        self._expires_at: float | None = now + timers.transaction_s
        self._response: Response | None = None
        self._outputs: list[bytes | Response | Fact] = [packet]

    # Inputs from the network

    def receive(self, response: Response, now: float) -> None:
        self._response = response
        self._apply(On.PROVISIONAL if response.status < 200 else On.FINAL, now)
        self._response = None

    def transport_failed(self, now: float) -> None:
        self._apply(On.BREAKAGE, now)

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
        self._interval_s = min(2.0 * self._interval_s, self._timers.t2)
        self._repeat_at = now + self._interval_s

    def _proceed(self, now: float) -> None:
        assert self._response is not None
        self._outputs.append(self._response)
        self._interval_s = self._timers.t2

    def _complete(self, now: float) -> None:
        assert self._response is not None
        self._outputs.append(self._response)
        self._repeat_at = None
        self._packet = b""
        settle_s = self._timers.settle_s(self._reliable)
        if settle_s:
            self._expires_at = now + settle_s
        else:
            self.state = State.TERMINATED
            self._end(now)

    def _time_out(self, now: float) -> None:
        self._outputs.append(Fact.TIMED_OUT)
        self._end(now)

    def _break(self, now: float) -> None:
        self._outputs.append(Fact.BROKEN)
        self._end(now)

    def _end(self, now: float) -> None:
        self._repeat_at = self._expires_at = None
        self._outputs.append(Fact.ENDED)


_Row = tuple[State, Callable[[NonInviteClientTransaction, float], None]]
_T = NonInviteClientTransaction

# pyright: reportPrivateUsage=false
_TABLE: dict[State, dict[On, _Row]] = {
    State.TRYING: {
        On.REPEAT: (State.TRYING, _T._repeat),  # 17.1.2.2, Timer E
        On.PROVISIONAL: (State.PROCEEDING, _T._proceed),  # 17.1.2.2
        On.FINAL: (State.COMPLETED, _T._complete),  # 17.1.2.2
        On.EXPIRY: (State.TERMINATED, _T._time_out),  # 17.1.2.2, Timer F
        On.BREAKAGE: (State.TERMINATED, _T._break),  # 17.1.4
    },
    State.PROCEEDING: {
        On.REPEAT: (State.PROCEEDING, _T._repeat),  # 17.1.2.2, Timer E at T2
        On.PROVISIONAL: (State.PROCEEDING, _T._proceed),  # 17.1.2.2
        On.FINAL: (State.COMPLETED, _T._complete),  # 17.1.2.2
        On.EXPIRY: (State.TERMINATED, _T._time_out),  # 17.1.2.2, Timer F
        On.BREAKAGE: (State.TERMINATED, _T._break),  # 17.1.4
    },
    State.COMPLETED: {
        On.EXPIRY: (State.TERMINATED, _T._end),  # 17.1.2.2, Timer K
    },
    State.TERMINATED: {},
}
