"""Entry, leaving, overflow, announcements."""

from math import inf, nan

import pytest

from softswitch.acd.inputs import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentReachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactQueued,
    ContactWithdrawn,
)
from softswitch.acd.limits import BOOST_S_MAX, OVERFLOW_MOVES_MAX, SKILLS_PER_CONTACT_MAX
from softswitch.acd.model import Agent, AgentState, Announcements, HangUp, Queue, Skills, ToFlow, ToQueue
from softswitch.acd.outputs import (
    AnnouncementCut,
    AnnouncementDue,
    ContactConnected,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ReservationEnded,
)
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

SALES, GENERAL = QueueId("sales"), QueueId("general")
ANN = Agent(agent_id=AgentId("ann"))
C1, C2 = ContactId("c1"), ContactId("c2")


# Entry


def test_a_queue_nobody_knows() -> None:
    acd = ScriptedAcd([], [])
    assert acd.call("c1", "nowhere") == [ContactRefused(C1, QueueId("nowhere"), "unknown")]


def test_a_full_queue_that_hangs_up_refuses() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_length=1)], [])
    assert acd.call("c1") == []
    assert acd.call("c2") == [ContactRefused(C2, SALES, "full")]
    assert (acd.queue().offered, acd.queue().refused) == (1, 1)


def test_who_alerts_an_agent_counts_towards_the_length() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_length=1)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    assert acd.call("c2") == [ContactRefused(C2, SALES, "full")]
    acd.answer("c1")
    assert acd.call("c2") == []


def test_a_full_queue_sends_on_to_its_overflow_queue() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_length=1, overflow=ToQueue(GENERAL)), Queue(queue_id=GENERAL)], [])
    acd.call("c1")
    assert acd.call("c2") == [ContactMoved(C2, SALES, GENERAL, 0.0)]
    assert (acd.queue().offered, acd.queue().overflowed) == (2, 1)
    assert acd.queue("general").waiting == 1


def test_a_full_queue_sends_on_to_its_overflow_flow() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_length=1, overflow=ToFlow("sorry"))], [])
    acd.call("c1")
    assert acd.call("c2") == [ContactOverflowed(C2, SALES, ToFlow("sorry"), 0.0, "full")]
    assert acd.queue().overflowed == 1


def test_a_queue_may_refuse_while_nobody_who_serves_it_is_logged_in() -> None:
    queue = Queue(queue_id=SALES, skills={"en": 5}, join_empty=("invalid",), leave_when_empty=("invalid",))
    acd = ScriptedAcd([queue], [ANN, Agent(agent_id=AgentId("bob"), skills={"en": 5})])
    acd.ready("ann")
    assert acd.call("c1") == [ContactRefused(C1, SALES, "empty")]
    acd.tell(AgentLoggedIn(AgentId("bob")))
    assert acd.call("c1") == []


def test_more_skills_may_be_required_than_the_queue_does() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, skills={"en": 2})], [Agent(agent_id=AgentId("ann"), skills={"en": 5})])
    acd.ready("ann")
    acd.call("c1", skills={"en": 6})
    assert acd.reserved() == []
    acd.call("c2", skills={"en": 1})
    assert acd.reserved() == [("c2", "ann")]


def test_the_age_a_contact_brings_along_counts() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [ANN], now=1000.0)
    acd.call("c1")
    acd.call("c2", enqueued_at=900.0)
    acd.ready("ann")
    connected = acd.answer("c2")[0]
    assert isinstance(connected, ContactConnected)
    assert connected.wait_s == 100.0


def test_an_age_in_the_future_is_none() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [ANN])
    acd.call("c1", enqueued_at=50.0)
    acd.call("c2")
    assert acd.contact("c1").position == 1
    assert acd.contact("c1").wait_s == 0.0


def test_a_boost_is_at_most_a_day() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    acd.call("c1", boost_s=1e12)
    acd.call("c2", boost_s=-1e12)
    assert acd.contact("c1").boost_s == BOOST_S_MAX
    assert acd.contact("c2").boost_s == -BOOST_S_MAX


