"""Report 1: service levels by interval and queue."""

from typing import Any

import pytest

from softswitch.acd.events import ContactAbandoned, ContactConnected, ContactQueued, ContactWithdrawn, Stamped
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.acd.reporting.reports import queue_reports
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.reports.terms import ReportRefused
from tests.unit.reports.centre import DAY_S, MIDNIGHT, NOON, acd, report, rows, stamped, stored, terms

SALES = QueueId("sales")


def contact(number: int, at: float, outcome: str, wait_s: float) -> list[Stamped]:
    """One that comes at `at` and leaves `wait_s` later."""
    who = ContactId(f"c{number}")
    came = ContactQueued(at, who, SALES, at)
    left_at = at + wait_s
    left = {
        "answered": ContactConnected(
            left_at, who, SALES, AgentId("ann"), ReservationId(number), wait_s, wait_s, 2.0, 20.0
        ),
        "abandoned": ContactAbandoned(left_at, who, SALES, wait_s, wait_s, 20.0),
        "withdrawn": ContactWithdrawn(left_at, who, SALES, wait_s, wait_s),
    }[outcome]
    return [Stamped(NOON + came.at, came, "acme"), Stamped(NOON + left_at, left, "acme")]


def hundred_contacts() -> list[Stamped]:
    """70 answered in time, 10 abandoned in time, 15 answered and 5 abandoned too late."""
    kinds = (
        [("answered", 5.0)] * 70 + [("abandoned", 10.0)] * 10 + [("answered", 40.0)] * 15 + [("abandoned", 60.0)] * 5
    )
    events = [each for number, kind in enumerate(kinds) for each in contact(number, number * 10.0, *kind)]
    return sorted(events, key=lambda each: each.at_wall)


def test_the_worked_example_of_the_field() -> None:
    made = report(stored(hundred_contacts()), "service_level", interval_min=60)
    (row,) = rows(made.table("intervals"))
    assert (row["offered"], row["answered"], row["answered_within"]) == (100, 85, 70)
    assert (row["abandoned"], row["abandoned_within"]) == (15, 10)
    assert row["service_level"] == pytest.approx(70 / 90)
    assert row["service_level_negative"] == pytest.approx(0.70)
    assert row["service_level_positive"] == pytest.approx(0.80)
    assert row["service_level_asterisk"] == pytest.approx(70 / 85)
    assert row["service_level_asterisk_2"] == pytest.approx(80 / 100)
    assert row["average_speed_of_answer_s"] == pytest.approx((70 * 5 + 15 * 40) / 85)
    assert row["longest_wait_s"] == 60.0


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_rows_are_what_the_acds_own_intervals_say(minutes: int) -> None:
    events = hundred_contacts()
    made = report(stored(events), "service_level", interval_min=minutes)
    intervals = Intervals(MIDNIGHT, MIDNIGHT + DAY_S, minutes * 60.0)
    expected = queue_reports(fold_all(events, intervals, MIDNIGHT + DAY_S))
    found = rows(made.table("queue_intervals"))
    assert [row["from"] for row in found] == [each.from_at for each in expected]
    for row, each in zip(found, expected, strict=True):
        assert (row["offered"], row["answered"]) == (each.counts.offered, each.counts.answered)
        for name in ("service_level", "average_speed_of_answer_s", "abandon_rate"):
            assert row[name] == pytest.approx(each.figures[name])


def test_several_queues_have_a_sum_and_filters_leave_the_others_out() -> None:
    centre = acd()
    centre.ready("ann", "bob")
    for number in range(4):
        centre.call(f"s{number}", "sales" if number % 2 else "support")
        centre.advance(1)
    day = stored(stamped(centre.diary))
    table = report(day, "service_level").table("queues")
    assert table.column("queue") == ["sales", "support", "all"]
    assert (table.sums, table.column("offered")) == (1, [2, 2, 4])
    chosen: list[dict[str, Any]] = [{"queue": "sales"}, {"project": "acme"}]
    for filters in chosen:
        table = report(day, "service_level", **filters).table("queues")
        assert (table.sums, table.column("queue"), table.column("offered")) == (0, ["sales"], [2])


def test_an_interval_of_the_day_a_clock_repeats_has_its_own_row() -> None:
    shift = 1_792_886_400.0 + 1800 - NOON  # 2026-10-25 00:30 UTC: 02:30 in Berlin, and again an hour later
    early = [Stamped(each.at_wall + shift, each.event, "acme") for each in contact(1, 0.0, "answered", 5.0)]
    late = [Stamped(each.at_wall + shift + 3600, each.event, "acme") for each in contact(2, 0.0, "answered", 5.0)]
    day = stored(early, late)
    since = 1_792_879_200.0 - 3600 * 0
    made = report(day, "service_level", now=since + 90_000, since=since, until=since + 90_000, zone="Europe/Berlin")
    assert made.table("intervals").column("offered") == [1, 1]


def test_what_waits_now_is_told_live_only() -> None:
    centre = acd()
    centre.call("c1")
    centre.advance(30)
    centre.call("c2", "support")
    day = stored(stamped(centre.diary))
    live = report(day, "service_level", now=NOON + 45.0, live=True)
    assert rows(live.table("now")) == [
        {"queue": "sales", "waiting": 1, "longest_s": 45.0},
        {"queue": "support", "waiting": 1, "longest_s": 15.0},
    ]
    assert rows(report(day, "service_level", now=NOON + 45.0, live=True, project="acme").table("now"))[0]["queue"] == (
        "sales"
    )
    assert report(day, "service_level", now=NOON + 45.0).tables[0].name == "intervals"


def test_a_span_that_is_no_multiple_of_a_quarter_of_an_hour_is_cut_exactly() -> None:
    day = stored(hundred_contacts())
    made = report(day, "service_level", since=NOON + 100.0, until=NOON + 201.0)
    assert made.table("queues").column("offered") == [11]


def test_an_empty_store_and_an_empty_day_say_so() -> None:
    made = report(stored(), "service_level")
    assert made.table("intervals").rows == []
    assert made.notes == ("The store has no events of the ACD yet.",)
    made = report(stored(hundred_contacts()), "service_level", since=MIDNIGHT, until=MIDNIGHT + 3600)
    assert made.table("queues").rows == []
    assert made.notes[0].startswith("The store has events of the ACD from 2025-11-30T12:00:00+00:00 on")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"until": MIDNIGHT}, "the end must be after the beginning"),
        ({"since": 0.0, "interval_min": 15}, "more than 20000 intervals"),
        ({"agent": "ann"}, "cannot be told for one agent"),
        ({"zone": "Europe/Nowhere"}, "there is no time zone"),
    ],
)
def test_what_cannot_be_told_is_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReportRefused, match=reason):
        report(stored(hundred_contacts()), "service_level", **changed)


def test_terms_name_their_filters() -> None:
    assert terms(queue="sales").filters() == {"queue": "sales"}
