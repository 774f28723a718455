"""virtual_secretary.py: what matters is put through, the rest leaves a message, in the name of each client."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason, LookupAnswer
from softswitch.calls.settings import Project
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan.schedule import Schedule
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import changed, schedule, shipped, spoken_message

pytestmark = pytest.mark.usefixtures("restarts")

FLOWS = shipped()
ACME = Project(id="acme", name="Acme Ltd", hours="acme.day")
DAY: Mapping[str, Schedule] = schedule("acme.day", "00:00-24:00")
NIGHT: Mapping[str, Schedule] = schedule("acme.day", "00:00-00:01")
EVA = "+15550100"
LISTS = {"acme.important": {EVA: "a judge"}, "acme.unwanted": {}}
NOBODY: dict[str, dict[str, str]] = {"acme.important": {}, "acme.unwanted": {}}
BOX = VoiceBox(box="acme.secretary", project="acme")
DIAL = "dial acme.mobile screened through acme.line"
TAKEN = DialOutcome(reason=DialReason.ANSWERED, target="acme.mobile")
LEFT = DialOutcome(reason=DialReason.DECLINED, target="acme.mobile")


def test_an_important_caller_says_who_he_is_and_is_put_through_at_any_hour() -> None:
    call = FakeCall(project=ACME, lists=LISTS, outcomes=[spoken_message(3.0, "eva.wav"), TAKEN])
    call.run(FLOWS["virtual_secretary"], schedules=NIGHT)
    assert call.transcript == [
        "answer",
        "play greeting/welcome",
        "play secretary/say-who",
        "play tone beep",
        "record",
        "play connect/trying",
        DIAL,
    ]
    assert call.record.tags == {"secretary": "put through"}


def test_who_is_called_hears_for_whom_it_is_and_what_the_caller_has_said() -> None:
    call = FakeCall(project=ACME, lists=LISTS, outcomes=[spoken_message(3.0, "eva.wav"), TAKEN])
    call.run(FLOWS["virtual_secretary"], schedules=NIGHT)
    (terms,) = call.dial_terms
    assert terms.callee_hears[0] == "secretary/call-for"
    assert "Acme Ltd" in terms.callee_hears[1]
    assert terms.callee_hears[2:] == ("eva.wav", "dial/accept-or-refuse")
    assert terms.is_screened


def test_a_client_who_does_not_want_the_call_gets_a_message() -> None:
    call = FakeCall(project=ACME, lists=LISTS, boxes=[BOX], outcomes=[spoken_message(), LEFT, spoken_message()])
    call.run(FLOWS["virtual_secretary"], schedules=NIGHT)
    assert "play secretary/not-reached" in call.transcript
    assert call.voicemail.counts(BOX).new == 1
    assert call.record.tags["secretary"] == "message"


def test_everybody_else_leaves_a_message_unless_it_is_urgent_within_the_hours() -> None:
    call = FakeCall(digits="1", project=ACME, lists=NOBODY, outcomes=[spoken_message(), TAKEN])
    call.run(FLOWS["virtual_secretary"], schedules=DAY)
    assert call.transcript[-1] == DIAL
    for hours, digits in ((DAY, "2"), (DAY, "."), (NIGHT, "1")):
        call = FakeCall(digits=digits, project=ACME, lists=NOBODY, boxes=[BOX], outcomes=[spoken_message()])
        call.run(FLOWS["virtual_secretary"], schedules=hours)
        assert call.voicemail.counts(BOX).new == 1
        assert DIAL not in call.transcript
        assert ("play secretary/urgent-or-message" in call.transcript) is (hours is DAY)


def test_the_crm_may_say_who_matters(tmp_path: Path) -> None:
    flows = changed(tmp_path, "virtual_secretary.py", LOOKUP="crm")
    said = [LookupAnswer(fields={"important": True}), spoken_message(), TAKEN]
    call = FakeCall(project=ACME, lists=NOBODY, outcomes=said)
    call.run(flows["virtual_secretary"], schedules=NIGHT)
    assert call.transcript[0] == "look_up crm"
    assert call.transcript[-1] == DIAL


def test_who_is_unwanted_is_refused_and_costs_nothing() -> None:
    call = FakeCall(project=ACME, lists={**NOBODY, "acme.unwanted": {EVA: ""}})
    call.run(FLOWS["virtual_secretary"], schedules=DAY)
    assert call.transcript == ["reject 603"]
    assert call.record.tags == {"secretary": "refused"}


def test_without_a_box_the_message_is_a_recording_of_the_call() -> None:
    call = FakeCall(project=ACME, lists=NOBODY, outcomes=[spoken_message(4.0, "m.wav")])
    call.run(FLOWS["virtual_secretary"], schedules=NIGHT)
    assert call.record.tags == {"message": "m.wav", "secretary": "message"}


def test_who_says_nothing_has_left_no_message() -> None:
    call = FakeCall(project=ACME, lists=NOBODY, outcomes=[spoken_message(0.1)])
    call.run(FLOWS["virtual_secretary"], schedules=NIGHT)
    assert call.record.tags == {}
