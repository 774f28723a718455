"""The dialplans that ship, run against a fake caller."""

from pathlib import Path

import pytest

from softswitch.base.ids import AgentId
from softswitch.calls.outcomes import DialOutcome, DialReason, QueueOutcome, QueueReason, RecordedMessage
from softswitch.config.rows import ScheduleRow
from softswitch.dialplan.flows import Flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.dialplan.schedule import Schedule, compile_schedule
from softswitch.testing.call import FakeCall

DIALPLANS = Path(__file__).resolve().parents[3] / "dialplans"


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    loaded, faults = load_flows([DIALPLANS])
    assert faults == []
    return loaded


def schedule(hours: str) -> dict[str, Schedule]:
    compiled = compile_schedule(ScheduleRow(id="office", hours={"mon-sun": (hours,)}))
    assert isinstance(compiled, Schedule)
    return {"office": compiled}


ALWAYS = schedule("00:00-24:00")
NEVER = schedule("00:00-00:01")


def answered(queue: str) -> QueueOutcome:
    return QueueOutcome(reason=QueueReason.ANSWERED, queue=queue, agent=AgentId("ann"), wait_s=3.0, talk_s=60.0)


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
