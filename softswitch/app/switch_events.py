"""The switch's events (calls/told/events.py): numbered, kept in memory for those who follow them, and in the store for
those who come later or come back.

Numbers grow over restarts. After a crash they leave out `CRASH_GAP`: what a follower has seen and the disk has not must
not be another event's number.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from softswitch.acd.centre_events import SwitchStopped
from softswitch.acd.events import AgentReserved, ContactQueued, Stamped
from softswitch.base.clock import Clock
from softswitch.base.log import get_logger
from softswitch.calls.limits import EVENTS_IN_MEMORY
from softswitch.calls.runtime.screen_pops import ScreenPops
from softswitch.calls.told.call_events import CallEnded
from softswitch.calls.told.event_log import EventLog, Following
from softswitch.calls.told.events import Numbered, SwitchEvent
from softswitch.calls.told.stored import events_in, stored_records
from softswitch.config.settings import EventsSection
from softswitch.store import Store
from softswitch.store.event_schema import StoredSwitchEvents
from softswitch.store.tables import DamagedRecord

BATCH_EVENTS_MAX = 200
BATCH_S = 0.1
"""Events that follow each other this closely are one record of the store, which costs a tenth of one for each."""
CRASH_GAP = 1_000_000
PRUNE_EVERY_S = 600.0
PRUNE_AGAIN_S = 0.25
"""The writer has deleted the former records by then."""
PRUNED_AT_ONCE_MAX = 200
COUNTED_AT_ONCE = 200
FORMER_CALLS_READ = 5_000
"""Of a former switch, for screens: those of a busy day or two."""
FORMER_CALLS_AT_ONCE = 25
READ_AGAIN_S = 0.05

_POPS = (AgentReserved, ContactQueued, CallEnded)
_encode = msgspec.msgpack.Encoder().encode

log = get_logger("events")


class SwitchEvents:
    """`tell` and `take` what happens. Nothing here waits for a disk, nor for whoever reads."""

    def __init__(self, store: Store, clock: Clock, loop: asyncio.AbstractEventLoop, settings: EventsSection) -> None:
        self._store = store
        self._clock = clock
        self._loop = loop
        self._settings = settings
        self._log = EventLog(_next_number(store), EVENTS_IN_MEMORY)
        self._stored = self._log.newest
        """The last one that was given to the store."""
        self._kept = 0
        """So many events are in the store, of those that were counted; numbers say nothing, crashes leave some out."""
        self._is_counted = False
        self._flushing: asyncio.TimerHandle | None = None
        self._pruning: asyncio.TimerHandle | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._pops: ScreenPops | None = None

    def start(self) -> None:
        """Forget what is too old, now and every few minutes; learn who has called before, a part at a time."""
        self._count(None, self._log.newest)
        self._read_former_calls(None, FORMER_CALLS_READ)
        self._prune_regularly()

    def stop(self) -> None:
        """Store what waits, before the store is closed."""
        self.hand_over()
        if self._pruning is not None:
            self._pruning.cancel()

    def configure(self, settings: EventsSection) -> None:
        self._settings = settings

    def use_pops(self, pops: ScreenPops) -> None:
        """What makes screen pops of other events."""
        self._pops = pops

    # What happens

    def tell(self, event: SwitchEvent, project: str) -> None:
        """In the order in which it is told."""
        self._add(event, event.at + self._clock.wall() - self._clock.now(), project)

    def take(self, events: Iterable[Stamped]) -> None:
        """What has happened in the ACD."""
        for stamped in events:
            self._add(stamped.event, stamped.at_wall, stamped.project)

    def _add(self, event: SwitchEvent, at_wall: float, project: str) -> None:
        newest = self._log.append(event, at_wall, project).number
        if newest - self._stored >= BATCH_EVENTS_MAX:
            self.hand_over()
        elif self._flushing is None:
            self._flushing = self._loop.call_later(BATCH_S, self.hand_over)
        if self._waiting:
            self._wake()
        if self._pops is not None and isinstance(event, _POPS):
            self._pops.take(event, project)

    # Followers

    @property
    def newest(self) -> int:
        """The number of the last event."""
        return self._log.newest

    def after(self, number: int, limit: int) -> Following:
        """From memory."""
        return self._log.after(number, limit)

    def stored_after(self, number: int, records: int) -> Following:
        """From the store: those of some records. Where there is nothing more of use, the cursor is in memory."""
        some = list(islice(stored_records(self._store, number), records))
        events = [event for record in some for event in events_in(record, number)]
        return Following(events, some[-1].last if some else self.oldest - 1, is_behind=False)

    @property
    def oldest(self) -> int:
        """The number of the oldest in memory; of the next one, if there is none."""
        return self._log.oldest

    @property
    def oldest_known(self) -> int:
        """The same, in the store too."""
        stored = next(iter(self._store.switch_events.oldest(1)), None)
        return self._log.oldest if stored is None else min(stored.number, self._log.oldest)

    async def more(self, timeout_s: float) -> None:
        """Until something has happened, or for so long."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            pass
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    # The store

    def hand_over(self) -> None:
        """Give to the store what has happened since; it is time, or something else is about to be written."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        events = self._log.after(self._stored, 2 * BATCH_EVENTS_MAX).events
        if events:
            self._stored = events[-1].number
            self._kept += len(events)
            self._store.switch_events.put(events[0].number, _record(events))

    def _prune_regularly(self) -> None:
        self._pruning = self._loop.call_later(PRUNE_EVERY_S, self._prune_regularly)
        self._prune()

    def _prune(self) -> None:
        """Delete whole records whose last event is too old, or comes before the newest `replay_max`."""
        oldest_wall = self._clock.wall() - self._settings.replay_days * 86400
        old: list[StoredSwitchEvents] = []
        kept = self._kept
        for record in self._store.switch_events.oldest(PRUNED_AT_ONCE_MAX):
            kept -= _size(record)
            is_one_too_many = self._is_counted and kept >= self._settings.replay_max
            if not is_one_too_many and record.until_wall >= oldest_wall:
                break
            old.append(record)
        for each in old:
            self._kept -= _size(each)
            self._store.switch_events.delete(each.number)
        if len(old) == PRUNED_AT_ONCE_MAX:
            self._loop.call_later(PRUNE_AGAIN_S, self._prune)

    def _count(self, cursor: bytes | None, until: int) -> None:
        """What former switches have stored, a part at a time; `until` is the number of the last event of theirs."""
        try:
            page = self._store.switch_events.newest(COUNTED_AT_ONCE, cursor)
        except DamagedRecord as error:
            log.error("events go by their age alone", fault=str(error))
            return
        self._kept += sum(_size(record) for record in page.values if record.number <= until)
        if page.cursor is None:
            self._is_counted = True
        else:
            self._loop.call_later(READ_AGAIN_S, self._count, page.cursor, until)

    def _read_former_calls(self, cursor: bytes | None, left: int) -> None:
        try:
            page = self._store.cdrs.newest(FORMER_CALLS_AT_ONCE, cursor)
        except DamagedRecord as error:
            log.error("former calls are not on agents' screens", fault=str(error))
            return
        if self._pops is not None:
            self._pops.remember(page.values)
        if page.cursor is not None and left > FORMER_CALLS_AT_ONCE:
            self._loop.call_later(READ_AGAIN_S, self._read_former_calls, page.cursor, left - FORMER_CALLS_AT_ONCE)


def _size(record: StoredSwitchEvents) -> int:
    """How many events are in it; its own numbers leave nothing out."""
    return record.last - record.number + 1


def _record(events: Sequence[Numbered]) -> StoredSwitchEvents:
    last = events[-1]
    return StoredSwitchEvents(
        number=events[0].number, last=last.number, until_wall=last.at_wall, events=msgspec.Raw(_encode(events))
    )


def _next_number(store: Store) -> int:
    newest = next(store.switch_events.descending(), None)
    if newest is None:
        return 1
    events = events_in(newest)
    is_clean = bool(events) and events[-1].number == newest.last and isinstance(events[-1].event, SwitchStopped)
    return newest.last + 1 if is_clean else newest.last + CRASH_GAP
