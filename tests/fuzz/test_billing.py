"""Bills of any calls under any tariffs: they add up, longer calls never cost less, and dates decide."""

from datetime import date, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from softswitch.billing.bill import Biller, bill_of
from softswitch.billing.money import places_of
from softswitch.billing.months import Month, days_in_force, month_at, month_before
from softswitch.billing.rating import Rater
from softswitch.billing.tariff import RENTS, TIMED, Customer, Item, Price, Tariff, TariffBook, midnight
from softswitch.billing.usage import BilledCall, BilledLeg, BilledStay
from softswitch.sip.trunks.numbers import Habits

HABITS = Habits()
ITEMS: list[Item] = [*TIMED, *RENTS]
ZONES = st.sampled_from(["UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Pacific/Apia"])
AMOUNTS = st.decimals(min_value=0, max_value=1000, places=4)
SECONDS = st.floats(min_value=0, max_value=7200)
NUMBERS = st.sampled_from(["+74951234567", "+4930123456", "78005550100", "112", ""])


@st.composite
def prices(draw: st.DrawFn) -> Price:
    item: Item = draw(st.sampled_from(ITEMS))
    is_trunk = item in ("inbound", "outbound")
    return Price(
        item=item,
        price=draw(AMOUNTS),
        prefixes=draw(st.sampled_from([(), ("7",), ("7495", "49")])) if is_trunk else (),
        trunk=draw(st.sampled_from(["", "mts"])) if is_trunk else "",
        first_s=draw(st.integers(0, 120)),
        step_s=draw(st.integers(1, 120)),
        free_below_s=draw(st.integers(0, 10)),
        connection=draw(AMOUNTS),
        free_minutes=draw(st.integers(0, 60)),
        quantity=draw(st.integers(0, 20)),
    )


@st.composite
def books(draw: st.DrawFn) -> TariffBook:
    """One to three tariffs of the project, one after the other, perhaps with gaps."""
    day = date(2026, 9, 1) + timedelta(draw(st.integers(0, 60)))
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    tariffs: list[Tariff] = []
    for _ in range(draw(st.integers(1, 3))):
        end = day + timedelta(draw(st.integers(1, 60)))
        tariffs.append(
            Tariff(
                project="acme",
                since=day,
                until=end,
                currency=currency,
                vat_percent=draw(st.decimals(min_value=0, max_value=30, places=1)),
                minimum=draw(AMOUNTS),
                prices=tuple(draw(st.lists(prices(), max_size=6))),
            )
        )
        day = end + timedelta(draw(st.integers(0, 5)))
    return TariffBook(tariffs, {"acme": Customer(timezone=draw(ZONES))})


@st.composite
def calls(draw: st.DrawFn, month: Month) -> BilledCall:
    began_at = draw(st.floats(month.begins_at, month.ends_at, exclude_max=True))
    wait_s, talk_s, more_s = draw(SECONDS), draw(SECONDS), draw(SECONDS)
    ended_at = began_at + wait_s + talk_s + more_s
    is_inbound, number = draw(st.booleans()), draw(NUMBERS)
    leg = BilledLeg(
        role="caller" if is_inbound else "called",
        party=draw(st.sampled_from(["trunk:mts", "trunk:other", "ann"])),
        number=number,
        dialled=number,
        answered_at=draw(st.sampled_from([None, began_at])),
        ended_at=ended_at,
        came_from=draw(st.sampled_from(["", "before"])),
    )
    return BilledCall(
        call_id="c",
        started_at=began_at,
        answered_at=draw(st.sampled_from([None, began_at])),
        ended_at=ended_at,
        calling_number="1",
        called_number=number,
        project="acme",
        trunk="mts" if is_inbound else "",
        queue_wait_s=wait_s,
        talk_s=talk_s,
        wrap_up_s=draw(SECONDS),
        recorded_s=draw(SECONDS),
        sip_legs=(leg,),
        stays=(BilledStay(talk_s=talk_s, agent="ann"),) if draw(st.booleans()) else (),
    )


def month_of(book: TariffBook) -> Month:
    return Month(2026, 10, book.customer("acme").timezone)


