"""Which calls to the outside are too many or too dear: what a stolen password, or a phone left alone, may cost.

Asked in one place before a trunk is called, for every flow and forward. Two subjects have rules, the extension whose
right it is to call ("phone:anna") and the trunk ("trunk:provider"); both must agree.

| rule              | a call is refused                                                                     |
|-------------------|---------------------------------------------------------------------------------------|
| `allow`, `deny`   | when the longest prefix of the number is denied, or none is allowed where some are    |
| `hours`           | outside the schedule, unless one of `night_allow` is a prefix of the number           |
| `calls_max`       | when so many of its calls to the outside ring or talk                                 |
| `calls_per_day`   | when so many were begun since midnight                                                |
| `minutes_per_day` | when so many were talked since midnight, those of calls in progress included          |

Days begin at midnight of `timezone`. A call in progress is never cut off. What was used today survives a restart: every
change is an output. Numbers are compared as digits, 00 for +, as dialled and in their international form; what is
dialled before or between (*31#, spaces) counts for nothing, and hides nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from softswitch.base.ids import LegId
from softswitch.calls.limits import TOLL_LEGS_MAX

ALARM_AT = 0.8
"""Part of a daily limit at which people are told, before callers are."""

PHONE = "phone:"
"""What the names of extensions begin with, as subjects; a reason begins with the subject."""

_OTHER = re.compile(r"[^0-9+]")
_BEFORE = re.compile(r"^[*#0-9]*#(?=[0-9+])")
"""A star code before the number (*31#)."""


class TollRules(msgspec.Struct, frozen=True, kw_only=True):
    """Of one subject. Zero and empty are no limit."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    calls_max: int = 0
    calls_per_day: int = 0
    minutes_per_day: int = 0
    hours: str = ""
    """A schedule."""
    night_allow: tuple[str, ...] = ()
    timezone: str = "UTC"


class TollUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What a subject has used on a day ("2026-11-29"); `refused` are calls that were not made."""

    subject: str
    day: str
    calls: int = 0
    seconds: float = 0.0
    refused: int = 0
    last_refusal: str = ""


class TollRefused(msgspec.Struct, frozen=True):
    """A call to the outside was not made. `reason` is for the log, the record and the list."""

    subject: str
    number: str
    reason: str


class TollAlarm(msgspec.Struct, frozen=True):
    """A subject has used most of a day's limit; once a day and limit."""

    subject: str
    reason: str


TollOutput = TollUsage | TollRefused | TollAlarm


class _Leg:
    """One call to the outside, ringing or talking."""

    __slots__ = ("answered_at", "subjects")

    def __init__(self, subjects: tuple[str, ...], answered_at: float | None = None) -> None:
        self.subjects = subjects
        self.answered_at = answered_at


class TollPolicy:
    """All subjects. Times are seconds since 1970: days are the wall's."""

    __slots__ = ("_alarmed", "_beginning", "_is_open", "_legs", "_outputs", "_usage", "rules")

    def __init__(self, rules: Mapping[str, TollRules], is_open: Callable[[str, float], bool]) -> None:
        """`is_open` says whether a schedule is open at a time; one that is gone is closed."""
        self.rules = rules
        """By subject; who is missing has no limits."""
        self._is_open = is_open
        self._legs: dict[LegId, _Leg] = {}
        self._beginning: Counter[str] = Counter()
        """Calls by subject that were permitted and have no leg yet: others that are asked for meanwhile count them."""
        self._usage: dict[str, TollUsage] = {}
        self._alarmed: set[tuple[str, str, str]] = set()
        self._outputs: list[TollOutput] = []

    # Inputs

    def refusal(
        self, username: str, trunk: str, number: str, at_wall: float, international: str = "", *, is_again: bool = False
    ) -> str:
        """Why this call may not be made, for people; "" if it may. `international` is the number in that form.

        With `is_again` it was begun through another trunk already, and is one call of the extension's still.
        """
        forms = {_digits(number), _digits(international or number)}
        for subject in _subjects(username, trunk):
            rules = self.rules.get(subject)
            if rules is None:
                continue
            is_counted = is_again and subject == _phone(username)
            reason = self._judge(subject, rules, forms, at_wall, is_counted=is_counted)
            if reason:
                self._refuse(subject, number, reason, at_wall)
                return f"{subject}: {reason}"
        return ""

    def begins(self, username: str, trunk: str) -> None:
        """The call was permitted, and its INVITE is being made; `has_begun` must follow, whatever comes of it."""
        self._beginning.update(_subjects(username, trunk))

    def has_begun(self, username: str, trunk: str) -> None:
        """The INVITE is about to be reported by `began`, or there will be none."""
        self._beginning -= Counter(_subjects(username, trunk))

    def began(self, leg_id: LegId, username: str, trunk: str, at_wall: float, *, is_again: bool = False) -> None:
        """The call was permitted and its INVITE is sent; `is_again` as for `refusal`."""
        subjects = _subjects(username, trunk)
        if len(self._legs) >= TOLL_LEGS_MAX or not any(subject in self.rules for subject in subjects):
            return
        self._legs[leg_id] = _Leg(subjects)
        for subject in subjects[1:] if is_again else subjects:
            usage = self._today(subject, at_wall)
            self._put(msgspec.structs.replace(usage, calls=usage.calls + 1), at_wall)

    def subjects_of(self, leg_id: LegId) -> tuple[str, ...]:
        """Whose calls and time it counts for; nobody's, for a leg that is of no interest."""
        leg = self._legs.get(leg_id)
        return () if leg is None else leg.subjects

    def goes_on(self, leg_id: LegId, subjects: Sequence[str], answered_at: float | None) -> None:
        """A leg of the switch before, which has counted it as a call; its time is counted when it ends."""
        if subjects and len(self._legs) < TOLL_LEGS_MAX:
            self._legs[leg_id] = _Leg(tuple(subjects), answered_at)

    def answered(self, leg_id: LegId, at_wall: float) -> None:
        leg = self._legs.get(leg_id)
        if leg is not None and leg.answered_at is None:
            leg.answered_at = at_wall

    def ended(self, leg_id: LegId, at_wall: float) -> None:
        """Of any leg; those of others are of no interest."""
        leg = self._legs.pop(leg_id, None)
        if leg is None or leg.answered_at is None:
            return
        talked_s = max(0.0, at_wall - leg.answered_at)
        for subject in leg.subjects:
            usage = self._today(subject, at_wall)
            self._put(msgspec.structs.replace(usage, seconds=usage.seconds + talked_s), at_wall)

    def restore(self, rows: Iterable[TollUsage]) -> None:
        """What was used before a restart. Rows of another day count for nothing."""
        self._usage |= {row.subject: row for row in rows}

    def take_outputs(self) -> list[TollOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Getters

    def calls_now(self, subject: str) -> int:
        return self._beginning[subject] + sum(subject in leg.subjects for leg in self._legs.values())

    def used(self, subject: str, at_wall: float) -> TollUsage:
        """Today's, with what calls in progress have talked."""
        usage = self._today(subject, at_wall)
        talking_s = sum(
            at_wall - leg.answered_at
            for leg in self._legs.values()
            if leg.answered_at is not None and subject in leg.subjects
        )
        return msgspec.structs.replace(usage, seconds=usage.seconds + max(0.0, talking_s))

    # Private

    def _judge(
        self, subject: str, rules: TollRules, forms: set[str], at_wall: float, *, is_counted: bool = False
    ) -> str:
        """`is_counted`: it is among the calls of today already."""
        if not _permits(rules.allow, rules.deny, forms):
            return "this number is not permitted"
        if rules.hours and not self._is_open(rules.hours, at_wall) and not _matching(rules.night_allow, forms):
            return f'outside "{rules.hours}" this number is not permitted'
        if rules.calls_max and self.calls_now(subject) >= rules.calls_max:
            return f"{rules.calls_max} calls to the outside already"
        if not rules.calls_per_day and not rules.minutes_per_day:
            return ""
        used = self.used(subject, at_wall)
        if rules.calls_per_day and not is_counted and used.calls + self._beginning[subject] >= rules.calls_per_day:
            return f"{rules.calls_per_day} calls today already"
        if rules.minutes_per_day and used.seconds >= rules.minutes_per_day * 60:
            return f"{rules.minutes_per_day} minutes today already"
        return ""

    def _refuse(self, subject: str, number: str, reason: str, at_wall: float) -> None:
        usage = self._today(subject, at_wall)
        said = f"{reason} ({number[:40]})"
        self._put(msgspec.structs.replace(usage, refused=usage.refused + 1, last_refusal=said), at_wall)
        self._outputs.append(TollRefused(subject, number, reason))

    def _put(self, usage: TollUsage, at_wall: float) -> None:
        self._usage[usage.subject] = usage
        self._outputs.append(usage)
        rules = self.rules.get(usage.subject)
        if rules is not None:
            used = self.used(usage.subject, at_wall)
            self._watch(used, "calls", used.calls, rules.calls_per_day)
            self._watch(used, "minutes", used.seconds / 60, rules.minutes_per_day)

    def _watch(self, usage: TollUsage, what: str, used: float, limit: int) -> None:
        key = (usage.subject, usage.day, what)
        if limit and used >= ALARM_AT * limit and key not in self._alarmed:
            self._alarmed = {each for each in self._alarmed if each[1] == usage.day} | {key}
            self._outputs.append(TollAlarm(usage.subject, f"{used:.0f} of {limit} {what} of today are used"))

    def _today(self, subject: str, at_wall: float) -> TollUsage:
        rules = self.rules.get(subject)
        zone = UTC if rules is None else ZoneInfo(rules.timezone)
        day = datetime.fromtimestamp(at_wall, zone).date().isoformat()
        usage = self._usage.get(subject)
        return usage if usage is not None and usage.day == day else TollUsage(subject=subject, day=day)


def _subjects(username: str, trunk: str) -> tuple[str, str]:
    return _phone(username), f"trunk:{trunk}"


def _phone(username: str) -> str:
    return f"{PHONE}{username}"


def _digits(number: str) -> str:
    """What the network makes of it: a number in digits, + for 00."""
    digits = _OTHER.sub("", _BEFORE.sub("", number))
    digits = digits[:1] + digits[1:].replace("+", "")
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _matching(prefixes: Iterable[str], forms: set[str]) -> int:
    """The length of the longest prefix of any form of the number, and one more; 0 if there is none."""
    return max(
        (len(prefix) + 1 for prefix in map(_digits, prefixes) if any(form.startswith(prefix) for form in forms)),
        default=0,
    )


def _permits(allow: tuple[str, ...], deny: tuple[str, ...], forms: set[str]) -> bool:
    """The longest prefix decides, at equal length against the call."""
    denied, allowed = _matching(deny, forms), _matching(allow, forms)
    return allowed > denied or (not denied and not allow)
