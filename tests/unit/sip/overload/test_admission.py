"""Overload: a switch simulated as a queue gets twice the calls it can carry, from callers who repeat what is not
answered; what it completes stays near the most it can, and calls in progress do not notice.
"""

import heapq
import random
from itertools import count

import pytest

from softswitch.sip.overload.admission import RATE_MIN_PER_S, Admission

CAPACITY = 500.0
"""Calls a second that keep the simulated switch fully busy."""
COST_S = 1.0 / CAPACITY
SHARES = (0.5, 0.1, 0.4)
"""Of a call's cost: INVITE to 200, ACK, BYE."""
REFUSAL_S = 0.000_025
REPEAT_S = 0.000_050
T1 = 0.5
PATIENCE_S = 4.0
"""A caller gives up after this long without an answer."""
HOLD_S = 2.0


class SimulatedSwitch:
    """One core, one queue of messages; callers come at random and repeat INVITEs at T1, 2 T1, 4 T1."""

    def __init__(self, offered_per_s: float, *, controlled: bool, seed: int = 1) -> None:
        self.admission = Admission() if controlled else None
        self._dice = random.Random(seed)
        self._offered = offered_per_s
        self._events: list[tuple[float, int, str, int]] = []
        self._serial = count()
        self._queue: list[tuple[float, str, int]] = []
        self._head = 0
        self._free_at = 0.0
        self._busy_s = 0.0
        self._began: dict[int, float] = {}
        self._answered: dict[int, float] = {}
        self._known: set[int] = set()
        self.completed: list[float] = []
        self.refused: list[float] = []
        self.bye_delays: list[float] = []

    def _at(self, when: float, what: str, call: int) -> None:
        heapq.heappush(self._events, (when, next(self._serial), what, call))

    def run(self, until: float) -> None:
        call = 0
        self._at(0.0, "arrival", call)
        self._at(0.1, "measure", -1)
        measured_busy = 0.0
        while self._events:
            now, _, what, which = heapq.heappop(self._events)
            if now > until:
                return
            self._serve(now)
            if what == "arrival":
                self._began[which] = now
                self._queue.append((now, "INVITE", which))
                self._at(now + T1, "repeat", which)
                call += 1
                self._at(now + self._dice.expovariate(self._offered), "arrival", call)
            elif what == "repeat":
                if which not in self._answered and now - self._began[which] < PATIENCE_S:
                    self._queue.append((now, "INVITE", which))
                    self._at(now + (now - self._began[which]) * 1.0, "repeat", which)
            elif what == "measure":
                if self.admission is not None:
                    waiting_s = now - self._queue[self._head][0] if self._head < len(self._queue) else 0.0
                    self.admission.note_load((self._busy_s - measured_busy) / 0.1, waiting_s, now)
                measured_busy = self._busy_s
                self._at(now + 0.1, "measure", -1)
            else:
                self._queue.append((now, what, which))
            self._serve(now)

    def _serve(self, now: float) -> None:
        """Do what can be done until `now`, in order of arrival."""
        while self._head < len(self._queue):
            arrived, what, which = self._queue[self._head]
            begins = max(self._free_at, arrived)
            if begins >= now:
                return
            self._head += 1
            cost = self._work(what, which, begins, arrived)
            self._free_at = begins + cost
            self._busy_s += cost

    def _work(self, what: str, which: int, now: float, arrived: float) -> float:
        if what == "INVITE":
            if which in self._known:
                return REPEAT_S
            if self.admission is not None and not self.admission.admits(now):
                self._answered.setdefault(which, now)
                self.refused.append(now)
                return REFUSAL_S
            self._known.add(which)
            done = now + COST_S * SHARES[0]
            is_in_time = done - self._began[which] < PATIENCE_S
            self._answered.setdefault(which, done)
            if is_in_time:
                self._at(done, "ACK", which)
                self._at(done + HOLD_S, "BYE", which)
            return COST_S * SHARES[0]
        if what == "ACK":
            return COST_S * SHARES[1]
        self.bye_delays.append(now - arrived)
        self.completed.append(now)
        return COST_S * SHARES[2]


def goodput(offered: float, *, controlled: bool, seed: int = 1) -> tuple[float, SimulatedSwitch]:
    """Completed calls a second, when it has settled."""
    switch = SimulatedSwitch(offered, controlled=controlled, seed=seed)
    switch.run(40.0)
    return sum(15.0 < each < 40.0 for each in switch.completed) / 25.0, switch


@pytest.mark.parametrize("factor", [1.2, 2.0, 4.0])
def test_goodput_stays_near_its_maximum(factor: float) -> None:
    best, _ = goodput(CAPACITY * 0.97, controlled=True)
    overloaded, switch = goodput(CAPACITY * factor, controlled=True)

    assert overloaded >= 0.9 * best
    late = sorted(switch.bye_delays[len(switch.bye_delays) // 2 :])
    assert late[int(len(late) * 0.99)] < 0.2, "calls in progress do not notice"


def test_without_it_hardly_anything_is_completed() -> None:
    """What the numbers above are worth."""
    best, _ = goodput(CAPACITY * 0.9, controlled=False)
    overloaded, _ = goodput(CAPACITY * 2.0, controlled=False)

    assert overloaded < 0.6 * best


def test_below_its_capacity_nobody_is_refused() -> None:
    _, switch = goodput(CAPACITY * 0.85, controlled=True)
    assert switch.refused == []


def test_when_the_storm_is_over_the_limit_goes() -> None:
    admission = Admission()
    now = 0.0
    for _ in range(20):
        now += 0.1
        for _ in range(100):
            admission.admits(now)
        admission.note_load(1.0, 0.3, now)
    assert admission.rate_per_s is not None
    for _ in range(200):
        now += 0.1
        admission.admits(now)
        admission.note_load(0.1, 0.0, now)
    assert admission.rate_per_s is None
    assert admission.admits(now)


def test_somebody_always_gets_in() -> None:
    admission = Admission()
    admitted, now = 0, 0.0
    for _ in range(1000):
        now += 0.1
        admitted += sum(admission.admits(now) for _ in range(100))
        admission.note_load(1.0, 5.0, now)
    assert admitted >= 0.8 * RATE_MIN_PER_S * 50


def test_a_stall_that_is_over_costs_nobody_a_call() -> None:
    """The machine was away for half a second, and came back."""
    admission = Admission()
    now = 0.0
    for _ in range(50):
        now += 0.1
        admission.note_load(0.3, 0.0, now)
        now += 0.5
        admission.note_load(0.2, 0.4, now)
        now += 0.1
        admission.note_load(0.9, 0.1, now)
        assert all(admission.admits(now) for _ in range(50))
