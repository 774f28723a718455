"""Russian numbers as phrase names: "сто двадцать три", "двадцать первый", "две минуты", "до двадцати одного рубля".

The last digit rules the noun: 1 takes the nominative singular (одна минута), 2 to 4 the genitive singular (две
минуты), all others and 11 to 14 the genitive plural (пять минут, двенадцать минут); these are the plural categories
one, few and many of Unicode CLDR. The noun rules the gender of 1 and 2: один час, одна минута, одно сообщение.

In the accusative of what is not alive only a last feminine 1 changes (одну минуту, тысячу). In the genitive all words
do, and the noun stands in the genitive singular after 1 and in the genitive plural after all others (одной минуты, двух
минут).
"""

from softswitch.base.errors import LocalError
from softswitch.prompts.limits import NUMBER_MAX, ORDINAL_MAX
from softswitch.prompts.spoken import Case, Gender

_SUFFIXES = {Gender.MASCULINE: "", Gender.FEMININE: "f", Gender.NEUTER: "n"}

_GENDERS = {
    "second": Gender.FEMININE,
    "minute": Gender.FEMININE,
    "hour": Gender.MASCULINE,
    "day": Gender.MASCULINE,
    "person": Gender.MASCULINE,
    "message": Gender.NEUTER,
    "new-message": Gender.NEUTER,
    "ruble": Gender.MASCULINE,
    "kopeck": Gender.FEMININE,
    "dollar": Gender.MASCULINE,
    "euro": Gender.MASCULINE,
    "cent": Gender.MASCULINE,
    "pound": Gender.MASCULINE,
    "penny": Gender.MASCULINE,
    "whole": Gender.FEMININE,
    "tenth": Gender.FEMININE,
    "hundredth": Gender.FEMININE,
    "thousandth": Gender.FEMININE,
}

_DECLINED_AS_ADJECTIVES = frozenset({"whole", "tenth", "hundredth", "thousandth", "new-message"})
"""Their genitive singular is no form that counting needs, and stands beside the others."""

_SCALES = (
    (1_000_000_000, "number/billion", Gender.MASCULINE),
    (1_000_000, "number/million", Gender.MASCULINE),
    (1_000, "number/thousand", Gender.FEMININE),
)

_ORDINAL_FORMS = {
    (Gender.MASCULINE, Case.NOMINATIVE): "",
    (Gender.FEMININE, Case.NOMINATIVE): "f",
    (Gender.NEUTER, Case.NOMINATIVE): "n",
    (Gender.MASCULINE, Case.GENITIVE): "g",
    (Gender.FEMININE, Case.GENITIVE): "fg",
    (Gender.NEUTER, Case.GENITIVE): "g",
    (Gender.MASCULINE, Case.ACCUSATIVE): "",
    (Gender.FEMININE, Case.ACCUSATIVE): "fa",
    (Gender.NEUTER, Case.ACCUSATIVE): "n",
}


def cardinal(number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE) -> list[str]:
    """0 to `NUMBER_MAX`."""
    if not 0 <= number <= NUMBER_MAX:
        raise LocalError(f"{number} has no words: 0 to {NUMBER_MAX} have")
    if number == 0:
        return ["number/genitive/0" if case is Case.GENITIVE else "number/0"]
    phrases: list[str] = []
    for scale, name, scale_gender in _SCALES:
        if groups := number // scale:
            phrases += [*_below_thousand(groups, scale_gender, case), _form(name, groups, scale_gender, case)]
            number %= scale
    return phrases + _below_thousand(number, gender, case)


def ordinal(number: int, gender: Gender = Gender.MASCULINE, case: Case = Case.NOMINATIVE) -> list[str]:
    """1 to `ORDINAL_MAX`: only the last word is an ordinal, and declined."""
    if not 1 <= number <= ORDINAL_MAX:
        raise LocalError(f"{number} has no ordinal: 1 to {ORDINAL_MAX} have")
    last = number % 100 or number % 1000 or number
    if 20 < last < 100 and last % 10:
        last %= 10
    before = cardinal(number - last) if number > last else []
    return [*before, f"ordinal/{last}{_ORDINAL_FORMS[gender, case]}"]


def counted(number: int, noun: str, case: Case = Case.NOMINATIVE) -> list[str]:
    """A number and its noun (the key of a `[noun.*]` table) in the form it asks for."""
    gender = _GENDERS[noun]
    return [*cardinal(number, gender, case), _form(f"noun/{noun}", number, gender, case)]


def plural(number: int) -> str:
    """The plural category of a noun after a number."""
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
        return "few"
    return "many"


def _form(name: str, number: int, gender: Gender, case: Case) -> str:
    """The phrase of a counted word."""
    category = plural(number)
    if case is Case.GENITIVE:
        singular = "genitive" if name.removeprefix("noun/") in _DECLINED_AS_ADJECTIVES else "few"
        category = singular if category == "one" else "many"
    elif case is Case.ACCUSATIVE and category == "one" and gender is Gender.FEMININE:
        category = "accusative"
    return f"{name}/{category}"


def _below_thousand(number: int, gender: Gender, case: Case) -> list[str]:
    """1 to 999; nothing for 0."""
    table = "number/genitive/" if case is Case.GENITIVE else "number/"
    phrases: list[str] = []
    if hundreds := number // 100 * 100:
        phrases.append(f"{table}{hundreds}")
    rest = number % 100
    if rest >= 20:
        phrases.append(f"{table}{rest // 10 * 10}")
        rest %= 10
    if rest:
        phrases.append(f"{table}{rest}{_suffix(rest, gender, case)}")
    return phrases


def _suffix(digit: int, gender: Gender, case: Case) -> str:
    """Of 1 and 2, whose gender shows: the genitive knows only that of 1, where masculine and neuter are alike."""
    if gender is Gender.FEMININE:
        if digit == 1:
            return "fa" if case is Case.ACCUSATIVE else "f"
        return "f" if digit == 2 and case is not Case.GENITIVE else ""
    return _SUFFIXES[gender] if digit == 1 and case is not Case.GENITIVE else ""
