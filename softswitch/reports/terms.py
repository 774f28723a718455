"""What a report is to be about."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from softswitch.base.errors import SoftswitchError
from softswitch.reports.limits import CALLS_LISTED
from softswitch.reports.local_time import LocalTime

IntervalMinutes = Literal[15, 30, 60, 1440]


def local_time(zone: str) -> LocalTime:
    """Raises ReportRefused for a zone there is not."""
    try:
        return LocalTime(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReportRefused(f'there is no time zone "{zone}": write one like Europe/Moscow') from error


class ReportRefused(SoftswitchError):
    """What was asked for cannot be told; the message says what to ask for instead."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Of [since, until), epoch seconds; empty filters let everything through."""

    since: float
    until: float
    zone: str = "UTC"
    project: str = ""
    queue: str = ""
    agent: str = ""
    interval_min: IntervalMinutes = 60
    limit: int = CALLS_LISTED
    """Rows of a list of calls."""
    conversions: tuple[str, ...] = ()
    """Dispositions that mean that an outbound call was worth it."""

    @property
    def local(self) -> LocalTime:
        return local_time(self.zone)

    def filters(self) -> dict[str, str]:
        """Those that are set, for the head of the report."""
        given = {"project": self.project, "queue": self.queue, "agent": self.agent}
        return {name: value for name, value in given.items() if value}
