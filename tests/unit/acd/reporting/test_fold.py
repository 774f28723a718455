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
    ContactRated,
    ContactResumed,
    ContactTransferred,
    ContactWithdrawn,
    ReservationAnswered,
)
from softswitch.acd.limits import QUESTIONS_RATED_MAX
from softswitch.acd.model import Agent, Announcements, BusyKind, Queue, ToFlow, ToQueue
from softswitch.acd.reporting.formulas import AGENT_FORMULAS, figures
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.acd.reporting.reports import agent_reports, queue_reports
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


def rate(acd: ScriptedAcd, contact: str, score: int, *, agent_id: str = "ann", question: str = "agent") -> None:
    acd.tell(ContactRated(ContactId(contact), QueueId("sales"), AgentId(agent_id), "csat", question, score))


def test_ratings_are_counted_for_queue_and_agent_also_when_the_contact_is_over():
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.advance(60)
    acd.tell(ContactFinished(ContactId("c1"), "agent"))
    rate(acd, "c1", 5)
    rate(acd, "c1", 1, question="solved")
    rate(acd, "c2", 2, agent_id="bob")
    told_before = live(acd).queues()
    of_queue, of_ann = queue(acd).ratings, agent(acd).ratings
    assert {question: (each.count, each.average) for question, each in of_queue.items()} == {
        "csat.agent": (2, 3.5),
        "csat.solved": (1, 1.0),
    }
    assert {question: (each.count, each.total) for question, each in of_ann.items()} == {
        "csat.agent": (1, 5),
        "csat.solved": (1, 1),
    }
    rate(acd, "c3", 1)
    assert told_before[0].ratings == of_queue  # what was handed out stays as it was


def test_ratings_are_in_reports_and_sums_and_in_the_queue_log():
    acd = centre()
    rate(acd, "c1", 5)
    rate(acd, "c2", 2, agent_id="bob")
    stamped = [Stamped(WALL + event.at, event) for event in acd.diary]
    intervals = fold_all(stamped, Intervals(WALL, WALL + 3600), WALL + 3600)
    (of_queue,) = queue_reports(intervals)
    assert of_queue.ratings == {"csat.agent": 3.5}
    reports = {row.counts.agent_id: row.ratings for row in agent_reports(intervals)}
    assert reports == {"ann": {"csat.agent": 5.0}, "bob": {"csat.agent": 2.0}, "all": {"csat.agent": 3.5}}
    log = QueueLog()
    lines = [line for each in stamped for line in log.take(each) if "SURVEY" in line]
    assert lines == [f"{int(WALL)}|c1|sales|ann|SURVEY|csat|agent|5", f"{int(WALL)}|c2|sales|bob|SURVEY|csat|agent|2"]


def test_made_up_questions_are_counted_up_to_a_limit():
    acd = centre()
    for number in range(QUESTIONS_RATED_MAX + 5):
        rate(acd, "c1", 1, question=f"q{number}")
    rate(acd, "c1", 1, question="q0")
    ratings = queue(acd).ratings
    assert len(ratings) == QUESTIONS_RATED_MAX
    assert ratings["csat.q0"].count == 2
