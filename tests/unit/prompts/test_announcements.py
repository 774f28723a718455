"""Announcements as people hear them: the golden texts, and that every phrase they name exists."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from softswitch.prompts.announcements import digit_phrases, number_phrases, position_phrases, wait_phrases
from softswitch.prompts.catalogue import LANGUAGES, catalogue
from softswitch.prompts.limits import NUMBER_MAX, POSITION_MAX
from softswitch.prompts.spoken import Noun

GOLDEN = Path(__file__).parents[2] / "golden" / "prompts"


def words(phrases: Sequence[str], language: str) -> str:
    spoken = catalogue(language)
    assert spoken is not None
    return " ".join(spoken.texts[phrase] for phrase in phrases)


def golden(name: str) -> list[list[str]]:
    return [line.split(" | ") for line in (GOLDEN / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_read_as_a_native_speaker_would(language: str) -> None:
    for number, *readings in golden(f"numbers_{language}.txt"):
        nouns = (None, Noun.MINUTE, Noun.MESSAGE)
        assert [words(number_phrases(int(number), language, noun), language) for noun in nouns] == readings


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_in_the_queue_read_as_a_native_speaker_would(language: str) -> None:
    for position, reading in golden(f"positions_{language}.txt"):
        assert words(position_phrases(int(position), language), language) == reading


@pytest.mark.parametrize(
    ("minutes", "english", "russian"),
    [
        (0, "Your call will be answered in less than a minute.", "Вам ответят меньше чем через минуту."),
        (1, "The estimated wait is about one minute", "Примерное время ожидания одна минута"),
        (2, "The estimated wait is about two minutes", "Примерное время ожидания две минуты"),
        (5, "The estimated wait is about five minutes", "Примерное время ожидания пять минут"),
        (21, "The estimated wait is about twenty one minutes", "Примерное время ожидания двадцать одна минута"),
        (60, "The estimated wait is about sixty minutes", "Примерное время ожидания шестьдесят минут"),
        (61, "The estimated wait is more than an hour.", "Примерное время ожидания больше часа."),
    ],
)
def test_the_wait(minutes: int, english: str, russian: str) -> None:
    assert words(wait_phrases(minutes, "en"), "en") == english
    assert words(wait_phrases(minutes, "ru"), "ru") == russian


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_that_can_be_named_exists(language: str) -> None:
    for noun in (None, *Noun):
        for number in (*range(1001), 1_000_000, 2_000_000, 5_000_000, NUMBER_MAX, NUMBER_MAX + 1, -1):
            words(number_phrases(number, language, noun), language)
    for position in range(POSITION_MAX + 2):
        words(position_phrases(position, language), language)
    for minutes in range(-1, 62):
        words(wait_phrases(minutes, language), language)


def test_numbers_without_words_are_read_digit_by_digit() -> None:
    assert number_phrases(NUMBER_MAX + 1, "en") == ["digit/1", *["digit/0"] * 12]


def test_digits() -> None:
    assert words(digit_phrases("+7 (49) 5*#"), "en") == "plus seven four nine five star pound"
    assert words(digit_phrases("+12*#x"), "ru") == "плюс один два звёздочка решётка"
    assert digit_phrases("anonymous") == []


def test_a_regional_language_is_its_base_and_an_unknown_one_counts_in_english() -> None:
    assert number_phrases(1, "ru-RU", Noun.MINUTE) == number_phrases(1, "ru", Noun.MINUTE)
    assert number_phrases(200, "de") == number_phrases(200, "en-GB")
