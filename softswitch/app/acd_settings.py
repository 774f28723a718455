"""From the operator's configuration to what the ACD wants to be told: queues, agents, policy, routing hooks."""

from collections.abc import Iterable

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import (
    CAPACITY,
    INTERRUPTED_BY,
    Agent,
    Announcements,
    Channel,
    HangUp,
    OverflowReason,
    OverflowTarget,
    Queue,
    Rescue,
    RoutingPolicy,
    RoutingStep,
    Serving,
    Site,
    ToFlow,
    ToQueue,
)
from softswitch.acd.runtime.hook_client import HookTarget
from softswitch.base.ids import AgentId, QueueId, SiteId
from softswitch.config import Configuration
from softswitch.config.rows import AgentRow, QueueRow, RescueRow, SiteRow
from softswitch.config.settings import AgentsSection

WATCHDOG_S = 60.0
"""How often the router asks whether calls are still there: what was forgotten is found out within two minutes."""


def acd_configuration(configuration: Configuration) -> ConfigurationSet:
    return ConfigurationSet(
        queues=[_queue(row, configuration.settings.events.short_abandon_s) for row in configuration.queues],
        agents=[
            Agent(
                agent_id=row.agent_id,
                name=row.name,
                skills=row.skills,
                queues=_served_by(row, configuration),
                profile={
                    QueueId(queue): Serving(order=serving.order, delay_s=serving.delay_s, weight=serving.weight)
                    for queue, serving in row.profile.items()
                },
                capacity={**CAPACITY, **{Channel(name): slots for name, slots in row.capacity.items()}},
                site=SiteId(row.site) if row.site else None,
            )
            for row in configuration.agents
        ],
        policy=_routing_policy(configuration.settings.agents, configuration.sites),
    )


def _served_by(row: AgentRow, configuration: Configuration) -> tuple[QueueId, ...] | None:
    """The queues that an agent serves if he has their skills; None: all."""
    if not row.projects:
        return None if row.queues is None else tuple(QueueId(queue) for queue in row.queues)
    own = [queue.queue_id for queue in configuration.queues if queue.project in row.projects]
    return tuple(queue for queue in own if row.queues is None or queue in row.queues)


def _routing_policy(section: AgentsSection, sites: Iterable[SiteRow]) -> RoutingPolicy:
    interrupted_by = {
        Channel(channel): tuple(Channel(other) for other in others)
        for channel, others in section.interrupted_by.items()
    }
    return RoutingPolicy(
        direct_calls_restart_idle=section.direct_calls_restart_idle,
        outbound_calls_restart_idle=section.outbound_calls_restart_idle,
        breaks_restart_idle=section.breaks_restart_idle,
        not_ready_reasons=section.not_ready_reasons,
        interrupted_by={**INTERRUPTED_BY, **interrupted_by},
        watchdog_s=WATCHDOG_S,
        sites=tuple(Site(site_id=SiteId(row.id), name=row.name, max_calls=row.max_calls) for row in sites),
    )


def hook_targets(configuration: Configuration) -> dict[QueueId, HookTarget]:
    """The routing hooks of the queues that have one."""
    return {row.queue_id: HookTarget(row.hook.url, row.hook.secret) for row in configuration.queues if row.hook}


def auto_login(configuration: Configuration) -> list[AgentId]:
    """The agents who are logged in unless they have said otherwise."""
    return [row.agent_id for row in configuration.agents if row.auto_login]


def _queue(row: QueueRow, short_abandon_s: float) -> Queue:
    """`short_abandon_s` is that of the centre."""
    return Queue(
        queue_id=row.queue_id,
        name=row.name,
        project=row.project,
        skills=row.skills,
        requirement=row.requirement,
        preferred=row.preferred,
        strategy=row.strategy,
        steps=tuple(
            RoutingStep(
                skills=step.skills,
                requirement=step.requirement,
                preferred=step.preferred,
                strategy=step.strategy,
                for_s=step.for_s,
                skip_if=step.skip_if,
            )
            for step in row.steps
        ),
        ring_timeout_s=row.ring_timeout_s,
        wrap_up_s=row.wrap_up_s,
        wrap_up_max_s=row.wrap_up_max_s,
        dispositions=row.dispositions,
        is_disposition_required=row.disposition_required,
        max_wait_s=row.max_wait_s,
        max_length=row.max_length,
        max_predicted_wait_s=row.max_predicted_wait_s,
        overflow=overflow_target(row.overflow),
        overflows=_overflows(row),
        join_empty=row.join_empty,
        leave_when_empty=row.leave_when_empty,
        leave_when_empty_after_s=row.leave_when_empty_after_s,
        service_level_s=row.service_level_s,
        short_abandon_s=short_abandon_s if row.short_abandon_s is None else row.short_abandon_s,
        no_answer_limit=row.no_answer_limit,
        no_answer_state=row.no_answer_state,
        no_answer_reason=row.no_answer_reason,
        declines_count=row.declines_count,
        last_agent_s=row.last_agent_s,
        keep_place_s=row.keep_place_s,
        repeat_within_s=row.repeat_within_s,
        repeat_boost_s=row.repeat_boost_s,
        rescue=None if row.rescue is None else _rescue(row.rescue),
        hook_deadline_s=None if row.hook is None else row.hook.deadline_ms / 1000,
        announcements=Announcements(
            first_after_s=row.announce.first_after_s,
            every_s=row.announce.every_s,
            position=row.announce.position,
            estimated_wait=row.announce.estimated_wait,
            texts=row.announce.texts,
            texts_every_s=row.announce.texts_every_s,
        ),
    )


def _rescue(row: RescueRow) -> Rescue:
    return Rescue(
        below=row.below / 100,
        until=row.until / 100,
        window_s=row.window_s,
        hold_s=row.hold_s,
        judged_min=row.judged_min,
        agents=tuple(AgentId(agent) for agent in row.agents),
        older_s=row.older_s,
    )


def _overflows(row: QueueRow) -> dict[OverflowReason, OverflowTarget]:
    """The ways out that are not that of `overflow`."""
    written: dict[OverflowReason, str] = {
        "full": row.overflow_full,
        "empty": row.overflow_empty,
        "closed": row.overflow_closed,
        "predicted_wait": row.overflow_predicted,
    }
    return {reason: overflow_target(text) for reason, text in written.items() if text}


def overflow_target(text: str) -> OverflowTarget:
    """ "queue:ID", "flow:NAME" or "hangup", as it is written."""
    kind, _, name = text.partition(":")
    match kind:
        case "queue":
            return ToQueue(QueueId(name))
        case "flow":
            return ToFlow(name)
        case _:
            return HangUp()
