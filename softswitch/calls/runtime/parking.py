"""Callers who are parked: each in a slot with a number, where he hears music until somebody retrieves him.

```
 park ──► a free slot, told to whoever parks ──► music ──► somebody retrieves him: they talk ──► RETRIEVED
             └── none is free: FULL                 └────► nobody does in time ────────────────► TIMED_OUT
```

Who parks is told the number while he is there to hear it: a phone that calls the parking number itself, to put the
other party in its place afterwards (attended transfer), or one that has transferred him and waits for the outcome.
"""

from collections.abc import Sequence

from softswitch.base.ids import LegId
from softswitch.base.log import get_logger
from softswitch.calls.call_state import CallState
from softswitch.calls.events import CallEvent, PartyJoined
from softswitch.calls.kept.kept_verbs import KeptParking
from softswitch.calls.leg import LegState
from softswitch.calls.outcomes import ParkOutcome, ParkReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import sounds_of
from softswitch.calls.runtime.conversation import Conversation
from softswitch.calls.runtime.conversing import converse, part_conversation
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.runtime.taking_over import name_of
from softswitch.calls.runtime.telling import call_parked, call_retrieved
from softswitch.media.protocol import PlayFinished
from softswitch.sip.outputs import LegEnded

log = get_logger("calls")

ANNOUNCEMENT = "parking/slot"


