"""Price lists, and which one holds when.

A tariff is a project's from a date on, until another begins or it ends; dates begin at midnight in its time zone. A
tariff of nobody's is for the projects that have none. Which tariff a call is rated by is decided by when it began, for
all of it, however long it lasts.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import zip_longest
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from softswitch.billing.money import ZERO

TimedItem = Literal["inbound", "outbound", "platform", "agent", "wrap_up", "ivr", "queue", "recording", "conference"]
RentItem = Literal["number", "seat", "monthly"]
Item = TimedItem | RentItem
Direction = Literal["", "inbound", "outbound", "internal"]

TIMED: tuple[TimedItem, ...] = (
    "inbound", "outbound", "platform", "agent", "wrap_up", "ivr", "queue", "recording", "conference",
)  # fmt: skip
RENTS: tuple[RentItem, ...] = ("number", "seat", "monthly")

TITLES: dict[Item, str] = {
    "inbound": "Incoming calls, trunk",
    "outbound": "Outgoing calls, trunk",
    "platform": "Platform",
    "agent": "Agents",
    "wrap_up": "Agents, after calls",
    "ivr": "Menus and announcements",
    "queue": "Waiting in queues",
    "recording": "Recording",
    "conference": "Conference participants",
    "number": "Numbers",
    "seat": "Seats",
    "monthly": "Monthly fee",
}


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a price list. A timed item costs `price` a minute, a rent `price` a month for each of `quantity`.

    `prefixes` are digits of E.164 that the number begins with: the one called, of "outbound", or the one of ours that
    was called, of "inbound". None: any. Of several that fit, the longest beginning wins, then one for this trunk, then
    one for this direction.
    """

    item: Item
    name: str = ""
    price: Decimal = ZERO
    prefixes: tuple[str, ...] = ()
    trunk: str = ""
    direction: Direction = ""
    first_s: int = 0
    """At least so much is charged of a call;"""
    step_s: int = 1
    """what is above in whole steps of so much."""
    free_below_s: int = 0
    """What is shorter costs nothing."""
    connection: Decimal = ZERO
    """For each call, whatever its length."""
    free_minutes: int = 0
    """In a month, of what would be charged; a tariff that is in force for a part of it gives that part."""
    quantity: int | None = None
    """None: of numbers and seats as many as the project has, else one."""

    @property
    def title(self) -> str:
        return self.name or TITLES[self.item]

    def billed_s(self, used_ms: int, *, is_continued: bool) -> int:
        """The seconds charged of what was used. What continues in another call has had its first minimum there."""
        if used_ms <= 0 or used_ms < self.free_below_s * 1000:
            return 0
        used_s = -(-used_ms // 1000)
        first_s = 0 if is_continued else self.first_s
        if used_s <= first_s:
            return first_s
        return first_s + -(-(used_s - first_s) // self.step_s) * self.step_s


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """A price list with its dates; `until` is the first day on which it holds no more, None: nobody knows yet."""

    project: str
    since: date
    until: date | None = None
    currency: str = "EUR"
    vat_percent: Decimal = ZERO
    minimum: Decimal = ZERO
    """What a month comes to at least, without VAT."""
    prices: tuple[Price, ...] = ()

    def place_of(self, item: Item, *, number: str = "", trunk: str = "", direction: Direction = "") -> int | None:
        """Which of its prices holds; None: this is not charged."""
        best: tuple[int, bool, bool, int] | None = None
        for place, price in enumerate(self.prices):
            if price.item != item or price.trunk not in ("", trunk) or price.direction not in ("", direction):
                continue
            length = _fit(price.prefixes, number)
            if length is None:
                continue
            rank = (length, bool(price.trunk), bool(price.direction), -place)
            if best is None or rank > best:
                best = rank
        return None if best is None else -best[3]


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """What bills need to know of a project beside its calls."""

    name: str = ""
    timezone: str = "UTC"
    numbers: int = 0
    """Numbers that are its own,"""
    seats: int = 0
    """and agents who work for it alone: what a rent is for that says no quantity."""


class TariffBook:
    """All tariffs, asked by project and instant (epoch seconds)."""

    __slots__ = ("_customers", "_dated", "_tariffs")

    def __init__(self, tariffs: Iterable[Tariff] = (), customers: Mapping[str, Customer] | None = None) -> None:
        """Those of one project must not overlap; one without `until` ends where the next begins."""
        self._tariffs: dict[str, list[Tariff]] = {}
        for tariff in sorted(tariffs, key=lambda each: each.since):
            self._tariffs.setdefault(tariff.project, []).append(tariff)
        self._customers = customers or {}
        self._dated: dict[str, tuple[tuple[float, float, Tariff], ...]] = {}

    @property
    def is_empty(self) -> bool:
        return not self._tariffs

    def customer(self, project: str) -> Customer:
        return self._customers.get(project) or Customer(name=project)

    def of(self, project: str) -> tuple[Tariff, ...]:
        """In the order of time, each with the end and the quantities it has."""
        return tuple(tariff for _, _, tariff in self._dates(project))

    def at(self, project: str, instant: float) -> Tariff | None:
        """The tariff in force then, as `of` has it."""
        for begins_at, ends_at, tariff in self._dates(project):
            if begins_at <= instant < ends_at:
                return tariff
        return None

    def _dates(self, project: str) -> tuple[tuple[float, float, Tariff], ...]:
        known = self._dated.get(project)
        if known is None:
            known = self._dated[project] = tuple(self._make_dates(project))
        return known

    def _make_dates(self, project: str) -> Iterator[tuple[float, float, Tariff]]:
        own = self._tariffs.get(project) or self._tariffs.get("", [])
        customer = self.customer(project)
        for tariff, following in zip_longest(own, own[1:]):
            end = None if following is None else following.since
            until = tariff.until or end
            prices = tuple(_with_quantity(price, customer) for price in tariff.prices)
            ends_at = float("inf") if until is None else midnight(until, customer.timezone)
            begins_at = midnight(tariff.since, customer.timezone)
            yield begins_at, ends_at, msgspec.structs.replace(tariff, until=until, prices=prices)


def _with_quantity(price: Price, customer: Customer) -> Price:
    if price.quantity is not None:
        return price
    counts = {"number": customer.numbers, "seat": customer.seats}
    return msgspec.structs.replace(price, quantity=counts.get(price.item, 1))


def midnight(day: date, timezone: str) -> float:
    """Epoch seconds of the first instant of a day. Where the clock leaves midnight out the day begins after the gap."""
    local = datetime.combine(day, time(), ZoneInfo(timezone))
    return local.astimezone(UTC).timestamp()


def _fit(prefixes: tuple[str, ...], number: str) -> int | None:
    """How long the beginning is that fits; 0 where any does, None where none does."""
    if not prefixes:
        return 0
    return max((len(prefix) for prefix in prefixes if number.startswith(prefix)), default=None)
