"""Orders to calls as the control socket takes them: they are kept, and answered with the call they name."""

import msgspec

from softswitch.base.ids import CallId
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    CallSet,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.replies import Refused
from softswitch.testing.call_operations import FixedCallOperations


class FixedCallOrderOperations(FixedCallOperations):
    """The part of `FixedOperations` that gives orders to calls."""

    async def originate(self, order: Originate) -> CallSet | Refused:
        self.orders.append(("originate", order.first, order.to, order.project))
        if order.first == "nobody":
            return Refused("not_possible", 'no extension, no agent and no trunk leads to "nobody"')
        row = msgspec.structs.replace(
            self.call_rows[0],
            call_id=CallId("c3"),
            state="alerting",
            calling_number=order.first,
            called_number=order.to,
            project=order.project,
        )
        return CallSet(row)

    async def answer_call(self, order: AnswerCall) -> CallSet | Refused:
        self.orders.append(("answer_call", order.call_id, order.phone, order.by))
        return self._set(order.call_id)

    async def hold_call(self, order: HoldCall) -> CallSet | Refused:
        self.orders.append(("hold_call", order.call_id, str(order.is_held), order.side, order.by))
        return self._set(order.call_id, is_on_hold=order.is_held)

    async def play_to_call(self, order: PlayToCall) -> CallSet | Refused:
        self.orders.append(("play_to_call", order.call_id, *order.sounds, order.text, order.to, str(order.is_over)))
        return self._set(order.call_id)

    async def stop_playing(self, order: StopPlaying) -> CallSet | Refused:
        self.orders.append(("stop_playing", order.call_id, order.to))
        return self._set(order.call_id)

    async def send_digits(self, order: SendDigits) -> CallSet | Refused:
        self.orders.append(("send_digits", order.call_id, order.digits, order.to))
        return self._set(order.call_id)

    async def note_call(self, order: NoteCall) -> CallSet | Refused:
        self.orders.append(("note_call", order.call_id, order.by))
        return self._set(order.call_id, tags=order.tags, variables=order.variables)

    async def park_call(self, order: ParkCall) -> CallSet | Refused:
        self.orders.append(("park_call", order.call_id, order.slot, str(order.timeout_s)))
        return self._set(order.call_id, state="parked", slot=order.slot or "701")

    def _set(self, call_id: CallId, **changes: object) -> CallSet | Refused:
        for row in self.call_rows:
            if row.call_id == call_id:
                return CallSet(msgspec.structs.replace(row, **changes))
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")
