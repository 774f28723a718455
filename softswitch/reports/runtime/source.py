"""Facts of a span of time, a block of three hours at a time, so that a month needs no more memory than a morning.

Facts of blocks that are over are kept beside the store (`fact_cache.py`). To read all events of a month of a million
calls is a minute of work: `keep_ahead` does it a block at a time while the month goes by, so that a report reads what
was kept, and the records since the last block.
"""

import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec

from softswitch.acd.events import Stamped, SwitchStarted
from softswitch.reports.facts.call_facts import CallFacts, NarrowCdr, fold_calls
from softswitch.reports.facts.event_facts import Carried, EventFacts
from softswitch.reports.facts.event_fold import EventFold
from softswitch.reports.limits import ZERO_DAY_S
from softswitch.reports.local_time import HOUR_S
from softswitch.reports.runtime.fact_cache import FactCache
from softswitch.store import StoreReader

BLOCK_S = 3 * 3600
RECORD_S = 60.0
"""And whatever came in this time before: the clock may have been set."""
CHANGES_S = 3 * 86_400.0
"""A record of a call that ended longer ago is not changed any more: wrap-ups and questions of surveys are over."""

_decode = msgspec.msgpack.Decoder(list[Stamped]).decode


class _Numbered(msgspec.Struct, frozen=True):
    """Of a record of events which one it is."""

    number: int