class Parking:
    """One caller's stay in a slot, and the conversation with whoever retrieves him."""

    def __init__(
        self, call: ActiveCall, *, slots: Sequence[str], timeout_s: float, kept: KeptParking | None = None
    ) -> None:
        """`slots` are those he may be put into, the first that is free. `kept` is of a stay in the switch before."""
        self._call = call
        self._around = call.around
        self._slots = slots if kept is None else (kept.slot,)
        self._slot = ""
        self._parked_at = call.around.clock.now() if kept is None else kept.parked_at
        self._ends_at = self._parked_at + timeout_s if kept is None else kept.ends_at
        self._parked_by = _who_parks(call) if kept is None else kept.parked_by
        self._kept = kept
        self._told: Party | None = None
        """Who is being told the slot's number."""
        self._announcement: int | None = None
        self._has_music = False
        self._retrieved_by = ""
        self._wait_s = 0.0
        self._conversation: Conversation | None = None

    def keep(self) -> KeptParking:
        return KeptParking(
            slot=self._slot,
            parked_at=self._parked_at,
            parked_by=self._parked_by,
            ends_at=self._ends_at,
            retrieved_by=self._retrieved_by,
            wait_s=self._wait_s,
            is_talking=self._conversation is not None,
        )

    async def run(self) -> ParkOutcome:
        if self._kept is not None and self._kept.is_talking:
            return await self._talk_on(self._kept)
        slot = self._around.parking.take(self._call, self._slots)
        if slot is None:
            log.warning("no parking slot is free", call_id=self._call.call_id, slots=len(self._slots))
            return self._outcome(ParkReason.FULL)
        self._slot = slot
        try:
            if self._kept is None:
                await self._begin()
            else:
                await self._wait_on()
            return await self._stay()
        finally:
            self._leave()

    async def _stay(self) -> ParkOutcome:
        while True:
            left = None if self._conversation else max(0.0, self._ends_at - self._around.clock.now())
            event = await self._call.mailbox.next(left)
            if event is None:
                return self._outcome(ParkReason.TIMED_OUT)
            outcome = await self._take(event)
            if outcome is not None:
                return outcome

    async def _wait_on(self) -> None:
        """As in the switch before: who was just being told the number hears it to its end, and else knows it by now."""
        call, stream = self._call, self._call.caller_stream
        call.set_state(CallState.PARKED)
        call.awaits_party = True
        self._has_music = stream.is_in_loop
        if stream.playing is None:
            self._play_music()
        transferor = None if call.transfer is None else call.transfer.transferor
        told = transferor or call.caller
        if told.stream is not None and told.stream.playing is not None and not told.stream.is_in_loop:
            self._told, self._announcement = told, told.stream.playing
        elif transferor is not None:
            await self._announced()

    async def _talk_on(self, kept: KeptParking) -> ParkOutcome:
        self._slot, self._retrieved_by, self._wait_s = kept.slot, kept.retrieved_by, kept.wait_s
        self._conversation = self._call.conversation
        try:
            if self._conversation is None or self._conversation.far.leg.state is LegState.ENDED:
                return self._outcome(ParkReason.RETRIEVED, self._end_conversation() if self._conversation else 0.0)
            return await self._stay()
        finally:
            self._leave()

    async def _begin(self) -> None:
        call = self._call
        transferor = None if call.transfer is None else call.transfer.transferor
        if transferor is None or not transferor.is_answered or transferor.leg.is_held or not call.is_answered:
            await call.answer()
            self._told = call.caller if call.caller.extension is not None and not call.record.transferred_by else None
        else:
            self._told = transferor
        call.record.began_to_wait()
        call.set_state(CallState.PARKED)
        call.awaits_party = True
        if self._told is not call.caller:
            self._play_music()
        if self._told is not None:
            self._announce(self._told)
        call_parked(call, self._slot, self._parked_by)
        log.info("parked", call_id=call.call_id, slot=self._slot, by=self._parked_by)

    def _announce(self, party: Party) -> None:
        sounds = sounds_of(self._call)
        names = [ANNOUNCEMENT, *(f"digit/{digit}" for digit in self._slot)]
        words = or_silence(lambda: [sounds.resolve(name, self._call.language) for name in names])
        if party.stream is not None and words:
            self._announcement = party.stream.play(words)

    async def _take(self, event: CallEvent) -> ParkOutcome | None:
        match event:
            case PlayFinished() if event.play_id == self._announcement and self._told is not None:
                await self._announced()
            case LegEnded() if self._told is not None and event.leg_id == self._told.leg.leg_id:
                await self._announced()
            case PartyJoined():
                self._connect(event.leg_id)
            case LegEnded() if self._conversation is not None and event.leg_id == self._conversation.far.leg.leg_id:
                talk_s = self._end_conversation()
                return self._outcome(ParkReason.RETRIEVED, talk_s)
            case _:
                pass
        return None

    async def _announced(self) -> None:
        """Whoever parks knows the number, or has gone: the transfer is done, and who is parked hears music."""
        self._told = self._announcement = None
        await self._call.answer()
        if self._conversation is None and not self._has_music:
            self._play_music()

    def _play_music(self) -> None:
        self._has_music = True
        music = or_silence(lambda: [sounds_of(self._call).music("default")])
        if music:
            self._call.caller_stream.play(music, loop=True, started_at=0.0)

    def _connect(self, leg_id: LegId) -> None:
        party = self._call.party(leg_id)
        if party is None or self._conversation is not None:
            return
        self._told = None
        self._around.parking.free(self._slot, self._call)
        self._retrieved_by = name_of(party)
        self._wait_s = self._around.clock.now() - self._parked_at
        policy = self._call.recordings.policy_for(None)
        self._conversation = converse(self._call, party, "default", policy)
        call_retrieved(self._call, self._slot, self._retrieved_by, self._wait_s)
        log.info("retrieved", call_id=self._call.call_id, slot=self._slot, by=self._retrieved_by)

    def _end_conversation(self) -> float:
        assert self._conversation is not None, "only called while the two talk"
        conversation, self._conversation = self._conversation, None
        part_conversation(self._call, conversation)
        return conversation.talk_s

    def _outcome(self, reason: ParkReason, talk_s: float = 0.0) -> ParkOutcome:
        return ParkOutcome(
            reason=reason,
            slot=self._slot,
            parked_by=self._parked_by,
            retrieved_by=self._retrieved_by,
            wait_s=self._wait_s or self._around.clock.now() - self._parked_at,
            talk_s=talk_s,
        )

    def _leave(self) -> None:
        """Whatever the reason: the slot is free, nobody talks."""
        self._call.awaits_party = False
        self._around.parking.free(self._slot, self._call)
        if self._conversation is not None:
            self._end_conversation()
        if self._call.caller.stream is not None:
            self._call.caller.stream.stop_play()
        self._call.end_wait()


def _who_parks(call: ActiveCall) -> str:
    """The account to ring when nobody retrieves the caller: whoever parked him first; "" if that is none of ours."""
    extension = call.caller.extension if call.transfer is None else call.transfer.extension
    if not call.parked_by and extension is not None:
        call.parked_by = extension.username
    return call.parked_by