@pytest.mark.parametrize(
    ("skills", "boost_s", "enqueued_at", "complaint"),
    [
        ({"en": 0}, 0.0, None, "level 0 of 'en' is not 1-10"),
        ({"en": 11}, 0.0, None, "level 11 of 'en' is not 1-10"),
        ({f"skill{number}": 1 for number in range(SKILLS_PER_CONTACT_MAX + 1)}, 0.0, None, "requires 17 skills"),
        ({}, inf, None, "must be finite"),
        ({}, nan, None, "must be finite"),
        ({}, 0.0, -inf, "must be finite"),
    ],
)
def test_nonsense_is_the_callers_fault(
    skills: Skills, boost_s: float, enqueued_at: float | None, complaint: str
) -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    with pytest.raises(LocalError, match=complaint):
        acd.tell(ContactQueued(C1, SALES, boost_s, skills, enqueued_at))
    assert acd.router.contact_summaries(0.0) == []


def test_a_contact_is_queued_once() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    acd.call("c1")
    with pytest.raises(LocalError, match="c1 is known already"):
        acd.call("c1")


def test_after_its_conversation_a_contact_may_be_queued_again() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, wrap_up_s=0.0)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.finish("c1")
    acd.call("c1")
    assert acd.reserved() == [("c1", "ann"), ("c1", "ann")]


# Leaving


def test_who_hangs_up_while_waiting_is_forgotten() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [ANN])
    acd.call("c1")
    acd.advance(5.0)
    assert acd.tell(ContactAbandoned(C1)) == []
    assert (acd.queue().abandoned, acd.queue().abandoned_within) == (1, 1)
    assert acd.router.next_timeout() is None
    acd.ready("ann")
    assert acd.reserved() == []


def test_who_is_withdrawn_while_alerting_frees_the_agent() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.call("c2")
    outputs = acd.tell(ContactWithdrawn(C1, "voicemail"))
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), C1, "withdrawn")
    assert acd.reserved() == [("c1", "ann"), ("c2", "ann")]
    assert acd.queue().withdrawn == 1


# Overflow


def test_the_maximum_wait_leads_to_the_overflow() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_wait_s=60.0, overflow=ToFlow("sorry"))], [])
    acd.call("c1")
    assert acd.advance(59.9) == []
    assert acd.advance(0.1) == [ContactOverflowed(C1, SALES, ToFlow("sorry"), 60.0, "max_wait")]
    assert acd.router.contact_summaries(acd.now) == []


def test_without_a_maximum_wait_nobody_is_sent_away() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_wait_s=None)], [])
    acd.call("c1")
    assert acd.advance(1e6) == []


def test_who_moves_keeps_his_age_and_waits_anew() -> None:
    queues = [
        Queue(queue_id=SALES, max_wait_s=60.0, overflow=ToQueue(GENERAL)),
        Queue(queue_id=GENERAL, max_wait_s=100.0),
    ]
    acd = ScriptedAcd(queues, [ANN])
    acd.call("old")
    acd.advance(30.0)
    acd.call("young", "general")
    assert acd.advance(30.0) == [ContactMoved(ContactId("old"), SALES, GENERAL, 60.0)]
    assert acd.contact("old").position == 1
    acd.ready("ann")
    assert acd.reserved() == [("old", "ann")]
    connected = acd.answer("old")[0]
    assert isinstance(connected, ContactConnected)
    assert (connected.queue_id, connected.wait_s) == (GENERAL, 60.0)
    assert acd.queue("general").average_speed_of_answer_s == 0.0, "the general queue answered at once"
    assert acd.advance(69.9) == []
    assert acd.advance(0.1) == [ContactOverflowed(ContactId("young"), GENERAL, HangUp(), 100.0, "max_wait")]


def test_who_alerts_when_his_time_is_up_may_still_be_answered() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_wait_s=60.0)], [ANN])
    acd.call("c1")
    acd.advance(50.0)
    acd.ready("ann")
    acd.advance(14.0)
    assert isinstance(acd.answer("c1")[0], ContactConnected)


