"""What becomes of a reservation."""

import pytest

from softswitch.acd import events
from softswitch.acd.inputs import (
    AgentLoggedOut,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    FailureCause,
    ReservationAccepted,
    ReservationAnswered,
    ReservationFailed,
)
from softswitch.acd.model import (
    Agent,
    AgentState,
    Announcements,
    BusyKind,
    Queue,
    Rescue,
    RoutingPolicy,
    RoutingStep,
)
from softswitch.acd.outputs import AcdOutput, AgentStateChanged, ContactConnected, ReservationEnded
from softswitch.acd.router import Router
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


def test_ring_all_who_becomes_free_meanwhile_is_rung_too_for_as_long_as_it_rings() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB, CYD])
    acd.ready("ann")
    acd.call("c1")
    acd.advance(5.0)
    acd.ready("bob")
    acd.advance(5.0)
    acd.ready("cyd")
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob"), ("c1", "cyd")]
    assert [(row.agent_id, row.rule) for row in acd.told(events.AgentReserved)][1:] == [
        ("bob", "ring_all"),
        ("cyd", "ring_all"),
    ]
    assert (acd.queue().waiting, acd.queue().alerting) == (1, 1)
    assert ends(acd.advance(6.0)) == [("ann", "no_answer")]
    assert ends(acd.tell(ReservationAccepted(ReservationId(2)))) == [("cyd", "answered_elsewhere")]
    acd.finish("c1")
    acd.call("c2")
    assert acd.reserved()[3:] == [("c2", "cyd"), ("c2", "bob")]
    assert acd.agent("cyd").missed == 0


def test_ring_all_who_becomes_free_takes_whom_nobody_is_rung_for_first() -> None:
    acd = ScriptedAcd([ALL, Queue(queue_id=QueueId("other"), agents=(AgentId("bob"),))], [ANN, BOB])
    acd.ready("ann")
    acd.call("c1")
    acd.advance(1.0)
    acd.call("c2", "other")
    acd.ready("bob")
    assert acd.reserved() == [("c1", "ann"), ("c2", "bob")]


def test_ring_all_who_has_declined_it_is_not_rung_again_when_his_phone_says_that_it_is_there() -> None:
    ready = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, strategy="ring_all", no_answer_state="ready")
    acd = ScriptedAcd([ready], [ANN, BOB, CYD])
    acd.ready("ann", "bob", "cyd")
    acd.call("c1")
    acd.tell(ReservationFailed(ReservationId(1), "declined"), ReservationFailed(ReservationId(2), "declined"))
    acd.tell(AgentReachable(AgentId("ann")), AgentReachable(AgentId("bob")))
    assert len(acd.reserved()) == 3


@pytest.mark.parametrize(
    "agent",
    [Agent(agent_id=AgentId("bob"), queues=()), Agent(agent_id=AgentId("bob"), skills={"trainee": 1})],
    ids=["not his queue", "comes later"],
)
def test_ring_all_who_may_not_serve_it_or_comes_after_those_who_are_rung_is_not(agent: Agent) -> None:
    steps = (RoutingStep(requirement="not trainee", for_s=0.0), RoutingStep())
    acd = ScriptedAcd([Queue(queue_id=QueueId("sales"), strategy="ring_all", steps=steps)], [ANN, agent])
    acd.ready("ann")
    acd.call("c1")
    acd.ready("bob")
    assert acd.reserved() == [("c1", "ann")]


def test_ring_all_goes_on_after_a_reload_and_a_restart() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB, CYD])
    acd.ready("ann")
    acd.call("c1")
    acd.tell(ConfigurationSet([ALL], [CYD, BOB, ANN]))
    acd.ready("bob")
    acd.router = Router.restored(acd.router.take_snapshot(acd.now))
    acd.ready("cyd")
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob"), ("c1", "cyd")]


def test_ring_all_who_serves_the_queue_after_a_reload_is_rung_too() -> None:
    acd = ScriptedAcd([ALL], [ANN, Agent(agent_id=AgentId("bob"), queues=())])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.tell(ConfigurationSet([ALL], [ANN, BOB]))
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob")]


