"""What becomes of a reservation."""

import pytest

from softswitch.acd.inputs import (
    AgentLoggedOut,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    FailureCause,
    ReservationAccepted,
    ReservationFailed,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, Queue, RoutingPolicy
from softswitch.acd.outputs import AcdOutput, AgentStateChanged, ContactConnected, ReservationEnded
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

ANN, BOB, CYD = (Agent(agent_id=AgentId(name)) for name in ("ann", "bob", "cyd"))


def sales(no_answer_limit: int = 1) -> Queue:
    return Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, no_answer_limit=no_answer_limit)


def test_accepting_connects() -> None:
    acd = ScriptedAcd([sales()], [ANN])
    acd.call("c1")
    acd.advance(1.0)
    acd.ready("ann")
    acd.advance(2.0)
    assert acd.answer("c1") == [
        ContactConnected(ContactId("c1"), AgentId("ann"), QueueId("sales"), 3.0),
        AgentStateChanged(AgentId("ann"), AgentState.RESERVED, AgentState.BUSY, "", 3.0, BusyKind.ACD, "contact"),
    ]
    assert acd.router.next_timeout() is None


@pytest.mark.parametrize(
    ("cause", "reason"), [("no_answer", "no answer"), ("declined", "declined"), ("unreachable", "unreachable")]
)
def test_a_failure_makes_the_agent_not_ready_and_says_why(cause: FailureCause, reason: str) -> None:
    acd = ScriptedAcd([sales()], [ANN])
    acd.ready("ann")
    acd.call("c1")
    outputs = acd.fail("c1", cause)
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), ContactId("c1"), cause)
    assert (acd.state("ann"), acd.agent("ann").reason) == (AgentState.NOT_READY, reason)
    assert acd.queue().failed_reservations == 1
    acd.tell(AgentResumed(AgentId("ann")))
    assert acd.reserved() == [("c1", "ann"), ("c1", "ann")]


