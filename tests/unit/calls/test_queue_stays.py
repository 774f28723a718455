"""Stays in queues: their waits, whoever moved the call, and what agents did."""

import pytest

from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.limits import HISTORY_MAX
from softswitch.calls.queue_stays import QueueStays, wrapped_up_stays
from softswitch.store.schema import AfterCall

SALES, SUPPORT = QueueId("sales"), QueueId("support")
ANN, BEN = AgentId("ann"), AgentId("ben")


def test_a_caller_is_answered_talks_and_is_wrapped_up() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=3.0)
    stays.answered(ANN, 20.0, ring_s=8.0)
    stays.parted(150.0, talk_s=28.0, consult_s=2.0, hold_s=4.0)
    stays.rang(9.0)
    stays.wrapped_up(AfterCall(agent=ANN, wrap_up_s=6.0, disposition="sold"))
    (stay,) = stays.complete(160.0, 0.0)
    assert (stay.queue, stay.agent, stay.outcome) == (SALES, ANN, "answered")
    assert (stay.wait_s, stay.ring_s, stay.talk_s, stay.consult_s, stay.hold_s) == (20.0, 5.0, 28.0, 2.0, 4.0)
    assert (stay.wrap_up_s, stay.disposition) == (6.0, "sold")
    assert stay.ended_at - stay.began_at == stay.wait_s + stay.talk_s + stay.consult_s


def test_what_was_waited_before_a_move_counts_there() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    stays.moved(SUPPORT, 130.0, ring_s=2.0)
    stays.left("abandoned", 145.0, wait_s=45.0, ring_s=3.0)
    first, second = stays.complete(150.0, 0.0)
    assert (first.outcome, first.wait_s, first.ring_s) == ("moved", 30.0, 2.0)
    assert (second.outcome, second.wait_s, second.ring_s) == ("abandoned", 15.0, 1.0)


def test_phones_that_ring_until_the_caller_leaves_are_counted() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    stays.left("abandoned", 110.0, wait_s=10.0, ring_s=0.0)
    stays.rang(7.0)
    assert stays.complete(110.0, 0.0)[0].ring_s == 7.0


def test_the_next_visit_waits_from_nothing() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    stays.moved(SUPPORT, 130.0, ring_s=0.0)
    stays.left("overflowed", 140.0, wait_s=40.0, ring_s=0.0)
    stays.entered(SALES, 150.0, ring_s=0.0)
    stays.answered(BEN, 5.0, ring_s=0.0)
    assert [stay.wait_s for stay in stays.complete(170.0, 15.0)] == [30.0, 10.0, 5.0]


def test_a_call_that_is_a_contact_as_a_whole_is_with_its_agent_to_the_end() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    stays.answered(ANN, 30.0, ring_s=4.0)
    (stay,) = stays.complete(200.0, 55.0)
    assert (stay.talk_s, stay.ended_at, stay.wait_s) == (55.0, 200.0, 30.0)


def test_a_stay_that_nobody_ended_ends_with_the_call() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    (stay,) = stays.complete(104.0, 0.0)
    assert (stay.outcome, stay.wait_s, stay.agent) == ("withdrawn", 4.0, "")


def test_no_stay_in_a_queue_that_does_not_exist() -> None:
    stays = QueueStays()
    stays.entered(SALES, 100.0, ring_s=0.0)
    stays.never_entered()
    assert stays.complete(104.0, 0.0) == ()


def test_nothing_happens_to_a_call_that_is_in_no_queue() -> None:
    stays = QueueStays()
    stays.moved(SALES, 1.0, 0.0)
    stays.answered(ANN, 1.0, 0.0)
    stays.parted(1.0, talk_s=1.0, hold_s=0.0)
    stays.left("abandoned", 1.0, 1.0, 0.0)
    stays.rang(1.0)
    assert stays.complete(2.0, 0.0) == ()


@pytest.mark.parametrize(("agent", "wraps"), [(ANN, [0.0, 0.0, 9.0]), (BEN, [0.0, 9.0, 0.0]), ("", [0.0, 0.0, 0.0])])
def test_what_is_done_afterwards_belongs_to_the_last_stay_of_that_agent(agent: AgentId, wraps: list[float]) -> None:
    stays = QueueStays()
    for answered_by in (ANN, BEN, ANN):
        stays.entered(SALES, 0.0, 0.0)
        stays.answered(answered_by, 0.0, 0.0)
        stays.parted(1.0, talk_s=1.0, hold_s=0.0)
    done = wrapped_up_stays(stays.complete(1.0, 0.0), AfterCall(agent=agent, wrap_up_s=9.0))
    assert [stay.wrap_up_s for stay in done] == wraps


def test_of_very_many_the_newest_are_kept() -> None:
    stays = QueueStays()
    for number in range(HISTORY_MAX + 2):
        stays.entered(SALES, float(number), 0.0)
        stays.left("overflowed", float(number), 0.0, 0.0)
    assert len(stays.complete(1e6, 0.0)) == HISTORY_MAX
    assert stays.complete(1e6, 0.0)[0].began_at == 2.0
