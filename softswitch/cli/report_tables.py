"""A report on a terminal: its tables, and below them the formula of every column."""

from collections.abc import Callable
from datetime import datetime

import click
import msgspec

from softswitch.cli.render import Column, show_table
from softswitch.cli.words import duration, percentage
from softswitch.reports.local_time import LocalTime
from softswitch.reports.tables import Column as ReportColumn
from softswitch.reports.tables import Report, Table, Value
from softswitch.reports.terms import local_time

EMPTY = "-"
"""Nothing counts for it: no wait to be averaged, no call to be late."""


class _Row(msgspec.Struct, frozen=True):
    cells: tuple[Value, ...]
    is_sum: bool


def show_report(report: Report) -> None:
    local = local_time(report.zone)
    filters = "".join(f", {name} {value}" for name, value in report.filters.items())
    span = f"{_moment(report.since, local)} to {_moment(report.until, local)}"
    click.echo(f"{report.title}, {span} ({report.zone}){filters}{', live' if report.is_live else ''}")
    for table in report.tables:
        click.echo(f"\n{table.title}")
        _show(table, local)
    click.echo()
    for note in report.notes:
        click.echo(f"Note: {note}")
    told: set[str] = set()
    for table in report.tables:
        for column in table.columns if table.rows else ():
            line = f"{column.title:12} = {column.formula}"
            if line not in told:
                told.add(line)
                click.echo(line)


def _show(table: Table, local: LocalTime) -> None:
    if not table.rows:
        click.echo(table.empty)
        return
    rows = [_Row(row, number >= len(table.rows) - table.sums) for number, row in enumerate(table.rows)]
    columns: list[Column[_Row]] = [
        Column(
            column.title,
            _cell(place, column, local),
            is_number=column.kind not in ("text", "instant"),
            is_wide=column.is_wide,
            is_flexible=column.kind == "text",
            style=lambda row: "bold" if row.is_sum else "",
        )
        for place, column in enumerate(table.columns)
    ]
    show_table(rows, columns)


def _cell(place: int, column: ReportColumn, local: LocalTime) -> Callable[[_Row], str]:
    return lambda row: _words(row.cells[place], column, local)


def _words(value: Value, column: ReportColumn, local: LocalTime) -> str:
    if value is None:
        return EMPTY
    if isinstance(value, str):
        return value
    match column.kind:
        case "instant":
            return _moment(value, local)
        case "seconds":
            return f"{value:.1f} s" if value < 60 else duration(value)
        case "minutes":
            return f"{value:.1f}"
        case "ratio":
            return percentage(value)
        case "number":
            return f"{value:.2f}"
        case _:
            return str(value)


def _moment(wall: float, local: LocalTime) -> str:
    """With its offset in the hour that a clock shows twice."""
    moment = datetime.fromtimestamp(wall, local.zone)
    return f"{moment:%Y-%m-%d %H:%M%z}" if local.is_repeated(wall) else f"{moment:%Y-%m-%d %H:%M}"
