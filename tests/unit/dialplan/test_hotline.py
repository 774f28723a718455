"""The dialplans that ship, run against a fake caller."""

from pathlib import Path

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason, LookupAnswer, QueueOutcome, QueueReason, RecordedMessage
from softswitch.calls.settings import Project
from softswitch.dialplan.flows import Flow
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import ALWAYS, NEVER, answered, changed, shipped

pytestmark = pytest.mark.usefixtures("restarts")


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    return shipped()


def test_a_caller_chooses_is_served_and_rates_the_call(flows: dict[str, Flow]) -> None:
    call = FakeCall(digits="14", outcomes=[answered("sales")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.transcript == [
        "answer",
        "play greeting/welcome greeting/recording-notice",
        "play menu/sales-or-support",
        "queue sales",
        "play survey/question",
        "play survey/thanks",
        "play greeting/goodbye",
    ]
    assert call.record.scores == {"satisfaction": 4}


def test_a_caller_without_keys_gets_to_support_and_is_not_pressed_for_a_rating(flows: dict[str, Flow]) -> None:
    call = FakeCall(outcomes=[answered("support")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert "queue support" in call.transcript
    assert call.record.scores == {}


def test_a_wrong_digit_is_said_to_be_wrong_and_the_next_one_counts(flows: dict[str, Flow]) -> None:
    call = FakeCall(digits="91.", outcomes=[answered("sales")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.transcript[3:6] == ["play menu/invalid-choice", "queue sales", "play survey/question"]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (QueueReason.TIMED_OUT, "play queue/waited-too-long queue/nobody-available"),
        (QueueReason.FULL, "play queue/full"),
        (QueueReason.CLOSED, "play queue/nobody-available"),
    ],
)
def test_a_caller_who_is_not_served_is_told_why(flows: dict[str, Flow], reason: QueueReason, said: str) -> None:
    call = FakeCall(digits="1", outcomes=[QueueOutcome(reason=reason, queue="sales")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.transcript[-2:] == [said, "play greeting/goodbye"]


def test_outside_opening_hours_callers_are_told_so(flows: dict[str, Flow]) -> None:
    call = FakeCall()
    call.run(flows["hotline"], schedules=NEVER)
    assert call.transcript == ["answer", "play greeting/closed greeting/goodbye"]


def test_a_caller_who_hangs_up_ends_the_flow(flows: dict[str, Flow]) -> None:
    call = FakeCall(hang_up_after=2)
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.is_over
    assert "queue" not in " ".join(call.transcript)


def test_a_colleague_who_is_busy(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="101", outcomes=[DialOutcome(reason=DialReason.BUSY, target="101")])
    call.run(flows["extension"])
    assert call.transcript == ["dial 101", "play connect/busy", "reject 486"]


def test_every_outcome_of_dialling_has_words(flows: dict[str, Flow]) -> None:
    for reason in set(DialReason) - {DialReason.ANSWERED}:
        call = FakeCall(called_number="101", outcomes=[DialOutcome(reason=reason, target="101")])
        call.run(flows["extension"])
        assert call.transcript[-2].startswith("play connect/")


@pytest.mark.parametrize(("duration_s", "said"), [(12.0, "voicemail/saved"), (0.5, "voicemail/too-short")])
def test_a_caller_who_does_not_want_to_wait_leaves_a_message(
    flows: dict[str, Flow], duration_s: float, said: str
) -> None:
    message = RecordedMessage(path="m.wav", duration_s=duration_s, size_bytes=1, ended_by="#")
    call = FakeCall(outcomes=[message])
    call.run(flows["leave_message"])
    assert call.transcript[-1] == f"play {said} greeting/goodbye"
    assert call.record.tags["message"] == ("m.wav" if duration_s > 2 else "too short")


def test_a_project_says_itself_that_it_records_and_when_it_is_open(flows: dict[str, Flow]) -> None:
    project = Project(id="acme", hours="acme.day", recording_notice="acme/notice")
    hours = {**NEVER, "acme.day": ALWAYS["office"]}
    call = FakeCall(project=project, digits="1", outcomes=[answered("sales")])
    call.run(flows["hotline"], schedules=hours)
    assert call.transcript[1:3] == ["play greeting/welcome", "play menu/sales-or-support"]


def test_who_is_unwanted_is_refused(tmp_path: Path) -> None:
    flows = changed(tmp_path, "hotline.py", UNWANTED="blocked")
    call = FakeCall(lists={"blocked": {"+15550100": "rude"}})
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.transcript == ["reject 603"]


@pytest.mark.parametrize(("vip", "boost_s"), [({"+15550100": ""}, 120.0), ({}, 0.0)])
def test_important_callers_come_earlier(tmp_path: Path, vip: dict[str, str], boost_s: float) -> None:
    flows = changed(tmp_path, "hotline.py", VIP="vip")
    call = FakeCall(digits="1", lists={"vip": vip}, outcomes=[answered("sales")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert call.queue_wishes[0].boost_s == boost_s


def test_the_crm_says_who_calls_and_whose_customer_he_is(tmp_path: Path) -> None:
    flows = changed(tmp_path, "hotline.py", CRM="crm")
    known = LookupAnswer(fields={"language": "ru", "vip": True, "agent": "ann", "customer": "C-17"})
    call = FakeCall(digits="2", outcomes=[known, answered("support")])
    call.run(flows["hotline"], schedules=ALWAYS)
    wishes = call.queue_wishes[0]
    assert (wishes.boost_s, wishes.preferred_agent, wishes.preferred_for_s) == (120.0, "ann", 20.0)
    assert (call.language, call.record.tags) == ("ru", {"customer": "C-17"})


def test_a_crm_that_does_not_answer_changes_nothing(tmp_path: Path) -> None:
    flows = changed(tmp_path, "hotline.py", CRM="crm")
    call = FakeCall(digits="1", outcomes=[LookupAnswer(fault="no answer within 1 s"), answered("sales")])
    call.run(flows["hotline"], schedules=ALWAYS)
    assert "queue sales" in call.transcript
    assert (call.language, call.queue_wishes[0].boost_s) == ("en", 0.0)


@pytest.mark.parametrize("reason", [QueueReason.TIMED_OUT, QueueReason.FULL])
def test_who_has_waited_in_vain_may_be_called_back(tmp_path: Path, reason: QueueReason) -> None:
    flows = changed(tmp_path, "hotline.py", OFFERS_CALLBACK=True)
    call = FakeCall(digits="11", outcomes=[QueueOutcome(reason=reason, queue="sales")])
    call.run(flows["hotline"], flows=flows, schedules=ALWAYS)
    assert "request_callback  sales" in call.transcript


def test_in_a_call_of_a_project_its_own_hours_count(flows: dict[str, Flow]) -> None:
    call = FakeCall(project=Project(id="acme", name="Acme Ltd"))
    call.run(flows["hotline"], schedules={**ALWAYS, "acme.office": NEVER["office"]})
    assert call.transcript == ["answer", "play greeting/closed greeting/goodbye"]
