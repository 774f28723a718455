"""office.py: whoever calls the office reaches somebody, or leaves a message, at any hour."""

from pathlib import Path

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import Project
from softswitch.calls.voice_box import VoiceBox
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import ALWAYS, NEVER, changed, schedule, shipped, spoken_message

pytestmark = pytest.mark.usefixtures("restarts")

FLOWS = shipped()
MENU = "play office/menu"


def reached(target: str) -> DialOutcome:
    return DialOutcome(reason=DialReason.ANSWERED, target=target)


def missed(target: str, reason: DialReason = DialReason.NO_ANSWER) -> DialOutcome:
    return DialOutcome(reason=reason, target=target)


def test_an_extension_is_dialled_in_the_menu() -> None:
    call = FakeCall(digits="102", outcomes=[reached("102")])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert call.transcript == ["answer", "play greeting/welcome", MENU, "dial 102"]


@pytest.mark.parametrize("digits", ["", "0"])
def test_reception_is_there_for_all_others(digits: str) -> None:
    call = FakeCall(digits=digits, outcomes=[reached("reception")])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert call.transcript[-1] == "dial reception"


def test_no_caller_dials_out_at_the_offices_cost() -> None:
    call = FakeCall(digits="900", outcomes=[reached("reception")])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert [line for line in call.transcript if line.startswith("dial")] == ["dial reception"]


def test_who_reaches_nobody_tries_another_extension_and_is_with_reception_in_the_end() -> None:
    reasons = (DialReason.BUSY, DialReason.UNREACHABLE, DialReason.NO_ANSWER)
    call = FakeCall(digits="101102103", outcomes=[*(missed("1xx", each) for each in reasons), reached("reception")])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert call.transcript[2:] == [
        *(MENU, "dial 101", "play connect/busy"),
        *(MENU, "dial 102", "play connect/unavailable"),
        *(MENU, "dial 103", "play connect/no-answer"),
        "dial reception",
    ]


def test_a_box_takes_the_message_of_who_does_not_answer() -> None:
    box = VoiceBox(box="anna", number="101", owner="anna")
    call = FakeCall(digits="101", outcomes=[missed("101"), spoken_message()], boxes=[box])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert [message.box for message in call.voicemail.book.of("anna")] == ["anna"]
    assert call.transcript.count(MENU) == 1


def test_nobody_at_reception_is_a_message_too() -> None:
    box = VoiceBox(box="reception")
    call = FakeCall(digits="0", outcomes=[missed("reception"), spoken_message()], boxes=[box])
    call.run(FLOWS["office"], schedules=ALWAYS)
    assert call.voicemail.counts(box).new == 1
    assert call.transcript[-1] == "play greeting/goodbye"


def test_at_night_an_extension_can_be_dialled_and_others_leave_a_message() -> None:
    call = FakeCall(digits="102", outcomes=[reached("102")])
    call.run(FLOWS["office"], schedules=NEVER)
    assert call.transcript == ["answer", "play greeting/closed", "play office/night", "dial 102"]
    box = VoiceBox(box="reception")
    call = FakeCall(outcomes=[spoken_message()], boxes=[box])
    call.run(FLOWS["office"], schedules=NEVER)
    assert call.voicemail.counts(box).new == 1


def test_a_porter_may_answer_at_night(tmp_path: Path) -> None:
    flows = changed(tmp_path, "office.py", NIGHT_GROUP="porter")
    call = FakeCall(outcomes=[reached("porter")])
    call.run(flows["office"], schedules=NEVER)
    assert call.transcript == ["dial porter"]


def test_the_hours_of_the_project_go_first() -> None:
    hours = {**ALWAYS, **schedule("short", "00:00-00:01")}
    call = FakeCall(project=Project(id="acme", hours="short"))
    call.run(FLOWS["office"], schedules=hours)
    assert "play greeting/closed" in call.transcript


@pytest.mark.parametrize(("hours", "then"), [(ALWAYS, "dial reception"), (NEVER, "play greeting/closed")])
def test_a_number_of_ones_own_rings_that_extension_and_then_the_office(hours: dict[str, object], then: str) -> None:
    call = FakeCall(called_number="+18005550117", outcomes=[missed("117"), reached("reception")])
    call.run(FLOWS["office_direct"], schedules=hours)  # pyright: ignore[reportArgumentType]
    assert call.transcript[:2] == ["dial 117", "answer"]
    assert then in call.transcript


def test_who_is_reached_at_his_own_number_answers_alone() -> None:
    call = FakeCall(called_number="+18005550117", outcomes=[reached("117")])
    call.run(FLOWS["office_direct"], schedules=ALWAYS)
    assert call.transcript == ["dial 117"]