class FactSource:
    """`now` is until when something that goes on is counted, `is_running` whether it goes on at all.

    Without a `cache` everything is made of the store.
    """

    def __init__(self, store: StoreReader, now: float, *, is_running: bool, cache: FactCache | None = None) -> None:
        self._store = store
        self._now = now
        self._is_running = is_running
        self._cache = cache
        self._numbers = store.events.narrow(_Numbered)
        self.blocks_kept = 0
        """Made of the store, and kept for whoever comes next."""

    def keep_ahead(self) -> None:
        """Keep the facts of every block that is over and is not kept, or not as its records are now.

        Blocks whose records change no more are looked at from the newest back to one that is kept: those before it were
        when it was. Cheap where that is the block before last.
        """
        until = float(_block(self._now))
        for _ in self.event_facts(self._not_kept_since(self._are_events_kept, self._oldest_event()), until):
            pass
        for _ in self.call_facts(self._not_kept_since(self._are_calls_kept, self._oldest_call()), until):
            pass

    # Events

    def event_facts(self, since: float, until: float) -> Iterator[EventFacts]:
        """Of [since, until), in order. A block may begin before and end after: its rows say when they were."""
        oldest = self._oldest_event()
        if oldest is None:
            return
        since = max(since, float(_block(oldest)))
        if self._cache is not None:
            self._cache.forget_before("events", _block(oldest))
        carried: Carried | None = None
        for began, ended, is_wanted in _parts(since, until):
            facts = self._events_of(began, ended, carried)
            carried = facts.carried
            if is_wanted:
                yield facts

    def _events_of(self, began: float, ended: float, carried: Carried | None) -> EventFacts:
        made_of = self._records(began, ended) if self._cache is not None and ended - began == BLOCK_S else None
        if self._cache is None or made_of is None:
            return self._fold_events(began, ended, carried or self._carried(began))
        facts = self._cache.events(began, made_of)
        if facts is None:
            facts = self._fold_events(began, ended, carried or self._carried(began))
            self._cache.keep_events(facts, made_of)
            self.blocks_kept += 1
        return facts

    def _records(self, began: float, ended: float) -> tuple[int, ...] | None:
        """The numbers of the first record of a block and of the first after it; None: it is not over, or not whole."""
        first, following = self._number_from(began), self._number_from(ended)
        oldest = next(iter(self._store.events.oldest(1)), None)
        is_whole = oldest is not None and (oldest.number == 0 or oldest.at_wall <= began)
        return None if first is None or following is None or not is_whole else (first, following)

    def _number_from(self, wall: float) -> int | None:
        first = self._numbers.first((max(0.0, wall), ""))
        return None if first is None else first.number

    def _carried(self, began: float) -> Carried:
        """What went on when the first block began: of the block before, if that is kept, or of the half day before."""
        made_of = None if self._cache is None else self._records(began - BLOCK_S, began)
        if self._cache is not None and made_of is not None:
            former = self._cache.events(began - BLOCK_S, made_of)
            if former is not None:
                return former.carried
        return self._fold_events(began - ZERO_DAY_S, began, Carried()).carried

    def _fold_events(self, since: float, until: float, carried: Carried) -> EventFacts:
        fold = EventFold(since, until, carried)
        last_wall = since
        following: Stamped | None = None
        for stamped in self._events(since):
            if stamped.at_wall >= until:
                following = stamped
                break
            last_wall = stamped.at_wall
            fold.take(stamped)
        return fold.facts(self._seen_until(until, last_wall, following))

    def _seen_until(self, until: float, last_wall: float, following: Stamped | None) -> float:
        """A switch that died without a word did so at its last event, as far as is known."""
        if following is None:
            return min(until, self._now) if self._is_running else last_wall
        return last_wall if isinstance(following.event, SwitchStarted) else until

    def _events(self, since: float) -> Iterator[Stamped]:
        """From the record before, which may reach into the time."""
        start = max(0.0, since - RECORD_S)
        former = self._store.events.last_before((max(0.0, since), ""))
        if former is not None:
            start = min(start, former.at_wall)
        for stored in self._store.events.ascending((start, "")):
            for stamped in _decode(stored.stamped):
                if stamped.at_wall >= since:
                    yield stamped

    # Calls

    def call_facts(self, since: float, until: float) -> Iterator[CallFacts]:
        """Of the calls that began in [since, until), in the order in which they did."""
        oldest = self._oldest_call()
        if oldest is None or oldest >= until:
            return
        since = max(since, float(_block(oldest)))
        if self._cache is not None:
            self._cache.forget_before("calls", _block(oldest))
        going_on = min((call.started_at for call in self._store.active_calls.ascending()), default=self._now)
        for began, ended in pairwise(_bounds(since, until)):
            is_over = ended - began == BLOCK_S and ended <= min(going_on, self._now)
            if self._cache is None or not is_over:
                yield self._fold_calls(began, ended)
                continue
            made_of = self._calls_made_of(began, ended)
            facts = self._cache.calls(began, made_of)
            if facts is None:
                facts = self._fold_calls(began, ended)
                self._cache.keep_calls(facts, made_of)
                self.blocks_kept += 1
            yield facts

    def _fold_calls(self, began: float, ended: float) -> CallFacts:
        cdrs = self._store.cdrs.narrow(NarrowCdr).ascending((began, ""), (ended, ""))
        return fold_calls(cdrs, began, ended)

    def _calls_made_of(self, began: float, ended: float) -> tuple[int, ...]:
        """A checksum of the records, or of the first and the last of those that change no more."""
        span = (began, ""), (ended, "")
        if ended + CHANGES_S > self._now:
            checksum = 1
            for raw in self._store.cdrs.encoded(*span):
                checksum = zlib.adler32(raw, checksum)
            return (checksum,)
        return tuple(zlib.adler32(raw) for raw in self._store.cdrs.encoded_ends(*span))

    # What is kept

    def _oldest_event(self) -> float | None:
        return next((events.at_wall for events in self._store.events.oldest(1)), None)

    def _oldest_call(self) -> float | None:
        return next((cdr.started_at for cdr in self._store.cdrs.oldest(1)), None)

    def _not_kept_since(self, is_kept: Callable[[int], bool], oldest: float | None) -> float:
        began = _block(self._now - CHANGES_S) - BLOCK_S
        while oldest is not None and began > oldest and not is_kept(began):
            began -= BLOCK_S
        return float(began)

    def _are_events_kept(self, began: int) -> bool:
        made_of = self._records(began, began + BLOCK_S)
        return self._cache is not None and made_of is not None and self._cache.events(began, made_of) is not None

    def _are_calls_kept(self, began: int) -> bool:
        made_of = self._calls_made_of(began, began + BLOCK_S)
        return self._cache is not None and self._cache.calls(began, made_of) is not None


def _block(wall: float) -> int:
    return int(wall // BLOCK_S) * BLOCK_S


def _block_after(wall: float) -> int:
    """When the block that holds the moment before ends."""
    return -int(-wall // BLOCK_S) * BLOCK_S


def _bounds(since: float, until: float) -> list[float]:
    """Where blocks are cut: at multiples of three hours, and at the ends of the span."""
    inner = range(_block(since) + BLOCK_S, _block_after(until), BLOCK_S)
    return [since, *(float(bound) for bound in inner if since < bound < until), until]


def _parts(since: float, until: float) -> Iterator[tuple[float, float, bool]]:
    """Whole blocks; where [since, until) is not bounded by hours, a block is cut there. And whether the
    part is of the span at all."""
    cuts = {float(_block(since)), float(_block_after(until))}
    cuts.update(map(float, range(_block(since), _block_after(until), BLOCK_S)))
    cuts.update(bound for bound in (since, until) if bound % HOUR_S)
    for began, ended in pairwise(sorted(cuts)):
        if began < until:
            yield began, ended, ended > since