def test_who_alerts_when_his_time_is_up_overflows_when_nobody_answers() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_wait_s=60.0)], [ANN, Agent(agent_id=AgentId("bob"))])
    acd.call("c1")
    acd.advance(50.0)
    acd.ready("ann", "bob")
    outputs = acd.advance(15.0)
    assert outputs[-1] == ContactOverflowed(C1, SALES, HangUp(), 65.0, "max_wait")
    assert acd.state("bob") is AgentState.READY


def test_an_announcement_due_when_the_contact_moves_is_not_made_in_the_next_queue() -> None:
    sounds = Announcements(first_after_s=20.0, every_s=0.0)
    queues = [
        Queue(queue_id=SALES, max_wait_s=20.0, overflow=ToQueue(GENERAL), announcements=sounds),
        Queue(queue_id=GENERAL, announcements=sounds),
    ]
    acd = ScriptedAcd(queues, [])
    acd.call("c1")
    assert acd.advance(20.0) == [ContactMoved(C1, SALES, GENERAL, 20.0)]
    assert acd.advance(20.0) == [AnnouncementDue(C1, GENERAL, 1, None)]


def test_an_announcement_due_when_the_contact_leaves_is_not_made() -> None:
    sounds = Announcements(first_after_s=20.0)
    acd = ScriptedAcd([Queue(queue_id=SALES, max_wait_s=20.0, announcements=sounds)], [])
    acd.call("c1")
    assert acd.advance(100.0) == [ContactOverflowed(C1, SALES, HangUp(), 20.0, "max_wait")]


def test_circling_ends() -> None:
    queues = [
        Queue(queue_id=SALES, max_wait_s=1.0, overflow=ToQueue(GENERAL)),
        Queue(queue_id=GENERAL, max_wait_s=1.0, overflow=ToQueue(SALES)),
    ]
    acd = ScriptedAcd(queues, [])
    acd.call("c1")
    outputs = acd.advance(100.0)
    assert [type(output) for output in outputs] == [ContactMoved] * OVERFLOW_MOVES_MAX + [ContactOverflowed]
    assert outputs[-1] == ContactOverflowed(C1, SALES, HangUp(), OVERFLOW_MOVES_MAX + 1.0, "max_wait")


def test_the_last_logout_empties_only_queues_that_say_so() -> None:
    queues = [Queue(queue_id=SALES, join_empty=("invalid",), leave_when_empty=("invalid",)), Queue(queue_id=GENERAL)]
    acd = ScriptedAcd(queues, [ANN, Agent(agent_id=AgentId("bob"))])
    acd.tell(AgentLoggedIn(AgentId("ann")), AgentLoggedIn(AgentId("bob")))
    acd.call("c1")
    acd.call("c2", "general")
    acd.tell(AgentLoggedOut(AgentId("ann")))
    assert acd.contact("c1").position == 1
    outputs = acd.tell(AgentLoggedOut(AgentId("bob")))
    assert outputs[-1] == ContactOverflowed(C1, SALES, HangUp(), 0.0, "empty")
    assert acd.contact("c2").position == 1


def test_who_alerts_the_last_agent_when_he_logs_out_leaves_too() -> None:
    acd = ScriptedAcd(
        [Queue(queue_id=SALES, join_empty=("invalid",), leave_when_empty=("invalid",), overflow=ToFlow("sorry"))], [ANN]
    )
    acd.ready("ann")
    acd.call("c1")
    outputs = acd.tell(AgentLoggedOut(AgentId("ann")))
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), C1, "logged_out")
    assert outputs[-1] == ContactOverflowed(C1, SALES, ToFlow("sorry"), 0.0, "empty")


# Announcements


def announced(acd: ScriptedAcd, seconds: float) -> list[tuple[str, int | None, float | None]]:
    return [
        (output.contact_id, output.position, output.estimated_wait_s)
        for output in acd.advance(seconds)
        if isinstance(output, AnnouncementDue)
    ]


def test_announcements_come_first_and_then_regularly() -> None:
    queue = Queue(queue_id=SALES, announcements=Announcements(first_after_s=10.0, every_s=30.0))
    acd = ScriptedAcd([queue], [])
    acd.call("c1")
    assert announced(acd, 9.9) == []
    assert announced(acd, 0.1) == [("c1", 1, None)]
    assert announced(acd, 29.9) == []
    assert announced(acd, 0.1) == [("c1", 1, None)]
    acd.call("c2", boost_s=100.0)
    assert announced(acd, 30.0) == [("c2", 1, None), ("c1", 2, None)]


