"""When rooms call their participants."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.calls.conferences.times import is_timezone, next_time, read_time

BERLIN = "Europe/Berlin"


def at(text: str, timezone: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)).timestamp()


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("mon 09:30", "2026-11-29 12:00", "2026-11-30 09:30"),
        ("mon-fri 09:30", "2026-11-27 09:30", "2026-11-30 09:30"),
        ("mon-fri 09:30", "2026-11-27 09:29", "2026-11-27 09:30"),
        ("fri-mon 09:30", "2026-11-27 10:00", "2026-11-28 09:30"),
        ("daily 00:00", "2026-11-27 10:00", "2026-11-28 00:00"),
        ("mon 09:30", "2026-11-30 09:30", "2026-12-07 09:30"),
        ("2026-12-24 10:00", "2026-11-27 10:00", "2026-12-24 10:00"),
        ("daily 02:30", "2026-03-28 12:00", "2026-03-29 03:30"),
        ("daily 02:30", "2026-10-24 12:00", "2026-10-25 02:30"),
    ],
)
def test_the_next_time(text: str, after: str, expected: str) -> None:
    time = read_time(text, BERLIN)
    assert time is not None
    assert next_time([time], at(after)) == at(expected)


def test_a_date_that_is_past_comes_no_more() -> None:
    time = read_time("2026-11-20 10:00", BERLIN)
    assert time is not None
    assert next_time([time], at("2026-11-20 10:00")) is None


def test_the_first_of_several_in_the_zone_of_each() -> None:
    times = [read_time("daily 09:00", "Europe/Moscow"), read_time("daily 08:00", BERLIN)]
    assert next_time([each for each in times if each], at("2026-11-27 00:00")) == at("2026-11-27 07:00")


@pytest.mark.parametrize(
    "text", ["", "monday 09:00", "mon 9:00", "mon 24:00", "mon 09:60", "2026-13-01 10:00", "mon-xxx 09:00", "09:00"]
)
def test_what_nobody_can_read(text: str) -> None:
    assert read_time(text, BERLIN) is None


def test_time_zones() -> None:
    assert is_timezone(BERLIN)
    assert not is_timezone("Europe/Nowhere")
    assert not is_timezone("../etc")
