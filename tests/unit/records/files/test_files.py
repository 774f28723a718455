"""CSV, JSON lines and Parquet: the same rows, harmless in a spreadsheet, in little memory."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from softswitch.base.errors import LocalError
from softswitch.records.files import parquet_file
from softswitch.records.files.parquet_file import write_parquet
from softswitch.records.files.text_files import csv_lines, harmless, iso, json_lines
from softswitch.records.rows import CallRow, LegRow, call_row, leg_rows
from tests.unit.records.made import AT, cdr, outbound


def read_parquet(path: str) -> Any:
    return import_module("pyarrow.parquet").read_table(path)


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_is_read_back_as_it_was() -> None:
    awkward = 'says "no, thanks"\nand leaves; ИП'
    (row,) = read_csv("".join(csv_lines(CallRow, [call_row(cdr(calling_name=awkward))])))
    assert tuple(row) == CallRow.__struct_fields__
    assert row["calling_name"] == awkward
    assert (row["started_at"], row["is_answered"], row["talk_s"]) == ("2023-11-14T22:13:20.000Z", "true", "40")
    assert row["calling_number"] == "+442071838750"


def test_what_is_missing_is_empty() -> None:
    (row,) = read_csv("".join(csv_lines(CallRow, [call_row(cdr(answered_at=None, legs=()))])))
    assert (row["answered_at"], row["mos"], row["is_answered"]) == ("", "", "false")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("+", "'+"),
        ("+٣", "'+٣"),
        ("+49301234", "+49301234"),
        ("anna", "anna"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert harmless(text) == cell
    (row,) = read_csv("".join(csv_lines(CallRow, [call_row(cdr(calling_name=text))])))
    assert row["calling_name"] == cell


def test_json_lines_have_the_same_names_and_times() -> None:
    (line,) = json_lines(LegRow, list(leg_rows(cdr()))[:1])
    row = json.loads(line)
    assert tuple(row) == LegRow.__struct_fields__
    assert (row["began_at"], row["ringing_at"], row["is_answered"]) == ("2023-11-14T22:13:20.000Z", None, True)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (AT + 0.9999, "2023-11-14T22:13:21.000Z"),
        (AT + 0.1254, "2023-11-14T22:13:20.125Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_instants_are_rounded_to_the_millisecond(at: float, text: str) -> None:
    assert iso(at) == text


def test_parquet_has_types(tmp_path: Path) -> None:
    path = str(tmp_path / "calls.parquet")
    assert write_parquet(path, CallRow, [call_row(cdr()), call_row(cdr("c2", answered_at=None, legs=()))]) == 2
    table = read_parquet(path)
    assert tuple(table.column_names) == CallRow.__struct_fields__
    first, second = table.to_pylist()
    assert first["started_at"] == datetime.fromtimestamp(AT, UTC)
    assert (first["talk_s"], first["is_answered"], first["sip_status"]) == (40.0, True, 200)
    assert (second["answered_at"], second["mos"]) == (None, None)


def test_no_rows_are_a_file_with_columns(tmp_path: Path) -> None:
    path = str(tmp_path / "none.parquet")
    assert write_parquet(path, LegRow, []) == 0
    table = read_parquet(path)
    assert tuple(table.column_names) == LegRow.__struct_fields__
    assert list(csv_lines(LegRow, [])) == [",".join(LegRow.__struct_fields__) + "\r\n"]


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(parquet_file, "import_module", absent)
    with pytest.raises(LocalError, match=r"softswitch\[parquet\]"):
        write_parquet(str(tmp_path / "x"), CallRow, [])


def test_any_number_of_rows_takes_the_same_memory(tmp_path: Path) -> None:
    def many(number: int) -> Iterator[CallRow]:
        return (call_row(outbound(str(each), AT + each)) for each in range(number))

    def peak_bytes(number: int) -> int:
        tracemalloc.start()
        for _ in csv_lines(CallRow, many(number)):
            pass
        for _ in json_lines(CallRow, many(number)):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    peak_bytes(10)
    assert peak_bytes(3000) < peak_bytes(30) + 20_000
