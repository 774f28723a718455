"""What must hold for tariffs: one at a time for each project, in one currency, with prices that can be applied."""

from decimal import Decimal
from itertools import pairwise

from softswitch.billing.tariff import RENTS
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.tariff_rows import PriceRow, TariffRow
from softswitch.config.toml_lines import KeyPath

FILE = "tariffs.toml"
PRICE_MAX = Decimal(1_000_000_000)
"""More is a slip of the finger, in any currency."""


def check_tariffs(draft: Draft) -> None:
    faults = draft.fault_lists[FILE]
    projects = draft.names("projects.toml", "project")
    by_project: dict[str, list[tuple[int, TariffRow]]] = {}
    for index, row in draft.tariffs:
        path: KeyPath = ("tariff", index)
        if row.project and projects is not None and row.project not in projects:
            remedy = did_you_mean(row.project, projects, "Add it to projects.toml, or remove it here")
            faults.add((*path, "project"), f'there is no project "{row.project}"', remedy)
        if row.until is not None and row.until <= row.since:
            reason = f"it ends on {row.until}, before it has begun"
            faults.add((*path, "until"), reason, "`until` is the first day on which it holds no more")
        _check_amount(row.vat_percent, (*path, "vat_percent"), faults, most=Decimal(100))
        _check_amount(row.minimum, (*path, "minimum"), faults)
        for place, price in enumerate(row.prices):
            _check_price(price, (*path, "prices", place), draft, faults)
        _check_alike(row, path, faults)
        by_project.setdefault(row.project, []).append((index, row))
    for rows in by_project.values():
        _check_dates(rows, faults)


def _check_dates(rows: list[tuple[int, TariffRow]], faults: FaultList) -> None:
    rows.sort(key=lambda found: found[1].since)
    for (first, row), (second, following) in pairwise(rows):
        place = faults.place(("tariff", first))
        if row.since == following.since or (row.until is not None and row.until > following.since):
            reason = f"{place} holds on {following.since} as well"
            remedy = "Let one end on the day the other begins: `until` is the first day on which it holds no more"
            faults.add(("tariff", second, "since"), reason, remedy)
        if row.currency != following.currency:
            reason = f"{place} is in {row.currency}, and a bill has one currency"
            faults.add(("tariff", second, "currency"), reason, "Write the same in all tariffs of a project")


def _check_price(price: PriceRow, path: KeyPath, draft: Draft, faults: FaultList) -> None:
    _check_amount(price.price, (*path, "price"), faults)
    _check_amount(price.connection, (*path, "connection"), faults)
    is_trunk, is_rent = price.item in ("inbound", "outbound"), price.item in RENTS
    for key, is_there, is_right in (
        ("prefixes", bool(price.prefixes), is_trunk),
        ("regions", bool(price.regions), is_trunk),
        ("trunk", bool(price.trunk), is_trunk),
        ("direction", bool(price.direction), not is_trunk and not is_rent),
        ("first_s", bool(price.first_s), not is_rent),
        ("step_s", price.step_s != 1, not is_rent),
        ("free_below_s", bool(price.free_below_s), not is_rent),
        ("connection", bool(price.connection), not is_rent),
        ("free_minutes", bool(price.free_minutes), not is_rent),
        ("quantity", price.quantity is not None, is_rent),
    ):
        if is_there and not is_right:
            faults.add((*path, key), f'this means nothing for "{price.item}"', "Remove it")
    for position, prefix in enumerate(price.prefixes):
        digits = prefix.removeprefix("+")
        if not (digits.isascii() and digits.isdecimal()):
            reason = f'"{prefix}" is no beginning of a number'
            faults.add((*path, "prefixes", position), reason, 'Write "+7495", the international form')
    regions = draft.names("callers.toml", "region")
    for position, region in enumerate(price.regions):
        if regions is not None and region not in regions:
            remedy = did_you_mean(region, regions, "Add it to callers.toml, or write prefixes")
            faults.add((*path, "regions", position), f'there is no region "{region}"', remedy)
    trunks = draft.names("trunks.toml", "trunk", "name")
    if price.trunk and trunks is not None and price.trunk not in trunks:
        remedy = did_you_mean(price.trunk, trunks, "Write the name of a trunk of trunks.toml")
        faults.add((*path, "trunk"), f'there is no trunk "{price.trunk}"', remedy)


def _check_alike(row: TariffRow, path: KeyPath, faults: FaultList) -> None:
    """Of two prices for the same only the first would ever be used; rents may be any number."""
    seen: dict[tuple[str, str, str, str], int] = {}
    for place, price in enumerate(row.prices):
        if price.item in RENTS:
            continue
        for beginning in (*price.prefixes, *(f"region {region}" for region in price.regions)) or ("",):
            what = (price.item, beginning.removeprefix("+"), price.trunk, price.direction)
            first = seen.setdefault(what, place)
            if first != place:
                place_of_first = faults.place((*path, "prices", first))
                faults.add((*path, "prices", place), f"{place_of_first} is a price for the same", "Remove one of them")


def _check_amount(amount: Decimal, path: KeyPath, faults: FaultList, *, most: Decimal = PRICE_MAX) -> None:
    if not amount.is_finite() or not 0 <= amount <= most:
        faults.add(path, f"{amount} is not possible here", f'Write an amount from 0 to {most:f}: "6.50"')
