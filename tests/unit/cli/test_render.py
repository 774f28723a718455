"""Tables that keep to their width, and JSON that is nothing but JSON."""

import json

import msgspec
import pytest

from softswitch.cli.render import Column, show_rows


class Phone(msgspec.Struct, frozen=True):
    name: str
    user_agent: str = ""
    calls: int = 0


COLUMNS: list[Column[Phone]] = [
    Column("Name", lambda row: row.name),
    Column("Phone", lambda row: row.user_agent, is_flexible=True),
    Column("Calls", lambda row: str(row.calls), is_number=True),
    Column("Length of the name", lambda row: str(len(row.name)), is_wide=True),
]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def table(capsys: pytest.CaptureFixture[str], *rows: Phone) -> list[str]:
    show_rows(rows, COLUMNS, as_json=False, empty="No phones.")
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_table_has_titles_a_rule_and_a_line_per_row(capsys: pytest.CaptureFixture[str]) -> None:
    lines = table(capsys, Phone("anna", "baresip", 3), Phone("boris"))
    assert lines == ["Name   Phone    Calls", "─────────────────────", "anna   baresip      3", "boris               0"]


def test_a_long_text_is_shortened_in_the_flexible_column_only(capsys: pytest.CaptureFixture[str]) -> None:
    lines = table(capsys, Phone("a" * 20, "Yealink SIP-T46S 66.86.0.15 and so on", 12))
    assert all(len(line) <= 40 for line in lines)
    assert "a" * 20 in lines[2]
    assert "…" in lines[2]
    assert lines[2].endswith("12")


def test_wide_columns_appear_where_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert "Length of the name" in table(capsys, Phone("anna"))[0]


def test_a_wide_column_without_room_takes_none_from_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = table(capsys, Phone("a" * 90, "+18005550100", 12))
    assert lines[0].split() == ["Name", "Phone", "Calls"]
    assert "+18005550100" in lines[2]


def test_a_long_text_leaves_room_for_wide_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = table(capsys, Phone("anna", "x" * 150, 12))
    assert "Length of the name" in lines[0]
    assert "xxx…" in lines[2]


def test_into_a_pipe_nothing_is_shortened(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    assert "x" * 150 in table(capsys, Phone("anna", "x" * 150))[2]


def test_markup_and_control_characters_of_peers_are_just_text(capsys: pytest.CaptureFixture[str]) -> None:
    lines = table(capsys, Phone("anna", "[red]\x1b[31m"))
    assert lines[2] == "anna  [red]·[31m      0"


def test_an_empty_listing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(capsys) == ["No phones."]


@pytest.mark.parametrize("rows", [[], [Phone("Анна", "[red]\x1b", 1), Phone("boris")]])
def test_json_is_one_document_with_every_field(capsys: pytest.CaptureFixture[str], rows: list[Phone]) -> None:
    show_rows(rows, COLUMNS, as_json=True, empty="No phones.")
    assert json.loads(capsys.readouterr().out) == [msgspec.to_builtins(row) for row in rows]
