"""Calendar months in a time zone: a call belongs to the month in which it began there."""

from calendar import monthrange
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from softswitch.billing.tariff import Tariff, midnight


class Month(msgspec.Struct, frozen=True):
    """ "2026-11" in a time zone."""

    year: int
    number: int
    timezone: str = "UTC"

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def next_first(self) -> date:
        return date(self.year + self.number // 12, self.number % 12 + 1, 1)

    @property
    def days(self) -> int:
        return monthrange(self.year, self.number)[1]

    @property
    def begins_at(self) -> float:
        """Epoch seconds, as is the end: the month is [begins_at, ends_at)."""
        return midnight(self.first, self.timezone)

    @property
    def ends_at(self) -> float:
        return midnight(self.next_first, self.timezone)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


def month_of(text: str, timezone: str) -> Month | None:
    """ "2026-11"; None if it is none."""
    year, dash, number = text.partition("-")
    if not (
        dash and year.isascii() and year.isdecimal() and len(year) == 4 and number.isascii() and number.isdecimal()
    ):
        return None
    return Month(int(year), int(number), timezone) if int(year) >= 1 and 1 <= int(number) <= 12 else None


def month_at(instant: float, timezone: str) -> Month:
    """The month of an instant (epoch seconds)."""
    local = datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(timezone))
    return Month(local.year, local.month, timezone)


def month_before(month: Month) -> Month:
    year, number = (month.year, month.number - 1) if month.number > 1 else (month.year - 1, 12)
    return Month(year, number, month.timezone)


def days_in_force(tariff: Tariff, month: Month) -> int:
    """Days of the month on which the tariff holds; `tariff.until` is the end it has."""
    begins = max(tariff.since, month.first)
    ends = month.next_first if tariff.until is None else min(tariff.until, month.next_first)
    return max(0, (ends - begins).days)
