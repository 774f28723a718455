"""Tallies of days that were played in virtual time, from their events alone."""

import pytest

from softswitch.acd.events import ContactAnnounced, Stamped
from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentPaused,
    AgentResumed,
    ContactAbandoned,
    ContactFinished,
    ContactHeld,
    ContactResumed,
    ContactTransferred,
    ContactWithdrawn,
    ReservationAnswered,
)
from softswitch.acd.model import Agent, Announcements, BusyKind, Queue, ToFlow, ToQueue
from softswitch.acd.reporting.formulas import AGENT_FORMULAS, figures
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN = AgentId("ann")
WALL = 1_700_000_000.0


def centre(**sales: object) -> ScriptedAcd:
    settings = {"queue_id": QueueId("sales"), "wrap_up_s": 10.0, "project": "acme", "name": "Sales", **sales}
    queues = [Queue(**settings), Queue(queue_id=QueueId("support"))]  # type: ignore[arg-type]  # by name
    return ScriptedAcd(queues, [Agent(agent_id=ANN), Agent(agent_id=AgentId("bob"))])


def live(acd: ScriptedAcd) -> LiveFigures:
    figures = LiveFigures(WALL)
    for event in acd.diary:
        figures.take(Stamped(WALL + event.at, event, "acme" if getattr(event, "queue_id", "") == "sales" else ""))
    return figures


def queue(acd: ScriptedAcd, queue_id: str = "sales") -> QueueTally:
    return next(tally for tally in live(acd).queues() if tally.queue_id == queue_id)


def agent(acd: ScriptedAcd, agent_id: str = "ann") -> AgentTally:
    return next(tally for tally in live(acd).agents(WALL + acd.now) if tally.agent_id == agent_id)


def test_a_day_of_one_queue():
    acd = centre()
    acd.call("c1")
    acd.advance(3)
    acd.tell(ContactAbandoned(ContactId("c1")))
    acd.call("c2")
    acd.advance(10)
    acd.tell(ContactAbandoned(ContactId("c2")))
    acd.call("c3")
    acd.advance(30)
    acd.ready("ann")
    acd.answer("c3")
    acd.advance(60)
    acd.tell(ContactHeld(ContactId("c3")))
    acd.advance(20)
    acd.tell(ContactResumed(ContactId("c3")))
    acd.tell(ContactTransferred(ContactId("c3"), "blind", "200"), ContactFinished(ContactId("c3"), "agent"))
    acd.advance(10)
    acd.call("c4")
    acd.answer("c4")
    acd.call("c5")
    acd.tell(ContactWithdrawn(ContactId("c5"), "supervisor"))
    acd.call("c6")
    tally = queue(acd)
    assert (tally.name, tally.project, tally.level_s) == ("Sales", "acme", 20.0)
    assert (tally.offered, tally.answered, tally.abandoned, tally.withdrawn, tally.overflowed) == (6, 2, 2, 1, 0)
    assert (tally.answered_within, tally.abandoned_within, tally.abandoned_short) == (1, 2, 1)
    assert tally.offered - tally.ended == 1
    assert (tally.answered_wait_s, tally.wait_s, tally.longest_wait_s) == (30.0, 43.0, 30.0)
    assert (tally.handled, tally.talk_s, tally.hold_s, tally.wrap_up_s, tally.transfers) == (1, 60.0, 20.0, 10.0, 1)


def test_an_overflow_into_another_queue_counts_in_both():
    acd = centre(max_wait_s=60.0, overflow=ToQueue(QueueId("support")))
    acd.call("c1")
    acd.advance(60)
    acd.ready("ann")
    acd.answer("c1")
    sales, support = queue(acd), queue(acd, "support")
    assert (sales.offered, sales.overflowed, sales.wait_s) == (1, 1, 60.0)
    assert (support.offered, support.moved_in, support.answered, support.answered_wait_s) == (1, 1, 1, 0.0)


def test_who_is_refused_was_never_offered_and_who_overflows_at_once_was():
    acd = centre(max_length=0)
    acd.call("c1")
    assert (queue(acd).offered, queue(acd).refused) == (0, 1)
    acd = centre(max_length=0, overflow=ToFlow("sorry"))
    acd.call("c1")
    assert (queue(acd).offered, queue(acd).overflowed) == (1, 1)


