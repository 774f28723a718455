"""The copy's connection to PostgreSQL. Needs psycopg, which is no dependency of the switch:
`pip install "softswitch[postgresql]"`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, LiteralString, cast

from softswitch.base.log import get_logger
from softswitch.records.rows import Row, call_row, contact_rows, leg_rows
from softswitch.records.warehouse import statements
from softswitch.store.schema import Cdr

if TYPE_CHECKING:
    from psycopg import Connection

CONNECT_S = 10
STATEMENT_MS = 60_000
"""A statement that takes longer waits for somebody's lock: give up, and try again later."""

log = get_logger("warehouse")


class Warehouse:
    """One session. All methods raise `psycopg.Error`; after one the session is of no more use, but for `close`."""

    def __init__(self, dsn: str, prefix: str) -> None:
        """Connects and prepares the tables."""
        import psycopg

        self._prefix = prefix
        self._connection: Connection = psycopg.connect(
            dsn,
            connect_timeout=CONNECT_S,
            application_name="softswitch",
            options=f"-c statement_timeout={STATEMENT_MS}",
            keepalives_idle=30,
            keepalives_interval=10,  # a database that has vanished is noticed within a minute
            keepalives_count=3,
        )
        self._data_error = psycopg.DataError
        try:
            self._execute(*statements.create_tables(prefix))
            self._execute(*statements.create_staging(prefix))
        except BaseException:
            self._connection.close()
            raise

    def position(self) -> bytes:
        """Up to where records have been copied; b"" if none have."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(_literal(statements.read_position(self._prefix)))
            found = cursor.fetchone()
        return b"" if found is None else bytes(found[0])

    def check(self) -> None:
        """Is it still there?"""
        self._execute("SELECT 1")

    def copy(self, cdrs: Sequence[Cdr], position: bytes) -> int:
        """These calls, and the position, in one transaction; returns how many the database would not take.

        Records it finds fault with are left out, one by one, and named in the log: the others must not wait for them.
        """
        try:
            self._copy(cdrs, position)
        except self._data_error as error:
            if len(cdrs) == 1:
                log.error("record not copied", call_id=cdrs[0].call_id, reason=str(error).splitlines()[0])
                self._copy((), position)
                return 1
            middle = len(cdrs) // 2
            kept = self.position()
            return self.copy(cdrs[:middle], kept) + self.copy(cdrs[middle:], position)
        return 0

    def close(self) -> None:
        self._connection.close()

    def _copy(self, cdrs: Sequence[Cdr], position: bytes) -> None:
        rows: dict[str, Iterable[Row]] = {
            "calls": map(call_row, cdrs),
            "legs": chain.from_iterable(map(leg_rows, cdrs)),
            "contacts": chain.from_iterable(map(contact_rows, cdrs)),
        }
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for name, kind, _ in statements.KINDS if cdrs else ():
                with cursor.copy(_literal(statements.copy_into_staging(self._prefix, name, kind))) as copy:
                    for row in rows[name]:
                        copy.write_row(_values(row))
            for statement in statements.merge_staging(self._prefix) if cdrs else ():
                cursor.execute(_literal(statement))
            cursor.execute(_literal(statements.write_position(self._prefix)), (position,))

    def _execute(self, *texts: str) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for text in texts:
                cursor.execute(_literal(text))


def _values(row: Row) -> list[object]:
    return [_value(field, getattr(row, field)) for field in row.__struct_fields__]


def _value(field: str, value: object) -> object:
    if isinstance(value, float) and field.endswith("_at"):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        return value.replace("\0", "")  # which PostgreSQL has no room for
    return value


def _literal(text: str) -> LiteralString:
    """Made of our own names and of a prefix that the configuration's check has read letter by letter."""
    return cast("LiteralString", text)
