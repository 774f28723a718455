"""Who may serve whom, and when, said once more in plain words and apart from the router's tables.

The router says it in arrays; here it is said of one agent and one contact at a time, slowly. `test_acd_router.py` holds
the two together. Some things the router alone knows (when a step was skipped because nobody was there): then the answer
is `MAYBE`.
"""

from enum import Enum

from msgspec.structs import replace

from softswitch.acd.inputs import ConfigurationSet, ContactQueued
from softswitch.acd.model import (
    Agent,
    Announcements,
    HangUp,
    Queue,
    RoutingStep,
    Serving,
    Skills,
    ToFlow,
    ToQueue,
)
from softswitch.acd.requirements import holds, parse
from softswitch.base.ids import AgentId, QueueId

SOUNDS = Announcements(first_after_s=3.0, every_s=7.0)
STEPPED = Queue(
    queue_id=QueueId("stepped"),
    steps=(
        RoutingStep(skills={"en": 9}, for_s=10.0),
        RoutingStep(requirement="en >= 5 and not trainee", for_s=0.0),
        RoutingStep(requirement="en or ru >= 2", for_s=20.0),
        RoutingStep(),
    ),
    preferred={"ru": 5},
    max_wait_s=70.0,
    overflow=ToQueue(QueueId("any")),
    no_answer_limit=2,
)
SKIPPING = Queue(
    queue_id=QueueId("skipping"),
    steps=(
        RoutingStep(skills={"ru": 8}, for_s=15.0, skip_if="nobody_logged_in"),
        RoutingStep(skills={"ru": 1}, for_s=15.0, skip_if="nobody_ready", strategy="ring_all"),
        RoutingStep(),
    ),
    wrap_up_s=3.0,
    max_wait_s=None,
    announcements=SOUNDS,
)
FULL = ConfigurationSet(
    queues=[
        Queue(
            queue_id=QueueId("gold"),
            skills={"en": 5},
            max_length=3,
            max_wait_s=60.0,
            overflow=ToQueue(QueueId("any")),
            announcements=SOUNDS,
            no_answer_limit=2,
            keep_place_s=60.0,
            repeat_within_s=100.0,
            repeat_boost_s=15.0,
        ),
        Queue(
            queue_id=QueueId("any"),
            max_length=6,
            max_wait_s=40.0,
            overflow=ToFlow("sorry"),
            wrap_up_s=0.0,
            no_answer_limit=3,
            hook_deadline_s=2.0,
        ),
        Queue(
            queue_id=QueueId("few"),
            skills={"ru": 2},
            agents=(AgentId("ann"), AgentId("bob")),
            join_empty=("invalid",),
            leave_when_empty=("invalid",),
            max_wait_s=None,
            announcements=SOUNDS,
        ),
        Queue(
            queue_id=QueueId("all"),
            strategy="ring_all",
            skills={"en": 4},
            max_wait_s=90.0,
            wrap_up_s=5.0,
            no_answer_limit=2,
            overflow=ToQueue(QueueId("any")),
            hook_deadline_s=2.0,
        ),
        STEPPED,
        SKIPPING,
    ],
    agents=[
        Agent(agent_id=AgentId("ann"), skills={"en": 9, "ru": 1}),
        Agent(agent_id=AgentId("bob"), skills={"en": 5, "ru": 8, "trainee": 1}),
        Agent(
            agent_id=AgentId("cyd"),
            skills={"en": 3},
            queues=(QueueId("any"), QueueId("stepped")),
            profile={QueueId("any"): Serving(order=2), QueueId("stepped"): Serving(delay_s=5.0)},
        ),
        Agent(
            agent_id=AgentId("dan"),
            skills={"en": 10, "ru": 10},
            queues=tuple(QueueId(name) for name in ("gold", "few", "stepped", "skipping")),
            profile={QueueId("gold"): Serving(delay_s=4.0), QueueId("skipping"): Serving(order=3, delay_s=8.0)},
        ),
    ],
)
SMALLER = ConfigurationSet(
    queues=[
        Queue(queue_id=QueueId("any"), overflow=HangUp(), max_wait_s=20.0, announcements=SOUNDS),
        Queue(queue_id=QueueId("few"), overflow=ToQueue(QueueId("few")), skills={"en": 4}, hook_deadline_s=2.0),
        STEPPED,
    ],
    agents=[
        Agent(agent_id=AgentId("bob"), skills={"ru": 8}),
        Agent(agent_id=AgentId("eve"), skills={"en": 4, "ru": 2}, profile={QueueId("few"): Serving(order=2)}),
    ],
)


