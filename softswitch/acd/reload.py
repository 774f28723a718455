"""A new configuration, taken up with everybody in his place."""

from collections.abc import Hashable, Iterable, Iterator, Sequence

from msgspec.structs import replace

from softswitch.acd import closing, contacts, events, rescue, reservations, wrapping_up
from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.matching import Matching
from softswitch.acd.model import Agent, Queue
from softswitch.acd.presence import Presence
from softswitch.acd.skills import Roster
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.base.errors import LocalError


def configure(floor: Floor, fact: ConfigurationSet, now: float) -> None:
    """Take up the configuration. Nothing changes when it raises LocalError."""
    _check_unique("queue", [queue.queue_id for queue in fact.queues])
    _check_unique("agent", [agent.agent_id for agent in fact.agents])
    floor.policy = fact.policy
    in_lines = [contact for queue in floor.queues.values() for contact in queue.contacts()]
    in_lines.sort(key=lambda contact: contact.order)
    floor.tell(events.ConfigurationChanged(now, len(fact.queues), len(fact.agents)))
    _set_queues(floor, fact.queues, now)
    removed = _set_agents(floor, fact.agents, now)
    rescue.reconfigured(floor, now)
    former, roster = floor.matching.roster, Roster(as_they_are(floor, fact.agents), fact.policy.sites)
    roster.workload.take_over(former.workload, former.row_of, roster.agent_ids)
    floor.customers.is_wanted = any(queue.remembers_customers for queue in fact.queues)
    for queue in floor.queues.values():
        queue.relies_on = None  # it may have minded before, and mind no more
    furnish(floor, roster)
    for contact in in_lines:
        floor.matching.add(contact, now)
    bereft: list[Contact] = []
    """Who alerted an agent that is gone."""
    for agent in removed:
        if agent.is_logged_in:
            floor.tell(events.AgentLoggedOut(now, agent.agent_id, "configuration"))
        agent.log_out()
        wrapping_up.cut_short(floor, agent, now)
        contact = reservations.released(floor, agent, "removed", now, "configuration")
        if contact is not None:
            bereft.append(contact)
        floor.settle(agent, now, "configuration")
    for contact in sorted([*in_lines, *bereft], key=lambda contact: contact.order):
        if contact.line is None and not contact.reservations and contact.contact_id in floor.contacts:
            contacts.returned(floor, contact, now)
        elif contact.line is not None:
            contacts.reschedule(floor, contact, now)
    for contact in list(floor.ringing.values()):
        floor.let_join_in(contact.queue.own_plan.rows, contact.channel, now)
    closing.leave_empty_queues(floor, now)


def furnish(floor: Floor, roster: Roster) -> None:
    """Make anew what follows from agents and queues: who may serve whom, who is free, who is there."""
    floor.matching = Matching(roster, floor.queues.values(), floor.chance)
    floor.sites = roster.sites
    minding = [queue for queue in floor.queues.values() if queue.settings.leave_when_empty]
    floor.presence = Presence(roster, minding)
    for agent in floor.agents.values():
        agent.row = roster.row_of.get(agent.agent_id)
        floor.show(agent)
    floor.index_ringing()


def is_in_force(floor: Floor, fact: ConfigurationSet) -> bool:
    """Whether the floor has this configuration, and nothing that is left of a former one."""
    return (
        floor.policy == fact.policy
        and [queue.settings for queue in floor.queues.values() if queue.is_open] == fact.queues
        and [agent.agent for agent in floor.agents.values() if not agent.is_removed] == fact.agents
    )


def _check_unique(kind: str, ids: Sequence[Hashable]) -> None:
    if len(set(ids)) < len(ids):
        twice = next(name for position, name in enumerate(ids) if name in ids[:position])
        raise LocalError(f"{kind} {twice} is configured twice: give each its own id")


def _set_queues(floor: Floor, configured: Iterable[Queue], now: float) -> None:
    """In the order of the configuration; those that are gone and not empty come last, closed."""
    former = floor.queues
    floor.queues = {}
    for settings in configured:
        queue = former.pop(settings.queue_id, None)
        if queue is None:
            queue = QueueRecord(settings)
            _tell_configured(floor, settings, now)
        elif queue.settings != settings or not queue.is_open:
            _tell_configured(floor, settings, now)
        queue.settings = settings
        if not queue.is_open:
            queue.is_open, queue.closing = True, None  # whoever closes queues begins anew with it
        floor.queues[settings.queue_id] = queue
    for queue_id, queue in former.items():
        if queue.is_open:
            floor.tell(events.QueueRemoved(now, queue_id))
        if len(queue) > 0:
            queue.is_open = False
            floor.queues[queue_id] = queue


def _tell_configured(floor: Floor, queue: Queue, now: float) -> None:
    floor.tell(events.QueueConfigured(now, queue.queue_id, queue.name, queue.project, queue.service_level_s))


def _set_agents(floor: Floor, configured: Iterable[Agent], now: float) -> list[AgentMachine]:
    """In the order of the configuration; those that are gone come last and are returned."""
    former = floor.agents
    floor.agents = {}
    for settings in configured:
        agent = former.pop(settings.agent_id, None)
        if agent is None:
            agent = AgentMachine(settings, now)
        agent.configure(settings)
        agent.is_removed = False
        floor.agents[settings.agent_id] = agent
    for agent_id, agent in former.items():
        agent.is_removed = True
        floor.agents[agent_id] = agent
    return list(former.values())


def as_they_are(floor: Floor, configured: Iterable[Agent]) -> Iterator[Agent]:
    """The agents with the skills they have now, which a supervisor may have changed."""
    for settings in configured:
        skills = floor.agents[settings.agent_id].skills
        yield settings if skills is settings.skills else replace(settings, skills=skills)
