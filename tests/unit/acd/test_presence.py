"""Whether anybody is there for a queue, factor by factor."""

import numpy as np
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
    AgentSkillsSet,
    AgentUnreachable,
    ConfigurationSet,
    WrapUpEnded,
)
from softswitch.acd.model import Agent, BusyKind, EmptyFactor, Queue, ToFlow
from softswitch.acd.outputs import ContactOverflowed, ContactRefused
from softswitch.acd.presence import Presence
from softswitch.acd.skills import Roster
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")
ANN = AgentId("ann")
FACTORS: tuple[EmptyFactor, ...] = ("paused", "inuse", "ringing", "unavailable", "unknown", "wrapup", "invalid")


def scripted(**settings: object) -> ScriptedAcd:
    queue = Queue(queue_id=SALES, **settings)  # pyright: ignore[reportArgumentType]
    return ScriptedAcd([queue, Queue(queue_id=QueueId("other"), wrap_up_s=30.0)], [Agent(agent_id=ANN)])


def bring_into(acd: ScriptedAcd, condition: str) -> None:
    """The only agent gets into a condition, with nobody waiting in sales."""
    acd.ready("ann")
    match condition:
        case "paused":
            acd.tell(AgentPaused(ANN, "lunch"))
        case "inuse":
            acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
        case "ringing":
            acd.call("x", "other")
        case "unavailable":
            acd.tell(AgentUnreachable(ANN))
        case "unknown":
            acd.call("x", "other")
            acd.fail("x", "unreachable")
        case "wrapup":
            acd.call("x", "other")
            acd.answer("x")
            acd.finish("x")
        case "logged_out":
            acd.tell(AgentLoggedOut(ANN))
        case _:
            pass


EXCLUDED_BY = {
    "ready": set[str](),
    "paused": {"paused"},
    "inuse": {"inuse"},
    "ringing": {"ringing"},
    "unavailable": {"unavailable"},
    "unknown": {"paused", "unknown"},
    "wrapup": {"wrapup"},
    "logged_out": set(FACTORS),
}


@pytest.mark.parametrize("condition", EXCLUDED_BY)
@pytest.mark.parametrize("factor", FACTORS)
def test_a_queue_takes_nobody_while_all_its_agents_are_excluded(condition: str, factor: EmptyFactor) -> None:
    acd = scripted(join_empty=(factor,))
    bring_into(acd, condition)
    outputs = acd.call("c1")
    is_refused = ContactRefused(ContactId("c1"), SALES, "empty") in outputs
    assert is_refused == (factor in EXCLUDED_BY[condition])


def test_without_factors_a_queue_takes_everybody() -> None:
    acd = scripted()
    assert acd.call("c1") == []


LOSSES: dict[EmptyFactor, AcdInput] = {
    "paused": AgentPaused(ANN, "lunch"),
    "inuse": AgentBusy(ANN, BusyKind.DIRECT_IN),
    "unavailable": AgentUnreachable(ANN),
    "invalid": AgentLoggedOut(ANN),
}


@pytest.mark.parametrize("factor", LOSSES)
def test_who_waits_leaves_at_once_when_the_last_agent_stops_to_count(factor: EmptyFactor) -> None:
    acd = scripted(leave_when_empty=(factor,), overflows={"empty": ToFlow("sorry")})
    acd.ready("ann")
    acd.call("talking", "other")
    acd.answer("talking")
    if factor == "inuse":
        acd.finish("talking")  # he is in wrap-up now, which does not exclude him
    acd.call("c1")
    acd.advance(7.0)
    outputs = acd.tell(LOSSES[factor])
    assert outputs[-1] == ContactOverflowed(ContactId("c1"), SALES, ToFlow("sorry"), 7.0, "empty")
    assert acd.queue().waiting == 0


def test_a_planned_pause_counts_as_one() -> None:
    acd = scripted(join_empty=("paused",))
    acd.ready("ann")
    acd.call("x", "other")
    acd.answer("x")
    acd.tell(AgentPaused(ANN, "after this one"))
    assert acd.call("c1") == [ContactRefused(ContactId("c1"), SALES, "empty")]


def test_who_arrives_where_nobody_may_stay_leaves_at_once() -> None:
    acd = scripted(leave_when_empty=("invalid",), overflow=ToFlow("sorry"))
    assert acd.call("c1") == [ContactOverflowed(ContactId("c1"), SALES, ToFlow("sorry"), 0.0, "empty")]


