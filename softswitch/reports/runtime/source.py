"""Facts of a span of time, a block of six hours at a time, so that a month needs no more memory than a morning."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from softswitch.acd.events import Stamped, SwitchStarted
from softswitch.reports.facts.call_facts import CallFacts, NarrowCdr, fold_calls
from softswitch.reports.facts.event_facts import Carried, EventFacts
from softswitch.reports.facts.event_fold import EventFold
from softswitch.reports.limits import ZERO_DAY_S
from softswitch.reports.local_time import QUARTER_S
from softswitch.store import StoreReader

BLOCK_S = 6 * 3600
RECORD_S = 60.0
"""A record of events begins at most this long before the last of them: it is written within a tenth of a second, but
the clock may have been set."""

_decode = msgspec.msgpack.Decoder(list[Stamped]).decode


class FactSource:
    """`now` is until when something that goes on is counted, `is_running` whether it goes on at all."""

    def __init__(self, store: StoreReader, now: float, *, is_running: bool) -> None:
        self._store = store
        self._now = now
        self._is_running = is_running
        self._cdrs = store.cdrs.narrow(NarrowCdr)

    def event_facts(self, since: float, until: float) -> Iterator[EventFacts]:
        """Of [since, until), in order. A block may begin before and end after: its rows say when they were."""
        began = _block(since)
        carried = self._fold_events(began - ZERO_DAY_S, began, Carried()).carried
        for began, ended, is_wanted in _parts(since, until):
            facts = self._fold_events(began, ended, carried)
            carried = facts.carried
            if is_wanted:
                yield facts

    def call_facts(self, since: float, until: float) -> Iterator[CallFacts]:
        """Of the calls that began in [since, until), in the order in which they did."""
        for began in range(_block(since), int(until), BLOCK_S):
            low, high = max(float(began), since, 0.0), min(float(began + BLOCK_S), until)
            yield fold_calls(self._cdrs.ascending((low, ""), (high, "")), low, high)

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
        for stored in self._store.events.ascending((max(0.0, since - RECORD_S), "")):
            for stamped in _decode(stored.stamped):
                if stamped.at_wall >= since:
                    yield stamped


def _block(wall: float) -> int:
    return int(wall // BLOCK_S) * BLOCK_S


def _parts(since: float, until: float) -> Iterator[tuple[float, float, bool]]:
    """Whole blocks; where [since, until) is not bounded by quarters of an hour, a block is cut there. And whether the
    part is of the span at all."""
    cuts = {float(_block(since)), float(-_block(-until))}
    cuts.update(map(float, range(_block(since), -_block(-until), BLOCK_S)))
    cuts.update(bound for bound in (since, until) if bound % QUARTER_S)
    bounds = sorted(cuts)
    for began, ended in pairwise(bounds):
        if began < until:
            yield began, ended, ended > since
