"""Nothing lasts only because nobody said that it is over.

Contacts on the phone, and calls of agents that are not the ACD's, end when the legs behind them do, of which the router
is told. Should that be forgotten, an agent would be busy for ever, or be alerted for nobody. So every `watchdog_s` the
router asks whether they are still there (`ContactInQuestion`, `AgentInQuestion`). Who is responsible answers
(`ContactConfirmed`; `AgentBusy` or `AgentFree`); a question not answered when the next one is due is an answer as well:
the contact is taken out, the agent is free, and `ContactLost` or `AgentRepaired` tells of it.

Contacts that are not on the phone hang on no leg, nor does a call-back that waits. They wait as long as their queue
lets them, and are in an agent's hands until somebody says that they are done: `WORK_S_MAX` at most, for the desk that
would have said so may be gone.
"""

from softswitch.acd import contacts, conversations, events
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor
from softswitch.acd.limits import WORK_S_MAX
from softswitch.acd.model import Channel, ContactState
from softswitch.acd.outputs import AgentInQuestion, AgentRepaired, ContactInQuestion, ContactLost
from softswitch.acd.waiting import Contact


def contact_is_due(floor: Floor, contact: Contact, now: float) -> None:
    """It is time to ask, or there was no answer."""
    if floor.policy.watchdog_s is None:
        return
    if _is_forgotten(contact, now) or (contact.is_questioned and _hangs_on_a_leg(contact)):
        queue_id = contact.queue.settings.queue_id
        floor.outputs.append(ContactLost(contact.contact_id, queue_id, contact.agent_id, contact.state))
        floor.tell(events.ContactLost(now, contact.contact_id, queue_id, contact.agent_id, contact.state))
        if contact.state is ContactState.CONNECTED:
            conversations.finished(floor, contact, "switch", now, "watchdog")
        else:
            contacts.withdrawn(floor, contact, now, reason="lost", by="watchdog")
        return
    contact.is_questioned = _hangs_on_a_leg(contact)
    if contact.is_questioned:
        floor.outputs.append(ContactInQuestion(contact.contact_id, contact.channel))
    floor.watch(contact, now)


def _hangs_on_a_leg(contact: Contact) -> bool:
    """A caller always does; who is to be called back, from the moment an agent is alerted for him."""
    return contact.channel is Channel.VOICE or (contact.channel is Channel.CALLBACK and contact.line is None)


def _is_forgotten(contact: Contact, now: float) -> bool:
    """Whether it has been in somebody's hands for longer than anybody works."""
    is_work = contact.channel not in ON_THE_PHONE and contact.connected_at is not None
    return is_work and now >= (contact.connected_at or 0.0) + WORK_S_MAX


def agent_is_due(floor: Floor, agent: AgentMachine, now: float) -> None:
    """It is time to ask, or there was no answer."""
    kind = agent.other_call
    if kind is None or floor.policy.watchdog_s is None:
        return
    if not agent.is_questioned:
        agent.is_questioned = True
        floor.outputs.append(AgentInQuestion(agent.agent_id))
        floor.watch_call_of(agent, now)
        return
    floor.outputs.append(AgentRepaired(agent.agent_id, kind))
    floor.tell(events.AgentRepaired(now, agent.agent_id, kind))
    agent.end_other_call()
    floor.settle_and_serve(agent, now, "watchdog")
