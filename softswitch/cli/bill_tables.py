"""A bill, and a rated call, for people."""

import click

from softswitch.billing.bill import Bill, BillLine
from softswitch.billing.files.workbook import notes_of
from softswitch.billing.rating import RatedCall, RatedPart
from softswitch.billing.tariff import Tariff
from softswitch.cli.render import Column, show_table
from softswitch.cli.words import count, duration, instant


def show_bill(bill: Bill, output: str | None) -> None:
    """Raises `click.UsageError` where a file is wanted: a table is for the terminal."""
    if output is not None:
        raise click.UsageError("a table is shown, not written: --format json or xlsx with -o FILE")
    click.echo(
        f"{bill.name}, {bill.month} ({bill.timezone}): {count(bill.calls, 'call')}, {bill.calls_charged} charged\n"
    )
    if bill.lines:
        show_table(bill.lines, _LINES)
        click.echo()
    click.echo(f"Without VAT  {bill.net:f} {bill.currency}")
    for vat in bill.vat:
        click.echo(f"VAT {vat.percent.normalize():f} %  {vat.amount:f} {bill.currency} (of {vat.net:f})")
    click.echo(f"In all       {bill.total:f} {bill.currency}")
    for note in notes_of(bill):
        click.echo(f"Look: {note}.")


def show_rated(rated: RatedCall, project: str, month: str, tariff: Tariff | None) -> None:
    click.echo(f"Call {rated.call_id}: {rated.calling_number} to {rated.called_number}, {instant(rated.started_at)}")
    if tariff is None:
        click.echo(f"No tariff of project {project} was in force when it began: it is not charged.")
        return
    click.echo(f"Project {project}, bill of {month}, tariff since {tariff.since}\n")
    if rated.parts:
        show_table(rated.parts, _PARTS)
        click.echo()
    else:
        click.echo("Nothing of it has a price.")
    for usage in rated.unpriced:
        where = usage.number or usage.trunk
        click.echo(f"Look: {usage.item} {where}, {duration(usage.used_ms / 1000)}, fits no price of the tariff.")
    click.echo(f"In all {rated.amount:f} {tariff.currency}, without VAT")


_LINES: list[Column[BillLine]] = [
    Column("Line", lambda row: row.title, is_flexible=True),
    Column("Since", lambda row: str(row.tariff_since), is_wide=True),
    Column("Calls", lambda row: str(row.calls) if row.unit == "min" else "", is_number=True),
    Column("Used", lambda row: duration(row.used_ms / 1000) if row.unit == "min" else "", is_number=True, is_wide=True),
    Column("Charged", lambda row: duration(row.billed_s) if row.unit == "min" else "", is_number=True),
    Column("Free", lambda row: duration(row.free_s) if row.free_s else "", is_number=True, is_wide=True),
    Column("Pieces", lambda row: str(row.quantity) if row.unit == "month" else "", is_number=True),
    Column("Days", lambda row: str(row.days) if row.unit != "min" else "", is_number=True, is_wide=True),
    Column("Price", lambda row: f"{row.price:f}", is_number=True),
    Column("Unit", lambda row: row.unit),
    Column("Amount", lambda row: f"{row.amount:f}", is_number=True),
]

_PARTS: list[Column[RatedPart]] = [
    Column("Part", lambda row: row.title, is_flexible=True),
    Column("Line", lambda row: str(row.line), is_number=True),
    Column("Number", lambda row: row.number, is_flexible=True),
    Column("Trunk", lambda row: row.trunk, is_wide=True),
    Column("Used", lambda row: f"{row.used_ms / 1000:.3f} s", is_number=True),
    Column("Charged", lambda row: f"{row.billed_s} s", is_number=True),
    Column("Free", lambda row: f"{row.free_s} s" if row.free_s else "", is_number=True),
    Column("Price", lambda row: f"{row.price:f}/min", is_number=True),
    Column("Call", lambda row: f"{row.connection:f}" if row.connection else "", is_number=True),
    Column("Amount", lambda row: f"{row.amount:f}", is_number=True),
]
