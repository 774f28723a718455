"""What a CDR says of a call: who ended it and why, in the words of reports."""

import pytest

from softswitch.base.ids import CallId, LegId
from softswitch.calls.limits import HISTORY_MAX
from softswitch.calls.record import CallRecord, EndReason, has_failed
from softswitch.store.schema import Forwarded, SipLeg, TrunkTry


def record() -> CallRecord:
    return CallRecord(CallId("c"), calling_number="1", calling_name="", called_number="2", started_at=100.0)


def answered() -> CallRecord:
    made = record()
    made.answered_at = 101.0
    return made


def test_the_first_to_say_so_is_right() -> None:
    made = answered()
    made.ended("caller", EndReason.ABANDONED)
    made.ended("switch", EndReason.STOPPED)
    cdr = made.as_cdr(110.0)
    assert (cdr.ended_by, cdr.end_reason) == ("caller", "abandoned")


def test_a_flow_that_ends_an_answered_call_completes_it() -> None:
    made = answered()
    made.ended_by_flow()
    cdr = made.as_cdr(110.0)
    assert (cdr.ended_by, cdr.end_reason, cdr.sip_status) == ("switch", "completed", 200)


def test_a_flow_that_never_answers_rejects() -> None:
    made = record()
    made.ended_by_flow()
    made.sip_status = 480
    cdr = made.as_cdr(110.0)
    assert (cdr.end_reason, cdr.sip_status, cdr.answered_at) == ("rejected", 480, None)


@pytest.mark.parametrize(("waits_again", "by"), [(False, "agent"), (True, "switch")])
def test_an_agent_who_hung_up_has_ended_the_call_unless_it_went_on(waits_again: bool, by: str) -> None:
    made = answered()
    made.has_far_left = True
    if waits_again:
        made.began_to_wait()
    made.ended_by_flow()
    assert made.as_cdr(110.0).ended_by == by


@pytest.mark.parametrize(("waits_again", "reason"), [(False, "overflowed"), (True, "completed")])
def test_nobody_served_him(waits_again: bool, reason: str) -> None:
    made = answered()
    made.is_unserved = True
    if waits_again:
        made.began_to_wait()
    made.ended_by_flow()
    assert made.as_cdr(110.0).end_reason == reason


def test_a_call_in_progress() -> None:
    active = record().as_active()
    assert (active.call_id, active.started_at, active.calling_number, active.called_number) == ("c", 100.0, "1", "2")


@pytest.mark.parametrize("reason", list(EndReason))
def test_a_call_has_failed_unless_it_ended_in_an_ordinary_way(reason: EndReason) -> None:
    made = answered()
    made.ended("caller", reason)
    ordinary = (EndReason.COMPLETED, EndReason.ABANDONED, EndReason.TRANSFERRED)
    assert has_failed(made.as_cdr(110.0)) is (reason not in ordinary)


def test_a_call_with_a_leg_that_was_refused_or_a_fault_has_failed_whatever_its_end() -> None:
    made = answered()
    made.legs.began(LegId("l"), SipLeg(sip_call_id="s", role="called", party="bob"))
    assert not has_failed(made.as_cdr(110.0))
    made.legs.failed(LegId("l"), 486, "Busy Here")
    assert has_failed(made.as_cdr(110.0))
    made = answered()
    made.fault = "Traceback"
    assert has_failed(made.as_cdr(110.0))


def test_of_a_very_long_history_the_newest_is_kept() -> None:
    made = record()
    for number in range(3 * HISTORY_MAX):
        made.trunk_tried(TrunkTry(trunk="provider", status=503, reason=str(number)))
        made.forwarded(Forwarded(at=0.0, by="101", to=str(number), reason="busy"))
        other = CallRecord(CallId(str(number)), calling_number="", calling_name="", called_number="", started_at=100.0)
        other.transferred(made, "ann", "2")
    cdr = made.as_cdr(110.0)
    last = str(3 * HISTORY_MAX - 1)
    assert len(cdr.trunks) == len(cdr.forwards) == len(cdr.linked_calls) == HISTORY_MAX
    assert (cdr.trunks[-1].reason, cdr.forwards[-1].to, cdr.linked_calls[-1]) == (last, last, last)
