"""When a report is made by itself, and of which time: "daily 07:00" is of the day before, "mon 07:00" of the seven days
before, "monthly 1 07:00" of the month before. Days and months are those of the report's zone.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from softswitch.calls.conferences.times import DAYS, ConferenceTime, next_time, read_time

MONTH_DAYS_MAX = 28
"""Every month has such a day."""
_MONTHLY = re.compile(r"monthly (\d{1,2}) (\d{2}:\d{2})")
_DAILY = re.compile(rf"(daily|{'|'.join(DAYS)}) \d{{2}}:\d{{2}}")


class ReportTime(msgspec.Struct, frozen=True, kw_only=True):
    """`at` comes every day, or every week; with `month_day`, that day of each month alone."""

    at: ConferenceTime
    month_day: int = 0
    timezone: str

    @property
    def is_weekly(self) -> bool:
        return not self.month_day and len(self.at.days) == 1


def read_report_time(text: str, timezone: str) -> ReportTime | None:
    """None: nobody can tell what it means."""
    monthly = _MONTHLY.fullmatch(text)
    if monthly is not None:
        at = read_time(f"daily {monthly[2]}", timezone)
        day = int(monthly[1])
        if at is None or not 1 <= day <= MONTH_DAYS_MAX:
            return None
        return ReportTime(at=at, month_day=day, timezone=timezone)
    at = read_time(text, timezone) if _DAILY.fullmatch(text) else None
    return None if at is None else ReportTime(at=at, timezone=timezone)


def next_due(time: ReportTime, after: float) -> float:
    """The first time after that moment (epoch seconds)."""
    zone = ZoneInfo(time.timezone)
    while True:
        due = next_time([time.at], after)
        assert due is not None, "it comes every day"
        if not time.month_day or datetime.fromtimestamp(due, zone).day == time.month_day:
            return due
        after = due


def span_before(time: ReportTime, due: float) -> tuple[float, float]:
    """[since, until) of the report that is due then: whole days that are over."""
    zone = ZoneInfo(time.timezone)
    midnight = datetime.fromtimestamp(due, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if time.month_day:
        until = midnight.replace(day=1)
        since = (until - timedelta(days=1)).replace(day=1)
    else:
        until = midnight
        since = until - timedelta(days=7 if time.is_weekly else 1)
    return since.replace(tzinfo=zone).timestamp(), until.replace(tzinfo=zone).timestamp()
