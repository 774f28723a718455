"""Whose SIP messages are whose, and the messages of calls that failed, kept in the store beyond the log's few minutes.

A call has failed if its record names a fault or any end but an ordinary one, or if any leg of it was refused or lost.
A second after its end, what the log still holds of its Call-IDs goes to the store, without secrets. The log is
searched a segment at a time, with everybody else's work in between.
"""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from softswitch.base.clock import Clock
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.limits import FAILURES_WAITING_MAX, KEEP_AFTER_S, LEGS_REMEMBERED_MAX, PRUNED_AT_ONCE_MAX
from softswitch.calls.record import has_failed
from softswitch.calls.settings import CallSettings
from softswitch.sip.tracing.excerpt import make_excerpt
from softswitch.sip.tracing.message_log import LoggedMessage, MessageLog
from softswitch.store.schema import Cdr, SipLeg, StoredTrace
from softswitch.store.store import Store

log = get_logger("traces")

PRUNE_EVERY_S = 3600.0
PRUNE_AFTER = 20
"""Traces stored before it is looked again whether there are too many."""
BEFORE_CALL_S = 10.0
"""A challenged INVITE comes before what counts as the call's beginning."""


class CallLeg(msgspec.Struct, frozen=True):
    """A leg, and the call it belongs to."""

    call_id: CallId
    leg: SipLeg


class Traces:
    """`messages` is the log of the switch's SIP messages. Nothing here waits for anything."""

    def __init__(
        self,
        messages: MessageLog,
        store: Store,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        settings: Callable[[], CallSettings],
    ) -> None:
        self.messages = messages
        self.passed_over = 0
        """Failed calls that were not kept because there were too many at once."""
        self._store = store
        self._clock = clock
        self._loop = loop
        self._settings = settings
        self._legs: dict[str, CallLeg] = {}
        self._waiting: dict[CallId, Cdr] = {}
        self._stored = 0
        self._pruning: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Forget what is too old, now and every hour."""
        self._prune()
        self._pruning = self._loop.call_later(PRUNE_EVERY_S, self.start)

    def stop(self) -> None:
        """Store what waits, before the store is closed."""
        if self._pruning is not None:
            self._pruning.cancel()
        for cdr in list(self._waiting.values()):
            self._keep(cdr, [logged for part in self._search(cdr) for logged in part])

    # Facts

    def leg_began(self, call_id: CallId, leg: SipLeg) -> None:
        if leg.sip_call_id:
            if len(self._legs) >= LEGS_REMEMBERED_MAX:
                del self._legs[next(iter(self._legs))]
            self._legs[leg.sip_call_id] = CallLeg(call_id, leg)

    def call_ended(self, cdr: Cdr) -> None:
        if not has_failed(cdr) or not self._settings().traces_max:
            return
        if len(self._waiting) >= FAILURES_WAITING_MAX:
            self.passed_over += 1
            if self.passed_over % FAILURES_WAITING_MAX == 1:
                log.warning("too many calls fail to keep all their messages", passed_over=self.passed_over)
            return
        self._waiting[cdr.call_id] = cdr
        self._loop.call_later(KEEP_AFTER_S, self._collect, cdr)

    # Getters

    def leg_of(self, sip_call_id: str) -> CallLeg | None:
        """Whose Call-ID it is, as long as that is remembered."""
        return self._legs.get(sip_call_id)

    @property
    def wall_offset(self) -> float:
        """What makes a time of the log one of day."""
        return self._clock.wall() - self._clock.now()

    # Private

    def _collect(self, cdr: Cdr) -> None:
        self._step(cdr, self._search(cdr), [])

    def _search(self, cdr: Cdr) -> Iterator[list[LoggedMessage]]:
        began = cdr.started_at - self.wall_offset - BEFORE_CALL_S
        return self.messages.of_calls([leg.sip_call_id for leg in cdr.sip_legs if leg.sip_call_id], since=began)

    def _step(self, cdr: Cdr, parts: Iterator[list[LoggedMessage]], found: list[LoggedMessage]) -> None:
        part = next(parts, None)
        if part is None:
            self._keep(cdr, found)
        else:
            found += part
            self._loop.call_soon(self._step, cdr, parts, found)

    def _keep(self, cdr: Cdr, found: list[LoggedMessage]) -> None:
        if self._waiting.pop(cdr.call_id, None) is None or not found:
            return
        excerpt = make_excerpt(found, self.wall_offset)
        trace = StoredTrace(
            call_id=cdr.call_id, started_at=cdr.started_at, messages=excerpt.messages, left_out=excerpt.left_out
        )
        self._store.traces.put((cdr.started_at, cdr.call_id), trace)
        self._stored += 1
        if self._stored % PRUNE_AFTER == 0:
            self._prune()

    def _prune(self) -> None:
        settings, traces = self._settings(), self._store.traces
        excess = traces.count() - settings.traces_max
        oldest_at = self._clock.wall() - settings.trace_days * 86400
        for number, trace in enumerate(traces.oldest(PRUNED_AT_ONCE_MAX)):
            if number >= excess and trace.started_at >= oldest_at:
                return
            traces.delete((trace.started_at, trace.call_id))
