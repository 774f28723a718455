"""The tables of the copy, and the SQL that fills them.

Rows are copied into a staging table that lives for a transaction, and from there into the table itself: a call that is
there already is replaced with all its legs and contacts. So copying twice changes nothing.
"""

from types import UnionType
from typing import get_args

import msgspec

from softswitch.records.rows import CallRow, ContactRow, LegRow, Row

KINDS: tuple[tuple[str, type[Row], tuple[str, ...]], ...] = (
    ("calls", CallRow, ("call_id",)),
    ("legs", LegRow, ("call_id", "leg")),
    ("contacts", ContactRow, ("call_id", "stay")),
)
"""Each kind of row, and its key."""

_INDEXED = {"calls": ("started_at", "chain_id"), "legs": ("began_at",), "contacts": ("began_at",)}
_TYPES = {str: "text", float: "double precision", int: "bigint", bool: "boolean"}


def create_tables(prefix: str) -> list[str]:
    """What is there stays; columns of a newer version are added."""
    statements = [
        f"CREATE TABLE IF NOT EXISTS {prefix}cursor (name text PRIMARY KEY, position bytea NOT NULL, "
        "updated_at timestamptz NOT NULL DEFAULT now())"
    ]
    for name, kind, key in KINDS:
        table, columns = f"{prefix}{name}", _columns(kind)
        keys = ", ".join(f"{column} {columns[column]} NOT NULL" for column in key)
        statements.append(f"CREATE TABLE IF NOT EXISTS {table} ({keys}, PRIMARY KEY ({', '.join(key)}))")
        statements.append(
            f"ALTER TABLE {table} "
            + ", ".join(f"ADD COLUMN IF NOT EXISTS {column} {type_}" for column, type_ in columns.items())
        )
        statements += [
            f"CREATE INDEX IF NOT EXISTS {table}_{column} ON {table} ({column})" for column in _INDEXED[name]
        ]
    return statements


def create_staging(prefix: str) -> list[str]:
    """For one session; emptied by every commit."""
    return [
        f"CREATE TEMP TABLE IF NOT EXISTS {prefix}{name}_staging "
        f"({', '.join(f'{column} {type_}' for column, type_ in _columns(kind).items())}) ON COMMIT DELETE ROWS"
        for name, kind, _ in KINDS
    ]


def copy_into_staging(prefix: str, name: str, kind: type[Row]) -> str:
    return f"COPY {prefix}{name}_staging ({', '.join(kind.__struct_fields__)}) FROM STDIN"


def merge_staging(prefix: str) -> list[str]:
    """From the staging tables into the tables."""
    calls = f"{prefix}calls"
    columns = CallRow.__struct_fields__
    listed = ", ".join(columns)
    replaced = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns if column != "call_id")
    statements = [
        f"INSERT INTO {calls} ({listed}) SELECT {listed} FROM {calls}_staging "
        f"ON CONFLICT (call_id) DO UPDATE SET {replaced}"
    ]
    for name, kind, _ in KINDS[1:]:
        table, listed = f"{prefix}{name}", ", ".join(kind.__struct_fields__)
        statements.append(f"DELETE FROM {table} WHERE call_id IN (SELECT call_id FROM {calls}_staging)")
        statements.append(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {table}_staging")
    return statements


def read_position(prefix: str) -> str:
    return f"SELECT position FROM {prefix}cursor WHERE name = 'cdrs'"


def write_position(prefix: str) -> str:
    return (
        f"INSERT INTO {prefix}cursor (name, position, updated_at) VALUES ('cdrs', %s, now()) "
        "ON CONFLICT (name) DO UPDATE SET position = EXCLUDED.position, updated_at = EXCLUDED.updated_at"
    )


def _columns(kind: type[Row]) -> dict[str, str]:
    return {field.name: _type_of(field) for field in msgspec.structs.fields(kind)}


def _type_of(field: msgspec.structs.FieldInfo) -> str:
    if field.name.endswith("_at"):
        return "timestamptz"
    types = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
    (plain,) = (each for each in types if each is not type(None))
    return _TYPES[plain]
