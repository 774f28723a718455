"""The LMDB environment: opening it, its version, transactions, and a map that grows by itself.

LMDB maps its file into memory and needs to be told the largest size. It is doubled when a write finds the map full;
other processes notice when they begin their next transaction and follow. The size of the map is address space, not
memory and not disk: the file has the size of what is in it. So what bounds the store is the disk, and `MAP_BYTES_MAX`.

When the disk fails at the page that says which state of the file holds, LMDB neither writes nor reads any more until it
is opened anew: whoever comes next does that.

An environment must not be carried over a fork and not be opened twice in one process; each process opens its own.
"""

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import lmdb

from softswitch.base.errors import StartError
from softswitch.store.limits import MAP_BYTES_MAX, TABLES_MAX
from softswitch.store.migrations import STEPS, Rewrite, Step, steps_from
from softswitch.store.schema import SCHEMA_VERSION

Operation = tuple[str, bytes, bytes | None]
"""(table, key, value); value None deletes."""

DATA_FILE = "data.mdb"
LOCK_FILE = "lock.mdb"
_LOCK_FILE_BYTES = 8192
"""With room for LMDB's 126 readers."""
_BLOCK_BYTES = 512
"""What stat(2) counts in."""
_VERSION_TABLE = "meta"
_VERSION_KEY = b"schema_version"
_MIB = 1024 * 1024
_ATTEMPTS = 2
"""The second is in an environment opened anew."""


