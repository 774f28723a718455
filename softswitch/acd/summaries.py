"""The state of the ACD for people: one frozen row per queue, agent and contact. Durations in seconds."""

from collections import Counter
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.decisions import step_number
from softswitch.acd.estimates import EstimatorName
from softswitch.acd.floor import Floor
from softswitch.acd.model import AgentState, BusyKind, Channel, ContactState, Site, Skills
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.ids import AgentId, ContactId, QueueId, SiteId


class QueueSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One queue. The counters run since the start of the switch; their meaning is in `acd/statistics.py`.

    It `is_open` unless it is closed, for `closed_for` ("hours"), or being removed from the configuration. `waiting`
    includes `alerting`, those whose agent's phone is alerting. `longest_wait_s` is that of the contact in the queue for
    the longest time. Agents are those who may serve the queue; `agents_busy` are reserved, in any call, or in wrap-up;
    of those ready `agents_held_back` get no call because their site carries as many as it can.
    `service_level` is the share 0-1 of ended contacts answered within `service_level_s`, those who abandoned within it
    left out; `recent_service_level` that over the window of the queue's rescue, which is on while it `is_rescued`.
    `estimate_error_s` is by how much the first estimate of each answered contact was wrong in the mean,
    `estimate_bias_s` by how much too long it was; `estimator` is the one that is believed now. `hook_...` count what
    came of asking its routing hook (`HookCounters`), which took it `hook_mean_s` in the mean.
    """

    queue_id: QueueId
    name: str
    is_open: bool
    closed_for: str
    waiting: int
    alerting: int
    longest_wait_s: float
    agents_logged_in: int
    agents_ready: int
    agents_busy: int
    agents_not_ready: int
    agents_held_back: int
    offered: int
    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int
    overflowed: int
    withdrawn: int
    refused: int
    failed_reservations: int
    service_level_s: float
    service_level: float | None
    average_speed_of_answer_s: float | None
    is_rescued: bool
    recent_service_level: float | None
    estimator: EstimatorName
    estimate_error_s: float | None
    estimate_bias_s: float | None
    has_hook: bool
    hook_accepted: int
    hook_chosen: int
    hook_vetoed: int
    hook_impossible: int
    hook_late: int
    hook_failed: int
    hook_skipped: int
    hook_mean_s: float | None
    hook_longest_s: float | None


class ContactInHand(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an agent has. `for_s` is how long; `is_interrupted` says that he has put it aside for another."""

    contact_id: ContactId
    queue_id: QueueId
    channel: Channel
    for_s: float
    is_interrupted: bool


class WrapUpSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A contact an agent wraps up. `left_s` is how long he still may; `disposition` is empty while none was given."""

    contact_id: ContactId
    queue_id: QueueId
    left_s: float
    disposition: str
    dispositions: tuple[str, ...]
    is_disposition_required: bool


class AgentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One agent. `since_s` is how long the state has lasted, `idle_s` how long he has been idle, None while he is not.

    `source` is what brought him into it, `by` who did, where it was somebody (`events.AgentStateChanged`). `contact_id`
    is the contact he is alerted for, or else has taken last; `contacts` are all he has. `free_for` are the
    channels of which he could be given a contact now. `site` is where he sits.
    `missed` are reservations not answered, declined or unreachable. `queues` are those he may serve.
    """

    agent_id: AgentId
    name: str
    state: AgentState
    busy_kind: BusyKind | None
    reason: str
    since_s: float
    idle_s: float | None
    is_logged_in: bool
    is_reachable: bool
    planned_reason: str | None
    contact_id: ContactId | None
    skills: Skills
    queues: list[QueueId]
    answered: int
    missed: int
    source: str
    by: str
    contacts: list[ContactInHand]
    wrap_ups: list[WrapUpSummary]
    free_for: list[Channel]
    site: SiteId | None


class SiteSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One site. `calls` are those of the ACD its agents are alerted for or talk in, of `max_calls` it can carry."""

    site_id: SiteId
    name: str
    calls: int
    max_calls: int | None
    agents: int
    agents_logged_in: int
    agents_ready: int


class ContactSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One contact. `position` is its place in its queue, from 1, while it waits; `wait_s` ends with its answer."""

    contact_id: ContactId
    queue_id: QueueId
    state: ContactState
    agent_id: AgentId | None
    position: int | None
    wait_s: float
    boost_s: float
    skills: Skills
    requirement: str
    channel: Channel
    customer: str
    step: int
    """The routing step of its queue, from 1; 0 in a queue that has none."""
    is_interrupted: bool
    alerted: list[AgentId]
    """Whose reservations it has."""


def queue_summaries(floor: Floor, now: float) -> list[QueueSummary]:
    """All queues, in the order of the configuration."""
    codes = {state: code for code, state in enumerate(AgentState)}
    states = [codes[_state_for_queues(floor.agents[agent_id])] for agent_id in floor.matching.roster.agent_ids]
    column = np.array(states, np.uint8)
    held_back = np.zeros(len(column), np.bool_)
    if floor.sites is not None:
        held_back = floor.sites.held_back(np.arange(len(column)), Channel.VOICE)
    return [_queue_summary(queue, column, held_back, now) for queue in floor.queues.values()]


