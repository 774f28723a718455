"""The stories every ACD is judged by: who is rung, when, and what happens when it goes wrong.

Each is a complaint about some other switch (an agent stuck, a caller kept, wrap-up not respected) told as a test.
"""

import pytest

from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentPaused,
    AgentResumed,
    ContactAbandoned,
    ReservationAccepted,
)
from softswitch.acd.model import (
    Agent,
    AgentState,
    Announcements,
    BusyKind,
    Queue,
    RoutingPolicy,
    ToFlow,
)
from softswitch.acd.outputs import (
    AgentReserved,
    AgentStateChanged,
    AnnouncementCut,
    AnnouncementDue,
    ContactConnected,
    ContactOverflowed,
    ReservationEnded,
)
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0)
ANN = Agent(agent_id=AgentId("ann"))
BOB = Agent(agent_id=AgentId("bob"))


def test_the_longest_idle_agent_is_rung_and_another_one_when_he_does_not_answer() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("bob")
    acd.advance(10.0)
    acd.ready("ann")
    acd.advance(10.0)
    acd.call("c1")
    assert acd.reserved() == [("c1", "bob")]

    outputs = acd.advance(15.0)
    assert outputs == [
        ReservationEnded(ReservationId(1), AgentId("bob"), ContactId("c1"), "no_answer"),
        AgentStateChanged(
            AgentId("bob"), AgentState.RESERVED, AgentState.NOT_READY, "no answer", 35.0, None, "reservation"
        ),
        AgentReserved(ReservationId(2), AgentId("ann"), ContactId("c1"), QueueId("sales")),
        AgentStateChanged(AgentId("ann"), AgentState.READY, AgentState.RESERVED, "", 35.0, None, "reservation"),
    ]
    connected = acd.answer("c1")[0]
    assert connected == ContactConnected(ContactId("c1"), AgentId("ann"), QueueId("sales"), 15.0)
    assert acd.state("bob") is AgentState.NOT_READY


def test_a_contact_nobody_answered_keeps_its_place() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("old")
    acd.advance(5.0)
    acd.call("young")
    acd.fail("old")
    assert acd.contact("old").position == 1
    assert acd.contact("young").position == 2
    acd.tell(AgentResumed(AgentId("ann")))
    assert acd.reserved()[-1] == ("old", "ann")


@pytest.mark.parametrize(("restarts", "expected"), [(True, "bob"), (False, "ann")])
def test_a_call_of_the_agents_own_restarts_his_idle_time_if_the_policy_says_so(restarts: bool, expected: str) -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB], policy=RoutingPolicy(outbound_calls_restart_idle=restarts))
    acd.ready("ann")
    acd.advance(10.0)
    acd.ready("bob")
    acd.tell(AgentBusy(AgentId("ann"), BusyKind.OUTBOUND))
    assert acd.agent("ann").busy_kind is BusyKind.OUTBOUND
    acd.advance(30.0)
    acd.tell(AgentFree(AgentId("ann")))
    acd.call("c1")
    assert acd.reserved() == [("c1", expected)]


def test_nobody_is_rung_during_a_call_of_his_own() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.tell(AgentBusy(AgentId("ann"), BusyKind.DIRECT_IN))
    acd.call("c1")
    assert acd.reserved() == []
    acd.tell(AgentFree(AgentId("ann")))
    assert acd.reserved() == [("c1", "ann")]


def test_wrap_up_in_one_queue_is_respected_by_the_other_and_happens_once() -> None:
    slow = Queue(queue_id=QueueId("slow"), wrap_up_s=30.0)
    acd = ScriptedAcd([slow, SALES], [ANN])
    acd.ready("ann")
    acd.call("c1", "slow")
    acd.answer("c1")
    acd.call("c2", "sales")
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(29.999)
    assert acd.reserved() == [("c1", "ann")]
    acd.advance(0.001)
    assert acd.reserved() == [("c1", "ann"), ("c2", "ann")]
    wrap_ups = [output for _, output in acd.transcript if getattr(output, "new", None) is AgentState.WRAP_UP]
    assert len(wrap_ups) == 1