class Environment:
    """An open environment with all its tables.

    Any thread may read. One thread at a time may write (`writer.py` sees to that).
    """

    __slots__ = ("_databases", "_environment", "_resize_lock", "_tables", "_write_lock", "directory")

    def __init__(self, directory: str, environment: lmdb.Environment, tables: Iterable[str], *, create: bool) -> None:
        self.directory = directory
        self._environment = environment
        self._write_lock = Lock()  # taken before the other one
        self._resize_lock = Lock()  # no transaction of this process may be open while the map is resized
        self._tables = (_VERSION_TABLE, *tables)
        self._databases: dict[str, lmdb._Database] = {}
        self._open_tables(create=create)

    def _open_tables(self, *, create: bool) -> None:
        for name in self._tables:
            # A reader may be newer than the switch that wrote the store: to it the table is empty.
            with suppress(lmdb.NotFoundError):
                self._databases[name] = self._environment.open_db(name.encode(), create=create)

    def get(self, table: str, key: bytes) -> bytes | None:
        if table not in self._databases:
            return None
        with self._reading() as transaction:
            return transaction.get(key, db=self._databases[table])

    def count(self, table: str) -> int:
        if table not in self._databases:
            return 0
        with self._reading() as transaction:
            return transaction.stat(self._databases[table])["entries"]

    def scan(
        self, table: str, low: bytes | None, high: bytes | None, *, reverse: bool, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """At most `limit` rows with low <= key < high in key order, or from the other end with `reverse`."""
        if table not in self._databases:
            return []
        with self._reading() as transaction, transaction.cursor(self._databases[table]) as cursor:
            rows: list[tuple[bytes, bytes]] = []
            found = _seek_last(cursor, high) if reverse else _seek_first(cursor, low)
            while found and len(rows) < limit:
                key, value = cursor.item()
                if (reverse and low is not None and key < low) or (not reverse and high is not None and key >= high):
                    break
                rows.append((key, value))
                found = cursor.prev() if reverse else cursor.next()
            return rows

    def newest_keys(self, table: str, high: bytes | None, limit: int) -> list[bytes]:
        """At most `limit` of the keys below `high`, the greatest first: a tenth of the time of rows."""
        if table not in self._databases:
            return []
        with self._reading() as transaction, transaction.cursor(self._databases[table]) as cursor:
            if not _seek_last(cursor, high):
                return []
            return list(islice(cursor.iterprev(keys=True, values=False), limit))

    def write(self, operations: Iterable[Operation]) -> None:
        """Apply all operations in one transaction; on return they are on disk. Raises `lmdb.Error`: none is applied."""
        operations = list(operations)
        for _ in range(_ATTEMPTS):
            try:
                with self._write_lock:
                    self._put(operations)
                return
            except lmdb.PanicError:
                self._open_anew()
        raise lmdb.PanicError("the disk has failed")

    def _put(self, operations: Iterable[Operation]) -> None:
        while True:
            try:
                with self._environment.begin(write=True) as transaction:
                    for table, key, value in operations:
                        if value is None:
                            transaction.delete(key, db=self._databases[table])
                        else:
                            transaction.put(key, value, db=self._databases[table])
                return
            except lmdb.MapFullError:
                self._grow()

    def migrate(self, steps: Iterable[Step]) -> None:
        """Take steps to our own schema, and note that it is ours: all in one transaction. Raises `lmdb.Error`."""
        steps = list(steps)
        while True:
            try:
                with self._environment.begin(write=True) as transaction:
                    for step in steps:
                        for table, rewrite in step.tables.items():
                            if table in self._databases:  # not all environments have all tables
                                self._rewrite(transaction, table, rewrite)
                    version = str(SCHEMA_VERSION).encode()
                    transaction.put(_VERSION_KEY, version, db=self._databases[_VERSION_TABLE])
                return
            except lmdb.MapFullError:
                self._grow()

    def _rewrite(self, transaction: "lmdb.Transaction[bytes]", table: str, rewrite: Rewrite) -> None:
        with transaction.cursor(self._databases[table]) as cursor:
            found = cursor.first()
            while found:
                value = rewrite(cursor.value())
                if value is None:
                    cursor.delete()  # and stand on the next
                    found = bool(cursor.key())
                else:
                    cursor.replace(cursor.key(), value)
                    found = cursor.next()

    def map_size_bytes(self) -> int:
        return self._environment.info()["map_size"]

    def close(self) -> None:
        self._environment.close()

    @contextmanager
    def _reading(self) -> Generator["lmdb.Transaction[bytes]"]:
        for _ in range(_ATTEMPTS):
            with self._resize_lock:
                transaction = self._begin_reading()
                if transaction is not None:
                    with transaction:
                        yield transaction
                    return
            self._open_anew()
        raise lmdb.PanicError("the disk has failed")

    def _begin_reading(self) -> "lmdb.Transaction[bytes] | None":
        """None if it must be opened anew."""
        try:
            return self._environment.begin()
        except lmdb.MapResizedError:
            self._environment.set_mapsize(0)  # adopt the size the writing process has set
            return self._environment.begin()
        except lmdb.PanicError:
            return None

    def _grow(self) -> None:
        """Raises `lmdb.MapFullError` where there is an end to it."""
        with self._resize_lock:
            size_bytes = self.map_size_bytes() * 2
            if size_bytes > MAP_BYTES_MAX:
                raise lmdb.MapFullError(f"the store has its greatest size, {MAP_BYTES_MAX >> 30} GiB")
            self._environment.set_mapsize(size_bytes)

    def _open_anew(self) -> None:
        """If another thread has not done it meanwhile. Only the process that writes comes to this."""
        with self._write_lock, self._resize_lock:
            with suppress(lmdb.PanicError), self._environment.begin():
                return
            map_size = self.map_size_bytes()
            self._environment.close()
            self._environment = lmdb.open(self.directory, map_size=map_size, max_dbs=TABLES_MAX, mode=0o600)
            self._open_tables(create=False)


def size_on_disk_bytes(directory: str) -> int:
    """Of the store in this directory; 0 if there is none."""
    try:
        return os.path.getsize(os.path.join(directory, DATA_FILE))
    except OSError:
        return 0


def schema_version(directory: str) -> int:
    """Of the store in this directory, ours or not; 0 if there is none. Raises `StartError` if it is damaged."""
    if not os.path.exists(os.path.join(directory, DATA_FILE)):
        return 0
    try:
        with lmdb.open(directory, readonly=True, create=False, max_dbs=TABLES_MAX) as raw:
            return _read_version(raw)
    except (OSError, lmdb.Error) as error:
        raise StartError(_cannot_open(directory, error)) from error


def open_for_writing(
    directory: str, tables: Iterable[str], *, map_size_mb: int, steps: Mapping[int, Step] = STEPS
) -> Environment:
    """Open, or create, the store of this switch; one of an older schema is brought to ours.

    Raises `StartError` with one line that says what to do.
    """
    try:
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        _reserve_lock_file(directory)
        raw = lmdb.open(directory, map_size=map_size_mb * _MIB, max_dbs=TABLES_MAX, mode=0o600)
    except (OSError, lmdb.Error) as error:
        raise StartError(_cannot_open(directory, error)) from error
    try:
        raw.reader_check()  # slots of readers that were killed
        version = _read_version(raw)
        _check_version(directory, version)
        environment = Environment(directory, raw, tables, create=True)
        if version != SCHEMA_VERSION:  # a store that is ours opens on a disk that is full
            environment.migrate(steps_from(version, SCHEMA_VERSION, steps))
    except lmdb.Error as error:
        raw.close()
        raise StartError(_cannot_open(directory, error)) from error
    except StartError:
        raw.close()
        raise
    return environment


def open_for_reading(directory: str, tables: Iterable[str]) -> Environment:
    """Open a store that a switch has made. Raises `StartError` with one line that says what to do."""
    nothing_yet = StartError(f"there is no store in {directory} yet: the switch makes it when it starts")
    if not os.path.exists(os.path.join(directory, DATA_FILE)):
        raise nothing_yet
    try:
        raw = lmdb.open(directory, readonly=True, create=False, max_dbs=TABLES_MAX)
    except (OSError, lmdb.Error) as error:
        raise StartError(_cannot_open(directory, error)) from error
    try:
        version = _read_version(raw)
        if version == 0:
            raise nothing_yet
        _check_version(directory, version)
        if version < SCHEMA_VERSION:
            raise StartError(
                f"the store in {directory} has schema {version}, and this softswitch {SCHEMA_VERSION}: "
                "softswitch migrate, or start the switch"
            )
        return Environment(directory, raw, tables, create=False)
    except lmdb.Error as error:
        raw.close()
        raise StartError(_cannot_open(directory, error)) from error
    except StartError:
        raw.close()
        raise


def _reserve_lock_file(directory: str) -> None:
    """LMDB maps this file and writes into it; a page for which the disk has no room ends the process with SIGBUS.

    Raises `OSError` instead. A file that has its room is not touched: to close it would give up the locks on it of an
    environment that is open.
    """
    path = os.path.join(directory, LOCK_FILE)
    if os.path.exists(path) and os.stat(path).st_blocks * _BLOCK_BYTES >= _LOCK_FILE_BYTES:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, _LOCK_FILE_BYTES)
    finally:
        os.close(descriptor)


