"""Announcements as lists of phrase names: numbers, digits, the place in a queue, the wait.

They are put together from pieces, so that a recorded voice with the same pieces can take the place of the spoken one.
"""

from typing import Protocol

from softswitch.prompts import numbers_en, numbers_ru
from softswitch.prompts.catalogue import base_language
from softswitch.prompts.limits import NUMBER_MAX, POSITION_MAX
from softswitch.prompts.spoken import Noun

_DIGITS = {**{digit: f"digit/{digit}" for digit in "0123456789"}, "*": "digit/star", "#": "digit/pound"}
_DIGITS["+"] = "digit/plus"


def number_phrases(number: int, language: str, noun: Noun | None = None) -> list[str]:
    """A number in words, with its noun; outside 0 to `NUMBER_MAX` its digits."""
    if not 0 <= number <= NUMBER_MAX:
        return digit_phrases(str(number))
    numbers = _numbers(language)
    return numbers.counted(number, noun.value) if noun else numbers.cardinal(number)


def digit_phrases(text: str) -> list[str]:
    """One phrase for each digit, "*", "#" or "+"; what else is in the text is not read."""
    return [_DIGITS[character] for character in text if character in _DIGITS]


def position_phrases(position: int, language: str) -> list[str]:
    """Where a caller stands; 1 is next."""
    if position <= 1:
        return ["queue/you-are-next"]
    if position > POSITION_MAX:
        return ["queue/your-number-is", *number_phrases(position, language)]
    return ["queue/you-are", *_numbers(language).ordinal(position), "queue/in-line"]


def wait_phrases(minutes: int, language: str) -> list[str]:
    """The estimated wait in whole minutes."""
    if minutes < 1:
        return ["queue/less-than-a-minute"]
    if minutes > 60:
        return ["queue/more-than-an-hour"]
    return ["queue/estimated-wait", *number_phrases(minutes, language, Noun.MINUTE)]


class _Numbers(Protocol):
    """What each numbers_* module offers."""

    def cardinal(self, number: int) -> list[str]: ...
    def ordinal(self, number: int) -> list[str]: ...
    def counted(self, number: int, noun: str) -> list[str]: ...


def _numbers(language: str) -> _Numbers:
    """The module that knows a language's numbers; English for languages that have none."""
    return numbers_ru if base_language(language) == "ru" else numbers_en