class Answer(Enum):
    """Whether an agent may serve a contact now."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class Known:
    """What is to be remembered of a contact, apart from the router."""

    def __init__(self, fact: ContactQueued, now: float, serial: int) -> None:
        self.queue_id = fact.queue_id
        self.skills = fact.skills
        self.requirement = fact.requirement
        self.entered_at = now if fact.enqueued_at is None else min(now, fact.enqueued_at)
        self.enqueued_at = self.entered_at
        self.order = (self.entered_at - fact.boost_s, serial)
        self.steps_since = self.entered_at
        self.kept_for = fact.preferred_agent
        """The only agent who gets it at present; None: whoever is able."""
        self.kept_until = self.entered_at + fact.preferred_for_s
        self.was_kept = fact.preferred_agent is not None
        """For one agent, now or before."""
        self.is_assigned = False
        """A supervisor wants it so: before all others."""
        self.failed_by: AgentId | None = None
        self.failed_at = 0.0
        self.told_s = float("inf")

    def moved(self, queue_id: QueueId, now: float) -> None:
        """The next queue begins with its first step, for whoever is able."""
        self.queue_id = queue_id
        self.entered_at = self.steps_since = now
        self.kept_for = None
        self.is_assigned = False

    def assigned(self, agent_id: AgentId) -> None:
        self.kept_for, self.kept_until, self.is_assigned = agent_id, float("inf"), True
        self.was_kept = True
        if self.failed_by == agent_id:
            self.failed_by = None

    def released(self, now: float) -> None:
        """It is kept for nobody any more: the steps begin."""
        self.kept_for = None
        self.is_assigned = False
        self.steps_since = max(self.entered_at, min(self.kept_until, now))


class Rules:
    """One configuration, and the former for what is not configured any more but still there."""

    def __init__(self, configuration: ConfigurationSet, former: ConfigurationSet) -> None:
        self.agents = {agent.agent_id: agent for agent in configuration.agents}
        self.queues = {queue.queue_id: queue for queue in [*former.queues, *configuration.queues]}

    def may_serve(self, agent_id: AgentId, contact: Known, now: float) -> Answer:
        agent, queue = self.agents.get(agent_id), self.queues[contact.queue_id]
        if agent is None:
            return Answer.NO
        if contact.kept_for is not None:
            return Answer.YES if contact.kept_for == agent_id else Answer.NO
        if not _is_able(agent, queue, contact):
            return Answer.NO
        serving = agent.profile.get(queue.queue_id, Serving())
        if now < contact.entered_at + serving.delay_s:
            return Answer.NO
        return _by_steps(agent, queue, now - contact.steps_since)

    def learn_skills(self, agent_id: AgentId, skills: Skills) -> None:
        """What he is able to do at present."""
        if agent_id in self.agents:
            self.agents[agent_id] = replace(self.agents[agent_id], skills=skills)

    def order(self, agent_id: AgentId, contact: Known) -> tuple[int, tuple[float, int]]:
        """Smaller is what this agent takes first."""
        if contact.is_assigned:
            return 0, contact.order
        serving = self.agents[agent_id].profile.get(contact.queue_id, Serving())
        return serving.order, contact.order


def _is_able(agent: Agent, queue: Queue, contact: Known) -> bool:
    if agent.queues is not None and queue.queue_id not in agent.queues:
        return False
    if queue.agents is not None and agent.agent_id not in queue.agents:
        return False
    required = [*queue.skills.items(), *contact.skills.items()]
    if any(agent.skills.get(skill, 0) < level for skill, level in required):
        return False
    return all(holds(parse(text), agent.skills) for text in (queue.requirement, contact.requirement))


def _by_steps(agent: Agent, queue: Queue, waited_s: float) -> Answer:
    opens_s, certainty = 0.0, Answer.YES
    for step in queue.steps or (RoutingStep(),):
        if waited_s < opens_s and certainty is Answer.YES:
            return Answer.NO
        meets = all(agent.skills.get(skill, 0) >= level for skill, level in step.skills.items())
        if meets and holds(parse(step.requirement), agent.skills):
            return Answer.YES if waited_s >= opens_s else Answer.MAYBE
        opens_s += float("inf") if step.for_s is None else step.for_s
        if step.skip_if is not None:
            certainty = Answer.MAYBE
    return Answer.NO