def test_an_announcement_may_be_made_only_once() -> None:
    queue = Queue(queue_id=SALES, announcements=Announcements(first_after_s=10.0, every_s=0.0))
    acd = ScriptedAcd([queue], [])
    acd.call("c1")
    assert announced(acd, 500.0) == [("c1", 1, None)]


@pytest.mark.parametrize("position", [True, False])
@pytest.mark.parametrize("estimated_wait", [True, False])
def test_what_is_off_is_not_said(position: bool, estimated_wait: bool) -> None:
    sounds = Announcements(first_after_s=10.0, position=position, estimated_wait=estimated_wait)
    acd = ScriptedAcd([Queue(queue_id=SALES, wrap_up_s=0.0, announcements=sounds)], [ANN])
    acd.ready("ann")
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id)
    acd.answer("c1")
    acd.advance(5.0)
    acd.finish("c1")
    acd.answer("c2")
    said = [("c3", 1 if position else None, 2.5 if estimated_wait else None)]
    assert announced(acd, 5.0) == (said if position or estimated_wait else [])


def one_answer_every_ten_seconds(sounds: Announcements) -> ScriptedAcd:
    """An agent who has just begun to talk to the second of two contacts, one of which waited."""
    acd = ScriptedAcd([Queue(queue_id=SALES, wrap_up_s=0.0, announcements=sounds)], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.call("c2")
    acd.advance(10.0)
    acd.finish("c1")
    acd.answer("c2")
    return acd


def test_a_wait_is_never_announced_longer_than_before() -> None:
    acd = one_answer_every_ten_seconds(Announcements(first_after_s=0.0, every_s=20.0))
    acd.call("plain")
    assert announced(acd, 0.0) == [("plain", 1, 10.0)]
    for number in range(5):
        acd.call(f"boosted{number}", boost_s=100.0)
    said = [said for said in announced(acd, 20.0) if said[0] == "plain"]
    assert said == [("plain", 6, 10.0)]


def test_an_hour_in_which_nobody_waited_is_not_the_pace_of_the_queue() -> None:
    acd = one_answer_every_ten_seconds(Announcements(first_after_s=0.0))
    acd.finish("c2")
    acd.advance(3600.0)
    acd.call("c3")
    acd.answer("c3")
    acd.call("c4")
    assert announced(acd, 0.0) == [("c4", 1, 5.0)]


def test_nothing_is_announced_while_an_agent_alerts_but_afterwards() -> None:
    queue = Queue(queue_id=SALES, announcements=Announcements(first_after_s=10.0))
    acd = ScriptedAcd([queue], [ANN])
    acd.call("c1")
    acd.advance(1.0)
    acd.ready("ann")
    assert announced(acd, 14.9) == []
    assert [(contact_id, position) for contact_id, position, _ in announced(acd, 0.1)] == [("c1", 1)]


def test_who_was_told_nothing_needs_no_cut() -> None:
    queue = Queue(queue_id=SALES, announcements=Announcements(first_after_s=10.0))
    acd = ScriptedAcd([queue], [ANN])
    acd.call("c1")
    assert not any(isinstance(output, AnnouncementCut) for output in acd.ready("ann"))


def test_announcements_follow_a_new_configuration() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    acd.call("c1")
    acd.advance(20.0)
    sounds = Announcements(first_after_s=10.0, every_s=30.0)
    acd.tell(ConfigurationSet([Queue(queue_id=SALES, announcements=sounds)], []))
    assert announced(acd, 0.0) == [("c1", 1, None)]
    acd.tell(ConfigurationSet([Queue(queue_id=SALES)], []))
    assert announced(acd, 100.0) == []


def test_an_agent_whose_phone_appears_is_served() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [ANN])
    acd.tell(AgentLoggedIn(AgentId("ann")))
    acd.call("c1")
    assert acd.reserved() == []
    acd.tell(AgentReachable(AgentId("ann")))
    assert acd.reserved() == [("c1", "ann")]
