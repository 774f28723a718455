"""Russian numbers as phrase names: "сто двадцать три", "двадцать первый", "две минуты".

The last digit rules the noun: 1 takes the nominative singular (одна минута), 2 to 4 the genitive singular (две
минуты), all others and 11 to 14 the genitive plural (пять минут, двенадцать минут); these are the plural categories
one, few and many of Unicode CLDR. The noun rules the gender of 1 and 2: один час, одна минута, одно сообщение.
"""

from enum import Enum

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX


class Gender(Enum):
    """The value is the suffix of the phrase names for 1 and 2."""

    MASCULINE = ""
    FEMININE = "f"
    NEUTER = "n"


_GENDERS = {
    "second": Gender.FEMININE,
    "minute": Gender.FEMININE,
    "hour": Gender.MASCULINE,
    "person": Gender.MASCULINE,
    "message": Gender.NEUTER,
    "new-message": Gender.NEUTER,
}


def cardinal(number: int, gender: Gender = Gender.MASCULINE) -> list[str]:
    """0 to `NUMBER_MAX`, nominative."""
    if not 0 <= number <= NUMBER_MAX:
        raise LocalError(f"{number} has no words: 0 to {NUMBER_MAX} have")
    if number == 0:
        return ["number/0"]
    millions, thousands, rest = number // 1_000_000, number // 1_000 % 1_000, number % 1_000
    phrases: list[str] = []
    if millions:
        phrases += [*_below_thousand(millions, Gender.MASCULINE), f"number/million/{plural(millions)}"]
    if thousands:
        phrases += [*_below_thousand(thousands, Gender.FEMININE), f"number/thousand/{plural(thousands)}"]
    return phrases + _below_thousand(rest, gender)


def ordinal(number: int) -> list[str]:
    """1 to `ORDINAL_MAX`, masculine nominative: only the last word is an ordinal."""
    if not 1 <= number <= ORDINAL_MAX:
        raise LocalError(f"{number} has no ordinal: 1 to {ORDINAL_MAX} have")
    last = number % 100 if number % 100 else number
    if last > 20 and last % 10:
        last %= 10
    return [*_below_thousand(number - last, Gender.MASCULINE), f"ordinal/{last}"]


def counted(number: int, noun: str) -> list[str]:
    """A number and its noun (the key of a `[noun.*]` table) in the form it asks for."""
    return [*cardinal(number, _GENDERS[noun]), f"noun/{noun}/{plural(number)}"]


def plural(number: int) -> str:
    """The plural category of a noun after a number."""
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
        return "few"
    return "many"


def _below_thousand(number: int, gender: Gender) -> list[str]:
    """1 to 999; nothing for 0."""
    phrases: list[str] = []
    if hundreds := number // 100 * 100:
        phrases.append(f"number/{hundreds}")
    rest = number % 100
    if rest >= 20:
        phrases.append(f"number/{rest // 10 * 10}")
        rest %= 10
    if rest == 1 or (rest == 2 and gender is Gender.FEMININE):
        phrases.append(f"number/{rest}{gender.value}")
    elif rest:
        phrases.append(f"number/{rest}")
    return phrases