@given(st.data())
def test_a_bill_adds_up_to_the_coin(data: st.DataObject) -> None:
    book = data.draw(books())
    month = month_of(book)
    biller = Biller(book, "acme", month, HABITS)
    rated = [biller.take(call) for call in data.draw(st.lists(calls(month), max_size=8))]
    bill = biller.bill()
    places = places_of(bill.currency)
    for line in bill.lines:
        assert line.amount >= 0
        if bill.currency:
            assert -line.amount.as_tuple().exponent <= places  # pyright: ignore[reportOperatorIssue]
        parts = [
            part
            for call in rated
            for part in call.parts
            if (part.tariff_since, part.line) == (line.tariff_since, line.line)
        ]
        if line.unit == "min":
            assert line.amount == sum(part.amount for part in parts)
            assert line.billed_s == sum(part.billed_s for part in parts)
            assert line.used_ms == sum(part.used_ms for part in parts)
            assert line.free_s == sum(part.free_s for part in parts) <= line.billed_s
        else:
            assert not parts
    assert bill.net == sum(line.amount for line in bill.lines)
    assert bill.total == bill.net + sum(vat.amount for vat in bill.vat)
    charged = [line for line in bill.lines if line.unit == "min"]
    assert sum(call.amount for call in rated) == sum(line.amount for line in charged)
    for tariff in book.of("acme"):
        days = days_in_force(tariff, month)
        reached = sum(line.amount for line in bill.lines if line.tariff_since == tariff.since)
        assert not days or reached * month.days >= tariff.minimum * days - month.days


@given(st.data())
def test_a_call_more_never_makes_a_bill_smaller(data: st.DataObject) -> None:
    book = data.draw(books())
    month = month_of(book)
    taken = data.draw(st.lists(calls(month), min_size=1, max_size=6))
    fewer = bill_of(taken[:-1], book, "acme", month, HABITS)
    assert bill_of(taken, book, "acme", month, HABITS).net >= fewer.net


@given(
    st.data(),
    prices().filter(lambda price: price.item in TIMED),
    st.integers(0, 10_000_000),
    st.integers(0, 10_000_000),
)
def test_more_time_never_costs_less(data: st.DataObject, price: Price, one_ms: int, other_ms: int) -> None:
    less, more = sorted((one_ms, other_ms))
    is_continued = data.draw(st.booleans())
    billed_less = price.billed_s(less, is_continued=is_continued)
    billed_more = price.billed_s(more, is_continued=is_continued)
    assert billed_less <= billed_more
    assert billed_more == 0 or billed_more * 1000 >= more, "nothing that was used is given away"
    excess_s = billed_more - -(-more // 1000)
    assert excess_s < price.step_s or billed_more == price.first_s, "nor is more charged than the first and a step"


@given(st.data())
def test_a_longer_call_never_costs_less(data: st.DataObject) -> None:
    book = data.draw(books())
    month = month_of(book)
    call = data.draw(calls(month))
    more_s = data.draw(SECONDS)
    longer = msgspec.structs.replace(
        call,
        ended_at=call.ended_at + more_s,
        talk_s=call.talk_s + more_s,
        sip_legs=tuple(msgspec.structs.replace(leg, ended_at=leg.ended_at + more_s) for leg in call.sip_legs),
        stays=tuple(msgspec.structs.replace(stay, talk_s=stay.talk_s + more_s) for stay in call.stays),
    )
    amounts = [Rater(book, "acme", month, HABITS).rate(each).amount for each in (call, longer)]
    assert amounts[0] <= amounts[1] + Decimal("0.01"), "a menu may be a millisecond shorter"


@given(books(), st.floats(0, 1), st.integers(0, 120))
def test_the_tariff_in_force_is_the_one_whose_days_these_are(book: TariffBook, fraction: float, day: int) -> None:
    zone = book.customer("acme").timezone
    instant = midnight(date(2026, 9, 1) + timedelta(day), zone) + fraction * 86_000
    found = book.at("acme", instant)
    holds = [
        tariff
        for tariff in book.of("acme")
        if midnight(tariff.since, zone) <= instant and (tariff.until is None or instant < midnight(tariff.until, zone))
    ]
    assert holds == ([] if found is None else [found]), "one at most"


@given(books(), st.integers(1, 12))
def test_days_in_force_of_all_tariffs_are_no_more_than_the_month_has(book: TariffBook, number: int) -> None:
    month = Month(2026, number, book.customer("acme").timezone)
    assert sum(days_in_force(tariff, month) for tariff in book.of("acme")) <= month.days


@given(ZONES, st.floats(0, 4e9))
def test_every_instant_is_in_exactly_one_month(zone: str, instant: float) -> None:
    month = month_at(instant, zone)
    assert month.begins_at <= instant < month.ends_at
    assert month_before(month).ends_at == month.begins_at
