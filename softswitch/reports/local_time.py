"""Hours, days and weekdays where the report's reader lives, on the days of 23 and 25 hours too.

An interval begins where its zone's clock shows a multiple of its length, and lasts until the next such moment: the hour
that a clock repeats in autumn is two intervals, the hour it leaves out in spring is none. Zones differ from UTC by
quarters of an hour, so a quarter of an hour of UTC lies in one interval of any zone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

QUARTER_S = 900
HOUR_S = 3600
DAY_MINUTES = 1440
_ORDINAL_EPOCH = 719_163
"""The ordinal of 1970-01-01, a Thursday."""


class LocalTime:
    """One zone. What was worked out once is remembered: a report asks of the same quarters again and again."""

    __slots__ = ("_floors", "_offsets", "zone")

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._offsets: dict[int, int] = {}
        self._floors: dict[tuple[int, int], int] = {}

    def interval(self, wall: float, minutes: int) -> int:
        """When the interval of this length that holds `wall` began (epoch seconds)."""
        key = int(wall // QUARTER_S), minutes
        began = self._floors.get(key)
        if began is None:
            began = self._floors[key] = self._began(key[0] * QUARTER_S, minutes)
        return began

    def hour(self, wall: float) -> int:
        """0 to 23."""
        return self._local(wall) % (24 * HOUR_S) // HOUR_S

    def weekday(self, wall: float) -> int:
        """0 is Monday."""
        return (self._local(wall) // (24 * HOUR_S) + _ORDINAL_EPOCH - 1) % 7

    def day(self, wall: float) -> int:
        """The number of the date; the next day has the next number."""
        return self._local(wall) // (24 * HOUR_S)

    def quarters(self, since: float, until: float) -> Iterator[int]:
        """When the quarters of an hour that touch [since, until) begin."""
        yield from range(int(since // QUARTER_S) * QUARTER_S, -int(-until // 1), QUARTER_S)

    def intervals(self, since: float, until: float, minutes: int) -> list[int]:
        """When the intervals that touch [since, until) begin, in order."""
        return sorted({self.interval(quarter, minutes) for quarter in self.quarters(since, until)})

    def until(self, began: int, minutes: int) -> int:
        """When the interval that began then ends."""
        step = began + QUARTER_S
        while self.interval(step, minutes) == began:
            step += QUARTER_S
        return step

    def text(self, wall: float) -> str:
        """ISO 8601 with the offset."""
        return datetime.fromtimestamp(wall, self.zone).isoformat(timespec="seconds")

    def is_repeated(self, wall: float) -> bool:
        """The clock shows this time twice on that day."""
        moment = datetime.fromtimestamp(wall, self.zone)
        return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()

    def _local(self, wall: float) -> int:
        """Seconds since 1970 as if the zone's clock were UTC's."""
        quarter = int(wall // QUARTER_S) * QUARTER_S
        offset = self._offsets.get(quarter)
        if offset is None:
            offset_of = datetime.fromtimestamp(quarter, self.zone).utcoffset() or timedelta()
            offset = self._offsets[quarter] = int(offset_of.total_seconds())
        return int(wall // 1) + offset

    def _began(self, quarter: int, minutes: int) -> int:
        if minutes == DAY_MINUTES:
            midnight = datetime.fromtimestamp(quarter, self.zone).replace(hour=0, minute=0, second=0, fold=0)
            return int(midnight.timestamp())
        length_s = minutes * 60
        began = quarter - self._local(quarter) % length_s
        # A clock that was moved within the interval began it when it was moved.
        while self._local(began) // length_s != self._local(quarter) // length_s and began < quarter:
            began += QUARTER_S
        return began
