"""What a flow may have read out beside prompts and plain numbers: sums, dates, times, digits, lists, texts of its own.

```python
await call.play("account/balance", spoken.money(account.balance, "RUB"))
await call.play("order/ready", spoken.date(order.day, weekday=True, on=True), spoken.time(order.at))
await call.say(f"Dear {customer.name}, thank you for calling.")
```

Each says what is meant; the words, with gender, case and plural, are those of `call.language`. `case` matters in
languages that have cases: "nominative" by itself, "accusative" after verbs ("we have charged you …"), "genitive" after
"until", "from", "up to".
"""

from __future__ import annotations

import datetime as calendar
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import DECIMALS_MAX, DIGITS_MAX, LISTED_MAX, NUMBER_MAX, ORDINAL_MAX, TEXT_CHARACTERS_MAX
from softswitch.prompts.spoken import (
    CURRENCIES,
    Case,
    Count,
    Date,
    Digits,
    Duration,
    Gender,
    Listing,
    Money,
    Noun,
    Number,
    Ordinal,
    Said,
    Spoken,
    Text,
    TimeOfDay,
)

__all__ = [
    "CaseName",
    "GenderName",
    "NounName",
    "Said",
    "Spoken",
    "count",
    "date",
    "digits",
    "duration",
    "listed",
    "money",
    "number",
    "ordinal",
    "telephone",
    "text",
    "time",
]

CaseName = Literal["nominative", "genitive", "accusative"]
GenderName = Literal["masculine", "feminine", "neuter"]
NounName = Literal["second", "minute", "hour", "day", "person", "message", "new-message"]

_NUMBER_END = Decimal(10) ** 20
"""Numbers with words end long before it, and those that are read digit by digit make no sense beyond it."""

_LONG_NUMBER = 7
"""Telephone numbers from this many digits on are read in groups."""


def number(value: float | Decimal, *, case: CaseName = "nominative", gender: GenderName = "masculine") -> Number:
    """A number, also below zero, and with up to three digits after the point: "minus two point five"."""
    rounded = _decimal("number", value, DECIMALS_MAX)
    if rounded == rounded.to_integral_value():
        rounded = rounded.quantize(Decimal(1))
    return Number(rounded, Case(case), Gender(gender))


def ordinal(value: int, *, case: CaseName = "nominative", gender: GenderName = "masculine") -> Ordinal:
    """ "twenty-first"."""
    if not 1 <= value <= ORDINAL_MAX:
        raise LocalError(f"spoken.ordinal: {value} has no ordinal, 1 to {ORDINAL_MAX} have")
    return Ordinal(value, Case(case), Gender(gender))


def count(value: int, noun: NounName) -> Count:
    """So many of something: "three new messages"."""
    if not 0 <= value <= NUMBER_MAX:
        raise LocalError(f"spoken.count: {value} is not from 0 to {NUMBER_MAX}")
    return Count(value, Noun(noun))


def money(amount: float | Decimal, currency: str, *, case: CaseName = "nominative") -> Money:
    """A sum of "RUB", "USD", "EUR" or "GBP", rounded to hundredths: "twelve dollars and fifty cents"."""
    if currency not in CURRENCIES:
        raise LocalError(f'spoken.money: there are no words for "{currency}"; known: {", ".join(CURRENCIES)}')
    rounded = _decimal("money", amount, 2)
    if abs(rounded) > NUMBER_MAX:
        raise LocalError(f"spoken.money: {amount} is more than {NUMBER_MAX}")
    return Money(rounded, currency, Case(case))


def date(
    day: calendar.date, *, weekday: bool = False, year: bool = False, on: bool = False, case: CaseName = "nominative"
) -> Date:
    """A day; with `on` as the time of something: "on Sunday, November twenty-ninth"."""
    day = day.date() if isinstance(day, calendar.datetime) else day
    return Date(day, Case(case), has_weekday=weekday, has_year=year, is_on=on)


def time(at: calendar.time | calendar.datetime, *, case: CaseName = "nominative") -> TimeOfDay:
    """What the clock shows, to the minute: "three forty p m"."""
    return TimeOfDay(calendar.time(at.hour, at.minute), Case(case))


def duration(length: float | calendar.timedelta, *, case: CaseName = "nominative") -> Duration:
    """How long, in seconds or as a timedelta, in its two largest units: "two hours and five minutes"."""
    seconds = length.total_seconds() if isinstance(length, calendar.timedelta) else length
    whole = int(_decimal("duration", seconds, 0))
    if not 0 <= whole <= NUMBER_MAX:
        raise LocalError(f"spoken.duration: {length} is not from 0 to {NUMBER_MAX} seconds")
    return Duration(whole, Case(case))


def digits(text: str) -> Digits:
    """One by one, and "*", "#", "+"; spaces and dashes are short pauses, all else is not read. The first 64 count."""
    return Digits(text[:DIGITS_MAX])


def telephone(text: str) -> Digits:
    """A telephone number in groups; its own, if it is written in groups, else "7 495 123 45 67"."""
    plain = text.removeprefix("+")
    if not plain.isdecimal() or len(plain) < _LONG_NUMBER:
        return digits(text)
    groups = [plain[-2:], plain[-4:-2]]
    rest = plain[:-4]
    while rest:
        groups.append(rest[-3:])
        rest = rest[:-3]
    return digits(("+" if text.startswith("+") else "") + " ".join(reversed(groups)))


def text(words: str) -> Text:
    """Words of your own, spoken by the speech synthesis."""
    if not words.strip():
        raise LocalError("spoken.text: there is nothing to be said in an empty text")
    return Text(words[:TEXT_CHARACTERS_MAX])


def listed(items: Iterable[Said], *, last: Literal["and", "or"] = "and") -> Listing:
    """ "one, two and three" of prompts, numbers and values."""
    found = tuple(items)
    if not 1 <= len(found) <= LISTED_MAX:
        raise LocalError(f"spoken.listed: {len(found)} things, and 1 to {LISTED_MAX} can be read out")
    return Listing(found, last)


def _decimal(what: str, value: float | Decimal, decimals: int) -> Decimal:
    """A number as people write it: 0.1 is one tenth, and nothing is minus zero."""
    exact = Decimal(str(value))
    if not exact.is_finite() or abs(exact) >= _NUMBER_END:
        raise LocalError(f"spoken.{what}: {value} is no number that can be read out")
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)
