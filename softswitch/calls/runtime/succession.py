"""From the switch before to this one: all its calls at once, in the tables of the controller (adopting.py has one).

```
  adopt ──► every call that goes on, without its flow ──► the ACD is told which (`survivors_of`) ──► resume: their flows
```

A fault of ours costs the call at hand, and no other.
"""

import traceback
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from softswitch.acd.model import BusyKind
from softswitch.base.ids import CallId, LegId
from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.kept.last_record import Fate, last_record
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import Adopting, give_up, keep_lines, legs_of
from softswitch.store.schema import Cdr

if TYPE_CHECKING:
    from softswitch.calls.runtime.controller import CallController

log = get_logger("calls")

ASK_AFTER_S = 1.0
ASKED_AT_ONCE, ASKED_EVERY_S = 20, 0.1
"""Legs of the switch before, whether somebody is still there."""

Adopted = tuple[ActiveCall, KeptCall]
"""A call that goes on, and what was kept of it."""


class Succession:
    """Of one start."""

    def __init__(self, controller: "CallController") -> None:
        self.last_records: dict[CallId, Cdr] = {}
        """Of the calls that do not go on."""
        self._controller = controller
        self._around = controller.around

    def adopt(self, kept: Sequence[KeptCall], boot_id: str) -> list[Adopted]:
        """Make the calls of the switch before anew: those that go on, whose flows `resume` has go on.

        None goes on of another boot of the machine than this, nor if the `boot_id` is "".
        """
        adopting = Adopting(self._around, self._controller.connections(), self._enter)
        adopted: list[Adopted] = []
        for each in kept:
            call = self._adopt(adopting, each) if boot_id and each.boot_id == boot_id else Fate.LEFT
            if isinstance(call, Fate):
                self._is_over(each, call)
            else:
                adopted.append((call, each))
        return adopted

    def resume(self, adopted: Sequence[Adopted], resume: Callable[[ActiveCall, KeptCall], None]) -> None:
        """The flows of adopted calls go on, once all calls are there, and the ACD knows which."""
        for call, _ in adopted:
            try:
                keep_lines(call)
            except Exception:
                log.exception("line not kept", call_id=call.call_id)
        for call, kept in adopted:
            try:
                around = self._around
                if not around.callbacks.go_on(call, kept) and not around.voice_contacts.go_on(call):
                    resume(call, kept)
            except Exception:
                log.exception("call not resumed", call_id=call.call_id)
                give_up(call, traceback.format_exc())
            call.changed()
        answered = [party.leg.leg_id for call, _ in adopted for party in call.parties if party.is_answered]
        if answered:
            self._controller.loop.call_later(ASK_AFTER_S, self._look_who_is_there, answered)

    # Private

    def _adopt(self, adopting: Adopting, kept: KeptCall) -> ActiveCall | Fate:
        try:
            call = adopting.adopt(kept)
        except Exception:
            log.exception("call not adopted", call_id=kept.call_id)
            self._forget(kept)
            return Fate.LOST
        if isinstance(call, ActiveCall):
            for party in call.parties:
                if party.stream is not None:  # which may have been opened for another call
                    self._controller.measuring.moved(party.stream.stream_id, call.call_id)
        return call

    @cached_property
    def _written_until(self) -> float:
        """After a boot of the machine every call asks for it."""
        return self._around.records.written_until()

    def _is_over(self, kept: KeptCall, fate: Fate) -> None:
        try:
            cdr = last_record(kept, fate, now=self._around.clock.wall(), written_at=self._written_until)
            self.last_records[kept.call_id] = cdr
        except Exception:  # a fault of ours: the store knows the least that is to be said of it
            log.exception("last record not made", call_id=kept.call_id)

    def _look_who_is_there(self, legs: list[LegId]) -> None:
        """Who hung up in the last moment of the switch before may be thought to be there."""
        for leg_id in legs[:ASKED_AT_ONCE]:
            self._around.sip.ask_whether_there(leg_id)
        if legs[ASKED_AT_ONCE:]:
            self._controller.loop.call_later(ASKED_EVERY_S, self._look_who_is_there, legs[ASKED_AT_ONCE:])

    def _enter(self, call: ActiveCall, kept: KeptCall) -> None:
        """A call of the switch before goes on."""
        controller, caller = self._controller, call.caller
        controller.calls[call.call_id] = call
        controller.legs[caller.leg.leg_id] = call
        self._around.records.call_adopted(call.call_id)
        if call.record.project:
            self._around.projects.belongs(call.call_id, call.record.project)
        if caller.extension is not None:
            self._around.legs.began(caller.extension.username, caller.leg.leg_id, call.call_id)
        if kept.caller.line is not None:
            controller.take_line(caller, BusyKind.OUTBOUND)

    def _forget(self, kept: KeptCall) -> None:
        """It could not be adopted: nothing of it is left here; its legs are hung up."""
        controller = self._controller
        call = controller.calls.pop(kept.call_id, None)
        if call is not None:
            self._around.projects.over(kept.call_id)
            self._around.records.call_forgotten(kept.call_id)
            for party in call.parties:
                controller.free_line(party)
                party.release()
        for leg_id in legs_of(kept):
            controller.legs.pop(leg_id, None)
            self._around.legs.ended(leg_id)
            self._around.sip.hang_up(leg_id)
