"""What a restart of the switch means for who was on the phone, and for everybody else.

Whoever carries the calls says which of them outlived the switch (`SwitchRestarted.survivors`). He knows better than
the router, whose journal may lack the last moment: what he says of a survivor is what is so.

| the router has it   | and the call            | what becomes of it                                                   |
|---------------------|-------------------------|----------------------------------------------------------------------|
| waiting             | waits                   | nothing: place, wait, priority, step and told waits are as they were |
| alerting            | waits                   | its agents are released, which is no miss of theirs; it is back in   |
|                     |                         | its place, and gets an agent anew at once                            |
| waiting or alerting | talks with somebody     | connected with him; others who were alerted are released             |
| connected           | talks with its agent    | nothing: holds, consultations, and the wrap-up afterwards            |
| connected           | talks with another one  | over for the first, connected with the other                         |
| connected           | waits                   | there is no such conversation: its agent is free, it is back in its  |
|                     |                         | place                                                                |
| not at all          | waits                   | `ContactForgotten`: whoever has it queues it, as old as it is        |
| not at all          | talks with an agent     | connected with him, where its queue is said and is there             |
| waiting or alerting | is gone                 | withdrawn, reason "restart"                                          |
| connected           | is gone                 | over, by the switch; the wrap-up begins if its queue has any         |

A call-back nobody was called for yet is gone as well; who has promised it queues it again, in its old place.

| who else                              | what becomes of him                                                         |
|---------------------------------------|-----------------------------------------------------------------------------|
| chat, e-mail, voice message, task     | goes on: it waits in its place, or its agent works on it                    |
| an agent alerted for one of these     | released, which is no miss of his; whoever is first for it is alerted anew  |
| an agent in a call of his own         | in it, if that goes on (`SwitchRestarted.in_calls`), or in none             |
| queues                                | open, until whoever knows the calendar says otherwise once more             |
| states, breaks, wrap-ups, idle times  | go on; their clocks did not stop                                            |

First all who cannot be served any more are taken out, so that nobody is alerted for a dead line, and who talks is with
his agent, so that none is alerted who has no time. Then those come back to their places who were alerting, and only
then does every agent who has become free by all this take who is next for him.
"""

from softswitch.acd import contacts, conversations, events, freeing, reservations
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.channels import ON_THE_PHONE
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import Survivor, SwitchRestarted
from softswitch.acd.model import AgentState, ContactState
from softswitch.acd.outputs import ContactForgotten
from softswitch.acd.reserved import Reservation
from softswitch.acd.steps import NO_WISHES
from softswitch.acd.waiting import Contact
from softswitch.base.ids import ContactId

SOURCE = "restart"


def restarted(floor: Floor, fact: SwitchRestarted, now: float) -> None:
    """Go on with what is left, and tell in which state everybody does."""
    _tell_states(floor, now)
    for queue in floor.queues.values():
        queue.closing = None
    survivors = {survivor.contact_id: survivor for survivor in fact.survivors}
    free = _calls_of_their_own(floor, fact, now)
    alerting = [contact for contact in floor.contacts.values() if contact.state is ContactState.ALERTING]
    for contact in alerting:
        is_dead = contact.channel in ON_THE_PHONE and contact.contact_id not in survivors
        cause = "withdrawn" if is_dead else "restart"
        free += floor.release_all(contact, cause, now, but=_kept(floor, contact, survivors))
    free += _end_the_dead(floor, survivors, now)
    free += _part_those_who_do_not_talk(floor, survivors, now)
    for survivor in survivors.values():
        _go_on(floor, survivor, now)
    back = [contact for contact in floor.contacts.values() if contact.line is None and _is_nowhere(contact)]
    for contact in back:
        if contacts.stands_again(floor, contact, now):
            floor.matching.stand(contact)
    freeing.serve_all(floor, sorted(free, key=lambda agent: _idle_since(agent, now)), now)
    for contact in sorted(back, key=lambda contact: contact.order):
        if contact.line is not None:
            contacts.waits_on(floor, contact, now)


def _idle_since(agent: AgentMachine, now: float) -> float:
    return now if agent.idle_since is None else agent.idle_since


def _end_the_dead(floor: Floor, survivors: dict[ContactId, Survivor], now: float) -> list[AgentMachine]:
    """Who was on the phone and is no more; returns whose hands are free by that."""
    gone = [
        contact
        for contact in floor.contacts.values()
        if contact.channel in ON_THE_PHONE and contact.contact_id not in survivors
    ]
    ended: list[AgentMachine] = []
    for contact in gone:
        if contact.connected_at is None:
            contacts.withdrawn(floor, contact, now, reason=SOURCE)
    for contact in gone:
        if contact.connected_at is not None:
            ended.append(conversations.over(floor, contact, "switch", now))
            floor.settle(ended[-1], now, SOURCE)
    return ended


