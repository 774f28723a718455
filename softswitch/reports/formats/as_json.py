"""A report as one JSON document: every table with its columns, their formulas, and its rows by the columns' names."""

import msgspec

from softswitch.reports.formats.values import plain
from softswitch.reports.tables import Report, Table
from softswitch.reports.terms import local_time


def document(report: Report) -> dict[str, object]:
    """Of builtin types."""
    local = local_time(report.zone)
    return {
        "name": report.name,
        "title": report.title,
        "since": local.text(report.since),
        "until": local.text(report.until),
        "zone": report.zone,
        "made_at": local.text(report.made_at),
        "filters": report.filters,
        "live": report.is_live,
        "notes": list(report.notes),
        "tables": [_table(report, table) for table in report.tables],
    }


def as_json(report: Report) -> bytes:
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def _table(report: Report, table: Table) -> dict[str, object]:
    local = local_time(report.zone)
    names = [column.name for column in table.columns]
    return {
        "name": table.name,
        "title": table.title,
        "columns": [
            {"name": column.name, "title": column.title, "kind": column.kind, "formula": column.formula}
            for column in table.columns
        ],
        "sums": table.sums,
        "rows": [
            dict(zip(names, (plain(*pair, local) for pair in zip(row, table.columns, strict=True)), strict=True))
            for row in table.rows
        ],
    }
