"""A report as CSV, JSON and a workbook: the same numbers everywhere, and nothing in a cell is carried out."""

import csv
import io
import json
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from softswitch.reports.catalogue import BY_NAME
from softswitch.reports.formats.rendering import FileFormat, render
from softswitch.reports.tables import Chart, Column, Report, Table
from tests.unit.reports.centre import NOON, acd, report, stamped, stored

NOON_IN_BERLIN = datetime.fromisoformat("2025-11-30T13:00")

COLUMNS = (
    Column(name="at", title="At", kind="instant", formula="when it was"),
    Column(name="who", title="Who", kind="text", formula="a name"),
    Column(name="calls", title="Calls", formula="all of them"),
    Column(name="share", title="Share", kind="ratio", formula="calls / all calls"),
)
REPORT = Report(
    name="test",
    title="A test",
    since=NOON,
    until=NOON + 3600,
    zone="Europe/Berlin",
    made_at=NOON + 3600,
    notes=("A note.",),
    tables=(
        Table(
            name="first",
            title="The first",
            columns=COLUMNS,
            rows=[(NOON, '=cmd|"/c calc"!A1', 3, 0.75), (NOON + 60.5, "+7495", 1, None), (None, "all", 4, 1.0)],
            sums=1,
            chart=Chart(kind="column", title="Calls", category="who", series=("calls",)),
        ),
        Table(name="second", title="The second", columns=COLUMNS, rows=[], empty="Nobody called."),
    ),
)


def rendered(made: Report, file_format: FileFormat) -> io.BytesIO:
    out = io.BytesIO()
    render(made, file_format, out)
    out.seek(0)
    return out


def workbook(made: Report) -> Any:
    return openpyxl.load_workbook(rendered(made, "xlsx"))


def cells(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_json_has_the_formulas_and_rows_by_name() -> None:
    found = json.load(rendered(REPORT, "json"))
    first = found["tables"][0]
    assert first["rows"][0] == {
        "at": "2025-11-30T13:00:00+01:00",
        "who": '=cmd|"/c calc"!A1',
        "calls": 3,
        "share": 0.75,
    }
    assert [column["formula"] for column in first["columns"]] == [column.formula for column in COLUMNS]
    assert (found["since"], found["zone"], found["notes"]) == (
        "2025-11-30T13:00:00+01:00",
        "Europe/Berlin",
        ["A note."],
    )


def test_csv_is_tables_with_their_formulas_and_no_commands() -> None:
    lines = list(csv.reader(io.TextIOWrapper(rendered(REPORT, "csv"), "utf-8", newline="")))
    assert lines[:5] == [
        ["# The first"],
        ["at", "who", "calls", "share"],
        ["2025-11-30T13:00:00+01:00", '\'=cmd|"/c calc"!A1', "3", "0.75"],
        ["2025-11-30T13:01:00+01:00", "+7495", "1", ""],
        ["", "all", "4", "1.0"],
    ]
    assert ["# first.share = calls / all calls"] in lines
    assert ["# A note."] in lines


def test_one_table_as_csv_is_that_table_alone() -> None:
    made = Report(name="x", title="x", since=0.0, until=1.0, zone="UTC", made_at=1.0, tables=(REPORT.table("first"),))
    lines = rendered(made, "csv").read().decode().splitlines()
    assert lines[0] == "at,who,calls,share"
    assert len(lines) == 4


def test_a_workbook_has_a_sheet_a_table_with_formulas_types_and_a_chart() -> None:
    book = workbook(REPORT)
    assert book.sheetnames == ["Report", "first", "second"]
    sheet = book["first"]
    found = cells(sheet)
    assert found[0][0] == "The first"
    assert found[1][:4] == ["At", "Who", "Calls", "Share"]
    assert found[2][:4] == [column.formula for column in COLUMNS]
    assert found[3][:4] == [NOON_IN_BERLIN, '=cmd|"/c calc"!A1', 3, 0.75]
    assert sheet["B4"].data_type == "s", "text is text, never a formula"
    assert sheet["D4"].number_format == "0.0%"
    assert (found[4][3], found[5][:4]) == (None, [None, "all", 4, 1])
    (chart,) = sheet._charts
    (series,) = chart.series
    assert series.val.numRef.f == "first!$C$4:$C$5", "the sum is not drawn"
    assert cells(book["second"])[3][0] == "Nobody called."
    about = dict(row[:2] for row in cells(book["Report"])[2:])
    assert about["Time zone"] == "Europe/Berlin"
    assert about["The second"] == "Nobody called."


def test_an_hour_that_comes_twice_is_written_with_its_offset() -> None:
    autumn = 1_792_886_400.0 + 1800
    rows: list[Any] = [(autumn, "a", 1, None), (autumn + 3600, "b", 1, None)]
    table = Table(name="first", title="x", columns=COLUMNS, rows=rows)
    made = Report(name="x", title="x", since=0.0, until=1.0, zone="Europe/Berlin", made_at=1.0, tables=(table,))
    found = cells(workbook(made)["first"])
    assert [row[0] for row in found[3:]] == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]


def agree(value: Any, told: Any, kind: str) -> bool:
    """What a workbook says, and what JSON does."""
    if kind == "instant" and isinstance(value, datetime):
        return value == datetime.fromisoformat(told).replace(tzinfo=None)
    return value == (pytest.approx(told) if isinstance(told, float) else told)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_workbook_of_every_report_says_what_its_json_does(name: str) -> None:
    centre = acd()
    centre.ready("ann")
    for number in range(3):
        centre.call(f"c{number}", "sales" if number else "support")
        centre.advance(5)
        centre.answer(f"c{number}")
        centre.advance(40)
        centre.finish(f"c{number}")
        centre.advance(11)
    made = report(stored(stamped(centre.diary)), name)
    book = workbook(made)
    for table in json.load(rendered(made, "json"))["tables"]:
        found = cells(book[table["name"][:31]])
        for number, row in enumerate(table["rows"]):
            for value, column in zip(found[3 + number], table["columns"], strict=False):
                assert agree(value, row[column["name"]], column["kind"]), (table["name"], column["name"])
        assert len(found) == max(4, 3 + len(table["rows"]))
