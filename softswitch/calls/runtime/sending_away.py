"""A caller whose own side is to connect him elsewhere: his phone, or the provider he came through, gets a REFER.

| it says                                   | what becomes of the call                                             |
|-------------------------------------------|----------------------------------------------------------------------|
| 300-699, at once or of the new call       | the caller is still here, and the flow goes on                       |
| 202, and then that the new call is there  | it is hung up, "transferred"                                         |
| 202, and BYE                              | the same: most do not wait                                           |
| 202 and nothing in LASTS_S                | as if it had refused                                                 |
"""

from softswitch.base.ids import ReferId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import ReferProgress

LASTS_S = 40.0
"""A little longer than networks let a phone ring before they say so."""


async def send_away(call: ActiveCall, target: str) -> bool:
    """False if the caller is still here; if he is not, `CallEnded`. He must be answered."""
    settings, caller = call.around.settings(), call.caller
    is_ours = caller.extension is not None or caller.signalling is None
    host = settings.domain if is_ours or caller.signalling is None else caller.signalling.host
    # The switch before has asked already: once more, and he would be called twice where he is sent.
    began = call.around.sip.refer_under_way(caller.leg.leg_id) if call.sent_away_to == target else None
    refer_id = began or call.around.sip.refer(
        caller.leg.leg_id,
        str(SipUri(user=target, host=host)),
        referred_by=str(SipUri(user=call.record.called_number or "anonymous", host=settings.domain)),
    )
    call.sent_away_to, call.is_taken_away = target, began is not None
    try:
        if refer_id is not None and await _is_taken(call, refer_id):
            call.record.sent_away(target, "flow")
            call.take_leave(480)
        await call.mailbox.check()
    finally:
        call.sent_away_to = ""
        call.is_taken_away = False
    return False


async def _is_taken(call: ActiveCall, refer_id: ReferId) -> bool:
    deadline = call.around.clock.now() + LASTS_S
    while (left := deadline - call.around.clock.now()) > 0:
        event = await call.mailbox.next(left)
        if isinstance(event, ReferProgress) and event.refer_id == refer_id and (event.is_over or event.status >= 300):
            return event.status < 300
    return False
