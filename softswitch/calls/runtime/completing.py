"""Carries out calls to people who were busy (calls/call_completion.py): rings who wanted one, then whom he wanted."""

import asyncio

from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.call_completion import CompletionBook, Wanted
from softswitch.calls.outcomes import CallEnded, DialReason
from softswitch.calls.record import CallRecord
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.first_party import reach
from softswitch.calls.runtime.originating import connect
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import Extension
from softswitch.store.phone_schema import StoredWantedCall

log = get_logger("calls")

FLOW = "call_when_free"
"""Stands in the records of these calls."""


STORED_AGAIN_S = 1.0
"""A request that was made again lasts longer; clocks differ by less."""


class CallCompletion:
    """Made once; `around.legs` tells it whose call has ended."""

    __slots__ = ("_around", "_book", "_exchange", "_loop", "_stored", "_timer")

    def __init__(self, around: Surroundings, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self._around = around
        self._exchange = exchange
        self._loop = loop
        self._book = CompletionBook()
        self._timer: asyncio.TimerHandle | None = None
        self._stored: dict[Wanted, float] = {}
        """What is in the store."""
        around.legs.when_changed(self._changed)
        self._restore()

    def request(self, who: Extension, whom: Extension) -> bool:
        """Ring `who` as soon as both are free, and then `whom`. False if he wants too much."""
        wanted = Wanted(who.username, whom.username)
        busy = {name for name in (wanted.who, wanted.whom) if self._around.legs.of(name)}
        is_done = self._book.request(wanted, busy=busy, now=self._around.clock.now())
        self._go_on()
        return is_done

    def cancel(self, who: Extension) -> bool:
        """He wants nobody any more; whether he did."""
        count = self._book.cancel(who.username)
        self._go_on()
        return count > 0

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Private

    def _restore(self) -> None:
        now, wall = self._around.clock.now(), self._around.clock.wall()
        for row in list(self._around.phones.wanted.ascending()):
            wanted = Wanted(row.who, row.whom)
            self._stored[wanted] = row.expires_wall
            if row.expires_wall > wall:
                self._book.restore(wanted, now + row.expires_wall - wall, now)
        self._go_on()

    def _store(self) -> None:
        """What is wanted now, and nothing else, is in the store."""
        table, wanted_now = self._around.phones.wanted, self._book.waiting()
        for wanted in self._stored.keys() - wanted_now.keys():
            del self._stored[wanted]
            table.delete((wanted.who, wanted.whom))
        offset = self._around.clock.wall() - self._around.clock.now()
        for wanted, expires_at in wanted_now.items():
            expires_wall = expires_at + offset
            if abs(self._stored.get(wanted, 0.0) - expires_wall) < STORED_AGAIN_S:
                continue
            self._stored[wanted] = expires_wall
            row = StoredWantedCall(who=wanted.who, whom=wanted.whom, expires_wall=expires_wall)
            table.put((wanted.who, wanted.whom), row)

    def _changed(self, username: str) -> None:
        if self._book.concerns(username):
            is_busy = bool(self._around.legs.of(username))
            self._book.changed(username, is_busy=is_busy, now=self._around.clock.now())
            self._go_on()

    def _go_on(self) -> None:
        now = self._around.clock.now()
        self._book.handle_timeout(now)
        for wanted in self._book.take_due():
            self._exchange.spawn(self._complete(wanted))
        self._store()
        self.stop()
        due_at = self._book.next_timeout()
        if due_at is not None:
            self._timer = self._loop.call_later(max(0.0, due_at - now), self._go_on)

    async def _complete(self, wanted: Wanted) -> None:
        extensions = self._around.settings().extensions
        who, whom = extensions.get(wanted.who), extensions.get(wanted.whom)
        was_busy = False
        try:
            if who is not None and whom is not None:
                was_busy = await self._call(who, whom)
        finally:
            self._book.over(wanted, was_busy=was_busy, now=self._around.clock.now())
            self._go_on()

    async def _call(self, who: Extension, whom: Extension) -> bool:
        """Whether whoever is wanted was busy again."""
        around = self._around
        record = CallRecord(
            CallId(around.entropy.token(96)),
            calling_number=who.number or who.username,
            calling_name=who.name,
            called_number=whom.number or whom.username,
            started_at=around.clock.wall(),
        )
        record.flow = FLOW
        call = self._exchange.originate(record)
        call.permissions = who
        try:
            call.display = f"free now: {whom.name or whom.number or whom.username}"
            if await reach(call, who.username, around.settings().ring_s) is not None:
                return False
            call.display = ""
            plan = RingPlan([whom.username])
            outcome = await connect(call, Dialling(call, plan, record=None, ring_s=around.settings().ring_s))
            return outcome.reason is DialReason.BUSY
        except CallEnded:
            return False
        except SoftswitchError as error:
            record.fault = str(error)
            log.error("call when free failed", call_id=call.call_id, fault=str(error))
            return False
        finally:
            call.flow_over()
