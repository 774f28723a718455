"""A day's traffic through the router: what must hold of every single one (order of service, conservation of waiting,
bounded overtaking), exactly.

Times are whole ticks of 1/1024 s, which floats add without rounding. Short days of every kind are in
tests/fuzz/test_acd_order.py, and what must hold of the mean of many in test_acd_theory.py.
"""

import heapq
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence

import pytest

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactFinished,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.model import Agent, Announcements, Queue
from softswitch.acd.outputs import AgentReserved, AnnouncementDue, ContactConnected
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId

TICKS = 1024
"""A second."""
HOUR = 3600 * TICKS


SALES = Queue(
    queue_id=QueueId("sales"),
    wrap_up_s=0.0,
    max_wait_s=None,
    max_length=1_000_000,
    announcements=Announcements(first_after_s=1.0, every_s=0.0),
)
"""Nobody is sent away; everybody who waits is told once how long it will still be."""


class Caller:
    """One contact of the simulated day. Times are ticks."""

    __slots__ = ("agent_id", "boost", "connected_at", "left_at", "number", "patience", "queued_at")

    def __init__(self, number: int, queued_at: int, *, boost: int = 0, patience: int | None = None) -> None:
        self.number = number
        self.queued_at = queued_at
        self.boost = boost
        self.patience = patience
        self.connected_at: int | None = None
        self.left_at: int | None = None
        self.agent_id: str | None = None

    @property
    def wait_s(self) -> float:
        until = self.connected_at if self.connected_at is not None else self.left_at
        assert until is not None
        return (until - self.queued_at) / TICKS


class Day:
    """Runs callers through a router whose agents answer at once. The n-th conversation takes `talk(n)` ticks."""

    def __init__(
        self,
        agents: Sequence[Agent],
        callers: Sequence[Caller],
        talk: Callable[[int], int],
    ) -> None:
        self.router = Router()
        self.callers = callers
        self.talk = talk
        self.conversations = 0
        self.announcements: list[tuple[int, AnnouncementDue]] = []
        self.answered_in_order: list[Caller] = []
        self.by_id = {ContactId(str(caller.number)): caller for caller in callers}
        self.events: list[tuple[int, int, AcdInput]] = []
        self.serial = 0
        self.router.apply(ConfigurationSet([SALES], list(agents)), 0.0)
        for agent in agents:
            self.router.apply(AgentLoggedIn(agent.agent_id), 0.0)
            self.router.apply(AgentReachable(agent.agent_id), 0.0)
        self.router.take_outputs()

    def run(self) -> None:
        for caller in self.callers:
            contact_id = ContactId(str(caller.number))
            self.at(caller.queued_at, ContactQueued(contact_id, SALES.queue_id, caller.boost / TICKS))
            if caller.patience is not None:
                self.at(caller.queued_at + caller.patience, ContactAbandoned(contact_id))
        while self.events:
            at, _, fact = heapq.heappop(self.events)
            self.pass_time(at)
            if isinstance(fact, ContactAbandoned):
                caller = self.by_id[fact.contact_id]
                if caller.connected_at is not None:
                    continue
                caller.left_at = at
            self.router.apply(fact, at / TICKS)
            self.follow(at)

    def pass_time(self, until: int) -> None:
        while (due := self.router.next_timeout()) is not None and due <= until / TICKS:
            self.router.handle_timeout(due)
            self.follow(round(due * TICKS))

    def at(self, when: int, fact: AcdInput) -> None:
        self.serial += 1
        heapq.heappush(self.events, (when, self.serial, fact))

    def follow(self, now: int) -> None:
        outputs = self.router.take_outputs()
        while outputs:
            for output in outputs:
                if isinstance(output, AgentReserved):
                    self.router.apply(ReservationAccepted(output.reservation_id), now / TICKS)
                elif isinstance(output, ContactConnected):
                    self.connect(output, now)
                elif isinstance(output, AnnouncementDue):
                    self.announcements.append((now, output))
            outputs = self.router.take_outputs()

    def connect(self, output: ContactConnected, now: int) -> None:
        caller = self.by_id[output.contact_id]
        assert output.wait_s == (now - caller.queued_at) / TICKS
        caller.connected_at = now
        caller.agent_id = output.agent_id
        self.answered_in_order.append(caller)
        self.at(now + self.talk(self.conversations), ContactFinished(output.contact_id))
        self.conversations += 1


def crowd(agents: int) -> list[Agent]:
    return [Agent(agent_id=AgentId(str(number))) for number in range(agents)]


def arrivals(rng: random.Random, count: int, per_hour: float) -> list[int]:
    at, times = 0.0, list[int]()
    for _ in range(count):
        at += rng.expovariate(per_hour / HOUR)
        times.append(round(at))
    return times


def talk_times(rng: random.Random, count: int, mean_s: float) -> Callable[[int], int]:
    times = [round(rng.expovariate(1 / (mean_s * TICKS))) for _ in range(count)]
    return times.__getitem__


def first_come_first_served(times: Sequence[int], agents: int, talk: Callable[[int], int]) -> list[int]:
    """When each caller is answered, by a reference of five lines."""
    free_at = [0] * agents
    answered: list[int] = []
    for number, at in enumerate(times):
        answered.append(max(at, heapq.heappop(free_at)))
        heapq.heappush(free_at, answered[-1] + talk(number))
    return answered


