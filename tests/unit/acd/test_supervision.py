"""What supervisors do while the centre works: another boost, another queue, this agent, other skills, out."""

import pytest

from softswitch.acd import events
from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedOut,
    AgentResumed,
    AgentSkillsSet,
    ConfigurationSet,
    ContactAssigned,
    ContactPrioritised,
    ContactRequeued,
    ContactWithdrawn,
    QueueClosed,
)
from softswitch.acd.limits import BOOST_S_MAX, SKILLS_PER_AGENT_MAX
from softswitch.acd.model import Agent, ContactState, Queue, RoutingStep, Skills
from softswitch.acd.outputs import AgentReserved, ContactMoved, ContactTakenOut, ReservationEnded
from softswitch.acd.router import Router
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN, BOB = AgentId("ann"), AgentId("bob")
C1, C2 = ContactId("c1"), ContactId("c2")
SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, max_wait_s=None)
SUPPORT = Queue(queue_id=QueueId("support"), skills={"tech": 5}, wrap_up_s=0.0, max_wait_s=None)
AGENTS = [Agent(agent_id=ANN, skills={"tech": 7}), Agent(agent_id=BOB)]


def centre(*queues: Queue) -> ScriptedAcd:
    return ScriptedAcd(queues or (SALES, SUPPORT), AGENTS)


def positions(acd: ScriptedAcd) -> list[str]:
    rows = acd.router.contact_summaries(acd.now)
    return [row.contact_id for row in rows if row.state is ContactState.WAITING]


# Boost


def test_another_boost_moves_one_contact_and_no_reported_wait() -> None:
    acd = centre()
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id)
        acd.advance(10.0)
    acd.tell(ContactPrioritised(ContactId("c3"), 15.0, "otto"))
    assert positions(acd) == ["c1", "c3", "c2"]
    acd.tell(ContactPrioritised(ContactId("c3"), 25.0, "otto"), ContactPrioritised(C1, -100.0, "otto"))
    assert positions(acd) == ["c3", "c2", "c1"]
    assert [acd.contact(contact_id).wait_s for contact_id in ("c1", "c2", "c3")] == [30.0, 20.0, 10.0]
    acd.ready("ann")
    assert acd.reserved() == [("c3", "ann")]
    assert acd.told(events.ContactReprioritised) == [
        events.ContactReprioritised(30.0, ContactId("c3"), SALES.queue_id, 0.0, 15.0, 2, "otto"),
        events.ContactReprioritised(30.0, ContactId("c3"), SALES.queue_id, 15.0, 25.0, 1, "otto"),
        events.ContactReprioritised(30.0, C1, SALES.queue_id, 0.0, -100.0, 3, "otto"),
    ]


def test_a_boost_counts_when_the_agent_who_rings_just_now_does_not_answer() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.call("c2")
    acd.tell(ContactPrioritised(C1, -60.0, "otto"))
    acd.fail("c1")
    assert positions(acd) == ["c2", "c1"]


def test_a_boost_has_bounds_and_is_a_number() -> None:
    acd = centre()
    acd.call("c1")
    acd.tell(ContactPrioritised(C1, 1e9))
    assert acd.contact("c1").boost_s == BOOST_S_MAX
    with pytest.raises(LocalError, match="finite"):
        acd.tell(ContactPrioritised(C1, float("nan")))


# Another queue


def test_who_is_moved_is_as_old_as_he_was_and_may_be_served_at_once() -> None:
    acd = centre()
    acd.ready("bob")
    acd.call("c1", "support")
    acd.advance(10.0)
    outputs = acd.tell(ContactRequeued(C1, SALES.queue_id, "otto"))
    assert outputs[0] == ContactMoved(C1, SUPPORT.queue_id, SALES.queue_id, 10.0)
    assert acd.reserved() == [("c1", "bob")]
    assert [(event.reason, event.by) for event in acd.told(events.ContactMoved)] == [("supervisor", "otto")]


def test_the_steps_of_the_new_queue_begin_when_he_comes() -> None:
    slow = Queue(queue_id=QueueId("slow"), steps=(RoutingStep(skills={"tech": 1}, for_s=20.0), RoutingStep()))
    acd = centre(SUPPORT, slow)
    acd.ready("bob")
    acd.call("c1", "support")
    acd.advance(60.0)
    acd.tell(ContactRequeued(C1, slow.queue_id, "otto"))
    acd.advance(19.999)
    assert acd.reserved() == []
    acd.advance(0.001)
    assert acd.reserved() == [("c1", "bob")]


