"""Where the ACD's events go: the store, the figures since the start, Asterisk's queue_log."""

import asyncio
from collections.abc import Iterable, Sequence

import msgspec

from softswitch.acd.events import (
    ContactAbandoned,
    ContactEnded,
    ContactOverflowed,
    ContactQueued,
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
from softswitch.store.schema import StoredContactSpan, StoredEvent

PRUNE_EVERY_S = 3600.0
PRUNED_AT_ONCE_MAX = 500
"""Deleted in one turn of the event loop: some milliseconds."""
PRUNE_AGAIN_S = 0.25
"""The writer has deleted the former ones by then; 2,000 a second are more than 100 calls a second leave."""
STORED_BETWEEN_PRUNINGS = 10_000
CONTACTS_REMEMBERED_MAX = 20_000
"""Whose beginning need not be read from the store; of contacts that come again within the writer's few milliseconds
it could not be."""

_encode = msgspec.msgpack.Encoder().encode


class AcdEvents:
    """Takes every event once. Nothing here waits for a disk."""

    def __init__(self, store: Store, clock: Clock, loop: asyncio.AbstractEventLoop, settings: EventsSection) -> None:
        self._store = store
        self._clock = clock
        self._loop = loop
        self._settings = settings
        self._number = 0
        self._began: dict[ContactId, float] = {}
        self._stored = 0
        self._pruning: asyncio.TimerHandle | None = None
        self._lines = QueueLog()
        self._file: QueueLogFile | None = None
        self._path = ""
        self.live = LiveFigures(clock.wall(), short_abandon_s=settings.short_abandon_s)
        self.configure(settings)

    def start(self) -> None:
        """Forget what is too old, now and every hour."""
        self._pruning = self._loop.call_later(PRUNE_EVERY_S, self.start)
        self._prune()

    def stop(self) -> None:
        if self._pruning is not None:
            self._pruning.cancel()
        if self._file is not None:
            self._file.close()

    def configure(self, settings: EventsSection) -> None:
        """The settings may be others, or the file of the queue_log may have been moved away."""
        self._settings = settings
        self.live.short_abandon_s = settings.short_abandon_s
        path = settings.queue_log
        if self._file is not None:
            self._file.reopen()
        if path != self._path:
            self._path = path
            self._file = QueueLogFile(path) if path else None

    def take(self, events: Sequence[Stamped]) -> None:
        lines: list[str] = []
        for stamped in events:
            self.live.take(stamped)
            lines += self._lines.take(stamped)
        if lines and self._file is not None:
            self._file.write(lines, self._clock.now())
        if self._settings.keep_max:
            self._keep(events)

    # The store

    def _keep(self, events: Sequence[Stamped]) -> None:
        kept: list[StoredEvent] = []
        spans: list[StoredContactSpan] = []
        for stamped in events:
            self._number += 1
            contact_id: ContactId | None = getattr(stamped.event, "contact_id", None)
            kept.append(
                StoredEvent(
                    at_wall=stamped.at_wall,
                    number=self._number,
                    contact=contact_id or "",
                    stamped=msgspec.Raw(_encode(stamped)),
                )
            )
            if contact_id is not None:
                spans += self._span(contact_id, stamped)
        self._store.put_events(kept, spans)
        self._stored += len(kept)
        if self._stored >= STORED_BETWEEN_PRUNINGS:
            self._prune()

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
        self._stored = 0
        settings, events = self._settings, self._store.events
        excess = events.count() - settings.keep_max
        oldest_at = self._clock.wall() - settings.keep_days * 86400
        old: list[StoredEvent] = []
        for number, event in enumerate(events.oldest(PRUNED_AT_ONCE_MAX)):
            if number >= excess and event.at_wall >= oldest_at:
                break
            old.append(event)
        if old:
            self._store.delete_events(old)
        if len(old) == PRUNED_AT_ONCE_MAX:
            self._loop.call_later(PRUNE_AGAIN_S, self._prune)
