"""What is read out, in English as it is spoken in America: "twelve dollars and fifty cents", "three forty p m"."""

from decimal import Decimal

from softswitch.prompts.numbers_en import cardinal, counted
from softswitch.prompts.numbers_en import ordinal as ordinal_phrases
from softswitch.prompts.splitting import largest_units, whole_and_decimals, whole_and_hundredths
from softswitch.prompts.spoken import CURRENCIES, Count, Date, Duration, Money, Number, Ordinal, TimeOfDay


def number(said: Number) -> list[str]:
    """Decimals digit by digit after "point"."""
    whole, decimals = whole_and_decimals(said.value)
    phrases = [*_sign(said.value), *cardinal(whole)]
    return [*phrases, "number/point", *(f"digit/{digit}" for digit in decimals)] if decimals else phrases


def ordinal(said: Ordinal) -> list[str]:
    return ordinal_phrases(said.value)


def count(said: Count) -> list[str]:
    return counted(said.value, said.noun.value)


def money(said: Money) -> list[str]:
    currency = CURRENCIES[said.currency]
    whole, hundredths = whole_and_hundredths(said.amount)
    parts: list[list[str]] = []
    if whole or not hundredths:
        parts.append(counted(whole, currency.large))
    if hundredths:
        parts.append(counted(hundredths, currency.small))
    return [*_sign(said.amount), *_joined(parts)]


def date(said: Date) -> list[str]:
    """ "on Sunday, November twenty-ninth, twenty twenty-six"."""
    day = said.day
    phrases = ["weekday/on"] if said.is_on else []
    if said.has_weekday:
        phrases.append(f"weekday/{day.isoweekday()}")
    phrases += [f"month/{day.month}", *ordinal_phrases(day.day)]
    return [*phrases, *_year(day.year)] if said.has_year else phrases


def time_of_day(said: TimeOfDay) -> list[str]:
    hour, minute = said.time.hour, said.time.minute
    if minute == 0 and hour % 12 == 0:
        return ["time/noon" if hour else "time/midnight"]
    minutes = ["time/oh", *cardinal(minute)] if 0 < minute < 10 else cardinal(minute)
    return [*cardinal(hour % 12 or 12), *(minutes if minute else []), "time/pm" if hour >= 12 else "time/am"]


def duration(said: Duration) -> list[str]:
    return _joined([counted(amount, noun.value) for amount, noun in largest_units(said.seconds)])


def _year(year: int) -> list[str]:
    """ "nineteen ninety-nine", "two thousand five", "twenty twenty-six"."""
    century, rest = divmod(year, 100)
    if century % 10 == 0 or not 10 <= century <= 99:
        return cardinal(year) if rest < 10 or not 10 <= century <= 99 else [*cardinal(century), *cardinal(rest)]
    if rest == 0:
        return [*cardinal(century), "number/hundred"]
    return [*cardinal(century), *(["time/oh"] if rest < 10 else []), *cardinal(rest)]


def _joined(parts: list[list[str]]) -> list[str]:
    """ "one hour and two minutes"."""
    phrases: list[str] = []
    for part in parts:
        phrases += ["number/and", *part] if phrases else part
    return phrases


def _sign(value: Decimal) -> list[str]:
    return ["number/minus"] if value < 0 else []
