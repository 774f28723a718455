"""What can be read out to a caller beside prompts: values that say what is meant, not how a language says it.

`rendering.py` puts them into the phrases of a language. They are frozen and small, and can be compared in tests; `str`
of one is what the transcript of a fake call shows.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Literal

import msgspec


class Case(Enum):
    """The grammatical case, in languages that have it: a sum is owed (nominative), paid (accusative), or "up to" it."""

    NOMINATIVE = "nominative"
    GENITIVE = "genitive"
    ACCUSATIVE = "accusative"


class Gender(Enum):
    """Of the thing that is numbered, in languages where that shows: "first" is первый, первая or первое."""

    MASCULINE = "masculine"
    FEMININE = "feminine"
    NEUTER = "neuter"


class Noun(Enum):
    """What can be counted; the value is the key of its `[noun.*]` table."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    PERSON = "person"
    MESSAGE = "message"
    NEW_MESSAGE = "new-message"


class Currency(msgspec.Struct, frozen=True):
    """The nouns of a currency, keys of `[noun.*]` tables; a hundred of the small make one of the large."""

    large: str
    small: str


CURRENCIES = {
    "RUB": Currency("ruble", "kopeck"),
    "USD": Currency("dollar", "cent"),
    "EUR": Currency("euro", "cent"),
    "GBP": Currency("pound", "penny"),
}
"""By their codes (ISO 4217)."""


class Number(msgspec.Struct, frozen=True):
    """A number, with up to three digits after the point."""

    value: Decimal
    case: Case = Case.NOMINATIVE
    gender: Gender = Gender.MASCULINE

    def __str__(self) -> str:
        return f"number {self.value}"


class Ordinal(msgspec.Struct, frozen=True):
    """ "first", "twenty-first"; 1 to `ORDINAL_MAX`."""

    value: int
    case: Case = Case.NOMINATIVE
    gender: Gender = Gender.MASCULINE

    def __str__(self) -> str:
        return f"ordinal {self.value}"


class Count(msgspec.Struct, frozen=True):
    """So many of something."""

    value: int
    noun: Noun

    def __str__(self) -> str:
        return f"count {self.value} {self.noun.value}"


class Money(msgspec.Struct, frozen=True):
    """A sum, in hundredths at the finest."""

    amount: Decimal
    currency: str
    case: Case = Case.NOMINATIVE

    def __str__(self) -> str:
        return f"money {self.amount} {self.currency}"


class Date(msgspec.Struct, frozen=True):
    """A day; `is_on` if it says when something is: "on Sunday, November twenty-ninth", "в воскресенье, … ноября"."""

    day: date
    case: Case = Case.NOMINATIVE
    has_weekday: bool = False
    has_year: bool = False
    is_on: bool = False

    def __str__(self) -> str:
        words = ["date", "on" if self.is_on else "", self.day.isoformat()]
        return " ".join(word for word in words if word)


class TimeOfDay(msgspec.Struct, frozen=True):
    """What a clock shows, to the minute."""

    time: time
    case: Case = Case.NOMINATIVE

    def __str__(self) -> str:
        return f"time {self.time:%H:%M}"


class Duration(msgspec.Struct, frozen=True):
    """How long something takes, in whole seconds."""

    seconds: int
    case: Case = Case.NOMINATIVE

    def __str__(self) -> str:
        return f"duration {self.seconds}"


class Digits(msgspec.Struct, frozen=True):
    """Digits one by one, "*", "#" and "+" too; a space or a dash is a short pause, what else there is is not read."""

    text: str

    def __str__(self) -> str:
        return f"digits {self.text}"


class Text(msgspec.Struct, frozen=True):
    """Any text, spoken by the speech synthesis."""

    text: str

    def __str__(self) -> str:
        return f"text {self.text}"


class Listing(msgspec.Struct, frozen=True):
    """ "one, two and three": a prompt's name, a number or another value each."""

    items: tuple[Said, ...]
    last: Literal["and", "or"] = "and"

    def __str__(self) -> str:
        return f"list {f' {self.last} '.join(str(item) for item in self.items)}"


Spoken = Number | Ordinal | Count | Money | Date | TimeOfDay | Duration | Digits | Text | Listing

Said = str | int | Spoken
"""What is played: a prompt's name, a number to be read out, or a value that says more."""
