"""A configuration's tariffs as bills use them, and what of them an operator should look at."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from softswitch.billing.tariff import Customer, Price, Tariff, TariffBook
from softswitch.config.configuration import Configuration
from softswitch.config.tariff_rows import PriceRow, TariffRow
from softswitch.sip.trunks.numbers import Habits


def tariff_book(configuration: Configuration) -> TariffBook:
    regions = {region.id: region.prefixes for region in configuration.regions}
    customers = {
        project.id: Customer(
            name=project.name,
            timezone=project.timezone or "UTC",
            numbers=sum(route.project == project.id for route in configuration.routes),
            seats=sum(agent.projects == (project.id,) for agent in configuration.agents),
        )
        for project in configuration.projects
    }
    return TariffBook((_tariff(row, regions) for row in configuration.tariffs), customers)


def number_habits(configuration: Configuration) -> Habits:
    """How numbers are dialled here."""
    numbers = configuration.settings.numbers
    return Habits(
        country_code=numbers.country_code,
        national_prefix=numbers.national_prefix,
        international_prefix=numbers.international_prefix,
        national_digits=numbers.national_digits,
    )


def tariff_warnings(configuration: Configuration, today: date) -> Iterator[str]:
    """What is no contradiction, but probably not meant: nobody would be charged. Only where there are tariffs."""
    if not configuration.tariffs:
        return
    book = tariff_book(configuration)
    for project in configuration.projects:
        tariffs = book.of(project.id)
        if not tariffs:
            yield (
                f'tariffs.toml: project "{project.id}" has no tariff, so its calls are on no bill. Add a [[tariff]] '
                f'with project = "{project.id}", or one without `project` for all that have none'
            )
            continue
        for first, second in pairwise(tariffs):
            if first.until is not None and first.until < second.since:
                yield (
                    f'tariffs.toml: project "{project.id}" has no tariff from {first.until} to {second.since}. '
                    "Calls of these days are on no bill: move `until` or `since`"
                )
        last = tariffs[-1].until
        if last is not None and last <= today:
            yield (
                f'tariffs.toml: the last tariff of project "{project.id}" has ended on {last}. Its calls are on no '
                "bill since: add the next [[tariff]], or remove `until`"
            )


def _tariff(row: TariffRow, regions: dict[str, tuple[str, ...]]) -> Tariff:
    return Tariff(
        project=row.project,
        since=row.since,
        until=row.until,
        currency=row.currency,
        vat_percent=row.vat_percent,
        minimum=row.minimum,
        prices=tuple(_price(price, regions) for price in row.prices),
    )


def _price(row: PriceRow, regions: dict[str, tuple[str, ...]]) -> Price:
    prefixes = (*row.prefixes, *(prefix for region in row.regions for prefix in regions.get(region, ())))
    return Price(
        item=row.item,
        name=row.name,
        price=row.price,
        prefixes=tuple(prefix.removeprefix("+") for prefix in prefixes),
        trunk=row.trunk,
        direction=row.direction,
        first_s=row.first_s,
        step_s=row.step_s,
        free_below_s=row.free_below_s,
        connection=row.connection,
        free_minutes=row.free_minutes,
        quantity=row.quantity,
    )
