"""English numbers: whatever is read can be understood back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX
from softswitch.prompts.numbers_en import cardinal, counted, ordinal

SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


def understood(phrases: list[str]) -> int:
    """What a listener makes of the words: "hundred" multiplies what was just said, larger scales all since the last."""
    total = group = 0
    for phrase in phrases:
        word = phrase.split("/")[1]
        if word == "hundred":
            group *= 100
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += int(word)
    return total + group


@given(st.integers(0, NUMBER_MAX))
def test_a_cardinal_is_understood(number: int) -> None:
    assert understood(cardinal(number)) == number


@given(st.integers(1, ORDINAL_MAX))
def test_only_the_last_word_of_an_ordinal_is_one(number: int) -> None:
    *before, last = ordinal(number)
    assert last.startswith("ordinal/")
    assert all(phrase.startswith("number/") for phrase in before)
    assert understood([*before, last]) == number


@given(st.integers(0, NUMBER_MAX))
def test_only_one_is_singular(number: int) -> None:
    assert counted(number, "minute") == [*cardinal(number), f"noun/minute/{'one' if number == 1 else 'many'}"]


@pytest.mark.parametrize("number", [-1, NUMBER_MAX + 1])
def test_a_number_without_words_is_our_mistake(number: int) -> None:
    with pytest.raises(LocalError, match="has no words"):
        cardinal(number)


@pytest.mark.parametrize("number", [0, ORDINAL_MAX + 1])
def test_a_number_without_an_ordinal_is_our_mistake(number: int) -> None:
    with pytest.raises(LocalError, match="has no ordinal"):
        ordinal(number)
