"""What the record of a call says that does not go on: as much as is proven, and no more."""

import pytest
from msgspec.structs import replace

from softswitch.base.ids import AgentId, CallId, LegId, QueueId
from softswitch.calls.call_state import CallState
from softswitch.calls.kept.kept_call import KeptCall, KeptConversation, KeptParty
from softswitch.calls.kept.kept_record import keep_record
from softswitch.calls.kept.last_record import Fate, last_record
from softswitch.calls.leg import Leg
from softswitch.calls.record import CallRecord, EndReason
from softswitch.sip.description.offer_answer import MediaCapabilities
from softswitch.store.schema import SipLeg
from softswitch.testing.records import check_records

BEGAN_AT, MONOTONIC = 1_000_000.0, 500.0
KEPT_AFTER_S, TALKS_AFTER_S = 12.0, 10.0
NOW = BEGAN_AT + 100.0


def record() -> CallRecord:
    made = CallRecord(CallId("one"), calling_number="100", calling_name="", called_number="200", started_at=BEGAN_AT)
    made.legs.began(
        LegId("a"), SipLeg(sip_call_id="x", role="caller", party="p", leg_id="a", began_at=BEGAN_AT, ended_at=0.0)
    )
    return made


def talking() -> KeptCall:
    """An agent of a queue has answered after ten seconds."""
    made = record()
    made.answered_at = BEGAN_AT + 1.0
    made.legs.answered(LegId("a"), BEGAN_AT + 1.0)
    made.stays.entered(QueueId("q"), BEGAN_AT + 2.0, 0.0)
    made.queue, made.agent, made.queue_wait_s = "q", "ann", 8.0
    made.stays.answered(AgentId("ann"), 8.0, 0.0)
    kept = kept_of(made)
    conversation = KeptConversation(
        near=LegId("a"), far=LegId("b"), started_at=MONOTONIC + TALKS_AFTER_S, music="", held_s=1.0
    )
    return replace(kept, conversation=conversation)


def waiting() -> KeptCall:
    made = record()
    made.answered_at = BEGAN_AT + 1.0
    made.legs.answered(LegId("a"), BEGAN_AT + 1.0)
    made.queue = "q"
    made.stays.entered(QueueId("q"), BEGAN_AT + 2.0, 0.0)
    return kept_of(made)


def kept_of(made: CallRecord) -> KeptCall:
    return KeptCall(
        boot_id="boot",
        kept_at=MONOTONIC + KEPT_AFTER_S,
        record=keep_record(made),
        caller=KeptParty(description=Leg(LegId("a"), "p", capabilities=MediaCapabilities(), session_id=7).keep()),
        began_at=MONOTONIC,
        state=CallState.TALKING,
        state_since=MONOTONIC,
    )


@pytest.mark.parametrize(
    ("fate", "written_at", "lasted_s"),
    [
        (Fate.LOST, BEGAN_AT + 40.0, 100.0),
        (Fate.PARTED, NOW - 2.0, 100.0),
        (Fate.PARTED, BEGAN_AT + 40.0, 40.0),
        (Fate.PARTED, 0.0, KEPT_AFTER_S),
        (Fate.LEFT, NOW - 2.0, 98.0),
        (Fate.LEFT, 0.0, KEPT_AFTER_S),
        (Fate.LEFT, NOW + 3600.0, 100.0),
    ],
)
def test_it_lasted_as_long_as_is_proven(fate: Fate, written_at: float, lasted_s: float) -> None:
    cdr = last_record(talking(), fate, now=NOW, written_at=written_at)
    check_records([cdr])
    assert cdr.ended_at == BEGAN_AT + lasted_s
    assert cdr.talk_s == pytest.approx(lasted_s - TALKS_AFTER_S)
    assert (cdr.hold_s, cdr.queue_wait_s) == (1.0, 8.0)
    (stay,) = cdr.stays
    assert (stay.outcome, stay.talk_s, stay.agent) == ("answered", cdr.talk_s, "ann")


@pytest.mark.parametrize(
    ("fate", "end"),
    [
        (Fate.LOST, ("switch restarted", "switch")),
        (Fate.PARTED, ("completed", "caller")),
        (Fate.LEFT, ("switch restarted", "switch")),
    ],
)
def test_why_it_ended(fate: Fate, end: tuple[str, str]) -> None:
    cdr = last_record(talking(), fate, now=NOW, written_at=NOW)
    assert (cdr.end_reason, cdr.ended_by) == end


def test_who_had_parted_before_anybody_answered_has_given_up() -> None:
    cdr = last_record(kept_of(record()), Fate.PARTED, now=NOW, written_at=NOW)
    assert (cdr.end_reason, cdr.answered_at, cdr.talk_s) == ("abandoned", None, 0.0)


@pytest.mark.parametrize(("fate", "reason"), [(Fate.PARTED, "abandoned"), (Fate.LOST, "switch restarted")])
def test_who_waited_has_left_his_queue_as_the_router_has_it(fate: Fate, reason: str) -> None:
    cdr = last_record(waiting(), fate, now=NOW, written_at=NOW)
    check_records([cdr])
    assert cdr.end_reason == reason
    (stay,) = cdr.stays
    assert stay.outcome == "withdrawn"
    assert stay.wait_s == pytest.approx(98.0)


def test_a_call_on_hold_is_held_to_its_end() -> None:
    kept = talking()
    assert kept.conversation is not None
    kept = replace(kept, conversation=replace(kept.conversation, on_hold_since=MONOTONIC + 50.0))
    assert last_record(kept, Fate.LOST, now=NOW, written_at=NOW).hold_s == pytest.approx(51.0)


def test_a_consultation_is_no_talk() -> None:
    kept = talking()
    kept = replace(kept, record=replace(kept.record, is_consulting=True))
    cdr = last_record(kept, Fate.LOST, now=NOW, written_at=NOW)
    check_records([cdr])
    assert (cdr.talk_s, cdr.consult_s) == (0.0, pytest.approx(90.0))


def test_one_that_was_over_ended_when_that_was_kept() -> None:
    made = record()
    made.answered_at = BEGAN_AT + 1.0
    made.ended("agent", EndReason.COMPLETED)
    cdr = last_record(kept_of(made), Fate.PARTED, now=NOW, written_at=NOW)
    assert (cdr.end_reason, cdr.ended_by, cdr.ended_at) == ("completed", "agent", BEGAN_AT + KEPT_AFTER_S)
