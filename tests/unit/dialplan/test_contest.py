"""contest.py: each code once, prizes told, and no guessing."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from softswitch.calls.outcomes import LookupAnswer
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import changed, shipped

pytestmark = pytest.mark.usefixtures("restarts")

FLOWS = shipped()
CODES = {"48151623": "a red bicycle", "42424242": ""}
ENTER = "play contest/enter-code"
EVA, OTTO = "+15550100", "+15550101"


def lists(*, used: Mapping[str, str] | None = None, wrong: int = 0) -> dict[str, Mapping[str, str]]:
    guesses = {EVA: str(wrong)} if wrong else {}
    return {"contest-codes": CODES, "contest-used": used or {}, "contest-guesses": guesses}


def test_a_winner_is_told_what_he_has_won() -> None:
    call = FakeCall(digits="48151623", lists=lists())
    call.run(FLOWS["contest"])
    assert call.transcript[1:3] == ["play contest/welcome", ENTER]
    assert call.transcript[-2].startswith("play contest/won")
    assert "a red bicycle" in call.transcript[-2]
    assert call.record.tags == {"code": "48151623", "prize": "a red bicycle"}
    assert call.lists["contest-used"] == {"48151623": "fake-call"}


def test_a_code_may_win_nothing() -> None:
    call = FakeCall(digits="42424242", lists=lists())
    call.run(FLOWS["contest"])
    assert call.transcript[-2:] == ["play contest/no-prize", "play greeting/goodbye"]
    assert call.record.tags["prize"] == ""


def test_a_code_counts_once_and_another_may_be_entered() -> None:
    call = FakeCall(digits="4815162342424242", lists=lists(used={"48151623": "another call"}))
    call.run(FLOWS["contest"])
    assert "play contest/used-code" in call.transcript
    assert call.record.tags["code"] == "42424242"
    assert call.lists["contest-used"]["48151623"] == "another call"


def test_three_tries_in_a_call() -> None:
    call = FakeCall(digits="111111112222222233333333", lists=lists())
    call.run(FLOWS["contest"])
    assert call.transcript.count(ENTER) == 3
    assert call.transcript[-2:] == ["play contest/wrong-code", "play greeting/goodbye"]
    assert call.lists["contest-guesses"] == {EVA: "3"}


def test_too_short_a_code_is_none() -> None:
    call = FakeCall(digits="4815#..", lists=lists())
    call.run(FLOWS["contest"])
    assert "play contest/wrong-code" in call.transcript


def test_who_guesses_is_stopped_and_nobody_else() -> None:
    call = FakeCall(digits="11111111" * 3, lists=lists(wrong=5))
    call.run(FLOWS["contest"])
    assert call.transcript.count(ENTER) == 1
    assert call.transcript[-2:] == ["play contest/too-often", "play greeting/goodbye"]
    call = FakeCall(digits="48151623", lists=lists(wrong=6))
    call.run(FLOWS["contest"])
    assert call.record.tags == {}, "a right code does not help him until tomorrow"
    call = FakeCall(digits="48151623", calling_number=OTTO, lists=lists(wrong=6))
    call.run(FLOWS["contest"])
    assert call.record.tags["prize"] == "a red bicycle"


def test_who_says_nothing_is_no_guesser() -> None:
    call = FakeCall(lists=lists())
    call.run(FLOWS["contest"])
    assert call.lists["contest-guesses"] == {}


def test_who_shows_no_number_cannot_take_part() -> None:
    call = FakeCall(digits="48151623", calling_number="", lists=lists())
    call.run(FLOWS["contest"])
    assert call.transcript[-1] == "play contest/show-number greeting/goodbye"
    assert call.lists["contest-used"] == {}


def test_codes_may_be_those_of_another_system(tmp_path: Path) -> None:
    flows = changed(tmp_path, "contest.py", LOOKUP="codes")
    answers = [LookupAnswer(), LookupAnswer(fields={"prize": "a kite"})]
    call = FakeCall(digits="1111111122222222", outcomes=answers, lists=lists())
    call.run(flows["contest"])
    assert [line for line in call.transcript if line.startswith("look_up")] == [
        "look_up codes code=11111111",
        "look_up codes code=22222222",
    ]
    assert call.record.tags == {"code": "22222222", "prize": "a kite"}
