"""One webhook: which events are on their way, what became of them, when it is tried again. No sockets here.

```
              offer               begin                succeeded
  IDLE ───────────────► READY ─────────────► SENDING ─────────────► READY or IDLE; the cursor moves on
                          ▲                     │ failed
                          │ time                ▼
                          └────────────────── WAITING: twice as long each time, with jitter
                          ▲                     │ FAILURES_TO_REST in a row
                          └── one event, to try ── RESTING: nothing is sent at all
```

Events go out in their order. Is the other side away (no answer, 5xx, 408, 425, 429), they wait for it for as long as
they are kept. Does it refuse them (any other answer), each is tried alone, `REFUSALS_MAX` times, and is then set aside,
so that one that it cannot digest does not hold up the others. Whatever is set aside can be sent again.

An event that was sent and not acknowledged is sent again: at least once, with the same number.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec

from softswitch.calls.told.events import Numbered
from softswitch.web.limits import (
    BACKOFF_FIRST_S,
    BACKOFF_LONGEST_S,
    DELIVERY_QUEUE_MAX,
    FAILURES_TO_REST,
    REFUSALS_MAX,
    REST_S,
)


class CursorMoved(msgspec.Struct, frozen=True):
    """All up to this number is delivered, set aside, or not wanted: keep that."""

    cursor: int


class SetAside(msgspec.Struct, frozen=True):
    """Keep this event, which is not delivered, and why."""

    event: Numbered
    reason: str
    attempts: int


class Settled(msgspec.Struct, frozen=True):
    """An event that was set aside is delivered: forget it."""

    number: int


DeliveryOutput: TypeAlias = CursorMoved | SetAside | Settled


class _Waiting(NamedTuple):
    event: Numbered
    is_again: bool


class Delivery:
    """`random` gives numbers from 0 to 1. Times are monotonic seconds, but for `wall` (epoch)."""

    __slots__ = (
        "_age_max_s",
        "_attempts",
        "_batch_max",
        "_cursor",
        "_failures",
        "_in_hand",
        "_next_at",
        "_outputs",
        "_queue",
        "_random",
        "_single_until",
        "failed_at",
        "failing_since",
        "is_resting",
        "last_fault",
    )

    def __init__(self, cursor: int, *, batch_max: int, age_max_s: float, random: Callable[[], float]) -> None:
        self._cursor = cursor
        """Up to here events were offered or passed over."""
        self._batch_max = batch_max
        self._age_max_s = age_max_s
        self._random = random
        self._queue: deque[_Waiting] = deque()
        self._in_hand: list[_Waiting] = []
        self._attempts = 0
        """With the events at the head."""
        self._failures = 0
        """In a row."""
        self._single_until = 0
        """Events up to this number go out one by one."""
        self._next_at = 0.0
        self._outputs: list[DeliveryOutput] = []
        self.is_resting = False
        """It has failed too often, and is left alone for a while."""
        self.last_fault = ""
        self.failed_at = 0.0
        """When that was, wall time, and"""
        self.failing_since: float | None = None
        """since when nothing was acknowledged; None: it is well."""

    # Inputs

    @property
    def room(self) -> int:
        """How many events may be offered."""
        return max(0, DELIVERY_QUEUE_MAX - len(self._queue))

    @property
    def offered_until(self) -> int:
        return self._cursor

    def offer(self, events: list[Numbered], cursor: int) -> None:
        """The next ones that are wanted, of all up to this number."""
        self._queue += [_Waiting(each, is_again=False) for each in events]
        self._cursor = max(self._cursor, cursor)
        if not self._queue and not self._in_hand:
            self._outputs.append(CursorMoved(self._cursor))

    def offer_again(self, events: list[Numbered]) -> None:
        """Some that were set aside, before all others."""
        self._queue.extendleft(_Waiting(each, is_again=True) for each in reversed(events))

    def begin(self, now: float) -> list[Numbered]:
        """What is to be sent now; nothing while something is on its way, or it is not the time."""
        if self._in_hand or not self._queue or now < self._next_at:
            return []
        limit = 1 if self.is_resting or self._queue[0].event.number <= self._single_until else self._batch_max
        self._in_hand = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        return [each.event for each in self._in_hand]

    def succeeded(self) -> None:
        """They are acknowledged."""
        self._outputs += [Settled(each.event.number) for each in self._in_hand if each.is_again]
        self._failures = self._attempts = 0
        self._next_at = 0.0
        self.is_resting = False
        self.last_fault = ""
        self.failing_since = None
        self._done()

    def failed(self, fault: str, now: float, wall: float, *, is_refused: bool) -> None:
        """They are not. `is_refused`: it is there, and does not want them."""
        self.went_wrong(fault, wall, since=wall if self.failing_since is None else self.failing_since)
        self._failures += 1
        self._attempts += 1
        if is_refused and len(self._in_hand) > 1:
            self._single_until = max(each.event.number for each in self._in_hand)
            self._attempts = 0
            self._give_back()
        elif is_refused and self._attempts >= REFUSALS_MAX:
            self._set_aside(self._in_hand, fault)
            self._failures = 0
        else:
            self._give_back()
            self._set_aside_old(fault, wall)
        self._wait(now)

    def went_wrong(self, fault: str, wall: float, *, since: float) -> None:
        """The last attempt failed at `wall`, and none has succeeded `since`, maybe of another delivery."""
        self.last_fault, self.failed_at, self.failing_since = fault, wall, since

    # Time

    def next_timeout(self) -> float | None:
        """When `begin` may have something again; None: when something is offered."""
        return self._next_at if self._queue and not self._in_hand else None

    # Outputs

    def take_outputs(self) -> list[DeliveryOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Getters

    @property
    def waiting(self) -> int:
        return len(self._queue) + len(self._in_hand)

    @property
    def waiting_again(self) -> frozenset[int]:
        """Those that were set aside before."""
        return frozenset(each.event.number for each in (*self._queue, *self._in_hand) if each.is_again)

    # Private

    def _wait(self, now: float) -> None:
        if self._failures >= FAILURES_TO_REST:
            self.is_resting = True
            self._next_at = now + REST_S * (0.5 + self._random())
        elif self._failures:
            longest_s = min(BACKOFF_LONGEST_S, BACKOFF_FIRST_S * 2 ** (self._failures - 1))
            self._next_at = now + longest_s * (0.5 + self._random() / 2)

    def _give_back(self) -> None:
        self._queue.extendleft(reversed(self._in_hand))
        self._in_hand = []

    def _set_aside_old(self, fault: str, wall: float) -> None:
        """Those that have waited for as long as they are kept."""
        old: list[_Waiting] = []
        while self._queue and wall - self._queue[0].event.at_wall > self._age_max_s:
            old.append(self._queue.popleft())
        if old:
            self._set_aside(old, fault)

    def _set_aside(self, events: list[_Waiting], fault: str) -> None:
        self._outputs += [SetAside(each.event, fault, self._attempts) for each in events]
        self._attempts = 0
        self._done()

    def _done(self) -> None:
        self._in_hand = []
        new = next((each for each in self._queue if not each.is_again), None)
        self._outputs.append(CursorMoved(self._cursor if new is None else new.event.number - 1))
