"""A report as CSV (RFC 4180, UTF-8). Its tables follow each other, each after a line with its title, an empty line
between them; the formulas stand at the end. A single table is header and rows, and nothing else.
"""

import csv
import io
from collections.abc import Iterable
from typing import Protocol

from softswitch.reports.formats.values import plain
from softswitch.reports.tables import Report, Table, Value
from softswitch.reports.terms import local_time

_COMMANDS = ("=", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for something to carry out, also with a sign before it."""


class _Writer(Protocol):
    def writerow(self, row: Iterable[Value], /) -> object: ...


def as_csv(report: Report) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    if len(report.tables) == 1:
        _write(writer, report, report.tables[0])
        return out.getvalue().encode()
    for table in report.tables:
        writer.writerow([f"# {table.title}"])
        _write(writer, report, table)
        writer.writerow([])
    local = local_time(report.zone)
    writer.writerow([f"# {report.title}, {local.text(report.since)} to {local.text(report.until)} ({report.zone})"])
    for note in report.notes:
        writer.writerow([f"# {note}"])
    for table in report.tables:
        for column in table.columns:
            writer.writerow([f"# {table.name}.{column.name} = {column.formula}"])
    return out.getvalue().encode()


def _write(writer: "_Writer", report: Report, table: Table) -> None:
    local = local_time(report.zone)
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(plain(*pair, local)) for pair in zip(row, table.columns, strict=True)])


def _cell(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    is_command = value.startswith(_COMMANDS) or (value[:1] in ("+", "-") and not value[1:2].isdigit())
    return f"'{value}" if is_command else value
