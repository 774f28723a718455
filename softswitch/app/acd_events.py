"""Where the ACD's events go: the store, the figures since the start, Asterisk's queue_log."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from softswitch.acd.events import (
    ContactAbandoned,
    ContactEnded,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactRefused,
    ContactWithdrawn,
    DispositionSet,
    Stamped,
    WrapUpEnded,
)
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.acd.runtime.queue_log_file import QueueLogFile
from softswitch.base.clock import Clock
from softswitch.base.ids import ContactId
from softswitch.config.settings import EventsSection
from softswitch.store import Store
from softswitch.store.schema import StoredContactSpan, StoredEvents

BATCH_EVENTS_MAX = 100
BATCH_S = 0.1
"""Events that follow each other this closely are one record of the store, which costs a tenth of one for each."""
PRUNE_EVERY_S = 600.0
PRUNE_AGAIN_S = 0.25
"""The writer has deleted the former records by then."""
PRUNED_AT_ONCE_MAX = 100
"""Records looked at in one turn of the event loop: a few milliseconds."""
CONTACTS_REMEMBERED_MAX = 20_000
"""Whose beginning need not be read from the store; of contacts that come again within the writer's few milliseconds
it could not be."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Stamped]).decode


class AcdEvents:
    """Takes every event once. Nothing here waits for a disk."""

    def __init__(self, store: Store, clock: Clock, loop: asyncio.AbstractEventLoop, settings: EventsSection) -> None:
        self._store = store
        self._clock = clock
        self._loop = loop
        self._settings = settings
        newest = next(store.events.descending(), None)
        self._number = 0 if newest is None else newest.number + newest.count
        """Events stored ever."""
        self._batch: list[Stamped] = []
        self._spans: dict[str, StoredContactSpan] = {}
        self._flushing: asyncio.TimerHandle | None = None
        self._began: dict[ContactId, float] = {}
        self._pruning: asyncio.TimerHandle | None = None
        self._lines = QueueLog()
        self._file: QueueLogFile | None = None
        self._path = ""
        self.live = LiveFigures(clock.wall())
        self.configure(settings)

    def start(self) -> None:
        """Forget what is too old, now and every hour."""
        self._pruning = self._loop.call_later(PRUNE_EVERY_S, self.start)
        self._prune()

    def stop(self) -> None:
        """Store what waits, before the store is closed."""
        self._flush()
        if self._pruning is not None:
            self._pruning.cancel()
        if self._file is not None:
            self._file.close()

    def configure(self, settings: EventsSection) -> None:
        """The settings may be others, or the file of the queue_log may have been moved away."""
        self._settings = settings
        path = settings.queue_log
        if self._file is not None:
            self._file.reopen()
        if path != self._path:
            self._path = path
            self._file = QueueLogFile(path) if path else None

    def take(self, events: Sequence[Stamped]) -> None:
        for stamped in events:
            self.live.take(stamped)
        if self._file is not None:
            lines = [line for stamped in events for line in self._lines.take(stamped)]
            if lines:
                self._file.write(lines, self._clock.now())
        if self._settings.keep_max:
            self._keep(events)

    # The store

    def _keep(self, events: Sequence[Stamped]) -> None:
        self._batch += events
        for stamped in events:
            contact_id: ContactId | None = getattr(stamped.event, "contact_id", None)
            if contact_id is not None:
                for span in self._span(contact_id, stamped):
                    self._spans[contact_id] = span
        if len(self._batch) >= BATCH_EVENTS_MAX:
            self._flush()
        elif self._flushing is None:
            self._flushing = self._loop.call_later(BATCH_S, self._flush)

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if not self._batch:
            return
        events = StoredEvents(
            at_wall=self._batch[0].at_wall,
            number=self._number,
            count=len(self._batch),
            stamped=msgspec.Raw(_encode(self._batch)),
        )
        self._store.put_events(events, self._spans.values())
        self._number += len(self._batch)
        self._batch, self._spans = [], {}

    def _span(self, contact_id: ContactId, stamped: Stamped) -> Iterable[StoredContactSpan]:
        """Written when the contact comes and when it goes, which it may do several times."""
        match stamped.event:
            case ContactQueued() | ContactRefused():
                yield StoredContactSpan(contact=contact_id, from_wall=self._beginning(contact_id, stamped.at_wall))
            case (
                ContactAbandoned()
                | ContactEnded()
                | ContactOverflowed()
                | ContactWithdrawn()
                | WrapUpEnded()
                | DispositionSet()
                | ContactRated()
            ):
                began = self._beginning(contact_id, stamped.at_wall)
                yield StoredContactSpan(contact=contact_id, from_wall=began, until_wall=stamped.at_wall)
            case _:
                pass

    def _beginning(self, contact_id: ContactId, at_wall: float) -> float:
        began = self._began.get(contact_id)
        if began is None:
            former = self._store.contact_spans.get(contact_id)
            began = at_wall if former is None else min(former.from_wall, at_wall)
            if len(self._began) >= CONTACTS_REMEMBERED_MAX:
                del self._began[next(iter(self._began))]
            self._began[contact_id] = began
        return began

    def _prune(self) -> None:
        """Delete whole records whose last event is too old, or comes before the newest `keep_max`."""
        settings = self._settings
        oldest_at = self._clock.wall() - settings.keep_days * 86400
        oldest_number = self._number - settings.keep_max
        old: list[StoredEvents] = []
        gone: set[str] = set()
        for events in self._store.events.oldest(PRUNED_AT_ONCE_MAX):
            last_at = self._last_at(events, gone)
            if events.number + events.count > oldest_number and last_at >= oldest_at:
                break
            old.append(events)
        if old:
            self._store.delete_events(old, self._without_events(gone, old[-1]))
        if len(old) == PRUNED_AT_ONCE_MAX:
            self._loop.call_later(PRUNE_AGAIN_S, self._prune)

    def _last_at(self, events: StoredEvents, contacts: set[str]) -> float:
        """When the last of them happened; adds whom they are about."""
        stamped = _decode(events.stamped)
        for each in stamped:
            contact_id: ContactId | None = getattr(each.event, "contact_id", None)
            if contact_id is not None:
                contacts.add(contact_id)
        return stamped[-1].at_wall

    def _without_events(self, contacts: Iterable[str], last: StoredEvents) -> Iterable[str]:
        """Those who have ended before the last record that goes ends."""
        until_wall = _decode(last.stamped)[-1].at_wall
        for contact in contacts:
            span = self._store.contact_spans.get(contact)
            if span is not None and 0.0 < span.until_wall <= until_wall:
                yield contact
