"""Values as lists of phrase names in a language: "money 12.50 RUB" is number/12, noun/ruble/many, number/50 ….

A list of names is one sentence in one voice. What a language does otherwise than another is in `rendering_en.py` and
`rendering_ru.py`; a language without such a module is read in English.
"""

import re
from typing import Protocol

from softswitch.prompts import rendering_en, rendering_ru
from softswitch.prompts.announcements import digit_phrases
from softswitch.prompts.catalogue import base_language
from softswitch.prompts.limits import DIGITS_MAX, NUMBER_MAX
from softswitch.prompts.spoken import (
    Count,
    Date,
    Digits,
    Duration,
    Money,
    Number,
    Ordinal,
    Spoken,
    Text,
    TimeOfDay,
)

PAUSE = "tone:0/180"
"""Between groups of digits, and between the things of a list."""

_GROUPS = re.compile(r"[\s\-().]+")


class _Language(Protocol):
    """What each rendering_* module offers."""

    def number(self, said: Number) -> list[str]: ...
    def ordinal(self, said: Ordinal) -> list[str]: ...
    def count(self, said: Count) -> list[str]: ...
    def money(self, said: Money) -> list[str]: ...
    def date(self, said: Date) -> list[str]: ...
    def time_of_day(self, said: TimeOfDay) -> list[str]: ...
    def duration(self, said: Duration) -> list[str]: ...


def phrases(said: Spoken, language: str) -> list[str]:
    """Names of phrases, and pauses, in the order they are heard. Nothing for a `Text` and a `Listing`: they have none
    of their own."""
    words: _Language = rendering_ru if base_language(language) == "ru" else rendering_en
    match said:
        case Number(value) if abs(value) > NUMBER_MAX:
            return digit_phrases(f"{value:f}")
        case Number():
            return words.number(said)
        case Ordinal():
            return words.ordinal(said)
        case Count():
            return words.count(said)
        case Money():
            return words.money(said)
        case Date():
            return words.date(said)
        case TimeOfDay():
            return words.time_of_day(said)
        case Duration():
            return words.duration(said)
        case Digits():
            return _spelt(said.text)
        case _:
            assert isinstance(said, Text) or said.items, "made by dialplan/spoken.py"
            return []


def _spelt(text: str) -> list[str]:
    found: list[str] = []
    for group in _GROUPS.split(text[:DIGITS_MAX]):
        if digits := digit_phrases(group):
            found += [PAUSE, *digits] if found else digits
    return found
