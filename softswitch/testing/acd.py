"""A router in virtual time, with words short enough to tell a scenario in."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from softswitch.acd.events import AcdEvent
from softswitch.acd.inputs import (
    AcdInput,
    AgentLoggedIn,
    AgentReachable,
    ConfigurationSet,
    ContactFinished,
    ContactQueued,
    FailureCause,
    ReservationAccepted,
    ReservationFailed,
)
from softswitch.acd.model import Agent, AgentState, Channel, Queue, RoutingPolicy, Skills
from softswitch.acd.outputs import AcdOutput, AgentReserved
from softswitch.acd.router import Router
from softswitch.acd.summaries import AgentSummary, ContactSummary, QueueSummary
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

EventT = TypeVar("EventT")


def replayed(log: Iterable[tuple[float, AcdInput | None]]) -> list[AcdOutput]:
    """What a new router says to these facts at these times; None: it is asked what is due."""
    router = Router()
    said: list[AcdOutput] = []
    for now, fact in log:
        if fact is None:
            router.handle_timeout(now)
        else:
            router.apply(fact, now)
        said += router.take_outputs()
    return said


class ScriptedAcd:
    """A router, the time, and all it has said with the time at which it did; `diary` has its events."""

    def __init__(
        self, queues: Sequence[Queue], agents: Sequence[Agent], *, policy: RoutingPolicy | None = None, now: float = 0.0
    ) -> None:
        self.router = Router()
        self.now = now
        self.transcript: list[tuple[float, AcdOutput]] = []
        self.diary: list[AcdEvent] = []
        self.tell(ConfigurationSet(list(queues), list(agents), policy or RoutingPolicy()))

    # What happens

    def tell(self, *facts: AcdInput) -> list[AcdOutput]:
        """Apply the facts now; returns what the router says."""
        outputs: list[AcdOutput] = []
        for fact in facts:
            self.router.apply(fact, self.now)
            outputs += self._take()
        return outputs

    def ready(self, *agent_ids: str) -> list[AcdOutput]:
        """These agents log in and their phones register."""
        facts: list[AcdInput] = []
        for agent_id in agent_ids:
            facts += [AgentLoggedIn(AgentId(agent_id)), AgentReachable(AgentId(agent_id))]
        return self.tell(*facts)

    def call(
        self,
        contact_id: str,
        queue_id: str = "sales",
        *,
        boost_s: float = 0.0,
        skills: Skills | None = None,
        enqueued_at: float | None = None,
        channel: Channel = Channel.VOICE,
        requirement: str = "",
        preferred_agent: str | None = None,
        preferred_for_s: float = 0.0,
        site: str = "",
    ) -> list[AcdOutput]:
        """A contact arrives."""
        return self.tell(
            ContactQueued(
                ContactId(contact_id),
                QueueId(queue_id),
                boost_s=boost_s,
                skills=skills or {},
                enqueued_at=enqueued_at,
                channel=channel,
                requirement=requirement,
                preferred_agent=None if preferred_agent is None else AgentId(preferred_agent),
                preferred_for_s=preferred_for_s,
                site=site,
            )
        )

    def answer(self, contact_id: str) -> list[AcdOutput]:
        """The agent reserved for this contact answers."""
        return self.tell(ReservationAccepted(self.reservation_of(contact_id)))

    def fail(self, contact_id: str, cause: FailureCause = "no_answer") -> list[AcdOutput]:
        """The agent reserved for this contact does not."""
        return self.tell(ReservationFailed(self.reservation_of(contact_id), cause))

    def finish(self, contact_id: str) -> list[AcdOutput]:
        """The conversation is over."""
        return self.tell(ContactFinished(ContactId(contact_id)))

    def advance(self, seconds: float) -> list[AcdOutput]:
        """Let time pass, through every timer on the way; returns what the router says."""
        until = self.now + seconds
        outputs: list[AcdOutput] = []
        while (due := self.router.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.router.handle_timeout(self.now)
            outputs += self._take()
        self.now = until
        return outputs

    def _take(self) -> list[AcdOutput]:
        outputs = self.router.take_outputs()
        self.transcript += [(self.now, output) for output in outputs]
        self.diary += self.router.take_events()
        return outputs

    # What is

    def reservation_of(self, contact_id: str) -> ReservationId:
        """The latest reservation made for a contact."""
        return next(
            output.reservation_id
            for _, output in reversed(self.transcript)
            if isinstance(output, AgentReserved) and output.contact_id == contact_id
        )

    def told(self, kind: type[EventT]) -> list[EventT]:
        """Every event of this kind so far."""
        return [event for event in self.diary if isinstance(event, kind)]

    def reserved(self) -> list[tuple[str, str]]:
        """Every reservation made so far, as (contact, agent)."""
        return [
            (output.contact_id, output.agent_id) for _, output in self.transcript if isinstance(output, AgentReserved)
        ]

    def agent(self, agent_id: str) -> AgentSummary:
        return next(row for row in self.router.agent_summaries(self.now) if row.agent_id == agent_id)

    def state(self, agent_id: str) -> AgentState:
        return self.agent(agent_id).state

    def queue(self, queue_id: str = "sales") -> QueueSummary:
        return next(row for row in self.router.queue_summaries(self.now) if row.queue_id == queue_id)

    def contact(self, contact_id: str) -> ContactSummary:
        return next(row for row in self.router.contact_summaries(self.now) if row.contact_id == contact_id)
