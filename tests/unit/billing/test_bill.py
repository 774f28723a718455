"""Bills: lines, rents, minimum, VAT, and that everything adds up."""

import tracemalloc
from datetime import date
from decimal import Decimal

from softswitch.billing.bill import MINIMUM_TITLE, Bill, Biller, bill_of
from softswitch.billing.months import Month
from softswitch.billing.tariff import Customer, Tariff, TariffBook
from softswitch.billing.usage import BilledCall
from tests.unit.billing.made import NOON, RUSSIA, at, inbound, outbound, price, tariff

NOVEMBER = Month(2026, 11)


def bill(*tariffs: Tariff, calls: list[BilledCall] | None = None, customer: Customer | None = None) -> Bill:
    book = TariffBook(tariffs, {"acme": customer or Customer(name="Acme Ltd")})
    return bill_of(calls or [], book, "acme", NOVEMBER, RUSSIA)


def test_a_line_is_the_sum_of_its_calls_and_the_total_of_its_lines() -> None:
    calls = [inbound(NOON + number * 100, talk_s=7 + number / 3) for number in range(25)]
    book = TariffBook([tariff(price("agent", "0.99"), price("platform", "0.07"), vat_percent=Decimal(20))])
    biller = Biller(book, "acme", NOVEMBER, RUSSIA)
    rated = [biller.take(call) for call in calls]
    made = biller.bill()
    for line in made.lines:
        assert line.amount == sum(part.amount for call in rated for part in call.parts if part.line == line.line)
        assert line.calls == 25
    assert made.net == sum(line.amount for line in made.lines) == sum(call.amount for call in rated)
    assert made.total == made.net + made.vat[0].amount
    assert made.vat[0].amount == (made.net / 5).quantize(Decimal("0.01"))


def test_rents_are_for_the_days_they_are_in_force() -> None:
    rents = (price("number", "50.00"), price("seat", "100", quantity=7), price("monthly", "9.99", name="Support"))
    made = bill(
        tariff(*rents, until=date(2026, 11, 11)),
        tariff(price("seat", "200"), since=date(2026, 11, 11)),
        customer=Customer(numbers=3, seats=4),
    )
    assert [(line.title, line.quantity, line.days, str(line.amount)) for line in made.lines] == [
        ("Numbers", 3, 10, "50.00"),
        ("Seats", 7, 10, "233.33"),
        ("Support", 1, 10, "3.33"),
        ("Seats", 4, 20, "533.33"),
    ]


def test_what_is_missing_to_the_minimum_is_a_line() -> None:
    made = bill(tariff(price("outbound", "1"), minimum=Decimal(100)), calls=[outbound(seconds=90)])
    assert [(line.title, str(line.amount)) for line in made.lines] == [
        ("Outgoing calls, trunk", "1.50"),
        (MINIMUM_TITLE, "98.50"),
    ]
    assert made.net == 100
    reached = bill(tariff(price("monthly", "100"), minimum=Decimal(100)))
    assert [line.title for line in reached.lines] == ["Monthly fee"]


def test_a_minimum_in_force_for_a_part_of_the_month_is_a_part() -> None:
    made = bill(tariff(minimum=Decimal(90), until=date(2026, 11, 11)), tariff(since=date(2026, 11, 11)))
    assert [(line.days, line.amount) for line in made.lines] == [(10, 30)]


def test_any_number_of_calls_takes_the_same_memory() -> None:
    book = TariffBook([tariff(price("agent", "0.99"), price("outbound", "0.07"), price("platform", "0.01"))])

    def peak_bytes(calls: int) -> int:
        biller = Biller(book, "acme", NOVEMBER, RUSSIA)
        tracemalloc.start()
        for number in range(calls):
            biller.take(inbound(NOON + number))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert biller.bill().calls == calls
        return peak

    peak_bytes(10)
    assert peak_bytes(3000) < peak_bytes(30) + 10_000


def test_each_rate_of_vat_is_computed_once() -> None:
    made = bill(
        tariff(price("monthly", "10.01"), vat_percent=Decimal(20), until=date(2026, 11, 16)),
        tariff(price("monthly", "10.03"), vat_percent=Decimal("22.5"), since=date(2026, 11, 16)),
    )
    assert [(vat.percent, vat.net, vat.amount) for vat in made.vat] == [
        (Decimal(20), Decimal("5.01"), Decimal("1.00")),
        (Decimal("22.5"), Decimal("5.02"), Decimal("1.13")),
    ]
    assert made.total == Decimal("12.16")
    assert bill(tariff(price("monthly", "1"))).vat == ()


def test_calls_are_counted_whether_they_cost_something_or_not() -> None:
    book = [tariff(price("outbound", "1", prefixes=("7",)), since=date(2026, 11, 5))]
    made = bill(
        *book,
        calls=[outbound(at("2026-11-02T00:00")), outbound(), outbound(NOON + 1, number="+4930123456")],
    )
    assert (made.calls, made.calls_charged, made.calls_without_tariff, made.legs_without_price) == (3, 1, 1, 1)


def test_a_month_without_a_tariff_is_an_empty_bill() -> None:
    made = bill(tariff(since=date(2027, 1, 1)), calls=[outbound()])
    assert (made.lines, made.net, made.total, made.calls_without_tariff) == ((), 0, 0, 1)


def test_the_same_price_before_and_after_a_change_has_two_lines() -> None:
    calls = [outbound(at("2026-11-02T10:00")), outbound(at("2026-11-20T10:00"), seconds=120)]
    made = bill(tariff(price("outbound", "1")), tariff(price("outbound", "2"), since=date(2026, 11, 16)), calls=calls)
    assert [(str(line.tariff_since), str(line.amount)) for line in made.lines] == [
        ("2026-01-01", "1.00"),
        ("2026-11-16", "4.00"),
    ]
