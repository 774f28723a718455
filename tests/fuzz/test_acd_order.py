"""On every single day, to the nanosecond: who waits is decided by the keys, how much is waited by nothing but the work.

With agents who can all serve everybody, and conversations whose length is drawn when they begin: no agent is idle while
anybody waits; conversations begin at the same instants whatever the boosts and whichever agents are chosen, so that all
waits together are the same; nobody is overtaken by more than the boost of others above his own; of equally old ones
the first to come is first.
"""

import heapq
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactFinished,
    ContactQueued,
    ReservationAccepted,
)
from softswitch.acd.model import Agent, Queue, StrategyName
from softswitch.acd.outputs import AgentReserved, ContactConnected
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

NS = 1_000_000_000
BOOSTS_S = (0, 1, 30)
STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)


class Caller(NamedTuple):
    at_ns: int
    queue: int
    boost_s: int


class Day(NamedTuple):
    callers: list[Caller]
    service_ns: list[int]
    """Of the first conversation to begin, the second and so on, wrap-up included."""
    agents: int
    wrap_up_s: int


@st.composite
def days(draw: st.DrawFn) -> Day:
    count = draw(st.integers(1, 30))
    gaps_ns = draw(st.lists(st.one_of(st.just(0), st.integers(0, 20 * NS)), min_size=count, max_size=count))
    wrap_up_s = draw(st.sampled_from([0, 3]))
    callers: list[Caller] = []
    at_ns = 0
    for gap_ns in gaps_ns:
        at_ns += gap_ns
        callers.append(Caller(at_ns, draw(st.integers(0, 1)), draw(st.sampled_from(BOOSTS_S))))
    service_ns = [wrap_up_s * NS + draw(st.integers(0, 60 * NS)) for _ in range(count)]
    return Day(callers, service_ns, draw(st.integers(1, 4)), wrap_up_s)


class Run:
    """A day through the router; agents answer at once. Looks after each step whether anybody waits in vain."""

    def __init__(self, day: Day, strategy: StrategyName) -> None:
        self.day = day
        self.router = Router()
        self.began_ns: dict[int, int] = {}
        self.waiting: list[int] = []
        self.free = day.agents
        self.events: list[tuple[int, int, AcdInput]] = []
        self.now_s = 0.0
        queues = [
            Queue(
                queue_id=QueueId(f"q{number}"),
                strategy=strategy,
                wrap_up_s=day.wrap_up_s,
                max_wait_s=None,
                max_length=100,
            )
            for number in (0, 1)
        ]
        agents = [Agent(agent_id=AgentId(str(number))) for number in range(day.agents)]
        self.tell(ConfigurationSet(queues, agents), 0)
        for agent in agents:
            self.tell(AgentLoggedIn(agent.agent_id), 0)
            self.tell(AgentReachable(agent.agent_id), 0)
        for number, caller in enumerate(day.callers):
            self.events.append((caller.at_ns, number - len(day.callers), queued(number, caller)))
        self.live()

    def live(self) -> None:
        heapq.heapify(self.events)
        while self.events or self.router.next_timeout() is not None:
            due_s = self.router.next_timeout()
            due_ns = None if due_s is None else round(due_s * NS)
            if due_s is not None and due_ns is not None and (not self.events or due_ns <= self.events[0][0]):
                self.now_s = max(self.now_s, due_s)
                self.router.handle_timeout(self.now_s)
                self.listen(due_ns)
            else:
                at_ns, _, fact = heapq.heappop(self.events)
                if isinstance(fact, ContactQueued):
                    self.waiting.append(int(fact.contact_id))
                self.tell(fact, at_ns)
            assert self.free == 0 or not self.waiting, "somebody waits for whom an agent is idle"

    def tell(self, fact: AcdInput, now_ns: int) -> None:
        self.now_s = max(self.now_s, now_ns / NS)
        self.router.apply(fact, self.now_s)
        self.listen(now_ns)

    def listen(self, now_ns: int) -> None:
        answers: list[ReservationId] = []
        for output in self.router.take_outputs():
            if isinstance(output, AgentReserved):
                answers.append(output.reservation_id)
                self.reserved(int(output.contact_id))
            elif isinstance(output, ContactConnected):
                self.begin(int(output.contact_id), now_ns)
        for reservation_id in answers:
            self.tell(ReservationAccepted(reservation_id), now_ns)
        self.free = sum(row.idle_s is not None for row in self.router.agent_summaries(self.now_s))

    def begin(self, number: int, now_ns: int) -> None:
        ends_ns = now_ns + self.day.service_ns[len(self.began_ns)] - self.day.wrap_up_s * NS
        self.began_ns[number] = now_ns
        heapq.heappush(self.events, (ends_ns, len(self.began_ns), ContactFinished(ContactId(str(number)))))

    def reserved(self, chosen: int) -> None:
        """The oldest goes first. With the strategy that rings all he is reserved for several agents."""
        if chosen in self.waiting:
            assert chosen == min(self.waiting, key=lambda number: (key_ns(self.day.callers[number]), number))
            self.waiting.remove(chosen)

    @property
    def waited_ns(self) -> int:
        return sum(self.began_ns[number] - caller.at_ns for number, caller in enumerate(self.day.callers))


