"""Typed tables over rows of bytes: get, put, delete, and iteration in key order from either end.

What is put can be read when a `commit()` after it is done, and usually a twentieth of a second later anyway.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Generic, Protocol

import msgspec

from softswitch.base.errors import SoftswitchError
from softswitch.store.compact import compact
from softswitch.store.environment import Operation
from softswitch.store.file_places import FilePlaces
from softswitch.store.layout import TIME_BYTES, K, N, TableLayout, V
from softswitch.store.limits import KEYS_AT_ONCE, SCAN_ROWS_MAX


class ReadableRows(Protocol):
    """Rows of bytes that can be read: the LMDB environment, or its twin in memory."""

    def get(self, table: str, key: bytes) -> bytes | None: ...

    def count(self, table: str) -> int: ...

    def scan(
        self, table: str, low: bytes | None, high: bytes | None, *, reverse: bool, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """At most `limit` rows with low <= key < high in key order, or from the other end with `reverse`."""
        ...

    def newest_keys(self, table: str, high: bytes | None, limit: int) -> list[bytes]:
        """At most `limit` of the keys below `high`, the greatest first."""
        ...


class WritableRows(Protocol):
    """Where operations go: the writer thread, or the twin in memory."""

    def apply(self, operations: Sequence[Operation]) -> None: ...

    def commit(self) -> Future[None]: ...

    def close(self) -> None: ...


class DamagedRecord(SoftswitchError):
    """A record that is not what its table holds: the file is damaged, or something else wrote to it."""


class Page(msgspec.Struct, Generic[V], frozen=True):
    """Some values in order, and the cursor with which the next page begins; None = there are no more."""

    values: tuple[V, ...]
    cursor: bytes | None


class TableReader(Generic[K, V]):
    """Reads one table. Raises `DamagedRecord` for what cannot be decoded."""

    __slots__ = ("_decode", "_directory", "_layout", "_places", "_rows")

    def __init__(self, layout: TableLayout[K, V], rows: ReadableRows, directory: str = "") -> None:
        """`directory` is where files lie that the rows speak of; without it their paths are as they are stored."""
        self._layout = layout
        self._rows = rows
        self._directory = directory
        self._places = FilePlaces(directory, layout.files) if directory and layout.files else None
        self._decode: Callable[[bytes], V] = msgspec.msgpack.Decoder(layout.value_type).decode

    def narrow(self, value_type: type[N]) -> "TableReader[K, N]":
        """The same rows, of which only the fields of `value_type` are decoded: a fifth of the time for a few of many.

        Its fields are named as those of the table's own type, and have the same types.
        """
        return TableReader(self._layout.narrow(value_type), self._rows, self._directory)

    def get(self, key: K) -> V | None:
        value = self._rows.get(self._layout.name, self._layout.key(key))
        return None if value is None else self._value(value)

    def count(self) -> int:
        return self._rows.count(self._layout.name)

    def ascending(self, start: K | None = None, stop: K | None = None) -> Iterator[V]:
        """Values with start <= key < stop in key order. What is written meanwhile may or may not appear."""
        return self._iterate(start, stop, reverse=False)

    def descending(self, start: K | None = None, stop: K | None = None) -> Iterator[V]:
        """The same from the other end: with keys that begin with a time, the newest first."""
        return self._iterate(start, stop, reverse=True)

    def raw(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values as they are stored, from this key on (b"": from the first), for `decoded`."""
        low = start or None
        while True:
            rows = self._rows.scan(self._layout.name, low, None, reverse=False, limit=SCAN_ROWS_MAX)
            yield from rows
            if len(rows) < SCAN_ROWS_MAX:
                return
            low = rows[-1][0] + b"\0"  # the least key above it

    def decoded(self, value: bytes) -> V:
        """A value of `raw`."""
        return self._value(value)

    def newest(self, limit: int, cursor: bytes | None = None) -> Page[V]:
        """One page of the values with the greatest keys, the greatest first; `cursor` is the former page's."""
        limit = max(1, min(limit, SCAN_ROWS_MAX))
        rows = self._rows.scan(self._layout.name, None, cursor, reverse=True, limit=limit + 1)
        values = tuple(self._value(value) for _, value in rows[:limit])
        return Page(values, rows[limit - 1][0] if len(rows) > limit else None)

    def oldest(self, limit: int) -> tuple[V, ...]:
        """At most `limit` values with the smallest keys, the smallest first."""
        rows = self._rows.scan(self._layout.name, None, None, reverse=False, limit=limit)
        return tuple(self._value(value) for _, value in rows)

    def first(self, start: K) -> V | None:
        """The value with the least key from `start` on."""
        rows = self._rows.scan(self._layout.name, self._layout.key(start), None, reverse=False, limit=1)
        return self._value(rows[0][1]) if rows else None

    def last_before(self, stop: K) -> V | None:
        """The value with the greatest key below `stop`."""
        rows = self._rows.scan(self._layout.name, None, self._layout.key(stop), reverse=True, limit=1)
        return self._value(rows[0][1]) if rows else None

    def newest_with_id(self, identifier: str, among: int) -> V | None:
        """The newest value with this id, of a table with timed keys, among its newest so many."""
        wanted, high = identifier.encode(errors="replace"), None
        for looked_at in range(0, among, KEYS_AT_ONCE):
            keys = self._rows.newest_keys(self._layout.name, high, min(KEYS_AT_ONCE, among - looked_at))
            found = next((key for key in keys if key[TIME_BYTES:] == wanted), None)
            value = None if found is None else self._rows.get(self._layout.name, found)
            if value is not None:
                return self._value(value)
            if len(keys) < KEYS_AT_ONCE:
                return None
            high = keys[-1]
        return None

    def encoded(self, start: K, stop: K) -> Iterator[bytes]:
        """The values of a span as they are stored, to compare them."""
        return self._scan(start, stop, reverse=False)

    def encoded_ends(self, start: K, stop: K) -> tuple[bytes, bytes]:
        """The first and the last of them; b"" where there is none."""
        span = self._layout.key(start), self._layout.key(stop)
        first, last = (self._rows.scan(self._layout.name, *span, reverse=each, limit=1) for each in (False, True))
        return (first[0][1], last[0][1]) if first and last else (b"", b"")

    def _iterate(self, start: K | None, stop: K | None, *, reverse: bool) -> Iterator[V]:
        return map(self._value, self._scan(start, stop, reverse=reverse))

    def _scan(self, start: K | None, stop: K | None, *, reverse: bool) -> Iterator[bytes]:
        low = None if start is None else self._layout.key(start)
        high = None if stop is None else self._layout.key(stop)
        while True:
            rows = self._rows.scan(self._layout.name, low, high, reverse=reverse, limit=SCAN_ROWS_MAX)
            for _, value in rows:
                yield value
            if len(rows) < SCAN_ROWS_MAX:
                return
            if reverse:
                high = rows[-1][0]
            else:
                low = rows[-1][0] + b"\0"  # the least key above it

    def _value(self, value: bytes) -> V:
        try:
            row = self._decode(value)
        except msgspec.MsgspecError as error:
            raise DamagedRecord(f"a record of table {self._layout.name} cannot be read: {error}") from error
        return row if self._places is None else self._places.found(row)


class Table(TableReader[K, V]):
    """Reads and writes one table."""

    __slots__ = ("_encode", "_writer")

    def __init__(
        self, layout: TableLayout[K, V], rows: ReadableRows, writer: WritableRows, directory: str = ""
    ) -> None:
        super().__init__(layout, rows, directory)
        self._writer = writer
        encode = msgspec.msgpack.Encoder().encode
        make = compact(layout.value_type) if layout.is_compact else None
        self._encode: Callable[[V], bytes] = encode if make is None else lambda value: encode(make(value))

    def put(self, key: K, value: V) -> None:
        """Write soon, instead of whatever had this key. Returns at once."""
        self._writer.apply([self.put_operation(key, value)])

    def delete(self, key: K) -> None:
        """Delete soon; a key that is not there is fine."""
        self._writer.apply([self.delete_operation(key)])

    def put_operation(self, key: K, value: V) -> Operation:
        """For several operations that must reach the disk together."""
        row = value if self._places is None else self._places.stored(value)
        return self._layout.name, self._layout.key(key), self._encode(row)

    def delete_operation(self, key: K) -> Operation:
        return self._layout.name, self._layout.key(key), None
