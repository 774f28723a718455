"""Which tariff holds when, and which of its prices fits."""

from datetime import date

import pytest

from softswitch.billing.months import Month, days_in_force, month_at, month_before, month_of
from softswitch.billing.tariff import Customer, TariffBook, midnight
from tests.unit.billing.made import at, price, tariff

MOSCOW = "Europe/Moscow"
BERLIN = "Europe/Berlin"


def test_a_tariff_holds_from_midnight_there_to_midnight_there() -> None:
    old, new = tariff(price("agent", "6")), tariff(price("agent", "7"), since=date(2026, 11, 16))
    book = TariffBook([new, old], {"acme": Customer(timezone=MOSCOW)})
    before = book.at("acme", at("2026-11-15T23:59:59.999", MOSCOW))
    after = book.at("acme", at("2026-11-16T00:00:00", MOSCOW))
    assert before is not None
    assert after is not None
    assert (before.prices[0].price, after.prices[0].price) == (6, 7)
    assert [each.until for each in book.of("acme")] == [date(2026, 11, 16), None]
    assert book.at("acme", at("2025-12-31T23:59:59", MOSCOW)) is None


def test_a_project_without_a_tariff_has_that_of_all() -> None:
    book = TariffBook([tariff(project=""), tariff(price("agent", "1"))])
    assert [len(each.prices) for each in (*book.of("acme"), *book.of("other"))] == [1, 0]
    assert not TariffBook([tariff(project="acme")]).of("other")
    assert TariffBook().is_empty


def test_the_tariff_of_all_begins_at_each_project_s_own_midnight() -> None:
    book = TariffBook([tariff(project="", since=date(2026, 11, 1))], {"acme": Customer(timezone=MOSCOW)})
    instant = at("2026-10-31T22:00:00")
    assert book.at("acme", instant) is not None, "it is one o'clock in Moscow"
    assert book.at("other", instant) is None


def test_a_gap_is_nobody_s() -> None:
    book = TariffBook([tariff(until=date(2026, 3, 1)), tariff(since=date(2026, 4, 1))])
    assert book.at("acme", at("2026-02-28T23:59:59")) is not None
    assert book.at("acme", at("2026-03-15T00:00:00")) is None


def test_the_longest_beginning_wins_then_the_trunk_then_the_direction() -> None:
    made = tariff(
        price("outbound", "5"),
        price("outbound", "2", prefixes=("7",)),
        price("outbound", "1", prefixes=("7495", "7499")),
        price("outbound", "3", prefixes=("7495",), trunk="mts"),
        price("platform", "1"),
        price("platform", "2", direction="inbound"),
    )
    assert made.place_of("outbound", number="74951234567", trunk="mts") == 3
    assert made.place_of("outbound", number="74951234567", trunk="other") == 2
    assert made.place_of("outbound", number="74991234567", trunk="mts") == 2
    assert made.place_of("outbound", number="78121234567") == 1
    assert made.place_of("outbound", number="4930") == 0
    assert made.place_of("platform", direction="inbound") == 5
    assert made.place_of("platform", direction="outbound") == 4
    assert made.place_of("agent") is None


@pytest.mark.parametrize(
    ("used_ms", "is_continued", "billed_s"),
    [
        (0, False, 0),
        (1, False, 60),
        (2999, False, 60),
        (60_000, False, 60),
        (60_001, False, 66),
        (66_000, False, 66),
        (66_001, False, 72),
        (1, True, 6),
        (6001, True, 12),
        (0, True, 0),
    ],
)
def test_first_minute_and_steps(used_ms: int, is_continued: bool, billed_s: int) -> None:
    assert price("agent", "1", first_s=60, step_s=6).billed_s(used_ms, is_continued=is_continued) == billed_s


def test_what_is_too_short_is_free() -> None:
    made = price("agent", "1", free_below_s=5)
    assert made.billed_s(4999, is_continued=False) == 0
    assert made.billed_s(5000, is_continued=False) == 5


def test_numbers_and_seats_are_counted_where_nothing_is_said() -> None:
    rents = (price("number", "1"), price("seat", "1"), price("monthly", "1"), price("seat", "1", quantity=0))
    (made,) = TariffBook([tariff(*rents)], {"acme": Customer(numbers=3, seats=12)}).of("acme")
    assert [each.quantity for each in made.prices] == [3, 12, 1, 0]


@pytest.mark.parametrize(
    ("text", "month"),
    [("2026-11", Month(2026, 11)), ("2026-13", None), ("26-1", None), ("x", None), ("2026-1１", None)],
)
def test_months_are_read(text: str, month: Month | None) -> None:
    assert month_of(text, "UTC") == month


def test_a_month_begins_and_ends_at_midnight_there() -> None:
    november = Month(2026, 11, MOSCOW)
    assert (november.begins_at, november.ends_at) == (at("2026-11-01T00:00", MOSCOW), at("2026-12-01T00:00", MOSCOW))
    assert Month(2026, 12).next_first == date(2027, 1, 1)
    assert (str(november), november.days, Month(2024, 2).days) == ("2026-11", 30, 29)
    assert month_at(at("2026-10-31T22:00"), MOSCOW) == november
    assert month_before(Month(2026, 1)) == Month(2025, 12)


def test_a_month_in_which_the_clock_is_changed_is_an_hour_longer_or_shorter() -> None:
    march, october = Month(2026, 3, BERLIN), Month(2026, 10, BERLIN)
    assert march.ends_at - march.begins_at == 31 * 86400 - 3600
    assert october.ends_at - october.begins_at == 31 * 86400 + 3600


def test_where_the_clock_leaves_midnight_out_the_day_begins_after_it() -> None:
    assert midnight(date(2026, 3, 29), "Asia/Beirut") == at("2026-03-29T01:00", "Asia/Beirut")


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        (date(2026, 1, 1), None, 30),
        (date(2026, 11, 16), None, 15),
        (date(2026, 1, 1), date(2026, 11, 16), 15),
        (date(2026, 12, 1), None, 0),
        (date(2026, 1, 1), date(2026, 11, 1), 0),
        (date(2026, 11, 5), date(2026, 11, 6), 1),
    ],
)
def test_days_in_force(since: date, until: date | None, days: int) -> None:
    assert days_in_force(tariff(since=since, until=until), Month(2026, 11)) == days