def test_an_agent_who_frees_cuts_the_announcement_at_once() -> None:
    queue = Queue(
        queue_id=QueueId("sales"), wrap_up_s=0.0, announcements=Announcements(first_after_s=5.0, every_s=30.0)
    )
    acd = ScriptedAcd([queue], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.call("c2")
    assert acd.advance(5.0) == [AnnouncementDue(ContactId("c2"), QueueId("sales"), 1, 0.0)]
    outputs = acd.finish("c1")
    assert outputs[1:3] == [
        AnnouncementCut(ContactId("c2")),
        AgentReserved(ReservationId(2), AgentId("ann"), ContactId("c2"), QueueId("sales")),
    ]


def test_the_caller_hangs_up_just_before_the_agent_answers() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    reservation_id = acd.reservation_of("c1")
    outputs = acd.tell(ContactAbandoned(ContactId("c1")), ReservationAccepted(reservation_id))
    assert [output for output in outputs if not isinstance(output, AgentStateChanged)] == [
        ReservationEnded(reservation_id, AgentId("ann"), ContactId("c1"), "abandoned")
    ]
    assert acd.state("ann") is AgentState.READY
    assert acd.router.ignored == 1
    assert (acd.queue().abandoned, acd.queue().answered) == (1, 0)


def test_the_caller_hangs_up_just_after_the_agent_answered() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(ContactAbandoned(ContactId("c1")))
    assert acd.state("ann") is AgentState.READY
    assert (acd.queue().abandoned, acd.queue().answered) == (0, 1)


def test_an_agent_whose_caller_hung_up_keeps_his_place() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    acd.call("c1")
    acd.advance(5.0)
    acd.tell(ContactAbandoned(ContactId("c1")))
    acd.call("c2")
    assert acd.reserved() == [("c1", "ann"), ("c2", "ann")]


def test_a_thousand_wait_and_one_agent_frees() -> None:
    acd = ScriptedAcd([Queue(queue_id=QueueId("sales"), max_length=1000)], [ANN])
    for number in range(1000):
        acd.call(f"c{number}")
        acd.advance(0.1)
    acd.ready("ann")
    assert acd.reserved() == [("c0", "ann")]


def test_the_oldest_over_all_queues_goes_first_then_boosts_count() -> None:
    support = Queue(queue_id=QueueId("support"), wrap_up_s=0.0)
    acd = ScriptedAcd([SALES, support], [ANN])
    acd.call("first", "support")
    acd.advance(10.0)
    acd.call("second", "sales")
    acd.advance(10.0)
    acd.call("important", "support", boost_s=15.0)
    acd.ready("ann")
    for contact_id in ("first", "important", "second"):
        assert acd.reserved()[-1] == (contact_id, "ann")
        acd.answer(contact_id)
        acd.finish(contact_id)


def test_all_agents_log_out_while_five_wait() -> None:
    queue = Queue(
        queue_id=QueueId("sales"),
        skills={"en": 5},
        join_empty=("invalid",),
        leave_when_empty=("invalid",),
        overflow=ToFlow("after_hours"),
        wrap_up_s=0.0,
    )
    acd = ScriptedAcd([queue], [Agent(agent_id=AgentId("ann"), skills={"en": 5}), BOB])
    acd.ready("ann", "bob")
    acd.call("talking")
    acd.answer("talking")
    for number in range(5):
        acd.call(f"c{number}")
    outputs = acd.tell(AgentLoggedOut(AgentId("ann")))
    left = [output for output in outputs if isinstance(output, ContactOverflowed)]
    assert [output.contact_id for output in left] == [f"c{number}" for number in range(5)]
    assert {(output.reason, output.target) for output in left} == {("empty", ToFlow("after_hours"))}
    assert acd.state("ann") is AgentState.BUSY
    acd.finish("talking")
    assert acd.state("ann") is AgentState.LOGGED_OUT


@pytest.mark.parametrize(("boosted_at", "first"), [(30.0, "boosted"), (60.0, "plain"), (61.0, "plain")])
def test_a_boost_of_60_s_overtakes_by_less_than_60_s(boosted_at: float, first: str) -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.call("plain")
    acd.advance(boosted_at)
    acd.call("boosted", boost_s=60.0)
    acd.advance(40.0)
    acd.ready("ann")
    assert acd.reserved() == [(first, "ann")]
    connected = acd.answer(first)[0]
    assert isinstance(connected, ContactConnected)
    assert connected.wait_s == (40.0 if first == "boosted" else boosted_at + 40.0), "a boost is not a wait"


def test_a_break_planned_during_a_call_begins_after_the_wrap_up() -> None:
    acd = ScriptedAcd([Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    assert acd.agent("ann").planned_reason == "lunch"
    acd.call("c2")
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP
    acd.advance(10.0)
    assert (acd.state("ann"), acd.agent("ann").reason) == (AgentState.NOT_READY, "lunch")
    assert acd.reserved() == [("c1", "ann")]
    acd.tell(AgentResumed(AgentId("ann")))
    assert acd.reserved()[-1] == ("c2", "ann")


def test_a_level_too_low_is_no_skill() -> None:
    queue = Queue(queue_id=QueueId("sales"), skills={"billing": 8})
    agents = [
        Agent(agent_id=AgentId("six"), skills={"billing": 6}),
        Agent(agent_id=AgentId("eight"), skills={"billing": 8}),
    ]
    acd = ScriptedAcd([queue], agents)
    acd.ready("six")
    acd.advance(100.0)
    acd.ready("eight")
    acd.call("c1")
    acd.call("c2")
    assert acd.reserved() == [("c1", "eight")]
    assert acd.contact("c2").position == 1
