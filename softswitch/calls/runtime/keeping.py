"""What calls are is written to the store while they go on, so that the next switch process can go on with them.

A call that has changed is marked (`ActiveCall.changed`); all that are marked are written together `KEEP_AFTER_S` later.
So a call's beginning with all that its flow does at once is one write, and its conversation's another: a plain call
costs two beyond its record. A conversation that begins is written at once. What happens in between is known to the next
switch as it was before; that is never more than this time and the store's own.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from softswitch.base.ids import CallId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.kept.kept_call import KeptCall, KeptParty, KeptSupervisor
from softswitch.calls.kept.kept_record import keep_record
from softswitch.calls.leg import LegState

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.party import Party
    from softswitch.calls.runtime.ports import Records, Surroundings

log = get_logger("calls")

KEEP_AFTER_S = 0.02
"""Phones are rung within a few milliseconds of a call's arrival, and an answer leads to a conversation within one."""

encode = msgspec.msgpack.Encoder().encode


class Keeping:
    """Of all calls. `boot_id` is that of the machine's boot, whose monotonic clock the kept times go by."""

    __slots__ = (
        "_boot_id",
        "_is_stopped",
        "_is_urgent",
        "_loop",
        "_marked",
        "_records",
        "_timer",
        "_too_large",
        "written",
    )

    def __init__(self, records: "Records", loop: asyncio.AbstractEventLoop, boot_id: str) -> None:
        self._records = records
        self._loop = loop
        self._boot_id = boot_id
        self._marked: dict[CallId, ActiveCall] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._too_large: set[CallId] = set()
        """Those of which that was said."""
        self._is_stopped = False
        self._is_urgent = False
        self.written = 0
        """How often a call was written."""

    def changed(self, call: "ActiveCall", *, at_once: bool = False) -> None:
        """It is to be written soon; or, when two begin to talk, `at_once`: a phone that has answered would be left
        with nobody."""
        if self._is_stopped:
            return
        self._marked[call.call_id] = call
        if at_once and not self._is_urgent:
            self._is_urgent = True
            self._loop.call_soon(self._write_at_once)
        elif self._timer is None:
            self._timer = self._loop.call_later(KEEP_AFTER_S, self.write)

    def over(self, call_id: CallId) -> None:
        """Its record is written; nothing more is to be kept of it."""
        self._marked.pop(call_id, None)
        self._too_large.discard(call_id)

    def stop(self) -> None:
        """Nothing is written any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._is_stopped = True

    def _write_at_once(self) -> None:
        """When the turn of the loop has done all that belongs to it."""
        self._is_urgent = False
        if not self._is_stopped:
            self.write()
            self._records.hasten()

    def write(self) -> None:
        """What is marked, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        marked, self._marked = self._marked, {}
        contents = [(call.call_id, content) for call in marked.values() if (content := self._content(call))]
        if not contents:
            return
        self.written += len(contents)
        for call_id in self._records.calls_kept(contents):
            if call_id in self._too_large:
                continue
            self._too_large.add(call_id)
            log.warning("call not kept", call_id=call_id, reason="more is known of it than is written")

    def _content(self, call: "ActiveCall") -> bytes:
        """Empty if there is nothing to be kept any more."""
        if call.state is CallState.ENDED:
            return b""
        try:
            return encode(keep_call(call, self._boot_id))
        except Exception:  # a fault of ours costs this call its survival, and nobody anything else
            log.exception("call not kept", call_id=call.call_id)
            return b""


def keep_call(call: "ActiveCall", boot_id: str) -> KeptCall:
    """All of it, as it is now."""
    return KeptCall(
        boot_id=boot_id,
        kept_at=call.around.clock.now(),
        record=keep_record(call.record),
        caller=keep_party(call.caller, call.around),
        others=tuple(
            keep_party(party, call.around) for party in call.parties[1:] if party.leg.state is not LegState.ENDED
        ),
        conversation=None if call.conversation is None else call.conversation.keep(),
        recordings=call.recordings.keep(),
        listening=call.streams.keep(),
        supervisors=tuple(
            KeptSupervisor(leg_id=each.party.leg.leg_id, mode=each.mode)
            for each in call.supervisions
            if each.party is not None
        ),
        transfer=None if call.transfer is None else call.transfer.keep(),
        flow=call.keep_flow(),
        permissions="" if call.permissions is None else call.permissions.username,
        digits_typed="" if call.recordings.is_masked else call.digits_typed.keep(),
        **call.keep(),
    )


def keep_party(party: "Party", around: "Surroundings") -> KeptParty:
    """Him, his leg and his stream."""
    sip = around.sip
    trunk, direction = sip.trunks.channel_of(party.leg.leg_id) or ("", "out")
    is_there = party.leg.state is not LegState.ENDED and party.stands_for is None
    return KeptParty(
        description=party.leg.keep(),
        sip=sip.keep(party.leg.leg_id) if is_there and party.leg.leg_id else None,
        stream=None if party.stream is None or party.stands_for is not None else party.stream.keep(),
        extension="" if party.extension is None else party.extension.username,
        digit_mode=party.digit_mode,
        signalling=party.signalling,
        number=party.number,
        dialled=party.dialled,
        came_from=party.came_from,
        line=party.line,
        open_line=party.open_line,
        trunk=trunk,
        channel=direction,
        toll=around.toll.subjects_of(party.leg.leg_id),
        is_fax=party.is_fax,
        takes_t38=party.takes_t38,
        listens_for_fax=party.listens_for_fax,
        image_offer=party.image_offer,
    )
