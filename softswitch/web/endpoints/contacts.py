"""Contacts of every kind: who waits and who has whom; and call-backs."""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.acd.explanation import ContactExplanation
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.control.protocol.replies import Callbacks, CallbackSet, Contacts, ContactSet, Explained
from softswitch.control.protocol.requests import (
    AddCallback,
    CancelCallback,
    ContactAction,
    ContactChannel,
    ContactOrder,
    ExplainContact,
    ListCallbacks,
    ListContacts,
    OrderContact,
    QueueContact,
    SetContact,
)
from softswitch.control.protocol.rows import CallbackRow, ContactRow
from softswitch.web.asked import Asked
from softswitch.web.fields import Boost, Number, Word
from softswitch.web.route import Listing, NoQuery, Routes

routes = Routes("contacts")


class NewContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A chat, an e-mail, a voice message or a task that waits for an agent. Without an id it gets one; `caller` says
    who it is from."""

    queue_id: Word
    channel: ContactChannel
    contact_id: Annotated[str, Meta(max_length=100)] = ""
    caller: Annotated[str, Meta(max_length=200)] = ""
    boost_s: Boost = 0.0


class ContactStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The agent alerted for it (`agent_id`) takes it or declines, who has it has replied or is done; or whoever wrote
    gave up."""

    action: ContactAction
    agent_id: Word = ""


class ContactOrdered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """ "move": to the queue `target`, as old as it is. "boost": it counts as `boost_s` older. "assign": it is the next
    that the agent `target` gets. "withdraw": it waits no more."""

    order: ContactOrder
    target: Word = ""
    boost_s: Boost = 0.0
    reason: Word = ""


class ContactAnswer(msgspec.Struct, frozen=True):
    """The contact as it is now; none: it is over."""

    contact: ContactRow | None


class ExplainedAnswer(msgspec.Struct, frozen=True):
    """The contact as it is at `now_at`; its times are durations."""

    now_at: float
    contact: ContactExplanation


class NewCallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants to be called back from a queue."""

    queue_id: Word
    number: Number
    name: Annotated[str, Meta(max_length=100)] = ""


class CallbackAnswer(msgspec.Struct, frozen=True):
    """The call-back as it is now; `is_new` unless it was promised before."""

    callback: CallbackRow
    is_new: bool = True


@routes.get("/contacts", answer=Listing[ContactRow])
async def list_contacts(asked: Asked[None, NoQuery]) -> Listing[ContactRow]:
    """Contacts: who waits, and who has whom.

    Calls, call-backs, voice messages, chats, e-mails and tasks that are with the ACD, in the order of serving.
    """
    return Listing([row for frame in await asked.switch.frames(ListContacts(), Contacts) for row in frame.rows])


@routes.post("/contacts", answer=ContactAnswer, body=NewContact)
async def queue_contact(asked: Asked[NewContact, NoQuery]) -> ContactAnswer:
    """Let a contact wait for an agent.

    One that came by another way than the phone.
    """
    order = asked.body
    request = QueueContact(
        QueueId(order.queue_id), order.channel, ContactId(order.contact_id), order.caller, order.boost_s
    )
    return ContactAnswer((await asked.switch.ask(request, ContactSet)).contact)


@routes.get("/contacts/{contact_id}/why", answer=ExplainedAnswer)
async def explain_contact(asked: Asked[None, NoQuery]) -> ExplainedAnswer:
    """Why a contact waits.

    What it asks for, who could have it, and what each of them is doing.
    """
    done = await asked.switch.ask(ExplainContact(asked.path["contact_id"]), Explained)
    return ExplainedAnswer(done.now_at, done.contact)


@routes.post("/contacts/{contact_id}/state", answer=ContactAnswer, body=ContactStep)
async def set_contact(asked: Asked[ContactStep, NoQuery]) -> ContactAnswer:
    """Take a contact, decline it, or say how far it is.

    For contacts that are no calls; a call is taken by answering the phone.
    """
    own = str(asked.caller.agent_id or "") if asked.body.action in ("accept", "decline") else ""
    agent_id = AgentId(asked.body.agent_id or own)
    request = SetContact(ContactId(asked.path["contact_id"]), asked.body.action, agent_id)
    return ContactAnswer((await asked.switch.ask(request, ContactSet)).contact)


@routes.post("/contacts/{contact_id}/order", answer=ContactAnswer, body=ContactOrdered)
async def order_contact(asked: Asked[ContactOrdered, NoQuery]) -> ContactAnswer:
    """Move, boost, assign or withdraw a contact that waits.

    Be it a call or not.
    """
    order = asked.body
    request = OrderContact(
        ContactId(asked.path["contact_id"]),
        order.order,
        order.target,
        order.boost_s,
        order.reason,
        asked.caller.name,
    )
    return ContactAnswer((await asked.switch.ask(request, ContactSet)).contact)


@routes.get("/callbacks", answer=Listing[CallbackRow])
async def list_callbacks(asked: Asked[None, NoQuery]) -> Listing[CallbackRow]:
    """Call-backs that were promised.

    Who has waited longest first; also those of the last thirty days that are over.
    """
    return Listing([row for frame in await asked.switch.frames(ListCallbacks(), Callbacks) for row in frame.rows])


@routes.post("/callbacks", answer=CallbackAnswer, body=NewCallback)
async def add_callback(asked: Asked[NewCallback, NoQuery]) -> CallbackAnswer:
    """Promise a call-back.

    It keeps its place in the queue like a caller who waits.
    """
    order = asked.body
    request = AddCallback(QueueId(order.queue_id), order.number, order.name, asked.caller.name)
    return _callback(await asked.switch.ask(request, CallbackSet))


@routes.delete("/callbacks/{callback_id}", answer=CallbackAnswer)
async def cancel_callback(asked: Asked[None, NoQuery]) -> CallbackAnswer:
    """Cancel a call-back."""
    return _callback(await asked.switch.ask(CancelCallback(asked.path["callback_id"], asked.caller.name), CallbackSet))


def _callback(done: CallbackSet) -> CallbackAnswer:
    return CallbackAnswer(done.callback, done.is_new)
