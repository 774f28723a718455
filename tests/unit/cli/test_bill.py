"""`softswitch bill` and `softswitch rate` over a store on disk, with no switch running."""

import io
import json
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import CallId
from softswitch.cli.main import main
from softswitch.store import open_store
from softswitch.store.schema import Cdr, SipLeg
from tests.unit.billing.made import at

TARIFFS = """
[[tariff]]
project = "acme"
since = 2026-11-01
currency = "RUB"
vat_percent = 20
prices = [
    {item = "outbound", price = "1.50", prefixes = ["7"], free_minutes = 1},
    {item = "platform", price = "0.10"},
    {item = "monthly", price = 100},
]
"""


def cdr(call_id: str, began_at: float, project: str = "acme", seconds: float = 45.0) -> Cdr:
    ended_at = began_at + seconds
    leg = SipLeg(
        sip_call_id="s", role="called", party="trunk:mts", leg_id="l", number="+74951234567",
        began_at=began_at, answered_at=began_at, ended_at=ended_at,
    )  # fmt: skip
    return Cdr(
        call_id=CallId(call_id),
        started_at=began_at,
        answered_at=began_at,
        ended_at=ended_at,
        calling_number="=1+1",
        called_number="+74951234567",
        project=project,
        talk_s=seconds,
        end_reason="completed",
        ended_by="caller",
        sip_legs=(leg,),
    )


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "projects.toml").write_text('[[project]]\nid = "acme"\nname = "Acme Ltd"\n[[project]]\nid = "beta"\n')
    (tmp_path / "tariffs.toml").write_text(TARIFFS)
    store = open_store(str(tmp_path / "store"), report=pytest.fail)
    for number in range(4):
        store.end_call(cdr(f"call{number}", at(f"2026-11-0{number + 1}T10:00")))
    store.end_call(cdr("october", at("2026-10-31T23:59:59")))
    store.end_call(cdr("december", at("2026-12-01T00:00:00")))
    store.end_call(cdr("others", at("2026-11-02T11:00"), project="beta"))
    store.end_call(cdr("nobodys", at("2026-11-02T12:00"), project=""))
    store.commit().result(5)
    store.close()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_a_bill_for_people() -> None:
    result = run("bill", "acme", "--month", "2026-11")
    assert result.exit_code == 0
    assert "Acme Ltd, 2026-11 (UTC): 4 calls, 4 charged" in result.stdout
    assert "In all       124.00 RUB" in result.stdout, result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_a_bill_for_programs_adds_up(tmp_path: Path) -> None:
    path = tmp_path / "bill.json"
    result = run("bill", "acme", "--month", "2026-11", "--format", "json", "--calls", "-o", str(path))
    assert result.exit_code == 0
    assert result.stderr == f"124.00 RUB for 4 calls: {path}\n"
    bill = json.loads(path.read_text())
    assert [call["call_id"] for call in bill["rated_calls"]] == ["call0", "call1", "call2", "call3"]
    parts = [part for call in bill["rated_calls"] for part in call["parts"]]
    for line in bill["lines"]:
        if line["unit"] == "min":
            assert Decimal(line["amount"]) == sum(
                Decimal(part["amount"]) for part in parts if part["line"] == line["line"]
            )
    assert Decimal(bill["net"]) == sum(Decimal(line["amount"]) for line in bill["lines"])
    alone = json.loads(run("bill", "acme", "--month", "2026-11", "--format", "json").stdout)
    assert alone == {key: value for key, value in bill.items() if key != "rated_calls"}


def test_a_workbook_into_a_pipe() -> None:
    result = run("bill", "acme", "--month", "2026-11", "--format", "xlsx")
    assert result.exit_code == 0, result.output
    book: Any = import_module("openpyxl").load_workbook(io.BytesIO(result.stdout_bytes))
    assert [sheet.title for sheet in book] == ["Bill"]


def test_a_bill_as_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "bill.xlsx"
    assert run("bill", "acme", "--month", "2026-11", "--format", "xlsx", "--calls", "-o", str(path)).exit_code == 0
    book: Any = import_module("openpyxl").load_workbook(path)
    assert [sheet.title for sheet in book] == ["Bill", "Calls"]
    assert book["Calls"]["C2"].value == "=1+1"
    assert book["Calls"]["C2"].data_type == "s", "a text, no formula"
    assert not list(tmp_path.glob("*.part"))


def test_why_a_call_costs_what_it_does() -> None:
    first, second = run("rate", "call0"), run("rate", "call1")
    assert first.exit_code == 0
    assert "In all 0.08 RUB, without VAT" in first.stdout, first.stdout
    assert "In all 0.83 RUB, without VAT" in second.stdout, "15 s were free, 30 s are charged"
    rated = json.loads(run("rate", "call1", "--json").stdout)
    assert [(part["item"], part["free_s"]) for part in rated["parts"]] == [("outbound", 15), ("platform", 0)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bill", "nobody"), 'there is no project "nobody"; known: acme, beta'),
        (("bill", "beta"), 'project "beta" has no tariff'),
        (("bill", "acme", "--month", "2026-13"), "write 2026-11"),
        (("bill", "acme", "--format", "xlsx", "-o", "/nowhere/at/all.xlsx"), "cannot be written"),
        (("bill", "acme", "--format", "json", "-o", "/nowhere/at/all.json"), "cannot be written"),
        (("rate", "unknown"), 'no call "unknown" has a record'),
        (("rate", "nobodys"), "belongs to no project"),
        (("rate", "others"), 'project "beta" has no tariff'),
    ],
)
def test_what_cannot_be_billed_is_said(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert said in result.stderr


def test_a_project_sees_no_bill_but_its_own() -> None:
    assert run("--project", "acme", "bill", "acme", "--month", "2026-11").exit_code == 0
    for arguments in (("bill", "acme"), ("rate", "call0")):
        result = run("--project", "beta", *arguments)
        assert result.exit_code == 1
        assert "project beta's view" in result.stderr


def test_calls_without_a_tariff_are_pointed_at() -> None:
    result = run("bill", "acme", "--month", "2026-10")
    assert "Look: 1 calls began when no tariff was in force" in result.stdout
    assert "No tariff of project acme was in force" in run("rate", "october").stdout


def test_check_warns_of_who_is_never_charged() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert 'project "beta" has no tariff' in result.stderr
