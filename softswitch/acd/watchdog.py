"""Nothing lasts only because nobody said that it is over.

Contacts on the phone, and calls of agents that are not the ACD's, end when the legs behind them do, of which the router
is told. Should that be forgotten, an agent would be busy for ever, or be alerted for nobody. So every `watchdog_s` the
router asks whether they are still there (`ContactInQuestion`, `AgentInQuestion`). Who is responsible answers
(`ContactConfirmed`; `AgentBusy` or `AgentFree`); a question not answered when the next one is due is an answer as well:
the contact is taken out, the agent is free, and `ContactLost` or `AgentRepaired` tells of it.

Contacts that are not on the phone hang on no leg: they are kept until somebody says that they are done.
"""

from softswitch.acd import contacts, conversations, events
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor
from softswitch.acd.model import ContactState
from softswitch.acd.outputs import AgentInQuestion, AgentRepaired, ContactInQuestion, ContactLost
from softswitch.acd.waiting import Contact


def contact_is_due(floor: Floor, contact: Contact, now: float) -> None:
    """It is time to ask, or there was no answer."""
    if floor.policy.watchdog_s is None:
        return
    if contact.channel in ON_THE_PHONE and contact.is_questioned:
        queue_id = contact.queue.settings.queue_id
        floor.outputs.append(ContactLost(contact.contact_id, queue_id, contact.agent_id, contact.state))
        floor.tell(events.ContactLost(now, contact.contact_id, queue_id, contact.agent_id, contact.state))
        if contact.state is ContactState.CONNECTED:
            conversations.finished(floor, contact, "switch", now, "watchdog")
        else:
            contacts.withdrawn(floor, contact, now, reason="lost", by="watchdog")
        return
    if contact.channel in ON_THE_PHONE:
        contact.is_questioned = True
        floor.outputs.append(ContactInQuestion(contact.contact_id))
    floor.watch(contact, now)


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
