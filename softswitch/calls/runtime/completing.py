"""Carries out calls to people who were busy (calls/call_completion.py): rings who wanted one, then whom he wanted."""

import asyncio

from softswitch.acd.model import BusyKind
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.call_completion import CompletionBook, Wanted
from softswitch.calls.call_state import CallState
from softswitch.calls.outcomes import CallEnded, DialReason
from softswitch.calls.record import CallRecord
from softswitch.calls.ringing import RingPlan
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.runtime.dialling import Dialling
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import Extension
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress

log = get_logger("calls")

FLOW = "call_when_free"
"""Stands in the records of these calls."""


class CallCompletion:
    """Made once; `around.legs` tells it whose call has ended."""

    __slots__ = ("_around", "_book", "_exchange", "_loop", "_timer")

    def __init__(self, around: Surroundings, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self._around = around
        self._exchange = exchange
        self._loop = loop
        self._book = CompletionBook()
        self._timer: asyncio.TimerHandle | None = None
        around.legs.when_changed(self._changed)

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
            if not await self._reach(call, who, whom):
                return False
            outcome = await Dialling(
                call, RingPlan([whom.username]), record=None, ring_s=around.settings().ring_s
            ).run()
            return outcome.reason is DialReason.BUSY
        except CallEnded:
            return False
        except SoftswitchError as error:
            record.fault = str(error)
            log.error("call when free failed", call_id=call.call_id, fault=str(error))
            return False
        finally:
            call.flow_over()

    async def _reach(self, call: ActiveCall, who: Extension, whom: Extension) -> bool:
        """Whether who wanted the call has answered, and is its caller."""
        clock = self._around.clock
        call.set_state(CallState.ALERTING)
        call.display = f"free now: {whom.name or whom.number or whom.username}"
        attempt = Attempt(call, who.username)
        deadline = clock.now() + self._around.settings().ring_s
        try:
            await attempt.begin()
            while True:
                await attempt.proceed(clock.now())
                if attempt.answered is not None:
                    self._begin_with(call, attempt, attempt.answered)
                    return True
                if attempt.verdict is not None or clock.now() >= deadline:
                    return False
                due = [deadline, *(at for at in (attempt.next_timeout(),) if at is not None)]
                event = await call.mailbox.next(max(0.0, min(due) - clock.now()))
                if isinstance(event, LegProgress | LegAnswered | LegFailed):
                    attempt.receive(event)
        finally:
            call.display = ""
            if attempt.answered is not call.caller:
                attempt.end()

    def _begin_with(self, call: ActiveCall, attempt: Attempt, party: Party) -> None:
        """He is the caller, and busy as one."""
        attempt.silence()
        attempt.free_line()
        call.begin_with(party)
        if party.extension is not None and party.extension.agent_id is not None:
            party.line = party.extension.agent_id
            self._around.lines.taken(party.line, BusyKind.OUTBOUND)
