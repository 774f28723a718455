"""A bill as a workbook: a sheet with its lines, and sheets with the rated calls if these are wanted."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from softswitch.billing.bill import Bill, BillLine
from softswitch.billing.money import places_of
from softswitch.billing.rating import RatedCall

SHEET_ROWS_MAX = 1_000_000
"""Rows of calls on one sheet: the format ends at 1,048,576."""

_LINE_TITLES = (
    "Line", "Tariff since", "Price", "Unit", "Calls", "Used, min", "Charged, min", "Of these free, min",
    "Quantity", "Days", "For calls as such", "VAT, %", "Amount",
)  # fmt: skip
_CALL_TITLES = (
    "Began", "Call", "From", "To", "Line", "Tariff since", "Number", "Trunk", "Used, s", "Charged, s",
    "Of these free, s", "Price a minute", "For the call as such", "Amount",
)  # fmt: skip
_LINE_WIDTHS = (38, 12, 10, 8, 10, 12, 12, 12, 10, 8, 12, 8, 14)
_CALL_WIDTHS = (20, 26, 16, 16, 30, 12, 16, 12, 10, 10, 10, 10, 12, 12)


class BillWorkbook:
    """Written row by row; `finish` completes the file. Raises `OSError`."""

    def __init__(self, path: str, *, timezone: str, currency: str, has_calls: bool) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False})
        self._zone = ZoneInfo(timezone)
        coins = "0" + ("." + "0" * places_of(currency) if places_of(currency) else "")
        self._money = self._format(f"#,##{coins}")
        self._price = self._format("#,##0.00##")
        self._minutes = self._format("#,##0.00")
        self._seconds = self._format("#,##0.###")
        self._bold = self._format("", bold=True)
        self._bold_money = self._format(f"#,##{coins}", bold=True)
        self._at = self._format("yyyy-mm-dd hh:mm:ss")
        self._day = self._format("yyyy-mm-dd")
        self._bill_sheet = self._sheet("Bill", _LINE_WIDTHS)
        self._has_calls = has_calls
        self._calls_sheet: Worksheet | None = None
        self._call_sheets = 0
        self._row = 0

    def add(self, rated: RatedCall) -> None:
        """A call's parts, a row each; one that costs nothing is not shown."""
        for part in rated.parts if self._has_calls else ():
            if self._calls_sheet is None or self._row > SHEET_ROWS_MAX:
                self._calls_sheet = self._next_calls_sheet()
            sheet, row = self._calls_sheet, self._row
            local = datetime.fromtimestamp(rated.started_at, UTC).astimezone(self._zone).replace(tzinfo=None)
            sheet.write_datetime(row, 0, local, self._at)
            texts = (rated.call_id, rated.calling_number, rated.called_number, part.title)
            for column, text in enumerate(texts, start=1):
                sheet.write_string(row, column, text)
            sheet.write_datetime(row, 5, datetime.combine(part.tariff_since, datetime.min.time()), self._day)
            sheet.write_string(row, 6, part.number)
            sheet.write_string(row, 7, part.trunk)
            sheet.write_number(row, 8, part.used_ms / 1000, self._seconds)
            sheet.write_number(row, 9, part.billed_s, self._seconds)
            sheet.write_number(row, 10, part.free_s, self._seconds)
            self._amount(sheet, row, 11, part.price, self._price)
            self._amount(sheet, row, 12, part.connection, self._money)
            self._amount(sheet, row, 13, part.amount, self._money)
            self._row += 1

    def finish(self, bill: Bill) -> None:
        sheet = self._bill_sheet
        sheet.write_string(0, 0, f"{bill.name}, {bill.month}", self._bold)
        sheet.write_string(1, 0, f"{bill.calls} calls, {bill.calls_charged} of them charged; times of {bill.timezone}")
        self._titles(sheet, 3, _LINE_TITLES)
        row = 4
        for line in bill.lines:
            self._line(sheet, row, line)
            row += 1
        last = len(_LINE_TITLES) - 1
        row = self._total(sheet, row + 1, last, f"Without VAT, {bill.currency}", bill.net)
        for vat in bill.vat:
            row = self._total(sheet, row, last, f"VAT {vat.percent.normalize():f} % of {vat.net:f}", vat.amount)
        row = self._total(sheet, row, last, f"In all, {bill.currency}", bill.total)
        for note in notes_of(bill):
            row += 1
            sheet.write_string(row, 0, note)
        self._book.close()

    def _line(self, sheet: Worksheet, row: int, line: BillLine) -> None:
        sheet.write_string(row, 0, line.title)
        sheet.write_datetime(row, 1, datetime.combine(line.tariff_since, datetime.min.time()), self._day)
        self._amount(sheet, row, 2, line.price, self._price)
        sheet.write_string(row, 3, line.unit)
        if line.unit == "min":
            sheet.write_number(row, 4, line.calls)
            sheet.write_number(row, 5, line.used_ms / 60_000, self._minutes)
            sheet.write_number(row, 6, line.billed_s / 60, self._minutes)
            sheet.write_number(row, 7, line.free_s / 60, self._minutes)
        else:
            sheet.write_number(row, 8, line.quantity)
            sheet.write_number(row, 9, line.days)
        self._amount(sheet, row, 10, line.connections, self._money)
        sheet.write_number(row, 11, float(line.vat_percent))
        self._amount(sheet, row, 12, line.amount, self._money)

    def _total(self, sheet: Worksheet, row: int, column: int, title: str, amount: Decimal) -> int:
        sheet.write_string(row, 0, title, self._bold)
        self._amount(sheet, row, column, amount, self._bold_money)
        return row + 1

    def _next_calls_sheet(self) -> Worksheet:
        self._call_sheets += 1
        name = "Calls" if self._call_sheets == 1 else f"Calls {self._call_sheets}"
        sheet = self._sheet(name, _CALL_WIDTHS)
        self._titles(sheet, 0, _CALL_TITLES)
        self._row = 1
        return sheet

    def _sheet(self, name: str, widths: tuple[int, ...]) -> Worksheet:
        sheet: Worksheet = self._book.add_worksheet(name)  # pyright: ignore[reportUnknownMemberType]
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        return sheet

    def _titles(self, sheet: Worksheet, row: int, titles: tuple[str, ...]) -> None:
        for column, title in enumerate(titles):
            sheet.write_string(row, column, title, self._bold)

    def _amount(self, sheet: Worksheet, row: int, column: int, amount: Decimal, form: Format) -> None:
        """A workbook's numbers are binary: an amount of up to fifteen digits is the same again when it is rounded."""
        sheet.write_number(row, column, float(amount), form)

    def _format(self, number: str, *, bold: bool = False) -> Format:
        properties: dict[str, object] = {"bold": bold}
        if number:
            properties["num_format"] = number
        return self._book.add_format(properties)  # pyright: ignore[reportUnknownMemberType]


def notes_of(bill: Bill) -> list[str]:
    """What somebody should look at before the bill goes out."""
    notes: list[str] = []
    if bill.calls_without_tariff:
        notes.append(f"{bill.calls_without_tariff} calls began when no tariff was in force: they are not charged")
    if bill.legs_without_price:
        notes.append(f"{bill.legs_without_price} legs through trunks fit no price of the tariff: they are not charged")
    return notes
