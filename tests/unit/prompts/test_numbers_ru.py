"""Russian numbers: whatever is read can be understood back, in the right gender and case."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX
from softswitch.prompts.numbers_ru import cardinal, counted, ordinal, plural
from softswitch.prompts.spoken import Gender

SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


SUFFIXES = {Gender.MASCULINE: "", Gender.FEMININE: "f", Gender.NEUTER: "n"}


def understood(phrases: list[str]) -> int:
    """What a listener makes of the words: a scale multiplies all that was said since the last one."""
    total = group = 0
    for phrase in phrases:
        word = phrase.split("/")[1]
        if word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += int(word.rstrip("fn"))
    return total + group


@given(st.integers(0, NUMBER_MAX), st.sampled_from(Gender))
def test_a_cardinal_is_understood(number: int, gender: Gender) -> None:
    assert understood(cardinal(number, gender)) == number


@given(st.integers(0, NUMBER_MAX), st.sampled_from(Gender))
def test_the_gender_shows_in_a_last_one_or_two_only(number: int, gender: Gender) -> None:
    phrases = cardinal(number, gender)
    if phrases[-1] in {"number/1", "number/1f", "number/1n"}:
        assert phrases[-1] == f"number/1{SUFFIXES[gender]}"
    elif phrases[-1] in {"number/2", "number/2f"}:
        assert phrases[-1] == ("number/2f" if gender is Gender.FEMININE else "number/2")
    else:
        assert phrases == cardinal(number)


@given(st.integers(1, NUMBER_MAX))
def test_thousands_are_feminine_and_millions_masculine(number: int) -> None:
    phrases = cardinal(number)
    for before, scale in pairwise(phrases):
        if scale.startswith("number/thousand"):
            assert before not in {"number/1", "number/2"}
        if scale.startswith("number/million"):
            assert before not in {"number/1f", "number/2f"}


@given(st.integers(1, ORDINAL_MAX))
def test_only_the_last_word_of_an_ordinal_is_one(number: int) -> None:
    *before, last = ordinal(number)
    assert last.startswith("ordinal/")
    assert all(phrase.startswith("number/") for phrase in before)
    assert understood([*before, last]) == number


@pytest.mark.parametrize(
    ("numbers", "category"),
    [
        ((1, 21, 31, 101, 121, 1001, 1_000_021), "one"),
        ((2, 3, 4, 22, 33, 44, 102, 124, 1003), "few"),
        ((0, 5, 9, 10, 11, 12, 13, 14, 15, 19, 20, 25, 100, 111, 112, 114, 211, 1011, 1_000_000), "many"),
    ],
)
def test_plural_categories(numbers: tuple[int, ...], category: str) -> None:
    assert {plural(number) for number in numbers} == {category}


@pytest.mark.parametrize(
    ("number", "noun", "phrases"),
    [
        (1, "minute", ["number/1f", "noun/minute/one"]),
        (2, "second", ["number/2f", "noun/second/few"]),
        (1, "hour", ["number/1", "noun/hour/one"]),
        (2, "person", ["number/2", "noun/person/few"]),
        (1, "new-message", ["number/1n", "noun/new-message/one"]),
        (2, "message", ["number/2", "noun/message/few"]),
        (11, "minute", ["number/11", "noun/minute/many"]),
        (2000, "minute", ["number/2f", "number/thousand/few", "noun/minute/many"]),
    ],
)
def test_the_noun_rules_the_gender_and_the_number_rules_the_noun(number: int, noun: str, phrases: list[str]) -> None:
    assert counted(number, noun) == phrases


@pytest.mark.parametrize("number", [-1, NUMBER_MAX + 1])
def test_a_number_without_words_is_our_mistake(number: int) -> None:
    with pytest.raises(LocalError, match="has no words"):
        cardinal(number)


@pytest.mark.parametrize("number", [0, ORDINAL_MAX + 1])
def test_a_number_without_an_ordinal_is_our_mistake(number: int) -> None:
    with pytest.raises(LocalError, match="has no ordinal"):
        ordinal(number)