def queued(number: int, caller: Caller) -> ContactQueued:
    return ContactQueued(ContactId(str(number)), QueueId(f"q{caller.queue}"), float(caller.boost_s))


def key_ns(caller: Caller) -> int:
    return caller.at_ns - caller.boost_s * NS


def in_order_of_coming(callers: Sequence[Caller], service_ns: Sequence[int], agents: int) -> list[int]:
    """When each conversation begins if nobody has a boost: the reference, in five lines."""
    free_ns = [0] * agents
    began_ns: list[int] = []
    for caller, lasts_ns in zip(callers, service_ns, strict=True):
        began_ns.append(max(caller.at_ns, heapq.heappop(free_ns)))
        heapq.heappush(free_ns, began_ns[-1] + lasts_ns)
    return began_ns


@settings(max_examples=150, deadline=None)
@given(day=days(), strategy=st.sampled_from(STRATEGIES))
def test_boosts_and_strategies_move_waiting_about_and_make_none(day: Day, strategy: StrategyName) -> None:
    run = Run(day, strategy)
    reference_ns = in_order_of_coming(day.callers, day.service_ns, day.agents)
    assert sorted(run.began_ns.values()) == sorted(reference_ns)
    came_ns = sum(caller.at_ns for caller in day.callers)
    assert run.waited_ns == sum(reference_ns) - came_ns


@settings(max_examples=150, deadline=None)
@given(day=days(), strategy=st.sampled_from(STRATEGIES))
def test_nobody_is_overtaken_by_more_than_others_boosts_above_his_own(day: Day, strategy: StrategyName) -> None:
    """He is answered no later than if everybody went first who came before him or within that boost after him."""
    began_ns = Run(day, strategy).began_ns
    in_order_ns = sorted(began_ns.values())
    times_ns = [caller.at_ns for caller in day.callers]
    for number, caller in enumerate(day.callers):
        overtaken_until_ns = caller.at_ns + (max(BOOSTS_S) - caller.boost_s) * NS
        ahead_at_most = bisect_right(times_ns, overtaken_until_ns)
        assert began_ns[number] <= in_order_ns[ahead_at_most - 1]


@settings(max_examples=60, deadline=None)
@given(day=days(), boost_s=st.sampled_from(BOOSTS_S), strategy=st.sampled_from(STRATEGIES))
def test_equal_boosts_are_none(day: Day, boost_s: int, strategy: StrategyName) -> None:
    """First come, first served, over both queues; who comes in the same nanosecond goes in the order of coming."""
    level = day._replace(callers=[caller._replace(boost_s=boost_s) for caller in day.callers])
    began_ns = Run(level, strategy).began_ns
    assert [began_ns[number] for number in range(len(day.callers))] == in_order_of_coming(
        day.callers, day.service_ns, day.agents
    )