def test_the_agent_who_frees_takes_the_next_before_anybody_leaves() -> None:
    acd = scripted(leave_when_empty=("wrapup",))
    acd.ready("ann")
    acd.call("x", "other")
    acd.answer("x")
    acd.call("c1")
    acd.finish("x")
    assert acd.queue().overflowed == 1
    acd.tell(WrapUpEnded(ANN))
    acd.call("c2")
    assert acd.reserved()[-1] == ("c2", "ann")


def test_of_many_agents_the_last_ones_are_seen_too() -> None:
    roster = Roster([Agent(agent_id=AgentId(str(number))) for number in range(200)])
    presence = Presence(roster, [])
    rows = np.arange(200)
    assert not presence.is_anybody_there(rows, ("invalid",))
    roster.doing_of[150] = 0
    assert presence.is_anybody_there(rows, ("paused",))
    assert not presence.is_anybody_there(rows[:150], ("paused",))


def test_whoever_is_back_lets_callers_in_again() -> None:
    acd = scripted(join_empty=("paused", "unavailable", "inuse"))
    acd.ready("ann")
    for away, back in (
        (AgentPaused(ANN), AgentResumed(ANN)),
        (AgentUnreachable(ANN), AgentReachable(ANN)),
        (AgentBusy(ANN, BusyKind.OTHER), AgentFree(ANN)),
        (AgentLoggedOut(ANN), AgentLoggedIn(ANN)),
    ):
        acd.tell(away)
        assert acd.call("c") == [ContactRefused(ContactId("c"), SALES, "empty")]
        acd.tell(back)
        assert acd.call("c")[0] != ContactRefused(ContactId("c"), SALES, "empty")
        acd.answer("c")
        acd.finish("c")
        acd.tell(WrapUpEnded(ANN))


# A little while


def patient() -> ScriptedAcd:
    acd = scripted(leave_when_empty=("unavailable",), leave_when_empty_after_s=10.0, overflow=ToFlow("sorry"))
    acd.ready("ann")
    acd.call("talking", "other")
    acd.answer("talking")
    acd.call("c1")
    return acd


def left(acd: ScriptedAcd) -> list[tuple[float, str]]:
    return [(at, output.contact_id) for at, output in acd.transcript if isinstance(output, ContactOverflowed)]


def test_who_waits_stays_for_a_while_when_the_last_phone_is_gone() -> None:
    acd = patient()
    acd.tell(AgentUnreachable(ANN))
    acd.advance(4.0)
    acd.call("c2")
    acd.advance(5.9)
    assert left(acd) == []
    acd.advance(0.1)
    assert left(acd) == [(10.0, "c1"), (10.0, "c2")]


def test_a_phone_that_registers_anew_costs_nobody_his_place() -> None:
    acd = patient()
    acd.tell(AgentUnreachable(ANN))
    acd.advance(9.0)
    acd.tell(AgentReachable(ANN))
    acd.advance(3.0)
    acd.tell(AgentUnreachable(ANN))
    acd.advance(9.0)
    assert left(acd) == [], "the time begins anew"
    acd.advance(1.0)
    assert left(acd) == [(22.0, "c1")]


def test_who_arrives_where_nobody_is_waits_as_long() -> None:
    acd = scripted(leave_when_empty=("invalid",), leave_when_empty_after_s=10.0)
    acd.call("c1")
    acd.advance(6.0)
    acd.call("c2")
    acd.advance(4.0)
    assert left(acd) == [(10.0, "c1"), (10.0, "c2")]
    acd.call("c3")
    acd.advance(10.0)
    assert left(acd)[-1] == (20.0, "c3")


def test_a_reload_changes_nothing_in_that() -> None:
    acd = patient()
    acd.tell(AgentUnreachable(ANN))
    acd.advance(5.0)
    queue = Queue(queue_id=SALES, leave_when_empty=("unavailable",), leave_when_empty_after_s=10.0)
    acd.tell(ConfigurationSet([queue], [Agent(agent_id=ANN)]))
    acd.advance(2.0)
    acd.tell(AgentReachable(ANN))
    acd.advance(20.0)
    assert left(acd) == []


def test_a_queue_that_minds_no_more_after_a_reload_relies_on_nobody() -> None:
    minding = Queue(queue_id=QueueId("sales"), join_empty=("invalid",), leave_when_empty=("invalid",))
    ann = Agent(agent_id=AgentId("ann"))
    acd = ScriptedAcd([minding], [ann])
    acd.tell(AgentLoggedIn(AgentId("ann")))
    acd.call("c1")
    acd.tell(ConfigurationSet([Queue(queue_id=QueueId("sales"))], [ann]))
    acd.tell(AgentSkillsSet(AgentId("ann"), {"en": 5}))
    assert acd.contact("c1").position == 1
