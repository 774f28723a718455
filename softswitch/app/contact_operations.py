"""Contacts for the control socket: those of other ways than the phone come, are answered and end here."""

from collections.abc import Iterable

from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.inputs import (
    AcdInput,
    ContactAssigned,
    ContactFinished,
    ContactPrioritised,
    ContactQueued,
    ContactReplied,
    ContactRequeued,
    ContactWithdrawn,
    ReservationAccepted,
    ReservationFailed,
)
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import Channel, ContactState
from softswitch.acd.summaries import ContactSummary
from softswitch.app.parts import Parts
from softswitch.base.entropy import SystemEntropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.base.log import get_logger
from softswitch.control.protocol.replies import ContactSet, Refused
from softswitch.control.protocol.requests import OrderContact, QueueContact, SetContact
from softswitch.control.protocol.rows import ContactRow

logger = get_logger("supervision")

CONTACT_ID_LENGTH_MAX = 128
"""Of an id given from outside: it is kept with every event."""


class ContactOperations:
    """The part of `SwitchOperations` that is about contacts."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._entropy = SystemEntropy()

    def contacts(self) -> Iterable[ContactRow]:
        for summary in self._parts.acd.each_contact():
            yield _contact_row(summary)

    async def queue_contact(self, order: QueueContact) -> ContactSet | Refused:
        if order.queue_id not in self._parts.settings.queues:
            return Refused("not_found", f'there is no queue "{order.queue_id}": see `softswitch queues`')
        if len(order.contact_id) > CONTACT_ID_LENGTH_MAX:
            return Refused("malformed", f"an id has {CONTACT_ID_LENGTH_MAX} characters at most")
        contact_id = order.contact_id or ContactId(self._entropy.token(96))
        refused = self._apply(
            ContactQueued(
                contact_id,
                order.queue_id,
                boost_s=order.boost_s,
                channel=Channel(order.channel),
                caller=order.caller[:CONTACT_ID_LENGTH_MAX],
            )
        )
        if refused is not None:
            return refused
        contact = self._parts.acd.contact_summary(contact_id)
        if contact is None:
            reason = f"{order.queue_id} did not take it: it is full, closed, or nobody is there"
            return Refused("not_possible", f"{reason} (see `softswitch queues`)")
        return ContactSet(_contact_row(contact))

    async def set_contact(self, order: SetContact) -> ContactSet | Refused:
        contact = self._parts.acd.contact_summary(order.contact_id)
        if contact is None:
            return Refused("not_found", f'there is no contact "{order.contact_id}": see `softswitch contacts`')
        if contact.channel in ON_THE_PHONE:
            return Refused("not_possible", f"{order.contact_id} is a call: its phones say what happens to it")
        fact = self._fact(order, contact)
        if isinstance(fact, Refused):
            return fact
        refused = self._apply(fact)
        if refused is not None:
            return refused
        after = self._parts.acd.contact_summary(order.contact_id)
        return ContactSet(None if after is None else _contact_row(after))

    async def order_contact(self, order: OrderContact) -> ContactSet | Refused:
        contact = self._parts.acd.contact_summary(order.contact_id)
        if contact is None:
            return Refused("not_found", f'there is no contact "{order.contact_id}": see `softswitch contacts`')
        if contact.state is ContactState.CONNECTED:
            return Refused("not_possible", f"{contact.agent_id} has {order.contact_id} already")
        refused = self._apply(_order(order))
        if refused is not None:
            return refused
        logger.info("a contact was ordered about", contact=order.contact_id, order=order.order, by=order.by)
        after = self._parts.acd.contact_summary(order.contact_id)
        return ContactSet(None if after is None else _contact_row(after))

    # Private

    def _fact(self, order: SetContact, contact: ContactSummary) -> AcdInput | Refused:
        contact_id = order.contact_id
        if order.action in ("replied", "finish") and contact.state is not ContactState.CONNECTED:
            return Refused("not_possible", f"no agent has {contact_id} yet")
        match order.action:
            case "withdraw":
                return ContactWithdrawn(contact_id)
            case "replied":
                return ContactReplied(contact_id)
            case "finish":
                return ContactFinished(contact_id, "agent")
            case "accept" | "decline":
                agent_id = order.agent_id
                reservation = None if agent_id == "" else self._parts.acd.reservation_of(contact_id, agent_id)
                if reservation is None:
                    alerted = ", ".join(contact.alerted) or "nobody"
                    return Refused("not_possible", f"{agent_id or 'nobody'} is not alerted for it: {alerted} is")
                if order.action == "accept":
                    return ReservationAccepted(reservation)
                return ReservationFailed(reservation, "declined")

    def _apply(self, fact: AcdInput) -> Refused | None:
        try:
            self._parts.acd.apply(fact)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return None


def _order(order: OrderContact) -> AcdInput:
    contact_id, by = order.contact_id, order.by[:REASON_LENGTH_MAX] or "somebody"
    match order.order:
        case "move":
            return ContactRequeued(contact_id, QueueId(order.target), by)
        case "boost":
            return ContactPrioritised(contact_id, order.boost_s, by)
        case "assign":
            return ContactAssigned(contact_id, AgentId(order.target), by)
        case "withdraw":
            return ContactWithdrawn(contact_id, order.reason, by)


def _contact_row(summary: ContactSummary) -> ContactRow:
    return ContactRow(
        contact_id=summary.contact_id,
        queue_id=summary.queue_id,
        channel=summary.channel.value,
        state=summary.state.value,
        agent_id=summary.agent_id or "",
        alerted=summary.alerted,
        position=summary.position,
        wait_s=summary.wait_s,
        boost_s=summary.boost_s,
        is_interrupted=summary.is_interrupted,
        customer=summary.customer,
        step=summary.step,
        skills=summary.skills,
        requirement=summary.requirement,
    )
