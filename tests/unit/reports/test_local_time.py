"""Hours and days of zones whose clocks are moved."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.reports.local_time import LocalTime

BERLIN = LocalTime(ZoneInfo("Europe/Berlin"))


def at(text: str, zone: LocalTime = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone.zone, fold=fold).timestamp()


@pytest.mark.parametrize(("day", "after", "hours"), [(29, 30, 23), (28, 29, 24)])
def test_the_day_on_which_the_clock_is_put_forward_has_23_hours(day: int, after: int, hours: int) -> None:
    found = BERLIN.intervals(at(f"2026-03-{day}"), at(f"2026-03-{after}"), 60)
    assert len(found) == hours
    assert len({BERLIN.hour(began) for began in found}) == hours


def test_the_day_on_which_it_is_put_back_has_25_and_one_of_them_twice() -> None:
    found = BERLIN.intervals(at("2026-10-25"), at("2026-10-26"), 60)
    assert len(found) == 25
    hours = [BERLIN.hour(began) for began in found]
    assert (hours.count(2), hours.count(3)) == (2, 1)
    assert [BERLIN.is_repeated(began) for began in found] == [hour == 2 for hour in hours]
    assert BERLIN.text(found[2]) == "2026-10-25T02:00:00+02:00"
    assert BERLIN.text(found[3]) == "2026-10-25T02:00:00+01:00"


@pytest.mark.parametrize(("minutes", "intervals"), [(15, 100), (30, 50), (60, 25), (1440, 1)])
def test_intervals_of_every_length_lie_end_to_end_on_the_long_day(minutes: int, intervals: int) -> None:
    since, until = at("2026-10-25"), at("2026-10-26")
    found = BERLIN.intervals(since, until, minutes)
    assert len(found) == intervals
    assert [BERLIN.until(began, minutes) for began in found] == [*found[1:], until]


def test_a_zone_a_quarter_of_an_hour_off() -> None:
    kathmandu = LocalTime(ZoneInfo("Asia/Kathmandu"))
    began = kathmandu.interval(at("2026-11-29T14:59:59", kathmandu), 60)
    assert kathmandu.text(began) == "2026-11-29T14:00:00+05:45"
    assert kathmandu.hour(began) == 14


def test_a_clock_that_is_moved_by_half_an_hour_begins_an_interval_then() -> None:
    howe = LocalTime(ZoneInfo("Australia/Lord_Howe"))
    found = howe.intervals(at("2026-10-04", howe), at("2026-10-05", howe), 60)
    assert [howe.text(began)[11:16] for began in found[:4]] == ["00:00", "01:00", "02:30", "03:00"]


def test_days_and_weekdays() -> None:
    assert BERLIN.weekday(at("2026-11-29T23:59:59")) == 6
    assert BERLIN.weekday(at("2026-11-30")) == 0
    assert BERLIN.day(at("2026-11-30")) == BERLIN.day(at("2026-11-29T23:59")) + 1
    assert BERLIN.weekday(at("1969-12-31T12:00")) == 2