def _calls_of_their_own(floor: Floor, fact: SwitchRestarted, now: float) -> list[AgentMachine]:
    """Who is in one, and who in none any more: these are returned."""
    ended: list[AgentMachine] = []
    for agent in list(floor.agents.values()):
        kind = fact.in_calls.get(agent.agent_id)
        if kind is not None:
            agent.begin_other_call(kind)
            floor.watch_call_of(agent, now)
        elif agent.other_call is not None:
            agent.end_other_call()
            ended.append(agent)
        else:
            continue
        floor.settle(agent, now, SOURCE)
    return ended


def _kept(floor: Floor, contact: Contact, survivors: dict[ContactId, Survivor]) -> Reservation | None:
    """The reservation that the agent has accepted with whom it talks."""
    survivor = survivors.get(contact.contact_id)
    agent_id = None if survivor is None else survivor.agent_id
    known = [floor.reservations[reservation_id] for reservation_id in contact.reservations]
    return next((each for each in known if each.agent.agent_id == agent_id and each.asked_about is None), None)


def _is_nowhere(contact: Contact) -> bool:
    """In no line, with nobody, and for nobody to answer."""
    return contact.connected_at is None and not contact.reservations


# Survivors


def _part_those_who_do_not_talk(floor: Floor, survivors: dict[ContactId, Survivor], now: float) -> list[AgentMachine]:
    """Or not with the agent they are thought to talk with; returns whose hands are free by that."""
    free: list[AgentMachine] = []
    for survivor in survivors.values():
        contact = floor.contacts.get(survivor.contact_id)
        if contact is not None and contact.connected_at is not None and contact.agent_id != survivor.agent_id:
            free.append(conversations.undone(floor, contact, now))
            floor.settle(free[-1], now, SOURCE)
    return free


def _go_on(floor: Floor, survivor: Survivor, now: float) -> None:
    """Make of it what its call says."""
    contact = floor.contacts.get(survivor.contact_id)
    if contact is not None:
        contact.is_questioned = False
        if contact.connected_at is not None:
            return
    if survivor.agent_id is None:
        _waits(floor, survivor, contact, now)
        return
    agent = floor.agents.get(survivor.agent_id)
    if agent is None or agent.is_on_the_phone:
        if contact is not None:
            contacts.withdrawn(floor, contact, now, reason=SOURCE)  # they talk, but not by us
    elif contact is None:
        _remember(floor, survivor, agent, now)
    else:
        _talks(floor, contact, agent, now)


def _waits(floor: Floor, survivor: Survivor, contact: Contact | None, now: float) -> None:
    if contact is None:
        floor.outputs.append(ContactForgotten(survivor.contact_id))
    elif floor.queues.get(contact.queue.settings.queue_id) is not contact.queue:
        # A queue that is configured no more has gone with the last who waited.
        contacts.withdrawn(floor, contact, now, reason=SOURCE, by=SOURCE)


def _talks(floor: Floor, contact: Contact, agent: AgentMachine, now: float) -> None:
    """The agent has accepted; whoever attends to the two knows."""
    known = [floor.reservations[reservation_id] for reservation_id in contact.reservations]
    reservation = next((each for each in known if each.agent is agent), None)
    if reservation is None:
        if contact.line is not None:
            floor.leave_line(contact)
        contact.queue.alerting += 1
        reservation = floor.reserve(agent, contact, now)
    reservations.accepted(floor, reservation, now, is_known=True)


def _remember(floor: Floor, survivor: Survivor, agent: AgentMachine, now: float) -> None:
    """The router has forgotten all: the diary has not, so it is told nothing."""
    queue = None if survivor.queue_id is None else floor.queues.get(survivor.queue_id)
    if queue is None:
        return
    at = now if survivor.enqueued_at is None else min(survivor.enqueued_at, now)
    serial = floor.next_serial()
    contact = Contact(survivor.contact_id, queue, survivor.channel, {}, NO_WISHES, at, at, at, serial)
    contact.agent_id, contact.connected_at = agent.agent_id, now
    floor.contacts[contact.contact_id] = contact
    agent.connect(contact, now)
    floor.watch(contact, now)
    floor.settle(agent, now, SOURCE)


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
