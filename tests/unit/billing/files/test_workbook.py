"""Bills as workbooks: they open, and say what the bill says."""

from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from softswitch.billing.bill import Bill, Biller
from softswitch.billing.files import workbook
from softswitch.billing.files.workbook import BillWorkbook
from softswitch.billing.months import Month
from softswitch.billing.tariff import TariffBook
from tests.unit.billing.made import NOON, RUSSIA, outbound, price, tariff


def write(path: Path, *, has_calls: bool = True, calls: int = 3) -> Bill:
    book = TariffBook(
        [tariff(price("outbound", "1.01", prefixes=("7",)), price("seat", "9.99", quantity=2), vat_percent=Decimal(20))]
    )
    biller = Biller(book, "acme", Month(2026, 11), RUSSIA)
    made = BillWorkbook(str(path), timezone="Europe/Moscow", currency="EUR", has_calls=has_calls)
    for number in range(calls):
        made.add(biller.take(outbound(NOON + number, seconds=7.5)))
    made.add(biller.take(outbound(NOON + 99, number="+4930123456")))
    bill = biller.bill()
    made.finish(bill)
    return bill


def sheets(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book: Any = import_module("openpyxl").load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_the_numbers_are_those_of_the_bill(tmp_path: Path) -> None:
    bill = write(tmp_path / "bill.xlsx")
    found = sheets(tmp_path / "bill.xlsx")
    assert list(found) == ["Bill", "Calls"]
    rows = found["Bill"]
    titles = {row[0]: row[-1] for row in rows if row[0]}
    assert titles["Outgoing calls, trunk"] == float(bill.lines[0].amount)
    assert titles["Seats"] == 19.98
    assert titles["Without VAT, EUR"] == float(bill.net)
    assert titles["In all, EUR"] == float(bill.total)
    assert titles[f"VAT 20 % of {bill.net:f}"] == float(bill.vat[0].amount)
    assert any("fit no price" in str(row[0]) for row in rows)


def test_the_calls_add_up_to_their_line(tmp_path: Path) -> None:
    bill = write(tmp_path / "bill.xlsx", calls=40)
    titles, *calls = sheets(tmp_path / "bill.xlsx")["Calls"]
    assert titles[-1] == "Amount"
    assert len(calls) == 40
    assert sum(Decimal(str(row[-1])) for row in calls) == bill.lines[0].amount
    assert calls[0][0].isoformat() == "2026-11-10T15:00:00", "Moscow's time"


def test_a_bill_alone_has_no_calls(tmp_path: Path) -> None:
    write(tmp_path / "bill.xlsx", has_calls=False)
    assert list(sheets(tmp_path / "bill.xlsx")) == ["Bill"]


def test_more_calls_than_a_sheet_holds_go_on_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS_MAX", 4)
    write(tmp_path / "bill.xlsx", calls=10)
    found = sheets(tmp_path / "bill.xlsx")
    assert {name: len(rows) - 1 for name, rows in found.items() if name != "Bill"} == {
        "Calls": 4,
        "Calls 2": 4,
        "Calls 3": 2,
    }
