"""The rows of tariffs.toml, every key with its default; docs/configuration.md says the same for operators."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.billing.tariff import Direction, Item
from softswitch.config.rows import IdentifierOrEmpty

DAY_S = 86_400
Whole = Annotated[int, Meta(ge=0, le=1_000_000)]


class PriceRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[tariff.prices]]: one line of a price list."""

    item: Item
    price: Decimal
    """For a minute; of "number", "seat" and "monthly" for a month."""
    name: str = ""
    """On the bill; empty: what the item is called."""
    prefixes: tuple[str, ...] = ()
    """Only numbers that begin so: the one called, of "outbound"; the one of ours that was called, of "inbound"."""
    regions: tuple[str, ...] = ()
    """And those of these regions of callers.toml."""
    trunk: str = ""
    direction: Direction = ""
    first_s: Annotated[int, Meta(ge=0, le=DAY_S)] = 0
    """At least so much is charged;"""
    step_s: Annotated[int, Meta(ge=1, le=DAY_S)] = 1
    """above it whole steps."""
    free_below_s: Annotated[int, Meta(ge=0, le=DAY_S)] = 0
    connection: Decimal = Decimal(0)
    """For each call, beside its minutes."""
    free_minutes: Whole = 0
    """In a month."""
    quantity: Whole | None = None
    """Of "number", "seat" and "monthly"; None: as many as the project has, or one."""


class TariffRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[tariff]]: what a client company pays from a date on."""

    project: IdentifierOrEmpty = ""
    """Empty: every project that has no tariff of its own."""
    since: date
    """From the beginning of this day, in the project's time zone,"""
    until: date | None = None
    """to the beginning of this one; None: until the next begins."""
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "EUR"
    vat_percent: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    """What a month comes to at least, without VAT."""
    prices: tuple[PriceRow, ...] = ()