def agent_summaries(floor: Floor, now: float) -> list[AgentSummary]:
    """All agents, in the order of the configuration."""
    return list(each_agent(floor, lambda: now))


def each_agent(floor: Floor, now: Callable[[], float]) -> Iterator[AgentSummary]:
    """The same, each as he is when he is taken. Who is removed meanwhile is left out."""
    queue_ids, serves = list(floor.queues), _who_serves(floor)
    for agent, row in [(agent, agent.row) for agent in floor.agents.values()]:
        if floor.agents.get(agent.agent_id) is agent:
            numbers: list[int] = [] if row is None else np.flatnonzero(serves[row]).tolist()
            yield _agent_summary(floor, agent, [queue_ids[number] for number in numbers], now())


def agent_summary(floor: Floor, agent_id: AgentId, now: float) -> AgentSummary | None:
    """One of them; None for one that is not known."""
    agent = floor.agents.get(agent_id)
    if agent is None:
        return None
    serves = [queue_id for queue_id, queue in floor.queues.items() if floor.matching.may_serve(agent_id, queue)]
    return _agent_summary(floor, agent, serves, now)


def agent_states(floor: Floor) -> Counter[AgentState]:
    """How many agents are in each."""
    return Counter(agent.state for agent in floor.agents.values())


def agents_at_work(floor: Floor) -> int:
    """How many agents are logged in."""
    return sum(agent.is_logged_in for agent in floor.agents.values())


def _who_serves(floor: Floor) -> NDArray[np.bool_]:
    """By agent's row and queue, in the order of the floor's: whether he may serve it, be it in its last step."""
    serves = np.zeros((len(floor.matching.roster.agent_ids), len(floor.queues)), np.bool_)
    for number, queue in enumerate(floor.queues.values()):
        serves[queue.own_plan.rows, number] = True
    return serves


def contact_summaries(floor: Floor, now: float) -> list[ContactSummary]:
    """All contacts, in serving order."""
    return list(each_contact(floor, lambda: now))


def each_contact(floor: Floor, now: Callable[[], float]) -> Iterator[ContactSummary]:
    """The same, each as it is when it is taken, in the order of the first. What has left meanwhile is left out."""
    positions = {
        contact.contact_id: position
        for queue in floor.queues.values()
        for position, contact in enumerate(queue.contacts(), start=1)
    }
    for contact in sorted(floor.contacts.values(), key=lambda contact: contact.order):
        if floor.contacts.get(contact.contact_id) is contact:
            yield _contact_summary(floor, contact, positions.get(contact.contact_id), now())


def contact_summary(floor: Floor, contact_id: ContactId, now: float) -> ContactSummary | None:
    """One of them; None for one that is not known."""
    contact = floor.contacts.get(contact_id)
    if contact is None:
        return None
    places = enumerate(contact.queue.contacts(), start=1)
    position = next((position for position, each in places if each is contact), None)
    return _contact_summary(floor, contact, position, now)


def waiting(floor: Floor) -> int:
    """How many contacts are in queues."""
    return sum(map(len, floor.queues.values()))


def site_summaries(floor: Floor) -> list[SiteSummary]:
    """All sites, in the order of the configuration."""
    return [_site_summary(floor, site) for site in floor.policy.sites]


def _site_summary(floor: Floor, site: Site) -> SiteSummary:
    agents = [agent for agent in floor.agents.values() if agent.agent.site == site.site_id]
    return SiteSummary(
        site_id=site.site_id,
        name=site.name,
        calls=sum(floor.is_on_a_call(agent) for agent in agents),
        max_calls=site.max_calls,
        agents=sum(not agent.is_removed for agent in agents),
        agents_logged_in=sum(agent.is_logged_in for agent in agents),
        agents_ready=sum(_state_for_queues(agent) is AgentState.READY for agent in agents),
    )


