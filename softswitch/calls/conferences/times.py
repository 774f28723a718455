"""When a room calls its participants by itself: "mon-fri 09:30" each week, "2026-12-24 10:00" once.

Times are what the clock on the wall shows in the room's time zone. One that is skipped when that clock is moved counts
as the moment after the jump; of one that comes twice the first is meant.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(r"(?:(daily)|([a-z]{3})(?:-([a-z]{3}))?) (\d{2}):(\d{2})")
_ONCE = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}):(\d{2})")


class ConferenceTime(msgspec.Struct, frozen=True, kw_only=True):
    """Some days of every week, or one date; minutes after midnight there."""

    days: frozenset[int] = frozenset()
    """0 is Monday."""
    on: date | None = None
    minute: int
    timezone: str


def read_time(text: str, timezone: str) -> ConferenceTime | None:
    """None: nobody can tell what it means."""
    if (once := _ONCE.fullmatch(text)) is not None:
        minute = _minute(once[2], once[3])
        try:
            on = date.fromisoformat(once[1])
        except ValueError:
            return None
        return None if minute is None else ConferenceTime(on=on, minute=minute, timezone=timezone)
    weekly = _WEEKLY.fullmatch(text)
    if weekly is None:
        return None
    minute = _minute(weekly[4], weekly[5])
    if weekly[1]:
        days = frozenset(range(7))
    elif weekly[2] in DAYS and (weekly[3] or weekly[2]) in DAYS:
        first, last = DAYS.index(weekly[2]), DAYS.index(weekly[3] or weekly[2])
        days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    else:
        return None
    return None if minute is None else ConferenceTime(days=days, minute=minute, timezone=timezone)


def is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def next_time(times: Iterable[ConferenceTime], after_wall: float) -> float | None:
    """The first of them after that moment (seconds since the epoch); None: there is no more."""
    found = [at for each in times if (at := _next(each, after_wall)) is not None]
    return min(found, default=None)


def _next(each: ConferenceTime, after_wall: float) -> float | None:
    zone = ZoneInfo(each.timezone)
    if each.on is not None:
        at = _moment(each.on, each.minute, zone)
        return at if at > after_wall else None
    today = datetime.fromtimestamp(after_wall, zone).date()
    for step in range(9):
        day = today + timedelta(days=step)
        at = _moment(day, each.minute, zone)
        if day.weekday() in each.days and at > after_wall:
            return at
    return None


def _moment(day: date, minute: int, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).timestamp()


def _minute(hours: str, minutes: str) -> int | None:
    hour, minute = int(hours), int(minutes)
    return hour * 60 + minute if hour < 24 and minute < 60 else None
