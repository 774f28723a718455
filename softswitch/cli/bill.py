"""`softswitch bill` and `softswitch rate`: what a client company is charged, and why."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click
import msgspec

from softswitch.billing.bill import Bill, Biller
from softswitch.billing.months import Month, month_at, month_before, month_of
from softswitch.billing.rating import RatedCall
from softswitch.billing.tariff import TariffBook
from softswitch.billing.usage import BilledCall
from softswitch.cli.bill_tables import show_bill, show_rated
from softswitch.cli.directory import chosen_project, config_option, find_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import json_option, show_json
from softswitch.config import Configuration, load
from softswitch.config.tariffs import number_habits, tariff_book
from softswitch.store.layout import TimedKey
from softswitch.store.tables import TableReader

if TYPE_CHECKING:
    from softswitch.store import StoreReader

PREFIX_MIN = 4
"""Characters that may stand for a call's id."""


@click.command
@click.argument("project")
@click.option("--month", metavar="YYYY-MM", help="Otherwise the last one that is over.")
@click.option("--format", "form", type=click.Choice(["table", "json", "xlsx"]), default="table", show_default=True)
@click.option("--calls", is_flag=True, help="With every call that is charged; in JSON and XLSX.")
@click.option("-o", "--output", metavar="FILE", help="Otherwise standard output.")
@config_option
def bill(project: str, month: str | None, form: str, calls: bool, output: str | None, config: str | None) -> None:
    """A client company's bill for a month."""
    directory = find_directory(config)
    configuration = load(directory)
    book, of_month = _book(configuration, project), _month(configuration, project, month)
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook is not for the terminal: -o FILE")
    biller = Biller(book, project, of_month, number_habits(configuration))
    with _reader(configuration) as store:
        rated = map(biller.take, _calls_of(store, project, of_month))
        match form:
            case "xlsx" if output is not None:
                made = _in_place(output, lambda path: _write_workbook(path, rated, biller, of_month, book, calls))
            case "xlsx":
                with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
                    made = _write_workbook(file.name, rated, biller, of_month, book, calls)
                    shutil.copyfileobj(file, sys.stdout.buffer)
            case "json" if output is not None:
                made = _in_place(output, lambda path: _write_json(path, rated, biller, calls))
            case "json":
                made = _put_json(sys.stdout.write, rated, biller, calls)
            case _:
                made = _finished(rated, biller)
                show_bill(made, output)
    if output is not None:
        click.echo(f"{made.total:f} {made.currency} for {made.calls} calls: {output}", err=True)


@click.command
@click.argument("call")
@config_option
@json_option
def rate(call: str, config: str | None, as_json: bool) -> None:
    """Why a call costs what it does."""
    configuration = load(find_directory(config))
    with _reader(configuration) as store:
        found = _find(store, call)
        project = found.project
        if not project:
            raise Failure(f"call {found.call_id} belongs to no project, so nobody is charged for it")
        book = _book(configuration, project)
        month = month_at(found.started_at, book.customer(project).timezone)
        biller = Biller(book, project, month, number_habits(configuration))
        for each in _calls_of(store, project, month):
            rated = biller.take(each)  # those before it may have used up free minutes
            if each.call_id == found.call_id:
                break
        else:
            raise Failure(f"call {found.call_id} is not among those of {month}: try again")
    if as_json:
        show_json(rated)
    else:
        show_rated(rated, project, str(month), book.at(project, found.started_at))


def _book(configuration: Configuration, project: str) -> TariffBook:
    if chosen_project() not in ("", project):
        raise Failure(f"this is project {chosen_project()}'s view: leave out --project to see those of others")
    if project not in {row.id for row in configuration.projects}:
        known = ", ".join(row.id for row in configuration.projects) or "none"
        raise Failure(f'there is no project "{project}"; known: {known}', CONFIGURATION)
    book = tariff_book(configuration)
    if not book.of(project):
        raise Failure(
            f'project "{project}" has no tariff: add a [[tariff]] with project = "{project}" to tariffs.toml, or one '
            "without `project`, for all",
            CONFIGURATION,
        )
    return book


def _month(configuration: Configuration, project: str, text: str | None) -> Month:
    from softswitch.base.clock import SystemClock

    timezone = tariff_book(configuration).customer(project).timezone
    if text is None:
        return month_before(month_at(SystemClock().wall(), timezone))
    month = month_of(text, timezone)
    if month is None:
        raise click.BadParameter(f'"{text}" is no month: write 2026-11', param_hint="--month")
    return month


def _reader(configuration: Configuration) -> "StoreReader":
    from softswitch.store import open_reader

    return open_reader(configuration.settings.store.directory)


def _calls(store: "StoreReader") -> TableReader[TimedKey, BilledCall]:
    return store.cdrs.narrow(BilledCall)


def _calls_of(store: "StoreReader", project: str, month: Month) -> Iterator[BilledCall]:
    of_month = _calls(store).ascending((month.begins_at, ""), (month.ends_at, ""))
    return (call for call in of_month if call.project == project)


def _find(store: "StoreReader", call_id: str) -> BilledCall:
    for call in _calls(store).descending():
        if call.call_id == call_id or (len(call_id) >= PREFIX_MIN and call.call_id.startswith(call_id)):
            return call
    raise Failure(f'no call "{call_id}" has a record: `softswitch cdr` lists those that have one')


def _finished(rated: Iterator[RatedCall], biller: Biller) -> Bill:
    for _ in rated:
        pass
    return biller.bill()


def _write_workbook(
    path: str, rated: Iterator[RatedCall], biller: Biller, month: Month, book: TariffBook, has_calls: bool
) -> Bill:
    from softswitch.billing.files.workbook import BillWorkbook

    currency = book.of(biller.project)[-1].currency
    workbook = BillWorkbook(path, timezone=month.timezone, currency=currency, has_calls=has_calls)
    for call in rated:
        workbook.add(call)
    made = biller.bill()
    workbook.finish(made)
    return made


def _write_json(path: str, rated: Iterator[RatedCall], biller: Biller, has_calls: bool) -> Bill:
    with open(path, "w", encoding="utf-8") as file:
        return _put_json(file.write, rated, biller, has_calls)


def _put_json(write: Callable[[str], object], rated: Iterator[RatedCall], biller: Biller, has_calls: bool) -> Bill:
    """One document, whose calls come first: what they come to is known after them."""
    encode = msgspec.json.Encoder().encode
    write("{")
    if has_calls:
        write('"rated_calls":[')
        separator = "\n"
        for call in rated:
            if call.parts:
                write(separator + encode(call).decode())
                separator = ",\n"
        write("\n],\n")
    made = _finished(rated, biller)
    write(msgspec.json.format(encode(made), indent=2).decode()[1:] + "\n")
    return made


def _in_place(output: str, make: Callable[[str], Bill]) -> Bill:
    """Under another name until it is complete."""
    unfinished = f"{output}.part"
    try:
        with open(unfinished, "wb"):
            pass  # a place where nothing can be written is known before a month is read
        made = make(unfinished)
        os.replace(unfinished, output)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(unfinished)
        if isinstance(error, OSError):
            raise Failure(f"{output} cannot be written: {error}", CONFIGURATION) from error
        raise
    return made