# Who is told of the contact before he hears it


def test_the_wait_is_over_when_the_agent_answers_and_nobody_else_is_rung() -> None:
    acd = ScriptedAcd([ALL], [ANN, BOB, CYD])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.advance(4.0)
    assert ends(acd.tell(ReservationAnswered(ReservationId(2)))) == [("ann", "answered_elsewhere")]
    acd.ready("cyd")
    acd.advance(16.0)
    acd.tell(AgentUnreachable(AgentId("bob")), AgentLoggedOut(AgentId("bob")))
    (connected,) = (each for each in acd.answer("c1") if isinstance(each, ContactConnected))
    assert (connected.agent_id, connected.wait_s) == ("bob", 4.0)
    (row,) = acd.told(events.ContactConnected)
    assert (row.wait_s, row.in_queue_s, row.ring_s) == (4.0, 4.0, 4.0)
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob")]
    acd.finish("c1")
    assert acd.state("bob") is AgentState.LOGGED_OUT


def test_an_agent_who_hangs_up_before_he_hears_the_contact_has_declined_it_and_it_is_where_it_was() -> None:
    told = Queue(queue_id=QueueId("sales"), announcements=Announcements(first_after_s=1.0, every_s=0.0))
    acd = ScriptedAcd([told], [ANN, BOB])
    acd.call("c1", boost_s=30.0)
    acd.advance(2.0)
    acd.ready("ann")
    acd.tell(ReservationAnswered(acd.reservation_of("c1")))
    acd.advance(3.0)
    assert acd.state("ann") is AgentState.RESERVED
    assert ends(acd.fail("c1", "hung_up")) == [("ann", "hung_up")]
    assert (acd.state("ann"), acd.agent("ann").reason) == (AgentState.NOT_READY, "declined")
    assert acd.contact("c1").position == 1
    acd.advance(5.0)
    acd.ready("bob")
    acd.answer("c1")
    assert [len(acd.told(kind)) for kind in (events.ContactQueued, events.ContactAnnounced)] == [1, 1]
    assert [(row.agent_id, row.cause, row.ring_s) for row in acd.told(events.ReservationEnded)] == [
        ("ann", "hung_up", 0.0),
        ("bob", "answered", 0.0),
    ]
    (connected,) = acd.told(events.ContactConnected)
    assert connected.wait_s == 10.0
    assert (acd.queue().offered, acd.queue().answered) == (1, 1)


def test_who_could_not_be_rung_for_want_of_media_has_missed_nothing_and_is_free_for_others_first() -> None:
    acd = ScriptedAcd([sales()], [ANN])
    acd.ready("ann")
    acd.call("c1", boost_s=5.0)
    acd.call("c2")
    assert ends(acd.fail("c1", "no_media")) == [("ann", "no_media")]
    assert acd.reserved() == [("c1", "ann"), ("c2", "ann")]
    assert (acd.contact("c1").position, acd.agent("ann").missed, acd.queue().failed_reservations) == (1, 0, 0)
    acd.fail("c2", "no_media")
    assert acd.reserved()[2:] == [("c1", "ann")]
    assert acd.queue().offered == 2


@pytest.mark.parametrize(("heard", "judged"), [(True, 1.0), (False, 0.0)])
def test_a_contact_is_judged_late_only_if_its_answer_came_to_nothing(heard: bool, judged: float) -> None:
    rescued = Queue(queue_id=QueueId("sales"), service_level_s=10.0, rescue=Rescue(below=0.9, until=0.9, judged_min=1))
    acd = ScriptedAcd([rescued], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.advance(8.0)
    acd.tell(ReservationAnswered(acd.reservation_of("c1")))
    acd.advance(4.0)
    assert acd.told(events.RescueChanged) == []
    if heard:
        acd.answer("c1")
    else:
        acd.fail("c1", "hung_up")
    acd.advance(0.1)
    assert [row.service_level for row in acd.told(events.RescueChanged)] == ([] if judged else [0.0])
