"""Rows as a Parquet file, for data lakes and notebooks. Needs pyarrow, which is no dependency of the switch:
`pip install "softswitch[parquet]"`."""

from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from types import UnionType
from typing import Any, get_args

import msgspec

from softswitch.base.errors import LocalError
from softswitch.records.files.text_files import is_instant
from softswitch.records.rows import Row

GROUP_ROWS = 10_000
"""Rows that are in memory at once, and that readers can skip: some megabytes."""


def write_parquet(path: str, kind: type[Row], rows: Iterable[Row]) -> int:
    """Write the file; returns how many rows it has. Raises `LocalError` without pyarrow, and `OSError`."""
    arrow, parquet = _pyarrow()
    schema = arrow.schema([_column(arrow, field) for field in msgspec.structs.fields(kind)])
    written = 0
    remaining = iter(rows)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(remaining, GROUP_ROWS)):
            columns = [_cells(field, group) for field in kind.__struct_fields__]
            arrays = [arrow.array(cells, each.type) for cells, each in zip(columns, schema, strict=True)]
            writer.write_batch(arrow.RecordBatch.from_arrays(arrays, schema=schema))
            written += len(group)
    return written


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise LocalError(
            'Parquet files need pyarrow, which is not installed: pip install "softswitch[parquet]", or choose '
            "--format csv or jsonl"
        ) from error


def _column(arrow: Any, field: msgspec.structs.FieldInfo) -> Any:
    types = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
    is_nullable = type(None) in types
    (plain,) = (each for each in types if each is not type(None))
    if is_instant(field.name):
        return arrow.field(field.name, arrow.timestamp("us", tz="UTC"), nullable=is_nullable)
    kinds = {str: arrow.string(), float: arrow.float64(), int: arrow.int64(), bool: arrow.bool_()}
    return arrow.field(field.name, kinds[plain], nullable=is_nullable)


def _cells(field: str, rows: list[Row]) -> list[object]:
    cells: list[object] = [getattr(row, field) for row in rows]
    if not is_instant(field):
        return cells
    return [None if not isinstance(cell, float) else round(cell * 1_000_000) for cell in cells]
