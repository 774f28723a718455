"""Whom `dial` rings and when: all at once, one after the other, or each joining those who ring already.

```
 parallel   101 ████████████████     serial   101 █████                delayed   101 ████████████████
            102 ████████████████              102      █████                     102      ███████████
            103 ████████████████              103           ██████               103           ██████
```

A `RingPlan` knows targets by their place in the list and nothing of phones. Whoever rings them tells it which have
failed; it says which begin and which stop. Nobody waits in silence: when the last that rang has failed, the next
begins at once, and all that come later move forward with it. Times are monotonic seconds.
"""

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from softswitch.base.errors import LocalError
from softswitch.calls.limits import RING_TARGETS_MAX

RingStrategy = Literal["parallel", "serial", "delayed"]
"""All at once; each alone for `each_s`; each `each_s` after the one before, which goes on ringing."""
STRATEGIES: tuple[RingStrategy, ...] = ("parallel", "serial", "delayed")

EACH_S = 15.0
"""How long one of several is rung when the flow or the group does not say: three rings in most countries."""


class Ring(msgspec.Struct, frozen=True):
    """A target with times of its own: it rings `after_s` seconds after the first, and for `ring_s` seconds at most."""

    target: str
    after_s: float | None = None
    """None: as the strategy says, like `ring_s`."""
    ring_s: float | None = None


class BeginRing(msgspec.Struct, frozen=True):
    """Ring this target now."""

    place: int


class StopRing(msgspec.Struct, frozen=True):
    """Its time is over; the others go on."""

    place: int


class RingPlan:
    """Begins with the first `handle_timeout`. `is_over` when nobody rings and nobody is to come."""

    __slots__ = ("_outputs", "_ringing", "_schedule", "_shift_s", "_started_at", "_stops_at", "_waiting", "targets")

    def __init__(
        self, rings: Sequence[Ring | str], strategy: RingStrategy = "parallel", each_s: float = EACH_S
    ) -> None:
        """Raises `LocalError` for no targets, too many, or times that cannot be."""
        if not 0 < len(rings) <= RING_TARGETS_MAX:
            raise LocalError(f"dial: {len(rings)} targets, and there must be from 1 to {RING_TARGETS_MAX}")
        if strategy not in STRATEGIES:
            raise LocalError(f'dial: there is no strategy "{strategy}"; known: {", ".join(STRATEGIES)}')
        if not each_s > 0:
            raise LocalError(f"dial: each_s is {each_s:g}, and nobody can be rung for so long")
        self._schedule = _schedule(rings, strategy, each_s)
        self.targets = [each if isinstance(each, str) else each.target for each in rings]
        self._waiting = sorted(range(len(rings)), key=lambda place: self._schedule[place][0])
        """Who is to come, the next first."""
        self._ringing: set[int] = set()
        self._stops_at: dict[int, float] = {}
        self._started_at: float | None = None
        self._shift_s = 0.0
        """How much earlier than planned those who are to come begin."""
        self._outputs: list[BeginRing | StopRing] = []

    @property
    def is_over(self) -> bool:
        return not self._ringing and not self._waiting

    def length_s(self, ring_s: float) -> float:
        """Until the last has rung, if those of whom nothing is said ring for `ring_s`."""
        return max(after_s + (ring_s if own_s is None else own_s) for after_s, own_s in self._schedule)

    def leave_out(self, places: Collection[int]) -> None:
        """These are not rung; before it begins."""
        self._waiting = [place for place in self._waiting if place not in places]

    def failed(self, place: int, now: float) -> None:
        """Nobody can answer there any more."""
        if place in self._ringing or place in self._waiting:
            self._end(place)
            self.handle_timeout(now)

    def handle_timeout(self, now: float) -> None:
        """Begin and stop whatever is due."""
        if self._started_at is None:
            self._started_at = now
        for place, stops_at in list(self._stops_at.items()):
            if stops_at <= now:
                self._end(place)
                self._outputs.append(StopRing(place))
        if self._waiting and not self._ringing:
            self._shift_s = max(self._shift_s, self._started_at + self._schedule[self._waiting[0]][0] - now)
        while self._waiting and self._begins_at(self._waiting[0]) <= now:
            place = self._waiting.pop(0)
            self._ringing.add(place)
            ring_s = self._schedule[place][1]
            if ring_s is not None:
                self._stops_at[place] = now + ring_s
            self._outputs.append(BeginRing(place))

    def next_timeout(self) -> float | None:
        begins = [self._begins_at(self._waiting[0])] if self._waiting and self._started_at is not None else []
        return min([*begins, *self._stops_at.values()], default=None)

    def take_outputs(self) -> list[BeginRing | StopRing]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Private

    def _begins_at(self, place: int) -> float:
        return (self._started_at or 0.0) + self._schedule[place][0] - self._shift_s

    def _end(self, place: int) -> None:
        self._ringing.discard(place)
        self._stops_at.pop(place, None)
        if place in self._waiting:
            self._waiting.remove(place)


def _schedule(rings: Sequence[Ring | str], strategy: RingStrategy, each_s: float) -> list[tuple[float, float | None]]:
    """When each begins, in seconds after the first, and how long it may ring."""
    schedule: list[tuple[float, float | None]] = []
    next_after_s = 0.0
    for each in rings:
        ring = Ring(each) if isinstance(each, str) else each
        after_s = next_after_s if ring.after_s is None else ring.after_s
        ring_s = each_s if strategy == "serial" and ring.ring_s is None else ring.ring_s
        if not after_s >= 0 or (ring_s is not None and not ring_s > 0):
            raise LocalError(f"dial: {ring.target} cannot be rung after {after_s:g} s for {ring_s} s")
        schedule.append((after_s, ring_s))
        if strategy == "serial" and ring_s is not None:
            next_after_s = after_s + ring_s
        elif strategy == "delayed":
            next_after_s = after_s + each_s
    return schedule