def _queue_summary(
    queue: QueueRecord, states: NDArray[np.uint8], held_back: NDArray[np.bool_], now: float
) -> QueueSummary:
    counters = queue.counters
    counts = _count_states(queue, states)
    logged_in = sum(counts.values()) - counts[AgentState.LOGGED_OUT]
    entered = [contact.entered_at for contact in queue.contacts()]
    return QueueSummary(
        queue_id=queue.settings.queue_id,
        name=queue.settings.name,
        is_open=queue.is_open and queue.closing is None,
        closed_for="" if queue.closing is None else queue.closing.reason,
        waiting=len(queue),
        alerting=queue.alerting,
        longest_wait_s=now - min(entered) if entered else 0.0,
        agents_logged_in=logged_in,
        agents_ready=counts[AgentState.READY],
        agents_busy=logged_in - counts[AgentState.READY] - counts[AgentState.NOT_READY],
        agents_not_ready=counts[AgentState.NOT_READY],
        agents_held_back=int(held_back[queue.own_plan.rows].sum()),
        offered=counters.offered,
        answered=counters.answered,
        answered_within=counters.answered_within,
        abandoned=counters.abandoned,
        abandoned_within=counters.abandoned_within,
        overflowed=counters.overflowed,
        withdrawn=counters.withdrawn,
        refused=counters.refused,
        failed_reservations=counters.failed_reservations,
        service_level_s=queue.settings.service_level_s,
        service_level=counters.service_level,
        average_speed_of_answer_s=counters.average_speed_of_answer_s,
        is_rescued=queue.rescue.since is not None,
        recent_service_level=queue.rescue.window.level,
        estimator=queue.estimator.believed,
        estimate_error_s=queue.estimator.announced.mean_absolute_s,
        estimate_bias_s=queue.estimator.announced.bias_s,
        has_hook=queue.settings.hook_deadline_s is not None,
        hook_accepted=queue.hook.accepted,
        hook_chosen=queue.hook.chosen,
        hook_vetoed=queue.hook.vetoed,
        hook_impossible=queue.hook.impossible,
        hook_late=queue.hook.late,
        hook_failed=queue.hook.failed,
        hook_skipped=queue.hook.skipped,
        hook_mean_s=queue.hook.mean_s,
        hook_longest_s=queue.hook.longest_s if queue.hook.answered else None,
    )


def _state_for_queues(agent: AgentMachine) -> AgentState:
    """No queue can count on somebody who is ready but has no phone."""
    is_lost = agent.state is AgentState.READY and not agent.is_reachable
    return AgentState.NOT_READY if is_lost else agent.state


def _count_states(queue: QueueRecord, states: NDArray[np.uint8]) -> dict[AgentState, int]:
    """How many of those who may serve the queue are in each state."""
    counts: list[int] = np.bincount(states[queue.own_plan.rows], minlength=len(AgentState)).tolist()
    return dict(zip(AgentState, counts, strict=True))


def _agent_summary(floor: Floor, agent: AgentMachine, served: list[QueueId], now: float) -> AgentSummary:
    reservation = None if agent.reservation_id is None else floor.reservations[agent.reservation_id]
    return AgentSummary(
        agent_id=agent.agent_id,
        name=agent.agent.name,
        state=agent.state,
        busy_kind=agent.busy_kind,
        reason=agent.reason,
        since_s=now - agent.since,
        idle_s=None if agent.idle_since is None else now - agent.idle_since,
        is_logged_in=agent.is_logged_in,
        is_reachable=agent.is_reachable,
        planned_reason=agent.pause_reason if agent.state is not AgentState.NOT_READY else None,
        contact_id=next(reversed(agent.contacts), None) if reservation is None else reservation.contact.contact_id,
        skills=agent.skills,
        queues=served,
        answered=agent.answered,
        missed=agent.missed,
        source=agent.source,
        by=agent.by,
        contacts=[_in_hand(contact, now) for contact in agent.contacts.values()],
        wrap_ups=[_wrap_up_summary(wrap_up, now) for wrap_up in agent.wrap_ups.values()],
        free_for=[channel for channel in Channel if _is_free_for(floor, agent, channel)],
        site=agent.agent.site,
    )


def _is_free_for(floor: Floor, agent: AgentMachine, channel: Channel) -> bool:
    if not agent.is_free_for(channel, floor.policy.interrupted_by):
        return False
    return floor.sites is None or not floor.sites.holds_back(agent.row, channel)


def _in_hand(contact: Contact, now: float) -> ContactInHand:
    return ContactInHand(
        contact_id=contact.contact_id,
        queue_id=contact.queue.settings.queue_id,
        channel=contact.channel,
        for_s=0.0 if contact.connected_at is None else now - contact.connected_at,
        is_interrupted=contact.is_interrupted,
    )


def _wrap_up_summary(wrap_up: WrapUp, now: float) -> WrapUpSummary:
    return WrapUpSummary(
        contact_id=wrap_up.contact_id,
        queue_id=wrap_up.queue.queue_id,
        left_s=max(0.0, wrap_up.due_at - now),
        disposition=wrap_up.disposition,
        dispositions=wrap_up.queue.dispositions,
        is_disposition_required=wrap_up.queue.is_disposition_required,
    )


def _contact_summary(floor: Floor, contact: Contact, position: int | None, now: float) -> ContactSummary:
    until = now if contact.connected_at is None else contact.connected_at
    return ContactSummary(
        contact_id=contact.contact_id,
        queue_id=contact.queue.settings.queue_id,
        state=contact.state,
        agent_id=contact.agent_id,
        position=position,
        wait_s=until - contact.enqueued_at,
        boost_s=contact.enqueued_at - contact.key,
        skills=contact.skills,
        requirement=contact.wishes[1],
        channel=contact.channel,
        customer=contact.customer,
        step=step_number(contact),
        is_interrupted=contact.is_interrupted,
        alerted=[floor.reservations[reservation_id].agent.agent_id for reservation_id in contact.reservations],
    )
