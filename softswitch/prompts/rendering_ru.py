"""What is read out, in Russian: "двенадцать рублей пятьдесят копеек", "в воскресенье, двадцать девятого ноября".

A date is the ordinal of the day, neuter because число is, the month and the year in the genitive. A fraction is two
feminine counts: две целых (доли) пять десятых.
"""

from decimal import Decimal

from softswitch.prompts.numbers_ru import cardinal, counted
from softswitch.prompts.numbers_ru import ordinal as ordinal_phrases
from softswitch.prompts.splitting import largest_units, whole_and_decimals, whole_and_hundredths
from softswitch.prompts.spoken import CURRENCIES, Case, Count, Date, Duration, Gender, Money, Number, Ordinal, TimeOfDay

_PARTS = ("tenth", "hundredth", "thousandth")
_WEEKDAY_FORMS = {Case.NOMINATIVE: "", Case.GENITIVE: "g", Case.ACCUSATIVE: "a"}


def number(said: Number) -> list[str]:
    whole, decimals = whole_and_decimals(said.value)
    if not decimals:
        return [*_sign(said.value), *cardinal(whole, said.gender, said.case)]
    parts = counted(int(decimals), _PARTS[len(decimals) - 1], said.case)
    return [*_sign(said.value), *counted(whole, "whole", said.case), *parts]


def ordinal(said: Ordinal) -> list[str]:
    return ordinal_phrases(said.value, said.gender, said.case)


def count(said: Count) -> list[str]:
    return counted(said.value, said.noun.value)


def money(said: Money) -> list[str]:
    currency = CURRENCIES[said.currency]
    whole, hundredths = whole_and_hundredths(said.amount)
    large = counted(whole, currency.large, said.case) if whole or not hundredths else []
    small = counted(hundredths, currency.small, said.case) if hundredths else []
    return [*_sign(said.amount), *large, *small]


def date(said: Date) -> list[str]:
    day = said.day
    case = Case.GENITIVE if said.is_on else said.case
    weekday = f"weekday/{day.isoweekday()}{'on' if said.is_on else _WEEKDAY_FORMS[case]}"
    phrases = [weekday] if said.has_weekday else []
    phrases += [*ordinal_phrases(day.day, Gender.NEUTER, case), f"month/{day.month}"]
    return [*phrases, *_year(day.year), "month/of-the-year"] if said.has_year else phrases


def time_of_day(said: TimeOfDay) -> list[str]:
    """ "пятнадцать часов сорок минут"; full hours without minutes."""
    hours = counted(said.time.hour, "hour", said.case)
    return [*hours, *counted(said.time.minute, "minute", said.case)] if said.time.minute else hours


def duration(said: Duration) -> list[str]:
    phrases: list[str] = []
    for amount, noun in largest_units(said.seconds):
        phrases += counted(amount, noun.value, said.case)
    return phrases


def _year(year: int) -> list[str]:
    """In the genitive; "тысяча девятьсот …", without the одна that a count would have."""
    phrases = ordinal_phrases(year, Gender.MASCULINE, Case.GENITIVE)
    return phrases[1:] if phrases[:2] == ["number/1f", "number/thousand/one"] else phrases


def _sign(value: Decimal) -> list[str]:
    return ["number/minus"] if value < 0 else []