def test_reservations_by_what_became_of_them():
    acd = centre(no_answer_limit=9)
    acd.ready("ann")
    acd.call("c1")
    acd.advance(15)
    acd.advance(30)
    acd.fail("c1", "declined")
    acd.advance(30)
    acd.answer("c1")
    tally = queue(acd)
    assert (tally.reservations, tally.no_answers, tally.declines, tally.answered) == (3, 1, 1, 1)
    mine = agent(acd)
    assert (mine.reservations, mine.no_answers, mine.declines, mine.answered) == (3, 1, 1, 1)


def test_every_second_an_agent_is_logged_in_is_in_exactly_one_state():
    acd = centre()
    acd.advance(100)
    acd.ready("ann")
    acd.advance(50)
    acd.tell(AgentPaused(ANN, "lunch"))
    acd.advance(600)
    acd.tell(AgentPaused(ANN, "training"))
    acd.advance(200)
    acd.tell(AgentResumed(ANN))
    acd.advance(20)
    acd.call("c1")
    acd.advance(4)
    acd.answer("c1")
    acd.advance(90)
    acd.finish("c1")
    acd.advance(10)
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
    acd.advance(30)
    acd.tell(AgentFree(ANN))
    acd.advance(7)
    mine = agent(acd)
    assert (mine.ready_s, mine.not_ready_s, mine.reserved_s) == (77.0, 800.0, 4.0)
    assert (mine.contact_s, mine.wrap_up_s, mine.other_calls_s) == (90.0, 10.0, 30.0)
    assert mine.reasons_s == {"lunch": 600.0, "training": 200.0}
    assert mine.logged_in_s == acd.now - 100
    assert figures(mine, AGENT_FORMULAS)["occupancy"] == pytest.approx(104 / 181)
    acd.tell(AgentLoggedOut(ANN))
    acd.advance(1000)
    assert agent(acd).logged_in_s == mine.logged_in_s
    assert agent(acd).logins == 1


def test_looking_twice_counts_what_goes_on_once():
    acd = centre()
    acd.ready("ann")
    acd.advance(10)
    seen = live(acd)
    assert [tally.ready_s for tally in seen.agents(WALL + 10)] == [10.0]
    assert [tally.ready_s for tally in seen.agents(WALL + 15)] == [15.0]


def test_the_error_of_estimated_waits_is_that_of_the_last_announcement_to_who_was_answered():
    acd = centre(announcements=Announcements(first_after_s=5, every_s=0), wrap_up_s=0.0)
    acd.ready("ann")
    acd.call("c0")
    acd.answer("c0")
    acd.call("c1")
    acd.advance(30)
    acd.finish("c0")
    acd.answer("c1")
    acd.call("c2")
    acd.advance(45)
    acd.finish("c1")
    acd.answer("c2")
    told = queue(acd)
    promised = [event.estimated_wait_s for event in acd.diary if isinstance(event, ContactAnnounced)]
    errors = [25.0 - (promised[0] or 0.0), 40.0 - (promised[1] or 0.0)]
    assert None not in promised
    assert told.told_waits == 2
    assert told.told_bias_s == pytest.approx(sum(errors))
    assert told.told_error_s == pytest.approx(sum(map(abs, errors)))


def test_who_was_hardly_there_is_counted_by_what_his_queue_says():
    acd = centre(short_abandon_s=12.0)
    for queue_id in ("sales", "support"):
        acd.call(f"c-{queue_id}", queue_id)
    acd.advance(8)
    acd.tell(ContactAbandoned(ContactId("c-sales")), ContactAbandoned(ContactId("c-support")))
    assert (queue(acd).abandoned_short, queue(acd, "support").abandoned_short) == (1, 0)
    rows = [Stamped(WALL + event.at, event) for event in acd.diary]
    for asked_s, expected in ((None, (1, 0)), (0.0, (0, 0)), (10.0, (1, 1))):
        (row,) = fold_all(rows, Intervals(WALL, WALL + 60, short_abandon_s=asked_s), WALL + 60)
        assert tuple(tally.abandoned_short for tally in row.queues) == expected


def test_an_agent_who_hangs_up_before_he_hears_the_contact_has_declined_it():
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.tell(ReservationAnswered(acd.reservation_of("c1")))
    acd.fail("c1", "hung_up")
    assert (queue(acd).declines, queue(acd).answered, agent(acd).declines) == (1, 0, 1)
