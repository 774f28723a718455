"""Calls and their amounts: free minutes, connection fees, changes of the tariff, and what was forgotten."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from softswitch.billing.months import Month
from softswitch.billing.rating import Rater
from softswitch.billing.tariff import Customer, Tariff, TariffBook
from tests.unit.billing.made import NOON, RUSSIA, at, inbound, outbound, price, tariff

NOVEMBER = Month(2026, 11)


def rater(*tariffs: Tariff, month: Month = NOVEMBER) -> Rater:
    return Rater(TariffBook(tariffs, {"acme": Customer(timezone=month.timezone)}), "acme", month, RUSSIA)


def test_each_part_has_its_price_and_names_its_line() -> None:
    rated = rater(
        tariff(price("inbound", "1.20", prefixes=("7800",), name="8-800"), price("agent", "6.50"), price("ivr", "0.50"))
    ).rate(inbound())
    parts = {part.item: part for part in rated.parts}
    assert [(part.line, part.title) for part in rated.parts] == [
        (1, "8-800"),
        (2, "Agents"),
        (3, "Menus and announcements"),
    ]
    assert parts["inbound"].amount == Decimal("1.80")
    assert parts["agent"].amount == Decimal("6.50")
    assert parts["ivr"].amount == Decimal("0.08"), "10 s: 0.08333"
    assert rated.amount == Decimal("8.38")


def test_a_connection_costs_once() -> None:
    made = tariff(price("outbound", "1.00", connection=Decimal("0.30"), first_s=60, step_s=60))
    call = outbound(seconds=61)
    assert rater(made).rate(call).amount == Decimal("2.30")
    caller, called = call.sip_legs
    moved = msgspec.structs.replace(call, sip_legs=(caller, msgspec.structs.replace(called, came_from="before")))
    assert rater(made).rate(moved).amount == Decimal("2.00"), "it goes on: no fee, no first minute, but steps"
    short = tariff(price("outbound", "1.00", connection=Decimal("0.30"), free_below_s=90))
    assert rater(short).rate(call).amount == 0


def test_free_minutes_are_used_up_in_the_order_of_the_calls() -> None:
    made = rater(tariff(price("outbound", "3.00", free_minutes=2)))
    rated = [made.rate(outbound(NOON + number, seconds=50)) for number in range(4)]
    assert [call.parts[0].free_s for call in rated] == [50, 50, 20, 0]
    assert [call.amount for call in rated] == [0, 0, Decimal("1.50"), Decimal("2.50")]


def test_half_a_month_of_a_tariff_gives_half_of_its_free_minutes() -> None:
    old = tariff(price("outbound", "3.00", free_minutes=10))
    new = tariff(price("outbound", "4.00", free_minutes=20), since=date(2026, 11, 16))
    made = rater(old, new)
    assert made.rate(outbound(at("2026-11-03T10:00"), seconds=1000)).parts[0].free_s == 300
    assert made.rate(outbound(at("2026-11-20T10:00"), seconds=1000)).parts[0].free_s == 600


@pytest.mark.parametrize(("began", "amount"), [("2026-11-15T23:59:59", "6.00"), ("2026-11-16T00:00:00", "9.00")])
def test_a_call_is_rated_as_a_whole_by_the_tariff_of_its_beginning(began: str, amount: str) -> None:
    made = rater(tariff(price("outbound", "6.00")), tariff(price("outbound", "9.00"), since=date(2026, 11, 16)))
    rated = made.rate(outbound(at(began), seconds=60))
    assert rated.amount == Decimal(amount)


@pytest.mark.parametrize(
    "began", ["2026-10-24T23:59:30", "2026-10-25T02:59:30", "2026-03-29T01:59:30", "2026-11-30T23:59:30"]
)
def test_midnight_a_changed_clock_and_the_end_of_a_month_cost_nothing(began: str) -> None:
    instant = at(began, "Europe/Berlin")
    month = Month(2026, int(began[5:7]), "Europe/Berlin")
    rated = rater(tariff(price("outbound", "6.00")), month=month).rate(outbound(instant, seconds=3600))
    assert rated.amount == Decimal("360.00")


def test_who_has_no_tariff_then_is_not_charged_and_it_shows() -> None:
    rated = rater(tariff(price("outbound", "6"), since=date(2026, 12, 1))).rate(outbound())
    assert (rated.parts, rated.amount, rated.has_tariff) == ((), 0, False)


def test_a_number_that_has_no_price_where_others_have_is_noticed() -> None:
    made = tariff(price("outbound", "1", prefixes=("7",)), price("agent", "0"))
    rated = rater(made).rate(outbound(number="+4930123456"))
    assert [usage.number for usage in rated.unpriced] == ["4930123456"]
    assert not rater(tariff(price("agent", "1"))).rate(outbound()).unpriced, "trunks are not charged here at all"


def test_amounts_are_in_the_coins_of_the_currency() -> None:
    call = outbound(seconds=1)
    amounts = [
        rater(tariff(price("outbound", "10"), currency=currency)).rate(call).amount
        for currency in ("EUR", "JPY", "KWD")
    ]
    assert [str(amount) for amount in amounts] == ["0.17", "0", "0.167"]
