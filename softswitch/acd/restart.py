"""What a restart of the switch means for who was on the phone, and for everybody else.

| who                                   | what becomes of him                                                         |
|---------------------------------------|-----------------------------------------------------------------------------|
| a call that waits or alerts           | withdrawn, reason "restart": its line is dead                               |
| a call with an agent                  | over, by the switch; the agent's wrap-up begins if its queue has any        |
| a call-back                           | the same; who has promised it queues it again, in its old place             |
| chat, e-mail, voice message, task     | goes on: it waits in its place, or its agent works on it                    |
| an agent alerted for one of these     | released, which is no miss of his; whoever is first for it is alerted anew  |
| an agent in a call of his own         | in none                                                                     |
| queues                                | open, until whoever knows the calendar says otherwise once more             |
| states, breaks, wrap-ups, idle times  | go on; their clocks did not stop                                            |

First all who cannot be served any more are taken out, so that nobody is alerted for a dead line.
"""

from softswitch.acd import contacts, conversations, events
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor
from softswitch.acd.model import AgentState, ContactState
from softswitch.acd.waiting import Contact

SOURCE = "restart"


def calls_are_gone(floor: Floor, now: float) -> None:
    """End what hung on calls, and tell in which state everybody else goes on."""
    _tell_states(floor, now)
    for queue in floor.queues.values():
        queue.closing = None
    on_the_phone = [contact for contact in floor.contacts.values() if contact.channel in ON_THE_PHONE]
    alerting = [contact for contact in floor.contacts.values() if contact.state is ContactState.ALERTING]
    for contact in on_the_phone:
        if contact.state is ContactState.WAITING:
            contacts.withdrawn(floor, contact, now, reason=SOURCE)
    for contact in alerting:
        if contact.channel in ON_THE_PHONE:
            contacts.withdrawn(floor, contact, now, reason=SOURCE)
        else:
            _alert_anew(floor, contact, now)
    for contact in on_the_phone:
        if contact.contact_id in floor.contacts:
            conversations.finished(floor, contact, "switch", now, SOURCE)
    for agent in list(floor.agents.values()):
        if agent.other_call is not None:
            agent.end_other_call()
            floor.settle_and_serve(agent, now, SOURCE)


def _alert_anew(floor: Floor, contact: Contact, now: float) -> None:
    """Nobody could take it while the switch was away."""
    released = floor.release_all(contact, "restart", now)
    contacts.returned(floor, contact, now)
    for agent in released:
        floor.serve_agent(agent, now)


def _tell_states(floor: Floor, now: float) -> None:
    """The diary begins anew with a switch: who is logged in, and what he is doing."""
    for agent in floor.agents.values():
        if agent.state is not AgentState.LOGGED_OUT:
            floor.tell(events.AgentLoggedIn(now, agent.agent_id, SOURCE))
            floor.tell(
                events.AgentStateChanged(
                    now,
                    agent.agent_id,
                    AgentState.LOGGED_OUT,
                    agent.state,
                    0.0,
                    SOURCE,
                    reason=agent.reason,
                    busy_kind=agent.busy_kind,
                    by=agent.by,
                )
            )