# Exact on every sample path


@pytest.mark.parametrize("load", [6.0, 9.5, 12.0])
def test_without_boosts_it_is_first_come_first_served_to_the_tick(load: float) -> None:
    rng = random.Random(1)
    times = arrivals(rng, 3000, load * 20)
    talk = talk_times(rng, 3000, 180)
    day = Day(crowd(10), [Caller(number, at) for number, at in enumerate(times)], talk)
    day.run()
    assert [caller.connected_at for caller in day.callers] == first_come_first_served(times, 10, talk)


@pytest.mark.parametrize("boost_s", [30, 300, 80_000])
def test_boosts_change_who_waits_but_not_how_much_is_waited(boost_s: int) -> None:
    """And nobody starves: he is answered no later than if everybody went first who came before him or, where he has no
    boost himself, within the boost after him."""
    rng = random.Random(2)
    times = arrivals(rng, 3000, 11.0 * 20)
    talk = talk_times(rng, 3000, 180)
    callers = [Caller(number, at, boost=rng.choice((0, boost_s * TICKS))) for number, at in enumerate(times)]
    Day(crowd(11), callers, talk).run()
    answered = sorted(caller.connected_at for caller in callers if caller.connected_at is not None)
    assert answered == sorted(first_come_first_served(times, 11, talk))

    for caller in callers:
        overtaken_until = caller.queued_at + boost_s * TICKS - caller.boost
        ahead_at_most = bisect_right(times, overtaken_until)
        assert caller.connected_at is not None
        assert caller.connected_at <= answered[ahead_at_most - 1]


def test_everybody_is_overtaken_only_by_who_counts_as_older() -> None:
    rng = random.Random(3)
    times = arrivals(rng, 1500, 12.0 * 20)
    callers = [Caller(number, at, boost=rng.choice((0, 20, 60)) * TICKS) for number, at in enumerate(times)]
    day = Day(crowd(10), callers, talk_times(rng, 1500, 180))
    day.run()
    for position, caller in enumerate(day.answered_in_order):
        assert caller.connected_at is not None
        for later in day.answered_in_order[position + 1 : position + 200]:
            if later.queued_at <= caller.connected_at:
                assert caller.queued_at - caller.boost <= later.queued_at - later.boost


@pytest.mark.parametrize("boost_s", [30, 300])
def test_a_boost_costs_others_its_own_seconds_and_strict_priority_costs_them_dearly(boost_s: int) -> None:
    """Eleven agents at ten erlangs, half of the callers urgent. The worst wait of the others grows by no more than the
    boost; a boost of a day, which is strict priority, is far beyond that bound."""
    rng = random.Random(8)
    times = arrivals(rng, 4000, 200.0)
    talk = talk_times(rng, 4000, 180)
    urgent = [rng.random() < 0.5 for _ in times]

    def worst_wait_of_the_others_s(boost: int) -> float:
        callers = [
            Caller(number, at, boost=boost * TICKS * is_urgent)
            for number, (at, is_urgent) in enumerate(zip(times, urgent, strict=True))
        ]
        Day(crowd(11), callers, talk).run()
        return max(caller.wait_s for caller in callers if not caller.boost)

    plain_s = max(
        (began - at) / TICKS for at, began in zip(times, first_come_first_served(times, 11, talk), strict=True)
    )
    assert worst_wait_of_the_others_s(boost_s) <= plain_s + boost_s
    assert worst_wait_of_the_others_s(80_000) > plain_s + 300


# Shares


def test_the_longest_idle_rule_shares_the_work_evenly() -> None:
    rng = random.Random(6)
    count = 8000
    callers = [Caller(number, at) for number, at in enumerate(arrivals(rng, count, 200.0))]
    day = Day(crowd(14), callers, talk_times(rng, count, 180))
    day.run()
    shares = [sum(caller.agent_id == str(agent) for caller in callers) * 14 / count for agent in range(14)]
    assert min(shares) > 0.9
    assert max(shares) < 1.1


# Promises


def test_estimated_waits_are_honest() -> None:
    """At 97 % load waits run from nothing to half an hour. The estimate is right in the mean, and its error is less
    than a third of that of the best constant guess, the mean itself."""
    rng = random.Random(7)
    count = 6000
    callers = [Caller(number, at) for number, at in enumerate(arrivals(rng, count, 9.7 * 20))]
    day = Day(crowd(10), callers, talk_times(rng, count, 180))
    day.run()
    pairs: list[tuple[float, float]] = []
    for at, announcement in day.announcements:
        answered_at = day.by_id[announcement.contact_id].connected_at
        if announcement.estimated_wait_s is not None and answered_at is not None:
            pairs.append((announcement.estimated_wait_s, (answered_at - at) / TICKS))
    mean_s = sum(real for _, real in pairs) / len(pairs)
    bias_s = sum(said - real for said, real in pairs) / len(pairs)
    error_s = sum(abs(said - real) for said, real in pairs) / len(pairs)
    error_of_guess_s = sum(abs(mean_s - real) for _, real in pairs) / len(pairs)
    assert len(pairs) > count / 2
    assert abs(bias_s) < 0.05 * mean_s
    assert error_s < error_of_guess_s / 3
