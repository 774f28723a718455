"""A report as a workbook: a sheet that says what it is, then one for each table, with its chart beside it.

The sheets are written row by row (`constant_memory`), so that a list of 100,000 calls needs no more memory than one of
ten. Nothing in a cell is ever carried out: text stays text, whatever callers are called.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from softswitch.reports.formats.values import plain
from softswitch.reports.tables import Column, Report, Table, Value
from softswitch.reports.terms import local_time

HEAD_ROWS = 3
"""Above the first row of a table: its title, its columns, their formulas."""
SHEET_NAME_CHARACTERS = 31
_FORMATS = {
    "instant": "yyyy-mm-dd hh:mm:ss",
    "count": "#,##0",
    "seconds": "#,##0.0",
    "minutes": "#,##0.0",
    "ratio": "0.0%",
    "number": "#,##0.00",
}
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
_CHART_ROWS = 15
_WIDE, _NARROW = 22, 12
_CHART_TYPES = {
    "column": {"type": "column"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "line": {"type": "line"},
    "bar": {"type": "bar"},
}


def write_xlsx(reports: Sequence[Report], out: IO[bytes]) -> None:
    """One report, or several, whose sheets are then named after the report as well."""
    workbook: Any = xlsxwriter.Workbook(out, _OPTIONS)
    try:
        for report in reports:
            _Sheets(workbook, report, is_alone=len(reports) == 1).write()
    finally:
        workbook.close()


def sheet_name(report: Report, table: Table, *, is_alone: bool) -> str:
    """A spreadsheet takes 31 characters."""
    name = table.name if is_alone else f"{report.name}.{table.name}"
    return name[:SHEET_NAME_CHARACTERS]


class _Sheets:
    def __init__(self, workbook: Any, report: Report, *, is_alone: bool) -> None:
        self._workbook = workbook
        self._is_alone = is_alone
        self._report = report
        self._local = local_time(report.zone)
        self._zone = ZoneInfo(report.zone)
        self._bold = workbook.add_format({"bold": True})
        self._title = workbook.add_format({"bold": True, "font_size": 14})
        self._head = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._formula = workbook.add_format({"italic": True, "font_size": 8, "text_wrap": True, "valign": "top"})
        self._formats = {kind: workbook.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
        self._sums = {
            kind: workbook.add_format({"num_format": text, "bold": True, "top": 1}) for kind, text in _FORMATS.items()
        }
        self._text_sum = workbook.add_format({"bold": True, "top": 1})

    def write(self) -> None:
        self._about()
        for table in self._report.tables:
            self._table(table)

    def _about(self) -> None:
        report, local = self._report, self._local
        sheet = self._workbook.add_worksheet("Report" if self._is_alone else report.name)
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 90)
        rows = [
            ("Since", local.text(report.since)),
            ("Until", local.text(report.until)),
            ("Time zone", report.zone),
            ("Made at", local.text(report.made_at)),
            *((name.capitalize(), value) for name, value in report.filters.items()),
            *(("Note", note) for note in report.notes),
            *((table.title, table.empty) for table in report.tables if not table.rows),
        ]
        sheet.write_string(0, 0, report.title, self._title)
        for place, (name, value) in enumerate(rows, start=2):
            sheet.write_string(place, 0, name, self._bold)
            sheet.write_string(place, 1, value)

    def _table(self, table: Table) -> None:
        sheet = self._workbook.add_worksheet(sheet_name(self._report, table, is_alone=self._is_alone))
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, _WIDE if column.kind in ("text", "instant") else _NARROW)
        sheet.freeze_panes(HEAD_ROWS, 1)
        sheet.write_string(0, 0, table.title, self._title)
        for place, column in enumerate(table.columns):
            sheet.write_string(1, place, column.title, self._head)
        for place, column in enumerate(table.columns):
            sheet.write_string(2, place, column.formula, self._formula)
        if not table.rows:
            sheet.write_string(HEAD_ROWS, 0, table.empty)
        for number, row in enumerate(table.rows):
            is_sum = number >= len(table.rows) - table.sums
            for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                self._cell(sheet, HEAD_ROWS + number, place, value, column, is_sum=is_sum)
        self._chart(sheet, table)

    def _cell(self, sheet: Any, row: int, place: int, value: Value, column: Column, *, is_sum: bool) -> None:
        if value is None:
            return
        form = (self._sums if is_sum else self._formats).get(column.kind)
        if isinstance(value, str):
            sheet.write_string(row, place, value, self._text_sum if is_sum else None)
        elif column.kind != "instant":
            sheet.write_number(row, place, plain(value, column, self._local), form)
        elif self._local.is_repeated(value):
            sheet.write_string(row, place, self._local.text(value))  # a spreadsheet knows no offsets
        else:
            moment = datetime.fromtimestamp(round(value), self._zone).replace(tzinfo=None)
            sheet.write_datetime(row, place, moment, form)

    def _chart(self, sheet: Any, table: Table) -> None:
        drawn, last = table.chart, HEAD_ROWS + len(table.rows) - table.sums - 1
        if drawn is None or last < HEAD_ROWS:
            return
        places = {column.name: place for place, column in enumerate(table.columns)}
        chart = self._workbook.add_chart(_CHART_TYPES[drawn.kind])
        category = places[drawn.category]
        for name in drawn.series:
            place = places[name]
            chart.add_series(
                {
                    "name": [sheet.name, 1, place],
                    "categories": [sheet.name, HEAD_ROWS, category, last, category],
                    "values": [sheet.name, HEAD_ROWS, place, last, place],
                }
            )
        chart.set_title({"name": drawn.title})
        if table.columns[places[drawn.series[0]]].kind == "ratio":
            chart.set_y_axis({"num_format": "0%", "min": 0, "max": 1})
        if table.columns[category].kind == "instant":
            chart.set_x_axis({"num_format": "mm-dd hh:mm", "text_axis": True})
        chart.set_size({"width": 760, "height": 20 * _CHART_ROWS})
        sheet.insert_chart(HEAD_ROWS, len(table.columns) + 1, chart)
