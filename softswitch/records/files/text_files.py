"""Rows as CSV (RFC 4180) and as JSON lines: text, one line a row, times as ISO 8601 in UTC."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from softswitch.records.rows import Row

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (or skips, to find one)."""


def csv_lines(kind: type[Row], rows: Iterable[Row]) -> Iterator[str]:
    """A line of titles, then one for each row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(kind.__struct_fields__)
    yield _taken(text)
    fields = _readers(kind)
    for row in rows:
        writer.writerow([read(row) for read in fields])
        yield _taken(text)


def json_lines(kind: type[Row], rows: Iterable[Row]) -> Iterator[str]:
    """Objects with the same names; instants are texts, as in CSV."""
    instants = [field for field in kind.__struct_fields__ if is_instant(field)]
    encode = msgspec.json.Encoder().encode
    for row in rows:
        fields = msgspec.structs.asdict(row)
        for field in instants:
            fields[field] = None if fields[field] is None else iso(fields[field])
        yield encode(fields).decode() + "\n"


def is_instant(field: str) -> bool:
    return field.endswith("_at")


def iso(at: float) -> str:
    """ "2026-11-29T23:59:58.125Z"."""
    moment = datetime.fromtimestamp(round(at, 3), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def harmless(text: str) -> str:
    """A text no spreadsheet takes for a formula: where it would, an apostrophe comes first. Telephone numbers stay as
    they are: plus and digits alone command nothing."""
    if text.startswith(FORMULA) and not (text.startswith("+") and text[1:].isdecimal() and text.isascii()):
        return "'" + text
    return text


def _readers(kind: type[Row]) -> Sequence[Callable[[Row], object]]:
    return [_reader(field) for field in kind.__struct_fields__]


def _reader(field: str) -> Callable[[Row], object]:
    def read(row: Row) -> object:
        value = getattr(row, field)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return harmless(value)
        if isinstance(value, float):
            return iso(value) if is_instant(field) else _rounded(value)
        return value

    return read


def _rounded(value: float) -> str:
    """To the millisecond, without zeros that say nothing."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _taken(text: io.StringIO) -> str:
    line = text.getvalue()
    text.seek(0)
    text.truncate()
    return line
