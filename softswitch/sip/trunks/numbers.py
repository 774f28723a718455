"""Telephone numbers as one provider writes them and as another does, both ways.

A number is brought into the one form that means the same everywhere, "+" and the digits of E.164, if the habits of
whoever wrote it tell how; and from there into the form its reader wants. What is no telephone number (a name, an
extension, a service as 112) is left as it is. So is whatever nobody has told us how to read. Rules of the operator
come last; of those for one kind of number the first that fits is applied.

Regular expressions are an operator's, the numbers they meet are a stranger's: so expressions that may run away are
refused when they are read (`pattern_fault`), and no number is longer than a bound.
"""

import re
from typing import Literal

import msgspec

from softswitch.sip.trunks.limits import (
    NUMBER_CHARACTERS_MAX,
    PATTERN_CHARACTERS_MAX,
    PATTERN_OPTIONS_MAX,
    PATTERN_REPEATS_MAX,
)

NumberForm = Literal["as_is", "+e164", "e164", "national"]
"""Untouched; "+74951234567"; "74951234567"; as dialled within the country, others with the international prefix."""

NumberKind = Literal["called_out", "calling_out", "called_in", "calling_in"]

SUBSCRIBER_DIGITS_MIN = 6
"""What is left of a national number without its prefix; less is a service number or an extension."""

E164_DIGITS_MAX = 15

_SEPARATORS = str.maketrans("", "", " ()-./\t")
_DIGITS = re.compile(r"[0-9]+")
_INTERNATIONAL = re.compile(rf"\+[1-9][0-9]{{{SUBSCRIBER_DIGITS_MIN},{E164_DIGITS_MAX - 1}}}")


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How numbers are written in a country: its code, and what is dialled before national and international numbers.

    `national_digits` is how long a national number is without its prefix, where all are of one length; 0: they are not.
    Russia: 7, 8, 810, 10; Germany: 49, 0, 00, 0; the United States: 1, 1, 011, 10.
    """

    country_code: str = ""
    national_prefix: str = ""
    international_prefix: str = ""
    national_digits: int = 0


class NumberRule(msgspec.Struct, frozen=True, kw_only=True):
    """A change of numbers of one kind: by what they begin with, or by a regular expression for the whole number.

    With `pattern`, `replace` is the new number (`\\1` is the first group). Else a number that begins with `prefix`
    loses its first `strip` characters and gets `add` in front.
    """

    number: NumberKind
    prefix: str = ""
    strip: int = 0
    add: str = ""
    pattern: str = ""
    replace: str = ""

    def apply(self, text: str) -> str | None:
        """The number changed; None if the rule does not fit it."""
        if len(text) > NUMBER_CHARACTERS_MAX:
            return None
        if self.pattern:
            match = re.fullmatch(self.pattern, text)
            if match is None:
                return None
            changed = match.expand(self.replace)
        elif text.startswith(self.prefix):
            changed = self.add + text[self.strip :]
        else:
            return None
        return changed if 0 < len(changed) <= NUMBER_CHARACTERS_MAX else None


class NumberTranslation(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with the numbers of one trunk. `ours` are our users' habits, `theirs` those of the provider."""

    ours: Habits = Habits()
    theirs: Habits = Habits()
    send_as: NumberForm = "as_is"
    receive_as: NumberForm = "as_is"
    rules: tuple[NumberRule, ...] = ()

    def outbound(self, number: str, kind: Literal["called_out", "calling_out"]) -> str:
        """A number as the provider is to get it."""
        return self._ruled(written(number, self.send_as, self.ours, self.theirs), kind)

    def inbound(self, number: str, kind: Literal["called_in", "calling_in"]) -> str:
        """A number of the provider's as our routes, flows and phones see it."""
        return written(self._ruled(number, kind), self.receive_as, self.theirs, self.ours)

    def _ruled(self, number: str, kind: NumberKind) -> str:
        for rule in self.rules:
            if rule.number == kind and (changed := rule.apply(number)) is not None:
                return changed
        return number


def normalised(number: str, habits: Habits) -> str:
    """The number as "+" and E.164 digits if that can be known, otherwise as it is."""
    compact = number.translate(_SEPARATORS) if len(number) <= NUMBER_CHARACTERS_MAX else ""
    if compact.startswith("+"):
        return compact if _INTERNATIONAL.fullmatch(compact) else number
    if not _DIGITS.fullmatch(compact) or not habits.country_code:
        return number
    return next((form for form in _readings(compact, habits) if _INTERNATIONAL.fullmatch(form)), number)


def written(number: str, form: NumberForm, by: Habits, to: Habits) -> str:
    """A number that somebody with the habits `by` wrote, in the form that a reader with the habits `to` wants."""
    if form == "as_is":
        return number
    international = normalised(number, by)
    if not _INTERNATIONAL.fullmatch(international):
        return number
    digits = international[1:]
    match form:
        case "+e164":
            return international
        case "e164":
            return digits
        case "national":
            if to.country_code and digits.startswith(to.country_code):
                return to.national_prefix + digits.removeprefix(to.country_code)
            return to.international_prefix + digits if to.international_prefix else international


def pattern_fault(pattern: str) -> str:
    """Why a regular expression is not accepted; "" if it is.

    A match may take long only by repetition within repetition, by references back, or by many repetitions side by side:
    the first two are refused, of the third there is a bound.
    """
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        return f"it is longer than {PATTERN_CHARACTERS_MAX} characters"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"it cannot be read: {error}"
    plain = re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "c", re.sub(r"\\[^0-9]", "c", pattern))
    if re.search(r"\\[0-9]", plain) or re.search(r"\(\?(?!:)", plain):
        return "it looks around, refers back or sets flags"
    if re.search(r"\)(?:[*+]|\{)", plain):
        return "it repeats a group"
    if len(re.findall(r"[*+]|\{[0-9]*,\}", plain)) > PATTERN_REPEATS_MAX:
        return f"it repeats more than {PATTERN_REPEATS_MAX} times without a bound"
    if len(re.findall(r"(?<![*+?}(])\?|\{[0-9]*,[0-9]+\}|\|", plain)) > PATTERN_OPTIONS_MAX:
        return f"it has more than {PATTERN_OPTIONS_MAX} parts that may be missing, of another length, or alternatives"
    return ""


def replacement_fault(pattern: str, replace: str) -> str:
    """Why a replacement does not go with its pattern (which has no fault); "" if it does."""
    groups = re.compile(pattern).groups
    for escaped in re.findall(r"\\(.?)", replace):
        if not (escaped.isascii() and escaped.isdigit() and 1 <= int(escaped) <= groups):
            return f"\\{escaped} is none of its {groups} groups"
    return ""


def _readings(digits: str, habits: Habits) -> list[str]:
    """What a number without "+" may mean, the likeliest first."""
    code, national = habits.country_code, habits.national_digits
    readings: list[str] = []
    if habits.international_prefix and digits.startswith(habits.international_prefix):
        readings.append("+" + digits.removeprefix(habits.international_prefix))
    if national and len(digits) == national:
        readings.append(f"+{code}{digits}")
    if habits.national_prefix and digits.startswith(habits.national_prefix):
        rest = digits.removeprefix(habits.national_prefix)
        if len(rest) >= SUBSCRIBER_DIGITS_MIN and national in (0, len(rest)):
            readings.append(f"+{code}{rest}")
    if national and len(digits) == len(code) + national and digits.startswith(code):
        readings.append("+" + digits)
    return readings
