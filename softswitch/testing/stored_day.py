"""What a switch has stored, in memory: events and records in, a reader of them out."""

from collections.abc import Iterable

import msgspec

from softswitch.acd.events import Stamped
from softswitch.app.acd_events import BATCH_EVENTS_MAX, BATCH_S
from softswitch.store import Store, StoreReader
from softswitch.store.memory import MemoryRows
from softswitch.store.schema import Cdr, StoredEvents


class StoredDay:
    """`store` is what the switch writes with, `reader` what others read with."""

    def __init__(self) -> None:
        rows = MemoryRows()
        self.store = Store(rows, rows, rows.close)
        self.reader = StoreReader(rows, rows.close)
        self._number = 0

    def put_events(self, events: Iterable[Stamped]) -> None:
        """In order, and in records as the switch makes them."""
        batch: list[Stamped] = []
        for stamped in events:
            if batch and (len(batch) == BATCH_EVENTS_MAX or stamped.at_wall - batch[0].at_wall > BATCH_S):
                self._put(batch)
                batch = []
            batch.append(stamped)
        if batch:
            self._put(batch)

    def _put(self, batch: list[Stamped]) -> None:
        stamped = msgspec.Raw(msgspec.msgpack.encode(batch))
        at_wall = batch[0].at_wall
        events = StoredEvents(at_wall=at_wall, number=self._number, count=len(batch), stamped=stamped)
        self.store.put_events(events, ())
        self._number += len(batch)

    def put_cdrs(self, cdrs: Iterable[Cdr]) -> None:
        for cdr in cdrs:
            self.store.end_call(cdr)
