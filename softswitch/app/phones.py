"""Extensions for the control socket: what their owners have chosen, and changing it for them."""

from msgspec.structs import replace

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId
from softswitch.calls.forwarding import REASONS, refusal_of, with_forward
from softswitch.calls.settings import Extension
from softswitch.control.protocol.replies import PhoneSet, Refused
from softswitch.control.protocol.requests import SetPhone
from softswitch.control.protocol.rows import PhoneRow

_CALL_WAITING = {"on": True, "off": False, "default": None}


def phone_row(parts: Parts, extension: Extension) -> PhoneRow:
    chosen = parts.phones.of(extension.username)
    return PhoneRow(
        username=extension.username,
        name=extension.name,
        number=extension.number,
        agent_id=AgentId("") if extension.agent_id is None else extension.agent_id,
        contacts=len(parts.endpoint.bindings(f"{extension.username}@{parts.settings.domain}")),
        calls=parts.legs.calls_of(extension.username, but=CallId("")),
        forwards=chosen.forwards,
        no_answer_s=chosen.no_answer_s,
        do_not_disturb=chosen.do_not_disturb,
        call_waiting=extension.call_waiting if chosen.call_waiting is None else chosen.call_waiting,
        intercom=extension.intercom,
        pickup_groups=sorted(extension.pickup_groups),
    )


async def set_phone(parts: Parts, order: SetPhone) -> PhoneSet | Refused:
    """All of the order, or nothing."""
    extension = parts.settings.extension_for(order.phone)
    if extension is None:
        return Refused("not_found", f'there is no phone "{order.phone}": see `softswitch phones`')
    chosen = parts.phones.of(extension.username)
    for reason in REASONS:
        target = order.forwards.get(reason)
        refusal = refusal_of(extension, target, parts.settings) if target else ""
        if refusal:
            return Refused("not_possible", f"calls cannot be forwarded to {target}: {refusal}")
        if target is not None:
            chosen = with_forward(chosen, reason, target)
    try:
        if order.no_answer_s is not None:
            chosen = with_forward(chosen, "no_answer", chosen.forwards.get("no_answer", ""), order.no_answer_s)
    except LocalError as error:
        return Refused("not_possible", str(error))
    if order.do_not_disturb is not None:
        chosen = replace(chosen, do_not_disturb=order.do_not_disturb)
    if order.call_waiting:
        chosen = replace(chosen, call_waiting=_CALL_WAITING[order.call_waiting])
    if not await parts.phones.keep(chosen):
        return Refused("failed", f"the store refuses it: {parts.store_fault or 'see the log'}")
    return PhoneSet(phone_row(parts, extension))
