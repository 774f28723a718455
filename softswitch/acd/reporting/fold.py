"""Events in, tallies of queues and agents out."""

from collections.abc import Callable, Iterable
from typing import Any

from softswitch.acd.events import (
    AcdEvent,
    AgentLoggedIn,
    AgentReserved,
    ContactAbandoned,
    ContactAnnounced,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactRefused,
    ContactTransferred,
    ContactWithdrawn,
    QueueConfigured,
    ReservationEnded,
    Stamped,
    SwitchStarted,
    WrapUpEnded,
)
from softswitch.acd.model import AgentState, BusyKind
from softswitch.acd.reporting.spans import Span
from softswitch.acd.reporting.tallies import AgentTally, QueueTally, Ratings, add_ratings
from softswitch.base.ids import AgentId, ContactId, QueueId

SHORT_ABANDON_S = 5.0
"""Who gives up sooner has dialled wrongly or changed his mind; nobody could have answered him. Of events that do not
say when that was."""


class Tallies:
    """Of all queues and agents over one span of time."""

    __slots__ = ("_folds", "_promises", "agents", "queues", "short_abandon_s")

    def __init__(
        self,
        *,
        short_abandon_s: float | None = None,
        promises: dict[ContactId, tuple[float, float]] | None = None,
    ) -> None:
        """`short_abandon_s` None: for each queue what it was then. `promises` are the estimated waits announced, with
        when; shared by spans of time that follow each other.
        """
        self.short_abandon_s = short_abandon_s
        self._promises = {} if promises is None else promises
        self.queues: dict[QueueId, QueueTally] = {}
        self.agents: dict[AgentId, AgentTally] = {}
        self._folds: dict[type[AcdEvent], Callable[[Any], None]] = {
            ContactQueued: self._queued,
            AgentReserved: self._reserved,
            ReservationEnded: self._reservation_ended,
            ContactConnected: self._connected,
            ContactHeld: self._held,
            ContactEnded: self._ended,
            WrapUpEnded: self._wrapped_up,
            ContactRated: self._rated,
            ContactAbandoned: self._abandoned,
            ContactMoved: self._moved,
            ContactOverflowed: self._overflowed,
            ContactWithdrawn: self._withdrawn,
            ContactRefused: self._refused,
            ContactAnnounced: self._announced,
            ContactTransferred: self._transferred,
            AgentLoggedIn: self._logged_in,
            QueueConfigured: self._configured,
            SwitchStarted: self._started,
        }
        """By kind, since most events are of none of them, and a switch has thousands a second."""

    @property
    def kinds(self) -> Iterable[type[AcdEvent]]:
        """Of the events that are counted; of others `take` makes nothing."""
        return self._folds

    def take(self, stamped: Stamped) -> None:
        """Count an event; what agents do all day comes by `add_span`."""
        fold = self._folds.get(type(stamped.event))
        if fold is not None:
            fold(stamped.event)
            if isinstance(stamped.event, ContactQueued) and stamped.project and not stamped.event.project:
                self._queue(stamped.event.queue_id).project = stamped.project

    def add_span(self, span: Span) -> None:
        """An agent was in a state for a while."""
        tally, seconds = self._agent(span.agent_id), span.until_wall - span.from_wall
        match span.state:
            case AgentState.READY:
                tally.ready_s += seconds
            case AgentState.RESERVED:
                tally.reserved_s += seconds
            case AgentState.WRAP_UP:
                tally.wrap_up_s += seconds
            case AgentState.NOT_READY:
                tally.not_ready_s += seconds
                tally.reasons_s[span.reason] = tally.reasons_s.get(span.reason, 0.0) + seconds
            case AgentState.BUSY if span.busy_kind is BusyKind.ACD:
                tally.contact_s += seconds
            case AgentState.BUSY:
                tally.other_calls_s += seconds
            case AgentState.LOGGED_OUT:
                pass

    # Contacts

    def _queued(self, event: ContactQueued) -> None:
        self._queue(event.queue_id).offered += 1

    def _refused(self, event: ContactRefused) -> None:
        self._queue(event.queue_id).refused += 1

    def _moved(self, event: ContactMoved) -> None:
        left = self._queue(event.from_queue_id)
        left.overflowed += 1
        self._waited(left, event.in_queue_s)
        entered = self._queue(event.queue_id)
        entered.offered += 1
        entered.moved_in += 1

    def _overflowed(self, event: ContactOverflowed) -> None:
        queue = self._queue(event.queue_id)
        queue.overflowed += 1
        self._waited(queue, event.in_queue_s)
        self._promises.pop(event.contact_id, None)

    def _withdrawn(self, event: ContactWithdrawn) -> None:
        queue = self._queue(event.queue_id)
        queue.withdrawn += 1
        self._waited(queue, event.in_queue_s)
        self._promises.pop(event.contact_id, None)

    def _abandoned(self, event: ContactAbandoned) -> None:
        queue = self._queue(event.queue_id)
        queue.abandoned += 1
        queue.abandoned_within += event.in_queue_s <= event.level_s
        queue.abandoned_short += event.in_queue_s < self._short_abandon_s(event)
        self._waited(queue, event.in_queue_s)
        self._promises.pop(event.contact_id, None)

    def _short_abandon_s(self, event: ContactAbandoned) -> float:
        if self.short_abandon_s is not None:
            return self.short_abandon_s
        return SHORT_ABANDON_S if event.short_s is None else event.short_s

    def _connected(self, event: ContactConnected) -> None:
        queue = self._queue(event.queue_id)
        queue.answered += 1
        queue.answered_within += event.in_queue_s <= event.level_s
        queue.answered_wait_s += event.in_queue_s
        queue.level_s = event.level_s
        self._waited(queue, event.in_queue_s)
        self._agent(event.agent_id).answered += 1
        promise = self._promises.pop(event.contact_id, None)
        if promise is not None:
            promised_at, estimated_wait_s = promise
            error_s = event.at - promised_at - estimated_wait_s
            queue.told_waits += 1
            queue.told_error_s += abs(error_s)
            queue.told_bias_s += error_s

    def _announced(self, event: ContactAnnounced) -> None:
        if event.estimated_wait_s is not None:
            self._promises[event.contact_id] = (event.at, event.estimated_wait_s)

    def _waited(self, queue: QueueTally, in_queue_s: float) -> None:
        queue.wait_s += in_queue_s
        queue.longest_wait_s = max(queue.longest_wait_s, in_queue_s)

    # Reservations and conversations

    def _reserved(self, event: AgentReserved) -> None:
        self._queue(event.queue_id).reservations += 1
        self._agent(event.agent_id).reservations += 1

    def _reservation_ended(self, event: ReservationEnded) -> None:
        queue, agent = self._queue(event.queue_id), self._agent(event.agent_id)
        if event.cause == "no_answer":
            queue.no_answers += 1
            agent.no_answers += 1
        elif event.cause in ("declined", "unreachable", "hung_up"):
            queue.declines += 1
            agent.declines += 1

    def _held(self, event: ContactHeld) -> None:
        self._queue(event.queue_id).holds += 1
        self._agent(event.agent_id).holds += 1

    def _ended(self, event: ContactEnded) -> None:
        for tally in (self._queue(event.queue_id), self._agent(event.agent_id)):
            tally.handled += 1
            tally.talk_s += event.talk_s
            tally.hold_s += event.hold_s

    def _transferred(self, event: ContactTransferred) -> None:
        self._queue(event.queue_id).transfers += 1
        self._agent(event.agent_id).transfers += 1

    def _wrapped_up(self, event: WrapUpEnded) -> None:
        self._queue(event.queue_id).wrap_up_s += event.lasted_s

    def _rated(self, event: ContactRated) -> None:
        question = f"{event.survey}.{event.question}" if event.question else event.survey
        for tally in (self._queue(event.queue_id), self._agent(event.agent_id)):
            add_ratings(tally.ratings, {question: Ratings(count=1, total=event.score)})

    # The others

    def _logged_in(self, event: AgentLoggedIn) -> None:
        self._agent(event.agent_id).logins += event.source != "restart"

    def _configured(self, event: QueueConfigured) -> None:
        queue = self._queue(event.queue_id)
        queue.name, queue.project, queue.level_s = event.name, event.project, event.level_s

    def _started(self, event: SwitchStarted) -> None:
        if not event.goes_on:
            self._promises.clear()

    # Who is counted

    def _queue(self, queue_id: QueueId) -> QueueTally:
        tally = self.queues.get(queue_id)
        if tally is None:
            tally = self.queues[queue_id] = QueueTally(queue_id=queue_id)
        return tally

    def _agent(self, agent_id: AgentId) -> AgentTally:
        tally = self.agents.get(agent_id)
        if tally is None:
            tally = self.agents[agent_id] = AgentTally(agent_id=agent_id)
        return tally
