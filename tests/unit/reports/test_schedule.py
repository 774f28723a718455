"""When reports are due, and of which time they are."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from softswitch.reports.schedule import ReportTime, next_due, read_report_time, span_before

BERLIN = "Europe/Berlin"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()


def time(text: str) -> ReportTime:
    found = read_report_time(text, BERLIN)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("when", "after", "due", "since", "until"),
    [
        ("daily 07:00", "2026-11-30T06:59", "2026-11-30T07:00", "2026-11-29", "2026-11-30"),
        ("daily 07:00", "2026-11-30T07:00", "2026-12-01T07:00", "2026-11-30", "2026-12-01"),
        ("daily 07:00", "2026-10-25T12:00", "2026-10-26T07:00", "2026-10-25", "2026-10-26"),
        ("mon 07:00", "2026-11-24T12:00", "2026-11-30T07:00", "2026-11-23", "2026-11-30"),
        ("monthly 1 06:30", "2026-11-01T06:30", "2026-12-01T06:30", "2026-11-01", "2026-12-01"),
        ("monthly 5 00:00", "2026-12-31T00:00", "2027-01-05T00:00", "2026-12-01", "2027-01-01"),
    ],
)
def test_times_and_spans(when: str, after: str, due: str, since: str, until: str) -> None:
    found = next_due(time(when), at(after))
    assert found == at(due)
    assert span_before(time(when), found) == (at(since), at(until))


def test_the_long_day_is_whole() -> None:
    since, until = span_before(time("daily 07:00"), at("2026-10-26T07:00"))
    assert until - since == 25 * 3600


@pytest.mark.parametrize(
    "text",
    ["", "daily", "07:00", "mon-fri 07:00", "monthly 0 07:00", "monthly 29 07:00", "daily 25:00", "2026-11-30 07:00"],
)
def test_what_nobody_can_understand(text: str) -> None:
    assert read_report_time(text, BERLIN) is None
