"""A phone answers what rings elsewhere, or fetches who is parked: its own call is over then, and it talks in the other.

What rings can be picked up while `dial` rings it, by an extension that shares a pickup group with the one that is rung.
A queue's call is not: it belongs to the agent the router has chosen. Who is parked can be fetched by every extension.
The phone is shown whom it has got (RFC 3325: P-Asserted-Identity of the answer), if it was not connected before.
"""

from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.reaching import shown_caller
from softswitch.calls.runtime.taking_over import answer_for
from softswitch.calls.settings import CallSettings, Extension
from softswitch.sip.messages.header_values import NameAddr

log = get_logger("calls")


async def pick_up(call: ActiveCall, target: str) -> bool:
    """Answer what rings at the extension `target`, or, if that is "", at any of the caller's pickup groups.

    False if nothing rings there that he may answer; otherwise `CallEnded`, for he has gone on. Raises
    `MediaUnavailable`.
    """
    await call.mailbox.check()
    settings, extension = call.around.settings(), call.caller.extension
    if extension is None:
        return False
    members = settings.pickup_members(extension)
    if target:
        goal = settings.extension_for(target)
        members = [each for each in members if goal is not None and each.username == goal.username]
    ringing = [each for member in members for each in _ringing_at(member, call)]
    if not ringing:
        return False
    return await _fetch(call, min(ringing, key=lambda each: each.state_since), settings, extension)


async def retrieve(call: ActiveCall, slot: str) -> bool:
    """Talk to who is parked in the slot. Like `pick_up` it returns only if that is not possible."""
    await call.mailbox.check()
    parked, extension = call.around.parking.at(slot), call.caller.extension
    if parked is None or extension is None:
        return False
    return await _fetch(call, parked, call.around.settings(), extension)


async def _fetch(call: ActiveCall, other: ActiveCall, settings: CallSettings, extension: Extension) -> bool:
    uri, name = shown_caller(other, settings)
    call.answer_headers = [("p-asserted-identity", str(NameAddr(uri=uri, display=name)))]
    try:
        await answer_for(other, call)
    except LocalError as error:
        log.info("nobody picked up", call_id=call.call_id, by=extension.username, reason=str(error))
        return False
    finally:
        call.answer_headers = []
    await call.mailbox.check()
    return True


def _ringing_at(extension: Extension, call: ActiveCall) -> list[ActiveCall]:
    """Calls for which its phones ring, and which somebody else may answer."""
    ringing: list[ActiveCall] = []
    for leg_id in call.around.legs.of(extension.username):
        other = call.exchange.call_of(leg_id)
        if other is None or other is call or not other.awaits_party or other in ringing:
            continue
        party = other.party(leg_id)
        if party is not None and party is not other.caller and not party.is_answered:
            ringing.append(other)
    return ringing
