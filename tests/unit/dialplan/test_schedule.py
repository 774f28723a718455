"""Opening hours, among them the nights on which the clock is moved."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from softswitch.base.errors import Fault
from softswitch.dialplan.schedule import LOOK_AHEAD_DAYS, Schedule, compile_schedule, hours_on, is_open, next_change


class Row(msgspec.Struct, frozen=True):
    timezone: str = "Europe/Berlin"
    hours: Mapping[str, Sequence[str]] = {}
    holidays: Mapping[str, Sequence[str]] = {}
    id: str = "office"


def schedule_of(row: Row) -> Schedule:
    schedule = compile_schedule(row)
    assert isinstance(schedule, Schedule), schedule
    return schedule


def faults_of(row: Row) -> list[Fault]:
    faults = compile_schedule(row, key="schedule[0]")
    assert isinstance(faults, list), "the schedule should not have compiled"
    return faults


def wall(text: str, zone: str = "Europe/Berlin", *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


OFFICE = schedule_of(
    Row(
        hours={"mon-fri": ["09:00-12:30", "13:30-18:00"], "sat": ["10:00-14:00"]},
        holidays={"01-01": [], "2026-12-24": ["09:00-12:00"], "2026-01-01": ["11:00-12:00"], "02-29": []},
    )
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T08:59:59", False),  # a Monday
        ("2026-03-02T09:00:00", True),
        ("2026-03-02T12:29:59", True),
        ("2026-03-02T12:30:00", False),
        ("2026-03-02T13:30:00", True),
        ("2026-03-02T18:00:00", False),
        ("2026-03-07T13:59:59", True),  # Saturday
        ("2026-03-08T11:00:00", False),  # Sunday
        ("2026-12-24T11:59:00", True),  # a short Thursday
        ("2026-12-24T12:00:00", False),
        ("2027-01-01T11:00:00", False),  # every New Year's Day is closed ...
        ("2026-01-01T11:00:00", True),  # ... but a dated holiday is stronger than a yearly one
        ("2028-02-29T10:00:00", False),
    ],
)
def test_weekly_hours_and_holidays(at: str, expected: bool) -> None:
    assert is_open(OFFICE, wall(at)) is expected


def test_the_time_zone_is_the_schedules_not_the_machines() -> None:
    moscow = schedule_of(Row(timezone="Europe/Moscow", hours={"daily": ["09:00-18:00"]}))
    assert is_open(moscow, wall("2026-03-02T06:00:00", "UTC"))
    assert not is_open(moscow, wall("2026-03-02T05:59:59", "UTC"))


def test_a_night_shift_lasts_into_the_next_day_even_into_a_holiday() -> None:
    night = schedule_of(Row(hours={"fri": ["22:00-06:00"]}, holidays={"2026-03-07": []}))
    assert is_open(night, wall("2026-03-06T23:00:00"))
    assert is_open(night, wall("2026-03-07T05:59:59"))
    assert not is_open(night, wall("2026-03-07T06:00:00"))
    assert not is_open(night, wall("2026-03-06T05:00:00"))


def test_round_the_clock_has_no_hole_at_midnight() -> None:
    always = schedule_of(Row(hours={"daily": ["00:00-24:00"]}))
    assert all(is_open(always, wall("2026-03-28T00:00:00") + minute * 60) for minute in range(0, 3 * 24 * 60, 7))


# Berlin, 29 March 2026: 02:00 becomes 03:00.


def test_a_skipped_opening_opens_when_the_clock_jumps() -> None:
    schedule = schedule_of(Row(hours={"sun": ["02:30-05:00"]}))
    jump = wall("2026-03-29T03:00:00")
    assert not is_open(schedule, jump - 1)
    assert is_open(schedule, jump)


def test_a_skipped_closing_closes_when_the_clock_jumps() -> None:
    schedule = schedule_of(Row(hours={"sat": ["22:00-02:30"]}))
    jump = wall("2026-03-29T03:00:00")
    assert is_open(schedule, jump - 1)
    assert not is_open(schedule, jump)


# Berlin, 25 October 2026: 03:00 becomes 02:00, so 02:30 comes twice.


def open_minutes(schedule: Schedule, begin: str, minutes: int) -> list[int]:
    start = wall(begin)
    return [minute for minute in range(minutes) if is_open(schedule, start + minute * 60)]


def test_a_closing_that_comes_twice_is_the_second() -> None:
    schedule = schedule_of(Row(hours={"sat": ["22:00-02:30"]}))
    assert open_minutes(schedule, "2026-10-24T22:00:00", 8 * 60) == list(range(5 * 60 + 30))


def test_an_opening_that_comes_twice_is_the_first() -> None:
    schedule = schedule_of(Row(hours={"sun": ["02:30-05:00"]}))
    assert open_minutes(schedule, "2026-10-25T02:00:00", 8 * 60) == list(range(30, 30 + 3 * 60 + 30))


def test_a_night_shift_is_an_hour_longer_in_october_and_shorter_in_march() -> None:
    schedule = schedule_of(Row(hours={"sat": ["22:00-06:00"]}))
    assert open_minutes(schedule, "2026-10-24T22:00:00", 12 * 60) == list(range(9 * 60))
    assert open_minutes(schedule, "2026-03-28T22:00:00", 12 * 60) == list(range(7 * 60))


@pytest.mark.parametrize(
    ("days", "open_days"),
    [("mon", "m"), ("fri-mon", "mfsS"), ("sat, sun", "sS"), ("Mon - Fri", "mtwTf"), ("daily", "mtwTfsS")],
)
def test_days_are_named_alone_in_ranges_and_in_lists(days: str, open_days: str) -> None:
    schedule = schedule_of(Row(hours={days: ["9:00-10:00"]}))
    week = [date(2026, 3, 2 + offset) for offset in range(7)]
    assert "".join(letter for letter, day in zip("mtwTfsS", week, strict=True) if hours_on(schedule, day)) == open_days


def test_all_faults_come_at_once_and_name_their_place() -> None:
    faults = faults_of(
        Row(
            timezone="Europe/Berlim",
            hours={"mon-fri": ["9-18"], "fri": ["10:00-10:00"], "someday": [], "sat": ["20:00-24:30"]},
            holidays={"2026-02-30": [], "13-01": [], "christmas": [], "05-09": ["x"]},
        )
    )
    assert [fault.key for fault in faults] == [
        "schedule[0].timezone",
        'schedule[0].hours."mon-fri"',
        'schedule[0].hours."fri"',
        'schedule[0].hours."fri"',
        'schedule[0].hours."someday"',
        'schedule[0].hours."sat"',
        'schedule[0].holidays."2026-02-30"',
        'schedule[0].holidays."13-01"',
        'schedule[0].holidays."christmas"',
        'schedule[0].holidays."05-09"',
    ]
    assert faults[0].remedy == 'Did you mean "Europe/Berlin"?'
    assert all(fault.reason and fault.remedy for fault in faults)


@pytest.mark.parametrize("zone", ["Europe", "../etc/passwd", "Mars/Olympus"])
def test_what_is_no_time_zone_is_a_fault(zone: str) -> None:
    (fault,) = faults_of(Row(timezone=zone, hours={"mon": ["09:00-10:00"]}))
    assert fault.key == "schedule[0].timezone"


def test_a_schedule_that_never_opens_is_a_fault() -> None:
    (fault,) = faults_of(Row())
    assert fault.reason == "it is never open"


# When it changes next


@pytest.mark.parametrize(
    ("at", "change"),
    [
        ("2026-03-02T08:00:00", "2026-03-02T09:00:00"),  # a Monday
        ("2026-03-02T09:00:00", "2026-03-02T12:30:00"),
        ("2026-03-02T17:59:59", "2026-03-02T18:00:00"),
        ("2026-03-02T18:00:00", "2026-03-03T09:00:00"),
        ("2026-03-07T14:00:00", "2026-03-09T09:00:00"),  # over Sunday
        ("2026-12-23T20:00:00", "2026-12-24T09:00:00"),  # a short Thursday
        ("2026-12-24T12:00:00", "2026-12-25T09:00:00"),
    ],
)
def test_the_next_change_is_known_to_the_second(at: str, change: str) -> None:
    assert next_change(OFFICE, wall(at)) == wall(change)
    assert is_open(OFFICE, wall(change)) is not is_open(OFFICE, wall(change) - 1)


@pytest.mark.parametrize(
    ("hours", "at", "changes"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        ({"sun": ["02:30-05:00"]}, "2026-03-28T20:00:00", ["2026-03-29T01:00:00", "2026-03-29T03:00:00"]),
        ({"sat": ["22:00-02:30"]}, "2026-03-28T20:00:00", ["2026-03-28T21:00:00", "2026-03-29T01:00:00"]),
        ({"sat": ["22:00-06:00"]}, "2026-03-28T20:00:00", ["2026-03-28T21:00:00", "2026-03-29T04:00:00"]),
        # 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        ({"sat": ["22:00-02:30"]}, "2026-10-24T20:00:00", ["2026-10-24T20:00:00", "2026-10-25T01:30:00"]),
        ({"sun": ["02:30-05:00"]}, "2026-10-24T20:00:00", ["2026-10-25T00:30:00", "2026-10-25T04:00:00"]),
    ],
)
def test_on_the_nights_of_the_clock_too(hours: Mapping[str, Sequence[str]], at: str, changes: list[str]) -> None:
    """`changes` in UTC."""
    schedule = schedule_of(Row(hours=hours))
    first = next_change(schedule, wall(at))
    assert [first, next_change(schedule, first)] == [wall(change, "UTC") for change in changes]


def test_what_never_changes_is_asked_again_after_a_week() -> None:
    always = schedule_of(Row(hours={"daily": ["00:00-24:00"]}))
    at = wall("2026-03-02T08:00:00")
    assert next_change(always, at) == at + LOOK_AHEAD_DAYS * 86400