def _read_version(raw: lmdb.Environment) -> int:
    """The version of the schema it was written with; 0 for an environment without tables."""
    try:
        database = raw.open_db(_VERSION_TABLE.encode(), create=False)
    except lmdb.NotFoundError:
        return 0
    with raw.begin() as transaction:
        written = bytes(transaction.get(_VERSION_KEY, b"0", db=database))
    if not written.isdigit():
        raise StartError(
            "the store's version cannot be read: restore it from a backup, or move it away and start again"
        )
    return int(written)


def _check_version(directory: str, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StartError(
            f"the store in {directory} was written by a newer softswitch (schema {version}, this one knows "
            f"{SCHEMA_VERSION}): start the newer version, or set [store] directory to another place"
        )


def _cannot_open(directory: str, error: OSError | lmdb.Error) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error).removeprefix(f"{directory}: ")
    remedies: dict[type[BaseException], str] = {
        lmdb.InvalidError: "it is no LMDB file, or a damaged one: move it away and start again",
        lmdb.VersionMismatchError: "it was made by another LMDB: move it away and start again",
        lmdb.CorruptedError: "it is damaged: restore it from a backup, or move it away and start again",
    }
    remedy = remedies.get(type(error), "make it writable and see that the disk has room, or change [store] directory")
    return f"the store in {directory} cannot be opened ({reason}): {remedy}"


def _seek_first(cursor: "lmdb.Cursor[Any]", low: bytes | None) -> bool:
    return cursor.first() if low is None else cursor.set_range(low)


def _seek_last(cursor: "lmdb.Cursor[Any]", high: bytes | None) -> bool:
    """Stand on the greatest key below `high`."""
    if high is None or not cursor.set_range(high):
        return cursor.last()
    return cursor.prev()
