"""What the control socket can do to calls: make one, answer, hold, play, send digits, note, park."""

from collections.abc import Callable

from softswitch.app.call_operations import CallOperations
from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.base.ids import CallId
from softswitch.calls.origination import Origination
from softswitch.calls.runtime import commanding
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.originating import originate
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


class CallOrderOperations:
    """The part of `SwitchOperations` that gives orders to calls."""

    def __init__(self, parts: Parts, calls: CallOperations) -> None:
        self._parts = parts
        self._calls = calls

    async def originate(self, order: Originate) -> CallSet | Refused:
        parts = self._parts
        if parts.drain_ends_at is not None:
            return Refused("busy", "the switch is about to stop, and begins no calls")
        if len(parts.controller.calls) >= parts.settings.calls_max:
            return Refused("busy", "there are as many calls as there may be ([limits] calls)")
        wish = Origination(
            first=order.first,
            to=order.to,
            flow=order.flow,
            slot=order.slot,
            caller_id=order.caller_id,
            caller_name=order.caller_name,
            display=order.display,
            through=order.through,
            project=order.project or parts.dialplan.project_of(order.to),
            ring_s=order.ring_s,
            answers_itself=order.auto_answer,
            variables=order.variables,
            tags=order.tags,
            by=order.by,
        )
        try:
            call = originate(wish, parts.controller.around, parts.controller)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return CallSet(self._calls.row(call))

    async def answer_call(self, order: AnswerCall) -> CallSet | Refused:
        return self._do(order.call_id, lambda call: commanding.answer(call, order.phone, order.by))

    async def hold_call(self, order: HoldCall) -> CallSet | Refused:
        return self._do(order.call_id, lambda call: commanding.set_hold(call, order.side, order.is_held, order.by))

    async def play_to_call(self, order: PlayToCall) -> CallSet | Refused:
        call = self._parts.controller.calls.get(order.call_id)
        if call is None:
            return _not_found(order.call_id)
        try:
            said = commanding.words(order.sounds, order.text)
            await commanding.play(call, commanding.sides_of(order.to), said, is_over=order.is_over)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return CallSet(self._calls.row(call))

    async def stop_playing(self, order: StopPlaying) -> CallSet | Refused:
        return self._do(order.call_id, lambda call: commanding.stop_playing(call, commanding.sides_of(order.to)))

    async def send_digits(self, order: SendDigits) -> CallSet | Refused:
        return self._do(order.call_id, lambda call: commanding.send_digits(call, order.to, order.digits))

    async def note_call(self, order: NoteCall) -> CallSet | Refused:
        return self._do(order.call_id, lambda call: commanding.note(call, order.tags, order.variables, order.by))

    async def park_call(self, order: ParkCall) -> CallSet | Refused:
        """The answer is the call the caller waits in."""
        return self._do(order.call_id, lambda call: commanding.park(call, order.slot, order.timeout_s, order.by))

    def _do(self, call_id: CallId, act: Callable[[ActiveCall], ActiveCall | None]) -> CallSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return _not_found(call_id)
        try:
            return CallSet(self._calls.row(act(call) or call))
        except LocalError as error:
            return Refused("not_possible", str(error))


def _not_found(call_id: CallId) -> Refused:
    return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
