"""What a key that somebody in a call presses is good for, whichever way his phone tells it.

| whose | while | it is |
|---|---|---|
| the caller's | always | kept for the flow, which may wait for it |
| an agent's on an open line | `*` | the end of the caller's call |
| either's | they talk | passed on to the other, or a command where his phone may give some (`key_commands`) |
| somebody's who was called | nobody talks to him yet | for whoever asks him something |
"""

from typing import TYPE_CHECKING

from softswitch.calls.events import FarDone, FarPressed
from softswitch.calls.runtime import key_commands
from softswitch.calls.runtime.digits import DigitMethod
from softswitch.calls.runtime.party import Party
from softswitch.media.protocol import DtmfReceived

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

DONE_KEY = "*"
"""With it an agent whose line stays open ends the caller's call."""


def pressed(call: "ActiveCall", party: Party, digit: str, method: DigitMethod) -> None:
    """Deal with a key press, once, however often and in whichever ways it is told."""
    if not party.key_presses.is_new(digit, method, call.around.clock.now()):
        return
    if party is call.caller:
        call.streams.pressed(digit)
        _typed(call, digit)
    elif party.open_line and digit == DONE_KEY:
        call.mailbox.put(FarDone(party.leg.leg_id))
        return
    if call.conversation is not None and party.extension is not None and party.extension.call_keys:
        key_commands.press(call, party, digit)
    elif call.conversation is not None:
        call.conversation.pass_digit(party, digit)
    elif party is not call.caller:
        call.mailbox.put(FarPressed(party.leg.leg_id, digit))


def pressed_by_stand_in(call: "ActiveCall", party: Party, digit: str) -> None:
    """The same for who is the caller of a second call beside his own, where his keys come."""
    _typed(call, digit)
    if call.conversation is not None:
        call.conversation.pass_digit(party, digit)


def _typed(call: "ActiveCall", digit: str) -> None:
    """Keep it, and wake the verb that may wait for it. Also if the switch dies, but for what is meant for others."""
    stream = call.caller.stream
    if stream is None or not call.digits_typed.add(digit):
        return
    call.mailbox.put(DtmfReceived(call.call_id, stream.stream_id, digit))
    if call.conversation is None and call.seat is None:
        call.changed()
