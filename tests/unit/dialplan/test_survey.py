"""survey.py: several questions of different scales, and a comment."""

import pytest

from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped, spoken_message

pytestmark = pytest.mark.usefixtures("restarts")

FLOWS = shipped()


@pytest.mark.parametrize(
    ("name", "begins"), [("survey", "greeting/welcome"), ("after_call_survey", "survey/invitation")]
)
def test_all_is_answered(name: str, begins: str) -> None:
    call = FakeCall(digits="149", outcomes=[spoken_message(7.0, "said.wav")])
    call.run(FLOWS[name])
    assert call.transcript == [
        "answer",
        f"play {begins} survey/some-questions",
        "play survey/solved",
        "play survey/satisfaction",
        "play survey/recommend",
        "play survey/comment",
        "play tone beep",
        "record",
        "play survey/thank-you",
    ]
    assert call.record.scores == {"solved": 1, "satisfaction": 4, "recommend": 9}
    assert call.record.tags == {"comment": "said.wav"}


def test_a_question_has_its_own_scale() -> None:
    call = FakeCall(digits="7..", outcomes=[])
    call.run(FLOWS["survey"])
    assert "solved" not in call.record.scores, "seven is no answer to a question of yes or no"


def test_who_hangs_up_has_answered_what_he_has_answered() -> None:
    call = FakeCall(digits="1", hang_up_after=5)
    call.run(FLOWS["survey"])
    assert call.is_over
    assert call.record.scores == {"solved": 1}


def test_who_answers_nothing_is_not_asked_for_more_words() -> None:
    call = FakeCall()
    call.run(FLOWS["survey"])
    assert "record" not in call.transcript
    assert call.transcript[-1] == "play survey/thank-you"


def test_silence_is_no_comment() -> None:
    call = FakeCall(digits="259", outcomes=[spoken_message(0.8)])
    call.run(FLOWS["survey"])
    assert call.record.tags == {}
