"""A project's bill for a month: a line for each price that was used, rents, what is missing to the minimum, VAT.

`amount` of a line is the sum of the rated parts of calls that name it; `net` is the sum of the lines; `total` is `net`
and the VAT of each rate. All of it is exact in the currency's coins (money.py).
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec

from softswitch.billing.money import ZERO, places_of, rounded, share
from softswitch.billing.months import Month, days_in_force
from softswitch.billing.rating import RatedCall, Rater
from softswitch.billing.tariff import RENTS, Item, Price, Tariff, TariffBook
from softswitch.billing.usage import BilledCall
from softswitch.sip.trunks.numbers import Habits

MINIMUM_TITLE = "Up to the minimum payment"


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one price of one tariff came to. `unit` is "min" or "month", or "" for what is missing to the minimum."""

    tariff_since: date
    line: int
    """Of the tariff, from 1; 0: the minimum payment."""
    item: str
    title: str
    unit: str
    price: Decimal
    calls: int = 0
    """Parts of calls, of what is charged by the minute."""
    used_ms: int = 0
    billed_s: int = 0
    free_s: int = 0
    quantity: int = 0
    """Of what is charged by the month,"""
    days: int = 0
    """in force on so many days of it."""
    connections: Decimal = ZERO
    """What of the amount is for calls as such."""
    vat_percent: Decimal = ZERO
    amount: Decimal


class Vat(msgspec.Struct, frozen=True, kw_only=True):
    percent: Decimal
    net: Decimal
    amount: Decimal


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    project: str
    name: str
    month: str
    timezone: str
    begins_at: float
    ends_at: float
    currency: str
    lines: tuple[BillLine, ...]
    net: Decimal
    vat: tuple[Vat, ...]
    total: Decimal
    calls: int
    """That began in the month, answered or not."""
    calls_charged: int
    calls_without_tariff: int
    """They began when no tariff was in force, and are not on the bill."""
    legs_without_price: int
    """Legs through trunks that no line of the tariff has a price for: somebody should look."""


class _Sums:
    __slots__ = ("amount", "billed_s", "calls", "connections", "free_s", "used_ms")

    def __init__(self) -> None:
        self.calls = self.used_ms = self.billed_s = self.free_s = 0
        self.connections = self.amount = ZERO


class Biller:
    """Takes the calls of a month one by one, and says in the end what they come to. It keeps sums, no calls."""

    def __init__(self, book: TariffBook, project: str, month: Month, habits: Habits) -> None:
        self._tariffs = [tariff for tariff in book.of(project) if days_in_force(tariff, month)]
        self.project = project
        self._name = book.customer(project).name
        self._month = month
        self._rater = Rater(book, project, month, habits)
        self._sums: dict[tuple[date, int], _Sums] = {}
        self._calls = self._charged = self._without_tariff = self._without_price = 0

    def take(self, call: BilledCall) -> RatedCall:
        """The next call of the project that began in the month, rated."""
        rated = self._rater.rate(call)
        self._calls += 1
        self._charged += any(part.billed_s for part in rated.parts)
        self._without_tariff += not rated.has_tariff
        self._without_price += len(rated.unpriced)
        for part in rated.parts:
            key = (part.tariff_since, part.line)
            sums = self._sums.get(key)
            if sums is None:
                sums = self._sums[key] = _Sums()
            sums.calls += 1
            sums.used_ms += part.used_ms
            sums.billed_s += part.billed_s
            sums.free_s += part.free_s
            sums.connections += part.connection
            sums.amount += part.amount
        return rated

    def bill(self) -> Bill:
        lines = tuple(line for tariff in self._tariffs for line in self._of_tariff(tariff))
        currency = self._tariffs[-1].currency if self._tariffs else ""
        net = sum((line.amount for line in lines), ZERO)
        vat = tuple(_vat(lines, places_of(currency)))
        return Bill(
            project=self.project,
            name=self._name,
            month=str(self._month),
            timezone=self._month.timezone,
            begins_at=self._month.begins_at,
            ends_at=self._month.ends_at,
            currency=currency,
            lines=lines,
            net=net,
            vat=vat,
            total=net + sum((each.amount for each in vat), ZERO),
            calls=self._calls,
            calls_charged=self._charged,
            calls_without_tariff=self._without_tariff,
            legs_without_price=self._without_price,
        )

    def _of_tariff(self, tariff: Tariff) -> Iterator[BillLine]:
        """Its lines in its own order, and what is missing to its minimum."""
        days, places = days_in_force(tariff, self._month), places_of(tariff.currency)
        reached = ZERO
        for number, price in enumerate(tariff.prices, start=1):
            if price.item in RENTS:
                line = self._rent(tariff, number, price, days, places)
            else:
                line = self._timed(tariff, number, price)
            if line is not None:
                reached += line.amount
                yield line
        missing = share(tariff.minimum, days, self._month.days, places) - reached
        if missing > 0:
            yield _line(tariff, 0, "minimum", MINIMUM_TITLE, "", tariff.minimum, days=days, amount=missing)

    def _timed(self, tariff: Tariff, number: int, price: Price) -> BillLine | None:
        sums = self._sums.get((tariff.since, number))
        if sums is None:
            return None
        return _line(
            tariff,
            number,
            price.item,
            price.title,
            "min",
            price.price,
            calls=sums.calls,
            used_ms=sums.used_ms,
            billed_s=sums.billed_s,
            free_s=sums.free_s,
            connections=sums.connections,
            amount=sums.amount,
        )

    def _rent(self, tariff: Tariff, number: int, price: Price, days: int, places: int) -> BillLine | None:
        if not price.quantity:
            return None
        amount = share(price.price * price.quantity, days, self._month.days, places)
        return _line(
            tariff,
            number,
            price.item,
            price.title,
            "month",
            price.price,
            quantity=price.quantity,
            days=days,
            amount=amount,
        )


def bill_of(calls: Iterable[BilledCall], book: TariffBook, project: str, month: Month, habits: Habits) -> Bill:
    """`calls` are those of the project that began in the month, in that order."""
    biller = Biller(book, project, month, habits)
    for call in calls:
        biller.take(call)
    return biller.bill()


def _line(
    tariff: Tariff,
    number: int,
    item: Item | str,
    title: str,
    unit: str,
    price: Decimal,
    *,
    amount: Decimal,
    calls: int = 0,
    used_ms: int = 0,
    billed_s: int = 0,
    free_s: int = 0,
    quantity: int = 0,
    days: int = 0,
    connections: Decimal = ZERO,
) -> BillLine:
    return BillLine(
        tariff_since=tariff.since,
        line=number,
        item=item,
        title=title,
        unit=unit,
        price=price,
        calls=calls,
        used_ms=used_ms,
        billed_s=billed_s,
        free_s=free_s,
        quantity=quantity,
        days=days,
        connections=connections,
        vat_percent=tariff.vat_percent,
        amount=amount,
    )


def _vat(lines: tuple[BillLine, ...], places: int) -> Iterator[Vat]:
    """Of each rate, once, of the sum of its lines."""
    for percent in sorted({line.vat_percent for line in lines}):
        net = sum((line.amount for line in lines if line.vat_percent == percent), ZERO)
        if percent:
            yield Vat(percent=percent, net=net, amount=rounded(net * percent / 100, places))