# This agent


def test_who_is_assigned_to_a_free_agent_rings_him_at_once_whatever_his_skills() -> None:
    acd = centre()
    acd.ready("bob")
    acd.call("c1", "support")
    acd.tell(ContactAssigned(C1, BOB, "otto"))
    assert acd.reserved() == [("c1", "bob")]
    assert acd.told(events.ContactAssigned) == [events.ContactAssigned(0.0, C1, SUPPORT.queue_id, BOB, "otto")]
    assert [event.rule for event in acd.told(events.AgentReserved)] == ["assigned"]


def test_who_is_assigned_comes_before_all_others_when_the_agent_frees() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("talking")
    acd.answer("talking")
    acd.call("old")
    acd.advance(100.0)
    acd.call("c1")
    acd.tell(ContactAssigned(C1, ANN, "otto"))
    acd.advance(5.0)
    acd.ready("bob")
    assert acd.reserved()[-1] == ("old", "bob"), "the assigned one is for ann alone"
    acd.finish("talking")
    assert acd.reserved()[-1] == ("c1", "ann")


@pytest.mark.parametrize("end", ["no answer", "logout"])
def test_who_was_assigned_in_vain_waits_on_where_his_time_is(end: str) -> None:
    steps = (RoutingStep(skills={"nobody": 1}, for_s=20.0), RoutingStep(skills={"tech": 1}, for_s=20.0), RoutingStep())
    acd = centre(Queue(queue_id=SALES.queue_id, steps=steps, ring_timeout_s=15.0))
    acd.ready("bob")
    acd.call("c1")
    acd.advance(10.0)
    acd.tell(ContactAssigned(C1, BOB, "otto"))
    assert acd.reserved() == [("c1", "bob")]
    if end == "logout":
        acd.advance(15.0 - 0.001)
        acd.tell(AgentLoggedOut(BOB))
    acd.advance(5.0)
    acd.ready("ann")
    acd.advance(100.0)
    reserved_at = [at for at, output in acd.transcript if isinstance(output, AgentReserved) and output.agent_id == ANN]
    assert reserved_at[0] == pytest.approx(29.999 if end == "logout" else 25.0)


def test_an_agent_may_be_given_whom_he_has_failed() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1", "declined")
    acd.tell(ContactAssigned(C1, ANN, "otto"))
    acd.tell(AgentResumed(ANN))
    assert acd.reserved() == [("c1", "ann")] * 2


# Out


@pytest.mark.parametrize("is_ringing", [False, True])
def test_who_is_taken_out_is_told_so(is_ringing: bool) -> None:
    acd = centre()
    if is_ringing:
        acd.ready("ann")
    acd.call("c1")
    acd.advance(3.0)
    outputs = acd.tell(ContactWithdrawn(C1, "prank", "otto"))
    assert outputs[-1] == ContactTakenOut(C1, SALES.queue_id, 3.0, "otto", "prank") or is_ringing
    assert ContactTakenOut(C1, SALES.queue_id, 3.0, "otto", "prank") in outputs
    assert any(isinstance(output, ReservationEnded) for output in outputs) == is_ringing
    assert acd.router.contact_summaries(acd.now) == []


def test_who_leaves_by_himself_is_told_nothing() -> None:
    acd = centre()
    acd.call("c1")
    assert acd.tell(ContactWithdrawn(C1, "transferred")) == []


# Skills


def test_new_skills_count_at_once_for_those_who_wait() -> None:
    acd = centre()
    acd.ready("bob")
    acd.call("c1", "support")
    acd.tell(AgentSkillsSet(BOB, {"tech": 5}, "otto"))
    assert acd.reserved() == [("c1", "bob")]
    assert acd.agent("bob").skills == {"tech": 5}
    assert acd.agent("bob").queues == ["sales", "support"]
    assert acd.told(events.AgentChanged) == [events.AgentChanged(0.0, BOB, "tech 5", "otto")]


def test_skills_taken_away_count_at_once_too() -> None:
    acd = centre()
    acd.ready("ann")
    acd.tell(AgentSkillsSet(ANN, {}, "otto"))
    acd.call("c1", "support")
    assert acd.reserved() == []
    acd.tell(AgentSkillsSet(ANN, None, "otto"))
    assert acd.reserved() == [("c1", "ann")]
    assert acd.agent("ann").skills == {"tech": 7}


