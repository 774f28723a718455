"""Calls outlive the switch: what their contacts hear of the router that goes on."""

from collections.abc import Iterable, Iterator

import pytest

from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactQueued,
    Survivor,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, Queue, ToFlow
from softswitch.acd.outputs import AcdOutput, AgentReserved, AnnouncementDue, ContactForgotten, ContactOverflowed
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.service import AcdService, SavedAgent
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.clock import ManualClock
from softswitch.testing.journal import TableInMemory
from softswitch.testing.runtime.loop import VirtualLoop

ANN, BOB = AgentId("ann"), AgentId("bob")
SALES = QueueId("sales")
CONFIGURATION = ConfigurationSet(
    [Queue(queue_id=SALES, max_wait_s=10.0, overflow=ToFlow("sorry"))], [Agent(agent_id=ANN), Agent(agent_id=BOB)]
)
C1, C2 = ContactId("c1"), ContactId("c2")


class States:
    def __init__(self, *states: SavedAgent) -> None:
        self._states = states

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        pass

    def values(self) -> Iterable[SavedAgent]:
        return self._states


class Running:
    """A switch's ACD; whoever makes another one with the same table restarts it."""

    def __init__(
        self,
        loop: VirtualLoop,
        clock: ManualClock,
        table: TableInMemory,
        *survivors: Survivor,
        early: Iterable[AcdInput] = (),
        states: Iterable[SavedAgent] = (),
    ) -> None:
        self.loop = loop
        self.said: list[AcdOutput] = []
        journal = RouterJournal(table, clock, loop, "boot")
        self.service = AcdService(Router(), clock, self.said.append, States(*states), loop, journal=journal)
        for fact in early:
            self.service.apply(fact)
        self.service.start(CONFIGURATION, survivors)

    def tell(self, *facts: AcdInput) -> None:
        for fact in facts:
            self.service.apply(fact)

    def run(self, seconds: float) -> None:
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def state(self, agent_id: AgentId) -> AgentState:
        return next(row.state for row in self.service.agent_summaries() if row.agent_id == agent_id)

    def reserved(self) -> list[tuple[str, str]]:
        return [(each.contact_id, each.agent_id) for each in self.said if isinstance(each, AgentReserved)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


@pytest.fixture
def table() -> TableInMemory:
    return TableInMemory()


def test_who_waited_waits_on(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.tell(ContactQueued(C1, SALES), ContactQueued(C2, SALES))
    first.run(3.0)
    other = Running(loop, clock, table, Survivor(C2))
    assert [(row.contact_id, row.wait_s) for row in other.service.contact_summaries()] == [(C2, 3.0)]
    other.tell(AgentLoggedIn(ANN), AgentReachable(ANN))
    assert other.reserved() == [(C2, ANN)]


def test_what_was_due_while_the_switch_was_away_is_due(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    first.tell(ContactQueued(C1, SALES))
    first.run(9.0)
    clock.advance(2.0)
    other = Running(loop, clock, table, Survivor(C1))
    other.run(0.01)
    assert [each.contact_id for each in other.said if isinstance(each, ContactOverflowed)] == [C1]


def test_an_overflow_that_the_call_did_not_hear_of_is_told_again(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    first.tell(ContactQueued(C1, SALES))
    first.run(10.5)
    assert [each for each in first.said if isinstance(each, ContactOverflowed)]
    other = Running(loop, clock, table, Survivor(C1))
    (overflow,) = [each for each in other.said if isinstance(each, ContactOverflowed)]
    assert (overflow.contact_id, overflow.target) == (C1, ToFlow("sorry"))
    assert not [each for each in other.said if isinstance(each, ContactForgotten | AnnouncementDue)]


def test_of_long_ago_nothing_is_told(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.tell(ContactQueued(C1, SALES))
    first.run(11.0)
    first.tell(AgentLoggedIn(ANN))
    first.run(5.0)
    first.tell(AgentLoggedIn(BOB))
    first.run(1.0)
    assert Running(loop, clock, table, Survivor(C1)).said[-1] == ContactForgotten(C1)


def test_an_input_the_journal_has_lost(loop: VirtualLoop, clock: ManualClock, table: TableInMemory) -> None:
    first = Running(loop, clock, table)
    first.run(1.0)
    first.tell(ContactQueued(C1, SALES))
    other = Running(loop, clock, table, Survivor(C1))
    assert other.said == [ContactForgotten(C1)]
    other.tell(ContactQueued(C1, SALES, enqueued_at=clock.now() - 3.0))
    assert [row.wait_s for row in other.service.contact_summaries()] == [3.0]


def test_who_is_in_a_call_of_his_own_was_never_free(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    for agent_id in (ANN, BOB):
        first.tell(AgentLoggedIn(agent_id), AgentReachable(agent_id), AgentBusy(agent_id, BusyKind.OUTBOUND))
    first.tell(ContactQueued(C1, SALES))
    first.run(1.0)
    early = [AgentBusy(BOB, BusyKind.OUTBOUND), AgentFree(BOB), AgentBusy(ANN, BusyKind.DIRECT_IN)]
    other = Running(loop, clock, table, Survivor(C1), early=early)
    assert other.reserved() == [(C1, BOB)]
    assert other.state(ANN) is AgentState.BUSY


def test_facts_that_come_before_the_start_are_taken_in_after_it(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    first = Running(loop, clock, table)
    first.tell(ContactQueued(C1, SALES))
    first.run(1.0)
    other = Running(loop, clock, table, Survivor(C1), early=[AgentLoggedIn(ANN), AgentReachable(ANN)])
    assert other.reserved() == [(C1, ANN)]


def test_a_router_that_was_lost_knows_again_who_talks(
    loop: VirtualLoop, clock: ManualClock, table: TableInMemory
) -> None:
    at_work = [SavedAgent(agent_id=agent_id, is_logged_in=True) for agent_id in (ANN, BOB)]
    talks, waits = Survivor(C1, ANN, SALES, clock.now() - 5.0), Survivor(C2)
    early = [AgentReachable(ANN), AgentReachable(BOB), ContactQueued(C2, SALES)]
    other = Running(loop, clock, table, talks, waits, early=early, states=at_work)
    assert other.state(ANN) is AgentState.BUSY
    assert ContactForgotten(C2) in other.said
    assert other.reserved() == [(C2, BOB)]