def test_who_was_unreachable_comes_back_with_his_phone() -> None:
    acd = ScriptedAcd([sales(no_answer_limit=5)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1", "unreachable")
    assert acd.state("ann") is AgentState.NOT_READY
    acd.tell(AgentReachable(AgentId("ann")))
    assert acd.reserved() == [("c1", "ann"), ("c1", "ann")]


def test_below_the_limit_others_are_tried_in_turn_before_him() -> None:
    acd = ScriptedAcd([sales(no_answer_limit=3)], [ANN, BOB, CYD])
    for name in ("ann", "bob", "cyd"):
        acd.ready(name)
        acd.advance(1.0)
    acd.call("c1")
    for _ in range(5):
        acd.advance(1.0)
        acd.fail("c1", "declined")
    assert [agent_id for _, agent_id in acd.reserved()] == ["ann", "bob", "cyd", "ann", "bob", "cyd"]


def test_below_the_limit_the_only_agent_is_tried_again_after_a_while() -> None:
    acd = ScriptedAcd([sales(no_answer_limit=2)], [ANN], policy=RoutingPolicy(retry_after_s=20.0))
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1")
    assert acd.state("ann") is AgentState.READY
    acd.advance(19.9)
    assert len(acd.reserved()) == 1
    acd.advance(0.1)
    assert acd.reserved() == [("c1", "ann"), ("c1", "ann")]
    acd.fail("c1")
    assert acd.state("ann") is AgentState.NOT_READY


def test_a_reload_meanwhile_does_not_make_it_longer() -> None:
    policy = RoutingPolicy(retry_after_s=20.0)
    acd = ScriptedAcd([sales(no_answer_limit=2)], [ANN], policy=policy)
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1")
    acd.advance(15.0)
    acd.tell(ConfigurationSet([sales(no_answer_limit=2)], [ANN], policy))
    acd.advance(5.0)
    assert acd.reserved() == [("c1", "ann"), ("c1", "ann")]


def test_meanwhile_he_serves_others_and_is_then_tried_again() -> None:
    acd = ScriptedAcd([sales(no_answer_limit=2)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.call("c2")
    acd.fail("c1")
    assert acd.reserved() == [("c1", "ann"), ("c2", "ann")]
    acd.answer("c2")
    acd.finish("c2")
    assert acd.reserved()[-1] == ("c1", "ann"), "he became ready afresh"


def test_the_retry_timer_of_one_who_left_is_silent() -> None:
    acd = ScriptedAcd([sales(no_answer_limit=2)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1")
    acd.advance(29.0)
    acd.tell(AgentLoggedOut(AgentId("ann")))
    acd.advance(1.0)
    assert len(acd.reserved()) == 1


def test_a_logout_while_alerting_passes_the_contact_on() -> None:
    acd = ScriptedAcd([sales()], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    acd.call("c1")
    outputs = acd.tell(AgentLoggedOut(AgentId("ann")))
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), ContactId("c1"), "logged_out")
    assert acd.reserved()[-1] == ("c1", "bob")
    assert acd.agent("ann").missed == 0


def test_a_lost_registration_while_alerting_passes_the_contact_on() -> None:
    acd = ScriptedAcd([sales()], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    acd.call("c1")
    outputs = acd.tell(AgentUnreachable(AgentId("ann")))
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), ContactId("c1"), "unreachable")
    assert acd.reserved()[-1] == ("c1", "bob")
    assert acd.state("ann") is AgentState.READY
    assert not acd.agent("ann").is_reachable


def test_a_lost_registration_during_a_conversation_ends_nothing() -> None:
    acd = ScriptedAcd([sales()], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    assert acd.tell(AgentUnreachable(AgentId("ann"))) == []
    acd.finish("c1")
    acd.call("c2")
    assert acd.reserved() == [("c1", "ann")]


def test_what_is_said_about_a_reservation_that_ended_is_ignored() -> None:
    acd = ScriptedAcd([sales()], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.fail("c1")
    ended = ReservationId(1)
    assert acd.tell(ReservationAccepted(ended), ReservationFailed(ended, "declined")) == []
    assert acd.router.ignored == 2


# Several agents alerted at once

ALL = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, strategy="ring_all")


def ends(outputs: list[AcdOutput]) -> list[tuple[str, str]]:
    return [(output.agent_id, output.cause) for output in outputs if isinstance(output, ReservationEnded)]


def test_ring_all_alerts_everybody_and_the_first_answer_wins() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB, CYD])
    acd.ready("ann", "bob", "cyd")
    acd.call("c1")
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob"), ("c1", "cyd")]
    assert (acd.queue().waiting, acd.queue().alerting) == (1, 1)
    outputs = acd.tell(ReservationAccepted(ReservationId(2)))
    assert ends(outputs) == [("ann", "answered_elsewhere"), ("cyd", "answered_elsewhere")]
    assert [output.agent_id for output in outputs if isinstance(output, ContactConnected)] == ["bob"]
    assert [acd.agent(name).missed for name in ("ann", "bob", "cyd")] == [0, 0, 0]
    assert acd.queue().failed_reservations == 0
    assert acd.contact("c1").agent_id == "bob"
    assert acd.router.next_timeout() is None


def test_ring_all_one_refusal_ends_only_his() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    outputs = acd.tell(ReservationFailed(ReservationId(1), "declined"))
    assert ends(outputs) == [("ann", "declined")]
    assert (acd.state("ann"), acd.state("bob")) == (AgentState.NOT_READY, AgentState.RESERVED)
    assert acd.contact("c1").agent_id == "bob"
    acd.tell(ReservationAccepted(ReservationId(2)))
    assert acd.state("bob") is AgentState.BUSY
    assert (acd.agent("ann").missed, acd.agent("bob").missed) == (1, 0)


def test_ring_all_one_who_is_still_ready_after_a_refusal_is_not_rung_for_it_again_at_once() -> None:
    ready = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, strategy="ring_all", no_answer_state="ready")
    acd = ScriptedAcd([ready], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.tell(ReservationFailed(ReservationId(1), "declined"))
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob")]


def test_ring_all_nobody_answers_and_the_contact_is_back_in_its_place() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    assert ends(acd.advance(15.0)) == [("ann", "no_answer"), ("bob", "no_answer")]
    assert acd.contact("c1").position == 1
    assert acd.queue().alerting == 0
    acd.tell(AgentResumed(AgentId("bob")))
    assert acd.reserved()[-1] == ("c1", "bob")


def test_ring_all_the_caller_hangs_up_and_nobody_missed_anything() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.call("c2")
    outputs = acd.tell(ContactAbandoned(ContactId("c1")))
    assert ends(outputs) == [("ann", "abandoned"), ("bob", "abandoned")]
    assert acd.reserved()[2:] == [("c2", "ann"), ("c2", "bob")]
    assert (acd.agent("ann").missed, acd.agent("bob").missed) == (0, 0)


def test_ring_all_a_logout_takes_only_him_out() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1")
    assert ends(acd.tell(AgentLoggedOut(AgentId("bob")))) == [("bob", "logged_out")]
    assert acd.state("ann") is AgentState.RESERVED
    assert ends(acd.tell(AgentUnreachable(AgentId("ann")))) == [("ann", "unreachable")]
    assert acd.contact("c1").position == 1