def test_a_step_whose_last_expert_lost_the_skill_is_skipped() -> None:
    steps = (RoutingStep(skills={"tech": 5}, for_s=60.0, skip_if="nobody_logged_in"), RoutingStep())
    acd = centre(Queue(queue_id=SALES.queue_id, steps=steps))
    acd.ready("ann")
    acd.call("talking")
    acd.answer("talking")
    acd.ready("bob")
    acd.call("c1")
    assert len(acd.reserved()) == 1
    acd.tell(AgentSkillsSet(ANN, {"tech": 4}, "otto"))
    assert acd.reserved()[-1] == ("c1", "bob")


def test_who_waits_with_wishes_of_his_own_keeps_his_place() -> None:
    acd = centre()
    acd.call("c1", requirement="tech >= 8 or french")
    acd.call("c2")
    acd.tell(AgentSkillsSet(BOB, {"french": 1}, "otto"))
    assert positions(acd) == ["c1", "c2"]
    acd.ready("bob")
    assert acd.reserved() == [("c1", "bob")]


def test_live_skills_outlive_reloads_until_the_configured_ones_change() -> None:
    acd = centre()
    acd.tell(AgentSkillsSet(BOB, {"tech": 9}, "otto"))
    acd.tell(ConfigurationSet([SALES, SUPPORT], AGENTS))
    assert acd.agent("bob").queues == ["sales", "support"]
    acd.tell(ConfigurationSet([SALES, SUPPORT], [AGENTS[0], Agent(agent_id=BOB, skills={"other": 1})]))
    assert (acd.agent("bob").skills, acd.agent("bob").queues) == ({"other": 1}, ["sales"])


@pytest.mark.parametrize(("configured", "expected"), [({}, {"tech": 9}), ({"other": 1}, {"other": 1})])
def test_live_skills_outlive_a_restart_as_well(configured: Skills, expected: Skills) -> None:
    acd = centre()
    acd.tell(AgentSkillsSet(BOB, {"tech": 9}, "otto"))
    saved = acd.router.agent_snapshot(BOB)
    assert saved is not None
    other = Router()
    other.apply(ConfigurationSet([SALES, SUPPORT], [Agent(agent_id=BOB, skills=configured)]), 0.0)
    other.restore([saved], 0.0)
    row = other.agent_summaries(0.0)[0]
    assert (row.skills, "support" in row.queues) == (expected, "tech" in expected)


# What is not possible


@pytest.mark.parametrize(
    ("fact", "complaint"),
    [
        (ContactRequeued(C1, QueueId("none")), 'no queue "none"'),
        (ContactRequeued(C1, SALES.queue_id), "waits in sales already"),
        (ContactRequeued(C1, SUPPORT.queue_id), "support takes nobody now: it is closed"),
        (ContactAssigned(C1, AgentId("none")), 'no agent "none"'),
        (ContactAssigned(C1, BOB), "bob is not logged in"),
        (ContactRequeued(C2, SUPPORT.queue_id), "the phone of ann is ringing for contact c2"),
        (ContactAssigned(C2, ANN), "the phone of ann is ringing for contact c2"),
        (ContactPrioritised(ContactId("talking"), 5.0), "contact talking talks to ann already"),
        (ContactRequeued(ContactId("talking"), SALES.queue_id), "contact talking talks to ann already"),
        (AgentSkillsSet(ANN, {"tech": 11}), "level 11 of 'tech' is not 1-10"),
        (AgentSkillsSet(ANN, {f"s{number}": 1 for number in range(SKILLS_PER_AGENT_MAX + 1)}), "64 at most"),
    ],
)
def test_what_is_not_possible_is_said_and_changes_nothing(fact: AcdInput, complaint: str) -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("talking" if "talking" in complaint else "c2")
    if "talking" in complaint:
        acd.answer("talking")
    acd.call("c1")
    acd.tell(QueueClosed(SUPPORT.queue_id, "meeting", "finish"))
    before = acd.router.contact_summaries(acd.now)
    with pytest.raises(LocalError, match=complaint):
        acd.tell(fact)
    assert acd.router.contact_summaries(acd.now) == before


@pytest.mark.parametrize(
    "fact", [ContactPrioritised(C1, 1.0), ContactRequeued(C1, SALES.queue_id), ContactAssigned(C1, ANN)]
)
def test_who_is_gone_already_is_nobodys_fault(fact: AcdInput) -> None:
    acd = centre()
    acd.tell(fact)
    assert acd.router.ignored == 1
