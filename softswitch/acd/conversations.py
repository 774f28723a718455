"""What happens while a contact and an agent talk: holds, the transfer, the end."""

from softswitch.acd import events, wrapping_up
from softswitch.acd.events import EndedBy
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import ContactTransferred
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.waiting import Contact


def held(floor: Floor, contact: Contact, now: float) -> None:
    """A conversation rests."""
    if contact.held_since is None:
        assert contact.agent_id is not None
        contact.held_since = now
        queue_id = contact.queue.settings.queue_id
        floor.tell(events.ContactHeld(now, contact.contact_id, queue_id, contact.agent_id))


def resumed(floor: Floor, contact: Contact, now: float) -> None:
    """A conversation goes on."""
    if contact.held_since is not None:
        assert contact.agent_id is not None
        held_s = now - contact.held_since
        contact.held_s += held_s
        contact.held_since = None
        queue_id = contact.queue.settings.queue_id
        floor.tell(events.ContactResumed(now, contact.contact_id, queue_id, contact.agent_id, held_s))


def consulted(floor: Floor, contact: Contact, target: str, now: float) -> None:
    """One of the two asks somebody else."""
    assert contact.agent_id is not None
    queue_id = contact.queue.settings.queue_id
    target = target[:REASON_LENGTH_MAX]
    floor.tell(events.ContactConsulted(now, contact.contact_id, queue_id, contact.agent_id, target))


def transferred(floor: Floor, contact: Contact, fact: ContactTransferred, now: float) -> None:
    """The agent gives the contact to somebody else."""
    if contact.is_transferred:
        return
    assert contact.agent_id is not None
    contact.is_transferred = True
    queue_id = contact.queue.settings.queue_id
    target = fact.target[:REASON_LENGTH_MAX]
    floor.tell(
        events.ContactTransferred(now, contact.contact_id, queue_id, contact.agent_id, fact.kind, target, fact.by)
    )


def finished(floor: Floor, contact: Contact, ended_by: EndedBy, now: float, source: str = "contact") -> None:
    """A conversation is over."""
    assert contact.agent_id is not None
    assert contact.connected_at is not None
    agent = floor.agents[contact.agent_id]
    if contact.held_since is not None:
        resumed(floor, contact, now)
    queue_id = contact.queue.settings.queue_id
    floor.tell(
        events.ContactEnded(
            now,
            contact.contact_id,
            queue_id,
            agent.agent_id,
            contact.connected_at - contact.enqueued_at,
            now - contact.connected_at - contact.held_s,
            contact.held_s,
            ended_by,
            contact.is_transferred,
        )
    )
    floor.customers.ended(contact.customer, contact.contact_id, now, credit=contact.credit, agent_id=agent.agent_id)
    floor.forget(contact)
    agent.finish(contact.contact_id)
    wrapping_up.begin(floor, agent, contact, now)
    floor.settle_and_serve(agent, now, source)


def replied(floor: Floor, contact: Contact, now: float) -> None:
    """The agent has sent his first reply: he may get another one."""
    assert contact.agent_id is not None
    contact.is_replied = True
    floor.settle_and_serve(floor.agents[contact.agent_id], now, "contact")
