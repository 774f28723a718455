"""From a configuration and the records of calls to a simulation: what `softswitch simulate` runs.

Nothing here speaks to the switch: the configuration is read from its files, the records from the store, which any
process may read.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import LEVEL_MAX, Agent
from softswitch.acd.requirements import asked_skills, parse
from softswitch.acd.simulation.arrivals import PastCall
from softswitch.acd.simulation.day import alike
from softswitch.acd.simulation.durations import Distribution, Observed
from softswitch.acd.simulation.erlang import estimated_patience_s
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, QueueId
from softswitch.store.schema import Cdr

ABANDONED = "abandoned"
"""`Cdr.end_reason` of callers who hung up while they waited."""


def agents_of(text: str | None, configuration: ConfigurationSet) -> list[Agent]:
    """Who answers: the configured agents (None), "40" after their pattern, or "sales=12,support=8".

    Of the last kind each serves the one queue and has every skill. Where no agents are configured, neither do any
    lack a skill of the second kind. Raises SimulationError.
    """
    if text is None:
        if not configuration.agents:
            raise SimulationError("agents.toml has no agents. Say how many there are: --agents 12")
        return list(configuration.agents)
    if text.isdecimal():
        return alike(pattern(configuration), _count(text))
    agents: list[Agent] = []
    for part in text.split(","):
        name, _, number = part.partition("=")
        queue_id = QueueId(name.strip())
        if queue_id not in {queue.queue_id for queue in configuration.queues}:
            raise SimulationError(
                f'there is no queue "{name}" for agents to serve. Write --agents 12 or --agents QUEUE=12'
            )
        expert = Agent(agent_id=AgentId(f"{queue_id}.1"), skills=_all_skills(configuration), queues=(queue_id,))
        agents += [
            Agent(agent_id=AgentId(f"{queue_id}.{each + 1}"), skills=expert.skills, queues=expert.queues)
            for each in range(_count(number.strip()))
        ]
    return agents


def pattern(configuration: ConfigurationSet) -> Sequence[Agent]:
    """Agents to be multiplied: those of the configuration, or one who can do everything."""
    return configuration.agents or [Agent(agent_id=AgentId("agent"), skills=_all_skills(configuration))]


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise SimulationError(f"{text!r} is no number of agents. Write --agents 12 or --agents sales=12,support=8")
    return int(text)


def _all_skills(configuration: ConfigurationSet) -> dict[str, int]:
    """Every skill that a queue or one of its steps asks for, at its best."""
    parts = [part for queue in configuration.queues for part in (queue, *queue.steps)]
    return {skill: LEVEL_MAX for part in parts for skill in (*part.skills, *asked_skills(parse(part.requirement)))}


# Records of calls


def past_calls(records: Iterable[Cdr]) -> list[PastCall]:
    """The calls that came into queues, in seconds from the midnight (of this machine's clock) before the first."""
    queued = [record for record in records if record.queue is not None]
    if not queued:
        return []
    entered = [max(each.started_at, each.ended_at - each.talk_s - each.queue_wait_s) for each in queued]
    midnight = datetime.fromtimestamp(min(entered)).astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight.timestamp()
    return [
        PastCall(
            at_s=at_wall - begin,
            queue_id=QueueId(record.queue or ""),
            waited_s=record.queue_wait_s,
            talk_s=record.talk_s if record.agent is not None else None,
            is_abandoned=record.agent is None and record.end_reason == ABANDONED,
        )
        for record, at_wall in zip(queued, entered, strict=True)
    ]


def observed_talk(calls: Sequence[PastCall]) -> Distribution:
    """How long conversations were. Raises SimulationError when there was none."""
    talked_s = [call.talk_s for call in calls if call.talk_s is not None]
    if not talked_s:
        raise SimulationError(
            "no recorded call of a queue was answered, so nobody knows how long one takes: say it (--talk)"
        )
    return Observed(talked_s)


def observed_patience_s(calls: Sequence[PastCall]) -> float:
    """The mean patience most likely behind the records; infinite where nobody hung up."""
    return estimated_patience_s(
        waited_s=sum(call.waited_s for call in calls), abandoned=sum(call.is_abandoned for call in calls)
    )
