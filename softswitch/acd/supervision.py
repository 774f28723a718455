"""What supervisors do to contacts and to agents at work. Each act names who did it, and is told as an event.

They raise LocalError, one line for whoever ordered it, where what is asked is not possible now; then nothing changes.
"""

from math import inf, isfinite

from softswitch.acd import contacts, events
from softswitch.acd.admission import obstacle
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import AgentSkillsSet, ContactAssigned, ContactPrioritised, ContactRequeued
from softswitch.acd.limits import BOOST_S_MAX, SKILLS_PER_AGENT_MAX
from softswitch.acd.model import LEVEL_MAX, LEVEL_MIN, ContactState, LiveSkills, Skills, ToQueue
from softswitch.acd.waiting import Contact
from softswitch.base.errors import LocalError


def prioritised(floor: Floor, contact: Contact, fact: ContactPrioritised, now: float) -> None:
    """The contact counts as older or younger than it did."""
    if not isfinite(fact.boost_s):
        raise LocalError(f"contact {contact.contact_id}: a boost is a finite number of seconds")
    if contact.state is ContactState.CONNECTED:
        raise LocalError(f"contact {contact.contact_id} talks to {contact.agent_id} already")
    old_boost_s = contact.enqueued_at - contact.key - contact.rescue_s
    boost_s = max(-BOOST_S_MAX, min(fact.boost_s, BOOST_S_MAX))
    is_waiting = contact.line is not None
    if is_waiting:
        floor.matching.remove(contact)
    contact.key = contact.enqueued_at - boost_s - contact.rescue_s
    if is_waiting:
        floor.matching.add(contact, now)
    queue = contact.queue
    position = queue.position(contact) if is_waiting else 0
    floor.tell(
        events.ContactReprioritised(
            now, contact.contact_id, queue.settings.queue_id, old_boost_s, boost_s, position, fact.by
        )
    )


def requeued(floor: Floor, contact: Contact, fact: ContactRequeued, now: float) -> None:
    """The contact goes on waiting in another queue, as old as it is."""
    _check_waits(contact)
    queue = floor.queues.get(fact.queue_id)
    if queue is None:
        raise LocalError(f'there is no queue "{fact.queue_id}"')
    if queue is contact.queue:
        raise LocalError(f"contact {contact.contact_id} waits in {fact.queue_id} already")
    reason = obstacle(floor, queue, contact)
    if reason is not None:
        raise LocalError(f"{fact.queue_id} takes nobody now: it is {reason.replace('_', ' ')}")
    floor.leave_line(contact)
    contacts.send_on(floor, contact, ToQueue(fact.queue_id), "supervisor", now, by=fact.by)


def assigned(floor: Floor, contact: Contact, fact: ContactAssigned, now: float) -> None:
    """The contact is for this agent alone, before all others that wait for him."""
    _check_waits(contact)
    agent = floor.agents.get(fact.agent_id)
    if agent is None or agent.is_removed:
        raise LocalError(f'there is no agent "{fact.agent_id}"')
    if not agent.is_logged_in:
        raise LocalError(f"{fact.agent_id} is not logged in")
    floor.matching.remove(contact)
    floor.deadlines.cancel(("stage", contact.contact_id))
    contact.preferred_agent_id, contact.preferred_until = fact.agent_id, inf
    if contact.shunned_by == fact.agent_id:
        contact.shunned_by = None
    floor.matching.add(contact, now)
    queue_id = contact.queue.settings.queue_id
    floor.tell(events.ContactAssigned(now, contact.contact_id, queue_id, fact.agent_id, fact.by))
    floor.find_agent(contact, now)


def skills_set(floor: Floor, agent: AgentMachine, fact: AgentSkillsSet, now: float) -> None:
    """The agent is able to do something else from now on; who waits may be his, or not any more."""
    former = agent.skills
    if fact.skills is None:
        agent.live_skills = None
    else:
        _check_skills(agent, fact.skills)
        agent.live_skills = LiveSkills(fact.skills, instead_of=agent.agent.skills)
    show_skills(floor, agent, former, now)
    changed = sorted(
        (skill, agent.skills.get(skill, 0))
        for skill in former.keys() | agent.skills.keys()
        if former.get(skill, 0) != agent.skills.get(skill, 0)
    )
    if changed:
        what = ", ".join(f"{skill} {level}" for skill, level in changed)
        floor.tell(events.AgentChanged(now, agent.agent_id, what, fact.by))


def show_skills(floor: Floor, agent: AgentMachine, former: Skills, now: float) -> None:
    """Let the lines follow what the agent is able to do, which was `former`. Give him a contact afterwards."""
    moved = floor.matching.set_skills(agent.agent_id, former, agent.skills, floor.queues.values(), now)
    floor.has_lost_staff = True
    for queue in floor.queues.values():
        floor.presence.restaffed(queue)
    for contact in moved:
        if contact.line is not None:
            floor.find_agent(contact, now)


def _check_waits(contact: Contact) -> None:
    if contact.state is ContactState.CONNECTED:
        raise LocalError(f"contact {contact.contact_id} talks to {contact.agent_id} already")
    if contact.line is None:
        raise LocalError(f"the phone of {contact.agent_id} is ringing for contact {contact.contact_id}: wait for that")


def _check_skills(agent: AgentMachine, skills: Skills) -> None:
    if len(skills) > SKILLS_PER_AGENT_MAX:
        raise LocalError(f"{agent.agent_id} would have {len(skills)} skills: {SKILLS_PER_AGENT_MAX} at most")
    for skill, level in skills.items():
        if not LEVEL_MIN <= level <= LEVEL_MAX:
            raise LocalError(f"level {level} of {skill!r} is not {LEVEL_MIN}-{LEVEL_MAX}")
