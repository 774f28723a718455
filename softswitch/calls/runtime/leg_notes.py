"""What happens to the legs of a call, noted in its record (calls/recorded_legs.py) before anything comes of it."""

from typing import TYPE_CHECKING, Literal

from softswitch.calls.leg import LegState
from softswitch.calls.runtime.party import Party
from softswitch.sip.messages.status import q850_cause
from softswitch.sip.outputs import LegAnswered, LegEnded, LegFailed, LegProgress
from softswitch.store.schema import SipLeg

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


def remember(call: "ActiveCall", party: Party, role: Literal["caller", "called"]) -> SipLeg:
    """The party takes part from now on, or is called."""
    extension, now = party.extension, call.wall()
    leg = SipLeg(
        sip_call_id=party.sip_call_id,
        role=role,
        party=party.leg.party,
        leg_id=party.leg.leg_id,
        number=party.number or _number(call, party, role),
        dialled=party.dialled,
        agent="" if extension is None else extension.agent_id or "",
        began_at=now,
        answered_at=now if party.leg.state is LegState.ANSWERED else None,
        came_from=party.came_from,
    )
    call.record.legs.began(party.leg.leg_id, leg)
    return leg


def note_leg(call: "ActiveCall", event: LegProgress | LegAnswered | LegEnded | LegFailed) -> None:
    legs, now = call.record.legs, call.wall()
    match event:
        case LegProgress():
            legs.rings(event.leg_id, now)
        case LegAnswered():
            legs.answered(event.leg_id, now)
        case LegFailed():
            legs.failed(event.leg_id, event.status, event.reason)
            legs.ended(event.leg_id, now, by="party", cause=event.cause or q850_cause(event.status))
        case LegEnded():
            if event.by == "timeout":
                legs.failed(event.leg_id, event.status, event.reason)
            by = "switch" if event.by == "local" else "party"
            legs.ended(event.leg_id, now, by=by, cause=event.cause or q850_cause(event.status))


def note_hang_up(call: "ActiveCall", party: Party, reason: str | None) -> None:
    """We end a leg that is not the caller's; `reason` is what the phone is told."""
    call.record.legs.hung_up(
        party.leg.leg_id,
        call.wall(),
        is_wanted_elsewhere=reason is not None and "cause=200" in reason,
        is_caller_there=not call.mailbox.is_closed,
    )


def _number(call: "ActiveCall", party: Party, role: Literal["caller", "called"]) -> str:
    if party.extension is not None:
        return party.extension.number or party.extension.username
    return call.caller_identity[0] if role == "caller" else ""
