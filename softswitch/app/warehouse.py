"""The process that keeps a live copy of call records in PostgreSQL: `python -m softswitch.app.warehouse DIRECTORY`.

It reads the store as any other process may, beside the switch and without its knowledge, and tells how it does in a
file of the run directory, which `softswitch status` shows. While the database is away it waits, longer each time, and
goes on where it was. Told to stop, it copies what is there once more.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from itertools import islice

import msgspec

from softswitch.app.told_to_stop import set_when_told_to_stop
from softswitch.app.warehouse_state import WarehouseState, remove_state, write_state
from softswitch.base.clock import SystemClock
from softswitch.base.errors import StartError
from softswitch.base.log import configure_logging, get_logger
from softswitch.config.load import load_settings
from softswitch.config.settings import Settings
from softswitch.records.runtime.postgresql import Warehouse
from softswitch.records.warehouse.following import Follower, RawRow
from softswitch.store import StoreReader, open_reader
from softswitch.store.schema import Cdr
from softswitch.store.tables import DamagedRecord

BATCH_ROWS = 1000
"""Of one transaction: some megabytes, and a fraction of a second."""
BACK_OFF_S = 1.0
BACK_OFF_MAX_S = 60.0

log = get_logger("warehouse")


class Copier:
    """Copies until `stop` is set. One thread, which does nothing else."""

    def __init__(self, settings: Settings, stop: threading.Event, clock: SystemClock) -> None:
        section = settings.warehouse
        self._dsn, self._prefix, self._every_s = section.dsn, section.table_prefix, section.every_s
        self._store_directory = settings.store.directory
        self._recordings_directory = settings.recordings.directory
        self._run_directory = os.path.dirname(settings.control.socket)
        self._stop = stop
        self._clock = clock
        self._state = WarehouseState(is_connected=False)
        self._back_off_s = BACK_OFF_S

    def run(self) -> None:
        database_error: type[Exception] = import_module("psycopg").Error
        while not self._stop.is_set():
            try:
                with closing(Warehouse(self._dsn, self._prefix)) as warehouse:
                    self._follow(warehouse)
            except (database_error, StartError, OSError) as error:
                self._away(error)
        remove_state(self._run_directory)

    def _follow(self, warehouse: Warehouse) -> None:
        follower = Follower(warehouse.position())
        log.info("copying", prefix=self._prefix)
        with open_reader(self._store_directory, recordings=self._recordings_directory) as store:
            while True:
                is_last = self._stop.is_set()
                self._round(warehouse, follower, store)
                if is_last:
                    return
                self._stop.wait(self._every_s)

    def _round(self, warehouse: Warehouse, follower: Follower, store: StoreReader) -> None:
        began_at = self._clock.wall()
        oldest_call_at = min((call.started_at for call in store.active_calls.ascending()), default=None)
        settled = Follower.settled_before(began_at, oldest_call_at)
        for batch in _batches(follower.unknown(store.cdrs.raw(follower.position))):
            cdrs = list(_readable(store, batch))
            refused = len(batch) - len(cdrs)
            refused += warehouse.copy(cdrs, follower.position_with(batch, settled))
            follower.copied(batch, settled)
            self._tell(copied=self._state.copied + len(batch) - refused, refused=self._state.refused + refused)
        warehouse.check()  # a round in which nothing was new has not asked
        follower.round_over(settled)
        self._back_off_s = BACK_OFF_S
        self._tell(complete_at=began_at)

    def _tell(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, is_connected=True, reason="", **changes)
        write_state(self._run_directory, self._state)

    def _away(self, error: Exception) -> None:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if self._state.is_connected or not self._state.reason:
            log.error("warehouse away", reason=reason)
        self._state = msgspec.structs.replace(self._state, is_connected=False, reason=reason)
        write_state(self._run_directory, self._state)
        self._stop.wait(self._back_off_s)
        self._back_off_s = min(BACK_OFF_MAX_S, 2 * self._back_off_s)


def _readable(store: StoreReader, batch: list[RawRow]) -> Iterator[Cdr]:
    """A record that is damaged is left out, and the others are not held up by it."""
    for _, value in batch:
        try:
            yield store.cdrs.decoded(value)
        except DamagedRecord as error:
            log.error("record not copied", reason=str(error))


def _batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while batch := list(islice(rows, BATCH_ROWS)):
        yield batch


def main() -> None:
    settings = load_settings(sys.argv[1])
    configure_logging(level=settings.log.level, log_format=settings.log.format)
    Copier(settings, set_when_told_to_stop(), SystemClock()).run()


if __name__ == "__main__":
    main()
