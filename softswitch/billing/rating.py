"""Calls rated by a project's tariffs, one after the other in the order in which they began.

    usage ── price that fits ──► seconds charged ── less free minutes left ──► amount, rounded to the coin

A rated part names the tariff and the line that gave it, so that every amount on a bill can be followed back. What has
no price costs nothing; a trunk's minute without one, where others have theirs, is counted, since somebody forgot it.
"""

from datetime import date
from decimal import Decimal

import msgspec

from softswitch.billing.money import ZERO, for_time, places_of, rounded
from softswitch.billing.months import Month, days_in_force
from softswitch.billing.tariff import Item, Price, Tariff, TariffBook
from softswitch.billing.usage import BilledCall, Usage, usages
from softswitch.sip.trunks.numbers import Habits


class RatedPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of a call, and what it costs. `tariff_since` and `line` (from 1) say which price it was rated by."""

    item: Item
    tariff_since: date
    line: int
    title: str
    used_ms: int
    billed_s: int
    free_s: int
    """Of these, for free minutes."""
    price: Decimal
    connection: Decimal
    """What of the amount is for the call as such."""
    amount: Decimal
    number: str = ""
    trunk: str = ""


class RatedCall(msgspec.Struct, frozen=True, kw_only=True):
    call_id: str
    started_at: float
    calling_number: str
    called_number: str
    parts: tuple[RatedPart, ...]
    amount: Decimal
    unpriced: tuple[Usage, ...] = ()
    """Of trunks, where the tariff has prices for the like."""
    has_tariff: bool = True


class Rater:
    """For one project and one month. It remembers how many free minutes are left, and nothing of the calls."""

    __slots__ = ("_book", "_free_left_s", "_habits", "_month", "_project")

    def __init__(self, book: TariffBook, project: str, month: Month, habits: Habits) -> None:
        self._book = book
        self._project = project
        self._month = month
        self._habits = habits
        self._free_left_s: dict[tuple[date, int], int] = {}

    def rate(self, call: BilledCall) -> RatedCall:
        tariff = self._book.at(self._project, call.started_at)
        parts: list[RatedPart] = []
        unpriced: list[Usage] = []
        for usage in usages(call, self._habits) if tariff is not None else ():
            assert tariff is not None, "as asked"
            place = tariff.place_of(usage.item, number=usage.number, trunk=usage.trunk, direction=usage.direction)
            if place is not None:
                parts.append(self._rate(tariff, place, usage))
            elif usage.item in ("inbound", "outbound") and any(each.item == usage.item for each in tariff.prices):
                unpriced.append(usage)
        return RatedCall(
            call_id=call.call_id,
            started_at=call.started_at,
            calling_number=call.calling_number,
            called_number=call.called_number,
            parts=tuple(parts),
            amount=sum((part.amount for part in parts), ZERO),
            unpriced=tuple(unpriced),
            has_tariff=tariff is not None,
        )

    def _rate(self, tariff: Tariff, place: int, usage: Usage) -> RatedPart:
        price = tariff.prices[place]
        billed_s = price.billed_s(usage.used_ms, is_continued=usage.is_continued)
        free_s = self._take_free(tariff, place, billed_s)
        connection = price.connection if billed_s and not usage.is_continued else ZERO
        amount = for_time(price.price, billed_s - free_s) + connection
        return RatedPart(
            item=price.item,
            tariff_since=tariff.since,
            line=place + 1,
            title=price.title,
            used_ms=usage.used_ms,
            billed_s=billed_s,
            free_s=free_s,
            price=price.price,
            connection=connection,
            amount=rounded(amount, places_of(tariff.currency)),
            number=usage.number,
            trunk=usage.trunk,
        )

    def _take_free(self, tariff: Tariff, place: int, wanted_s: int) -> int:
        price = tariff.prices[place]
        if not price.free_minutes:
            return 0
        key = (tariff.since, place)
        left_s = self._free_left_s.get(key)
        if left_s is None:
            left_s = free_seconds(price, self._month, tariff)
        taken_s = min(left_s, wanted_s)
        self._free_left_s[key] = left_s - taken_s
        return taken_s


def free_seconds(price: Price, month: Month, tariff: Tariff) -> int:
    """A tariff that is in force for some days of a month gives so much of its free minutes, in whole seconds."""
    return price.free_minutes * 60 * days_in_force(tariff, month) // month.days
