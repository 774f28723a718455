"""Where the ACD's events go: the store, the figures since the start, Asterisk's queue_log."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from softswitch.acd.events import (
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactMoved,
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
from softswitch.acd.reporting.queue_log import Visit
from softswitch.app.queue_log import QueueLogLines
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
        self._known: dict[ContactId, StoredContactSpan] = {}
        """As they were last given to the store."""
        self._pruning: asyncio.TimerHandle | None = None
        self._lines = QueueLogLines(store, clock, loop, self._former_visit)
        self._lines.start(settings.queue_log)
        self.live = LiveFigures(clock.wall())

    def start(self) -> None:
        """Forget what is too old, now and every hour."""
        self._pruning = self._loop.call_later(PRUNE_EVERY_S, self.start)
        self._prune()

    def stop(self) -> None:
        """Store what waits, before the store is closed."""
        self.hand_over()
        if self._pruning is not None:
            self._pruning.cancel()
        self._lines.close()

    def configure(self, settings: EventsSection) -> None:
        """The settings may be others, or the file of the queue_log may have been moved away."""
        self._settings = settings
        self._lines.use(settings.queue_log)

    def take(self, events: Sequence[Stamped]) -> None:
        for stamped in events:
            self.live.take(stamped)
        self._lines.take(events)
        if self._settings.keep_max:
            self._keep(events)
        else:
            self._lines.write_at_once()

    # The store

    def _keep(self, events: Sequence[Stamped]) -> None:
        self._batch += events
        for stamped in events:
            contact_id: ContactId | None = getattr(stamped.event, "contact_id", None)
            if contact_id is not None:
                for span in self._span(contact_id, stamped):
                    self._spans[contact_id] = span
                    self._know(contact_id, span)
        if len(self._batch) >= BATCH_EVENTS_MAX:
            self.hand_over()
        elif self._flushing is None:
            self._flushing = self._loop.call_later(BATCH_S, self.hand_over)

    def hand_over(self) -> None:
        """Give to the store what has happened since; it is time, or something else is about to be written."""
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
        self._lines.hand_over()

    def _span(self, contact_id: ContactId, stamped: Stamped) -> Iterable[StoredContactSpan]:
        """Written when the contact comes and when it goes, which it may do several times."""
        match stamped.event:
            case ContactQueued():
                began = self._beginning(contact_id, stamped.at_wall)
                yield StoredContactSpan(contact=contact_id, from_wall=began, position=stamped.event.position)
            case ContactRefused():
                yield StoredContactSpan(contact=contact_id, from_wall=self._beginning(contact_id, stamped.at_wall))
            case ContactMoved() if self._lines.is_written:
                began, position = self._beginning(contact_id, stamped.at_wall), stamped.event.new_position
                yield StoredContactSpan(contact=contact_id, from_wall=began, position=position)
            case ContactConnected() if self._lines.is_written:
                yield self._connected_span(contact_id, stamped.at_wall, stamped.event.in_queue_s)
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

    def _connected_span(self, contact_id: ContactId, at_wall: float, waited_s: float) -> StoredContactSpan:
        began, known = self._beginning(contact_id, at_wall), self._known.get(contact_id)
        position = 0 if known is None else known.position
        return StoredContactSpan(contact=contact_id, from_wall=began, position=position, waited_s=waited_s)

    def _former_visit(self, contact_id: ContactId) -> Visit | None:
        """Of a contact that came while another switch ran."""
        span = self._store.contact_spans.get(contact_id)
        return None if span is None or not span.position else Visit(span.position, span.waited_s)

    def _beginning(self, contact_id: ContactId, at_wall: float) -> float:
        known = self._known.get(contact_id)
        if known is None:
            known = self._store.contact_spans.get(contact_id)
            if known is None:
                return at_wall
            self._know(contact_id, known)
        return min(known.from_wall, at_wall)

    def _know(self, contact_id: ContactId, span: StoredContactSpan) -> None:
        if len(self._known) >= CONTACTS_REMEMBERED_MAX and contact_id not in self._known:
            del self._known[next(iter(self._known))]
        self._known[contact_id] = span

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
