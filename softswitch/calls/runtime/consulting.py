"""An agent who has a caller on hold calls somebody else from the same phone: a consultation, of the caller's chain."""

from collections.abc import Mapping

from softswitch.base.ids import CallId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.extension_legs import ExtensionLegs


def note_consultation(call: ActiveCall, calls: Mapping[CallId, ActiveCall], legs: ExtensionLegs) -> None:
    """`call` has just come; of several conversations that its phone has on hold the newest is meant."""
    extension = call.caller.extension
    if extension is None:
        return
    for leg_id, call_id in reversed(legs.of(extension.username).items()):
        other = calls.get(call_id)
        party = None if other is None else other.party(leg_id)
        if other is not None and other is not call and party is not None and party.leg.is_held:
            call.record.consults(other.record)
            return
