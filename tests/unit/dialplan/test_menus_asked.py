"""`Call.menu`: type-ahead, keys that repeat, several keys, wrong keys and silence apart."""

import pytest

from softswitch.base.errors import LocalError
from softswitch.dialplan import Call, MenuChoice, MenuReason, flow, spoken
from softswitch.dialplan.limits import REPEATS_MAX
from softswitch.testing.call import FakeCall

WRONG = MenuChoice("1", is_default=True, reason=MenuReason.INVALID)
SILENT = MenuChoice("1", is_default=True, reason=MenuReason.TIMED_OUT)


def ask(typed: str, **how: object) -> tuple[MenuChoice, list[str]]:
    chosen: list[MenuChoice] = []

    @flow
    async def asking(call: Call) -> None:
        chosen.append(await call.menu("question", **how))  # pyright: ignore[reportArgumentType]

    call = FakeCall(digits=typed)
    call.run(asking)
    (choice,) = chosen
    return choice, [line.removeprefix("play ") for line in call.transcript if line.startswith("play")]


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("0", MenuChoice("0")),
        ("112", MenuChoice("112", pattern="1xx")),
        ("101", MenuChoice("101")),
        ("1.", MenuChoice("1")),
        ("1#", MenuChoice("1")),
        ("11.", MenuChoice("0", is_default=True, reason=MenuReason.INVALID)),
        ("11#", MenuChoice("0", is_default=True, reason=MenuReason.INVALID)),
    ],
)
def test_choices_of_several_keys_end_at_once_or_with_a_pause(typed: str, choice: MenuChoice) -> None:
    assert ask(typed, choices=["0", "1", "1xx", "101"], tries=1)[0] == choice


def test_the_hash_key_may_be_a_choice_itself() -> None:
    assert ask("#", digits="1#")[0] == MenuChoice("#")
    assert ask("1#", choices=["1", "1#"])[0] == MenuChoice("1#")


def test_a_key_repeats_the_question_and_costs_no_try() -> None:
    choice, played = ask("**2", digits="12", repeat="*", tries=1)
    assert choice == MenuChoice("2")
    assert played == ["question"] * 3


def test_a_key_that_is_stuck_does_not_repeat_for_ever() -> None:
    choice, played = ask("*" * (REPEATS_MAX + 1), digits="12", repeat="*", tries=1)
    assert choice == WRONG
    assert played == ["question"] * (REPEATS_MAX + 1) + ["menu/invalid-choice"]


@pytest.mark.parametrize(
    ("typed", "how", "choice", "said"),
    [
        ("9", {"tries": 1}, WRONG, ["question", "wrong"]),
        ("", {"tries": 2}, SILENT, ["question", "silent", "question", "silent"]),
        ("9.", {"tries": 2}, SILENT, ["question", "wrong", "question", "silent"]),
        ("..9", {"tries": 1, "silences": 3}, WRONG, ["question", "silent"] * 2 + ["wrong"]),
        ("9..", {"tries": 3, "silences": 2}, SILENT, ["question", "wrong"] + ["question", "silent"] * 2),
        ("", {"tries": 0}, SILENT, []),
    ],
)
def test_wrong_keys_and_silence_have_words_and_limits_of_their_own(
    typed: str, how: dict[str, int], choice: MenuChoice, said: list[str]
) -> None:
    assert ask(typed, digits="12", invalid="wrong", no_choice="silent", **how) == (choice, said)


def test_who_knows_better_interrupts_what_is_said_of_a_wrong_key() -> None:
    assert ask("92", digits="12") == (MenuChoice("2"), ["question", "menu/invalid-choice"])


def test_nothing_need_be_said_of_a_wrong_key() -> None:
    assert ask("9", digits="12", invalid=None, tries=2) == (SILENT, ["question", "question"])


def test_a_default_may_be_none_of_the_choices() -> None:
    assert ask("", digits="12", default="")[0] == MenuChoice("", is_default=True, reason=MenuReason.TIMED_OUT)


def test_a_choice_cannot_repeat_as_well() -> None:
    with pytest.raises(LocalError, match='"2" is a choice'):
        ask("", digits="12", repeat="2")


def test_the_question_may_be_a_text_a_list_and_values() -> None:
    @flow
    async def asking(call: Call) -> None:
        await call.menu([spoken.text("Your balance is"), spoken.money(5, "EUR")], "balance/menu", digits="1")
        await call.say("Goodbye.")

    call = FakeCall(digits="1")
    call.run(asking)
    assert call.transcript == ["answer", "play text Your balance is money 5.00 EUR balance/menu", "play text Goodbye."]
