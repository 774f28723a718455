"""What happens while a contact and an agent talk: holds, the transfer, the end."""

from softswitch.acd import events, wrapping_up
from softswitch.acd.agent_fsm import AgentMachine
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
    agent = over(floor, contact, ended_by, now)
    floor.settle_and_serve(agent, now, source)


def over(floor: Floor, contact: Contact, ended_by: EndedBy, now: float) -> AgentMachine:
    """The same, but that the agent, who is returned, is to be settled and served."""
    agent = _told_that_it_ends(floor, contact, ended_by, now)
    floor.customers.ended(contact.customer, contact.contact_id, now, credit=contact.credit, agent_id=agent.agent_id)
    floor.forget(contact)
    agent.finish(contact.contact_id)
    wrapping_up.begin(floor, agent, contact, now)
    return agent


def undone(floor: Floor, contact: Contact, now: float) -> AgentMachine:
    """There is no such conversation (any more), but the contact is there, and comes to its queue once more: it is in no
    line yet. Its agent, who is returned, is to be settled and served."""
    agent = _told_that_it_ends(floor, contact, "switch", now)
    agent.finish(contact.contact_id)
    contact.agent_id = contact.connected_at = contact.interrupted_at = None
    contact.held_s = 0.0
    contact.is_transferred = contact.is_replied = contact.is_questioned = False
    contact.disposition = ""
    queue = contact.queue
    queue.counters.offered += 1
    boost_s = contact.enqueued_at - contact.key
    floor.tell(
        events.ContactQueued(
            now,
            contact.contact_id,
            queue.settings.queue_id,
            contact.enqueued_at,
            boost_s,
            queue.position(contact),
            queue.waiting + 1,
            contact.caller,
            contact.channel,
        )
    )
    return agent


def _told_that_it_ends(floor: Floor, contact: Contact, ended_by: EndedBy, now: float) -> AgentMachine:
    """Write down what became of the conversation; whose it was is returned."""
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
    return agent


def replied(floor: Floor, contact: Contact, now: float) -> None:
    """The agent has sent his first reply: he may get another one."""
    assert contact.agent_id is not None
    contact.is_replied = True
    floor.settle_and_serve(floor.agents[contact.agent_id], now, "contact")
