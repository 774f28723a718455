"""Facts reach their subject, time does what is due, and what is not known is counted."""

from math import inf

import pytest

from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ContactAbandoned,
    ContactConfirmed,
    ContactFinished,
    ContactQueued,
    ContactRated,
    ContactReplied,
    ContactWithdrawn,
    ReservationAccepted,
    ReservationFailed,
    WrapUpEnded,
    WrapUpExtended,
)
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import Agent, AgentState, BusyKind, Queue
from softswitch.acd.outputs import AgentStateChanged, ContactRefused, WrapUpOver
from softswitch.acd.router import Router
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=30.0)
ANN = Agent(agent_id=AgentId("ann"))

STRANGERS: list[AcdInput] = [
    ContactAbandoned(ContactId("x")),
    ContactWithdrawn(ContactId("x")),
    ContactReplied(ContactId("x")),
    ContactConfirmed(ContactId("x")),
    ContactFinished(ContactId("x")),
    ReservationAccepted(ReservationId(7)),
    ReservationFailed(ReservationId(7), "declined"),
    AgentLoggedIn(AgentId("x")),
    AgentLoggedOut(AgentId("x")),
    AgentPaused(AgentId("x"), "lunch"),
    AgentResumed(AgentId("x")),
    AgentReachable(AgentId("x")),
    AgentUnreachable(AgentId("x")),
    AgentBusy(AgentId("x"), BusyKind.OTHER),
    AgentFree(AgentId("x")),
    WrapUpEnded(AgentId("x")),
    WrapUpExtended(AgentId("x"), 5.0),
    ContactRated(ContactId("x"), QueueId("sales"), AgentId("x"), "csat", "agent", 4),
    ContactRated(ContactId("x"), QueueId("x"), AgentId("ann"), "csat", "agent", 4),
]


@pytest.mark.parametrize("fact", STRANGERS, ids=lambda fact: type(fact).__name__)
def test_facts_about_strangers_are_ignored_and_counted(fact: AcdInput) -> None:
    acd = ScriptedAcd([SALES], [ANN])
    assert acd.tell(fact) == []
    assert acd.router.ignored == 1
    assert acd.router.next_timeout() is None


def test_an_empty_router_has_nothing_to_do() -> None:
    router = Router()
    router.handle_timeout(5.0)
    assert router.take_outputs() == []
    assert router.next_timeout() is None
    router.apply(ContactQueued(ContactId("c1"), QueueId("sales")), 5.0)
    assert router.take_outputs() == [ContactRefused(ContactId("c1"), QueueId("sales"), "unknown")]


def in_wrap_up() -> ScriptedAcd:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.finish("c1")
    return acd


def test_wrap_up_ends_by_itself() -> None:
    acd = in_wrap_up()
    assert acd.advance(29.9) == []
    assert acd.advance(0.1) == [
        WrapUpOver(ContactId("c1"), AgentId("ann"), QueueId("sales"), 30.0, "", False, "time"),
        AgentStateChanged(AgentId("ann"), AgentState.WRAP_UP, AgentState.READY, "", acd.now, None, "timer"),
    ]


def test_wrap_up_ended_by_the_agent_does_not_end_twice() -> None:
    acd = in_wrap_up()
    acd.tell(WrapUpEnded(AgentId("ann")))
    assert acd.state("ann") is AgentState.READY
    assert acd.advance(100.0) == []


def test_an_extended_wrap_up_ends_later() -> None:
    acd = in_wrap_up()
    acd.tell(WrapUpExtended(AgentId("ann"), 20.0))
    assert acd.advance(49.9) == []
    assert len(acd.advance(0.1)) == 2


def test_a_shortened_wrap_up_ends_earlier() -> None:
    acd = in_wrap_up()
    acd.tell(WrapUpExtended(AgentId("ann"), -25.0))
    assert len(acd.advance(5.0)) == 2


def test_wrap_up_is_extended_by_a_number() -> None:
    acd = in_wrap_up()
    with pytest.raises(LocalError, match="finite"):
        acd.tell(WrapUpExtended(AgentId("ann"), inf))


def test_nobody_in_wrap_up_has_nothing_to_extend() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    assert acd.tell(WrapUpExtended(AgentId("ann"), 20.0)) == []
    assert acd.router.next_timeout() is None


def test_a_wrap_up_timer_left_over_does_not_end_the_next_wrap_up() -> None:
    acd = in_wrap_up()
    acd.advance(10.0)
    acd.tell(WrapUpEnded(AgentId("ann")))
    acd.call("c2")
    acd.answer("c2")
    acd.finish("c2")
    acd.advance(20.0)
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(10.0)
    assert acd.state("ann") is AgentState.READY


def test_facts_may_be_repeated() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    assert acd.ready("ann") == []
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    assert acd.tell(AgentPaused(AgentId("ann"), "lunch")) == []


def test_a_long_reason_is_cut() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.tell(AgentPaused(AgentId("ann"), "x" * 1000))
    assert len(acd.agent("ann").reason) == REASON_LENGTH_MAX


def test_outputs_are_handed_out_once() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.router.apply(AgentLoggedIn(AgentId("ann")), 1.0)
    assert len(acd.router.take_outputs()) == 1
    assert acd.router.take_outputs() == []
