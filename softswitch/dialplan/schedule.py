"""Opening hours: when a hotline is staffed, in the time of the place where it is.

Hours are what the clock on the wall there shows. On the two nights a year when that clock is moved the rules are:
a time that is skipped counts as reached when the clock jumps over it; with a time that comes twice, opening means
the first and closing the last of the two, so that a night shift is never interrupted.

An interval belongs to the day on which it begins: "22:00-06:00" on Friday lasts into Saturday, holiday or not.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

from softswitch.base.errors import Fault

LOOK_AHEAD_DAYS = 8
"""A week and a day: of any schedule that changes at all in an ordinary week the next change is within them."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ScheduleRow(Protocol):
    """A `[[schedule]]` table of schedules.toml as it was read.

    `hours` maps days ("mon", "mon-fri", "sat, sun", "daily") to intervals ("09:00-18:00"); days that are not named
    are closed. `holidays` maps dates ("2026-12-31", or "12-31" for every year) to intervals that replace that day's
    hours; none means closed.
    """

    @property
    def id(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def hours(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def holidays(self) -> Mapping[str, Sequence[str]]: ...


class Interval(msgspec.Struct, frozen=True, order=True):
    """Minutes after midnight of the day it begins; `end` above 1440 is on the next day and not part of it."""

    begin: int
    end: int


class Schedule(msgspec.Struct, frozen=True):
    """Compiled opening hours. `weekly` begins with Monday; `yearly` is keyed by (month, day)."""

    id: str
    timezone: str
    weekly: tuple[tuple[Interval, ...], ...]
    holidays: dict[date, tuple[Interval, ...]]
    yearly: dict[tuple[int, int], tuple[Interval, ...]]


def is_open(schedule: Schedule, at_wall: float) -> bool:
    """Whether it is open at `at_wall` (seconds since the epoch)."""
    zone = ZoneInfo(schedule.timezone)
    reading = datetime.fromtimestamp(at_wall, zone).replace(tzinfo=None, fold=0)
    for day in (reading.date() - timedelta(days=1), reading.date()):
        midnight = datetime.combine(day, time())
        for interval in hours_on(schedule, day):
            begin = midnight + timedelta(minutes=interval.begin)
            end = midnight + timedelta(minutes=interval.end)
            # The reading alone decides about skipped times, the instant about those that come twice.
            has_begun = reading >= begin or at_wall >= begin.replace(tzinfo=zone, fold=0).timestamp()
            has_ended = reading >= end and at_wall >= end.replace(tzinfo=zone, fold=1).timestamp()
            if has_begun and not has_ended:
                return True
    return False


def next_change(schedule: Schedule, at_wall: float) -> float:
    """When it opens if it is closed at `at_wall`, and the other way round; to the second.

    If nothing changes within `LOOK_AHEAD_DAYS`, the end of these days: whoever waits for a change asks again then.
    """
    was_open, earlier = is_open(schedule, at_wall), int(at_wall)
    for instant in _instants_after(schedule, at_wall):
        if is_open(schedule, instant) is not was_open:
            return _first_second(schedule, earlier, instant, was_open)
        earlier = instant
    return at_wall + LOOK_AHEAD_DAYS * 86400


def _instants_after(schedule: Schedule, at_wall: float) -> list[int]:
    """Every second at which an interval of the days ahead can begin or end; both of those that come twice."""
    zone = ZoneInfo(schedule.timezone)
    today = datetime.fromtimestamp(at_wall, zone).date()
    instants: set[int] = set()
    for offset in range(-2, LOOK_AHEAD_DAYS + 1):
        day = today + timedelta(days=offset)
        for interval in hours_on(schedule, day):
            for minute in (interval.begin, interval.end):
                reading = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
                instants.update(int(reading.replace(fold=fold).timestamp()) for fold in (0, 1))
    return sorted(instant for instant in instants if instant > at_wall)


def _first_second(schedule: Schedule, earlier: int, later: int, was_open: bool) -> float:
    """When it changed between two seconds, of which the later is on the other side: a time that the clock skips is
    reached when the clock jumps, which is neither of the two instants that Python makes of it."""
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if is_open(schedule, middle) is was_open:
            earlier = middle
        else:
            later = middle
    return float(later)


def hours_on(schedule: Schedule, day: date) -> tuple[Interval, ...]:
    """The intervals that begin on a day: a dated holiday's, else a yearly one's, else the weekday's."""
    if (special := schedule.holidays.get(day)) is not None:
        return special
    if (special := schedule.yearly.get((day.month, day.day))) is not None:
        return special
    return schedule.weekly[day.weekday()]


def compile_schedule(
    row: ScheduleRow, *, file: str = "schedules.toml", key: str = "schedule"
) -> Schedule | list[Fault]:
    """Compile a schedule, or list everything that is wrong with it. `key` is the row's place in the file."""
    faults: list[Fault] = []
    weekly: dict[int, tuple[Interval, ...]] = {}
    holidays: dict[date, tuple[Interval, ...]] = {}
    yearly: dict[tuple[int, int], tuple[Interval, ...]] = {}
    zone = row.timezone or "UTC"
    if not _is_zone(zone):
        faults.append(Fault(file, f"{key}.timezone", f'there is no time zone "{zone}"', _suggest(zone)))
    if not row.hours and not row.holidays:
        faults.append(Fault(file, f"{key}.hours", "it is never open", 'Write for example "mon-fri" = ["09:00-18:00"]'))
    for days, texts in row.hours.items():
        place = f'{key}.hours."{days}"'
        intervals = _parse_intervals(texts, file, place, faults)
        for day in _parse_days(days, file, place, faults):
            if day in weekly:
                faults.append(Fault(file, place, f'"{DAYS[day]}" has hours already', "Name every day once"))
            weekly[day] = intervals
    for text, texts in row.holidays.items():
        place = f'{key}.holidays."{text}"'
        intervals = _parse_intervals(texts, file, place, faults)
        match _parse_date(text):
            case date() as day:
                holidays[day] = intervals
            case (month, day_of_month):
                yearly[month, day_of_month] = intervals
            case None:
                remedy = 'Write "2026-12-31", or "12-31" for every year'
                faults.append(Fault(file, place, f'"{text}" is no date', remedy))
    if faults:
        return faults
    by_day = tuple(weekly.get(day, ()) for day in range(len(DAYS)))
    return Schedule(id=row.id, timezone=zone, weekly=by_day, holidays=holidays, yearly=yearly)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; no path of a zone file; a directory ("Europe")
        return False
    return True


def _suggest(name: str) -> str:
    zones = available_timezones()
    if not zones:
        return "This machine has no time zones at all: apt-get install tzdata, or pip install tzdata"
    close = get_close_matches(name, zones, n=1)
    return f'Did you mean "{close[0]}"?' if close else 'Write for example "Europe/Moscow" or "UTC"'


def _parse_days(text: str, file: str, place: str, faults: list[Fault]) -> list[int]:
    """Weekday numbers of "mon", "fri-mon", "sat, sun" or "daily"."""
    if text.strip().lower() == "daily":
        return list(range(len(DAYS)))
    days: list[int] = []
    for part in text.lower().split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        last = last or first
        if first not in DAYS or last not in DAYS:
            remedy = 'Write "mon", "mon-fri", "sat, sun" or "daily"'
            faults.append(Fault(file, place, f'"{part.strip()}" names no days', remedy))
            continue
        length = (DAYS.index(last) - DAYS.index(first)) % len(DAYS) + 1
        days += [(DAYS.index(first) + offset) % len(DAYS) for offset in range(length)]
    return days


_INTERVAL = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)")
_DAY_MINUTES = 24 * 60


def _parse_intervals(texts: Sequence[str], file: str, place: str, faults: list[Fault]) -> tuple[Interval, ...]:
    intervals: list[Interval] = []
    for text in texts:
        written = _INTERVAL.fullmatch(text.strip())
        if written is None:
            faults.append(Fault(file, place, f'"{text}" is no interval', 'Write "09:00-18:00"'))
            continue
        begin_hour, begin_minute, end_hour, end_minute = map(int, written.groups())
        begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
        if begin >= _DAY_MINUTES or end > _DAY_MINUTES:
            faults.append(Fault(file, place, f'"{text}" is later than midnight', 'The latest end is "24:00"'))
        elif begin == end:
            faults.append(Fault(file, place, f'"{text}" is empty', 'Write "00:00-24:00" for the whole day'))
        else:
            intervals.append(Interval(begin, end if end > begin else end + _DAY_MINUTES))
    return tuple(sorted(intervals))


def _parse_date(text: str) -> date | tuple[int, int] | None:
    """A date, or (month, day) for every year, or None."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text)
        if re.fullmatch(r"\d{2}-\d{2}", text):
            day = date.fromisoformat(f"2000-{text}")  # a leap year, so that "02-29" is a date
            return day.month, day.day
    except ValueError:
        return None
    return None
