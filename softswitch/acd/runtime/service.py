"""The router in the running switch: one loop timer, outputs handed on in order, agent states saved."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from softswitch.acd.events import AcdEvent, Stamped, SwitchStarted, SwitchStopped
from softswitch.acd.explanation import ContactExplanation
from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    ConfigurationSet,
    ContactQueued,
    Survivor,
    SwitchRestarted,
)
from softswitch.acd.limits import CONTACT_PROJECTS_MAX
from softswitch.acd.model import AgentState, BusyKind, ContactState, LiveSkills
from softswitch.acd.outputs import AcdOutput, AgentStateChanged, ContactForgotten
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.timers import TimerHandle, TimerLoop
from softswitch.acd.snapshot import AgentSnapshot
from softswitch.acd.summaries import AgentSummary, ContactSummary, QueueSummary, SiteSummary
from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError
from softswitch.base.ids import (
    AgentId,
    ContactId,
    QueueId,
    ReservationId,
)
from softswitch.base.log import get_logger

logger = get_logger("acd")


class SavedAgent(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's state on disk. Times are seconds since the epoch; None as in `AgentSnapshot`."""

    agent_id: AgentId
    is_logged_in: bool
    pause_reason: str | None = None
    since_wall: float | None = None
    idle_since_wall: float | None = None
    by: str = ""
    live_skills: LiveSkills | None = None


class AgentStateTable(Protocol):
    """Where agent states outlive the switch."""

    def put(self, agent_id: AgentId, state: SavedAgent) -> None:
        """Write soon, instead of what was there."""
        ...

    def values(self) -> Iterable[SavedAgent]:
        """All that was put."""
        ...


class AcdService:
    """Owns the router. Every fact is followed by all its outputs before the next one is taken in.

    `on_output` may apply further facts; they are taken in when the outputs at hand have been handed on. `on_events`
    gets what has happened once all of that is done: nobody waits for the diary.
    """

    __slots__ = (
        "_agent_states",
        "_armed_for",
        "_clock",
        "_contact_projects",
        "_early",
        "_ends",
        "_is_draining",
        "_journal",
        "_loop",
        "_on_events",
        "_on_output",
        "_pending",
        "_projects",
        "_router",
        "_saved",
        "_timer",
    )

    def __init__(
        self,
        router: Router,
        clock: Clock,
        on_output: Callable[[AcdOutput], None],
        agent_states: AgentStateTable,
        loop: TimerLoop,
        on_events: Callable[[Sequence[Stamped]], None] = lambda _: None,
        journal: RouterJournal | None = None,
    ) -> None:
        """Without a `journal` only agents' declared states outlive the switch."""
        self._router = router
        self._clock = clock
        self._on_output = on_output
        self._agent_states = agent_states
        self._loop = loop
        self._on_events = on_events
        self._journal = journal
        self._projects: dict[QueueId, str] = {}
        self._contact_projects: dict[ContactId, str] = {}
        """Of those that wait in queues of nobody's, the newest last."""
        self._timer: TimerHandle | None = None
        self._armed_for: float | None = None
        self._pending: deque[AcdInput] = deque()
        self._is_draining = False
        self._saved: dict[AgentId, AgentSnapshot] = {}
        self._early: list[AcdInput] | None = []
        """Facts that came before the start; None since."""
        self._ends: dict[ContactId, AcdOutput] = {}
        """What contacts that are forgotten heard last, or did not hear any more."""

    # Life

    def start(self, configuration: ConfigurationSet, survivors: Sequence[Survivor] = ()) -> set[AgentId]:
        """Put everything where it was, as this configuration wants it; returns the agents whose state is known.

        `survivors` are contacts on the phone whose calls have outlived the former switch; whoever carries them hears by
        `on_output` what is to be done: agents reserved anew, what was due meanwhile, what the router said last and they
        may not have heard, and `ContactForgotten`. So these calls are to be there before. Facts that come before this
        are taken in after it; who is busy by them (`AgentBusy`) was never free.
        """
        restored = None if self._journal is None else self._journal.restore()
        early, self._early = self._early or [], None
        started = SwitchStarted(self._clock.now(), goes_on=restored is not None, survivors=len(survivors))
        self._hand_on_events([started])
        restart = SwitchRestarted(tuple(survivors), _in_calls(early))
        if restored is None:
            known = self._start_anew(configuration, restart)
        else:
            known = self._go_on(restored, configuration, restart)
        if self._journal is not None:
            self._journal.begin(self._router)
        self._pending.extend(early)
        self._drain()
        return known

    def _go_on(self, restored: Router, configuration: ConfigurationSet, restart: SwitchRestarted) -> set[AgentId]:
        """With a router that knows everything; but the calls it knows are gone, or not all of them there."""
        self._router = restored
        known = {agent.agent_id for agent in restored.agent_summaries(self._clock.now())}
        self._note_projects(configuration)
        if self._journal is not None:
            self._ends = self._journal.ends
        self.apply(restart)
        self._ends = {}
        if not restored.is_configured_as(configuration):
            self.apply(configuration)
        return known

    def _start_anew(self, configuration: ConfigurationSet, restart: SwitchRestarted) -> set[AgentId]:
        """With the states the agents declared."""
        self.apply(configuration)
        self.apply(restart)
        now, wall = self._clock.now(), self._clock.wall()
        saved = [_to_snapshot(state, now - wall) for state in self._agent_states.values()]
        self._router.restore(saved, now)
        self._saved = {snapshot.agent_id: snapshot for snapshot in saved}
        self._drain()
        return set(self._saved)

    @property
    def is_kept(self) -> bool:
        """What the router knows outlives the switch once the store's next group is written."""
        return self._journal is None or self._journal.is_whole

    def keep_again(self) -> None:
        """The disk takes again what it refused."""
        if self._journal is not None:
            self._journal.mend()

    def stop(self) -> None:
        """No timer runs any more, the diary ends, and what the router knows is written."""
        if self._journal is not None:
            self._journal.stop()
        self._disarm()
        self._hand_on_events([SwitchStopped(self._clock.now())])

    def hand_over(self) -> None:
        """Another process goes on with all of it: what the router was told is given to the store."""
        if self._journal is not None:
            self._journal.hand_over()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._armed_for = None

    # Facts

    def apply(self, fact: AcdInput) -> None:
        """Take in a fact. Raises LocalError as `Router.apply` does; from within `on_output` that is logged instead."""
        if self._early is not None:
            self._early.append(fact)
            return
        if self._is_draining:
            self._pending.append(fact)
            return
        self._note_projects(fact)
        self._take_in(fact)
        self._save_subject(fact)
        self._drain()

    # Getters

    def queue_summaries(self) -> list[QueueSummary]:
        return self._router.queue_summaries(self._clock.now())

    def agent_summaries(self) -> list[AgentSummary]:
        return self._router.agent_summaries(self._clock.now())

    def each_agent(self) -> Iterator[AgentSummary]:
        """All agents, each as he is when he is taken: of thousands that takes a while."""
        return self._router.each_agent(self._clock.now)

    def agent_summary(self, agent_id: AgentId) -> AgentSummary | None:
        """None for one that is not known."""
        return self._router.agent_summary(agent_id, self._clock.now())

    def agent_states(self) -> Counter[AgentState]:
        """How many agents are in each."""
        return self._router.agent_states()

    def agents_at_work(self) -> int:
        """How many are logged in."""
        return self._router.agents_at_work()

    def waiting(self) -> int:
        """How many contacts are in queues."""
        return self._router.waiting()

    def state_of(self, contact_id: ContactId) -> ContactState | None:
        """Where a contact is; None for one that is not known."""
        return self._router.state_of(contact_id)

    def site_summaries(self) -> list[SiteSummary]:
        return self._router.site_summaries()

    def contact_ids(self) -> list[ContactId]:
        """Of all contacts the ACD knows of."""
        return self._router.contact_ids()

    def explain(self, contact_id: ContactId) -> ContactExplanation | None:
        """Why a contact is where it is; None for one that is not known."""
        return self._router.explain(contact_id, self._clock.now())

    def contact_summaries(self) -> list[ContactSummary]:
        return self._router.contact_summaries(self._clock.now())

    def each_contact(self) -> Iterator[ContactSummary]:
        """All contacts, each as it is when it is taken."""
        return self._router.each_contact(self._clock.now)

    def contact_summary(self, contact_id: ContactId) -> ContactSummary | None:
        """None for one that is not known."""
        return self._router.contact_summary(contact_id, self._clock.now())

    def reservation_of(self, contact_id: ContactId, agent_id: AgentId) -> ReservationId | None:
        return self._router.reservation_of(contact_id, agent_id)

    def queue_of(self, contact_id: ContactId) -> QueueId | None:
        """The queue of a contact; None for one that is not known."""
        return self._router.queue_of(contact_id)

    def is_logged_in(self, agent_id: AgentId) -> bool:
        """Whether there is such an agent, and he is at work."""
        return self._router.is_logged_in(agent_id)

    def queue_in_hand(self, agent_id: AgentId) -> QueueId | None:
        """The queue of the contact an agent has, or wraps up; None if there is none."""
        return self._router.queue_in_hand(agent_id)

    def head(self, queue_id: QueueId) -> ContactId | None:
        """Who waits at the head of a queue; None if nobody does."""
        return self._router.head(queue_id)

    def is_closed(self, queue_id: QueueId) -> bool:
        """Whether the queue takes nobody at present."""
        return self._router.is_closed(queue_id)

    def is_staffed(self, queue_id: QueueId) -> bool:
        """Whether somebody who serves the queue is at work."""
        return self._router.is_staffed(queue_id)

    # Outputs

    def _drain(self) -> None:
        self._is_draining = True
        try:
            self._hand_on()
            while self._pending:
                self._apply_pending(self._pending.popleft())
                self._hand_on()
        finally:
            self._is_draining = False
        self._arm()
        events = self._router.take_events()
        if events:
            self._hand_on_events(events)

    def _hand_on(self) -> None:
        for output in self._router.take_outputs():
            if isinstance(output, ContactForgotten):
                output = self._ends.get(output.contact_id, output)
            if isinstance(output, AgentStateChanged):
                self._save(output.agent_id)
            try:
                self._on_output(output)
            except Exception:  # a fault in one call must not cost another one its outputs
                logger.exception("an output of the ACD was not executed", output=output)

    def _hand_on_events(self, events: Sequence[AcdEvent]) -> None:
        offset = self._clock.wall() - self._clock.now()
        stamped = [Stamped(event.at + offset, event, self._project_of(event)) for event in events]
        try:
            self._on_events(stamped)
        except Exception:  # a full disk, or a fault of ours: calls go on
            logger.exception("events of the ACD were not taken", events=len(stamped))

    def _project_of(self, event: AcdEvent) -> str:
        """That of its contact, or else of its queue."""
        contact_id: ContactId | None = getattr(event, "contact_id", None)
        if contact_id is not None and contact_id in self._contact_projects:
            return self._contact_projects[contact_id]
        queue_id: QueueId | None = getattr(event, "queue_id", None)
        return "" if queue_id is None else self._projects.get(queue_id, "")

    def _note_projects(self, fact: AcdInput) -> None:
        if isinstance(fact, ConfigurationSet):
            self._projects = {queue.queue_id: queue.project for queue in fact.queues if queue.project}
        elif isinstance(fact, ContactQueued) and fact.project:
            self._contact_projects[fact.contact_id] = fact.project
            if len(self._contact_projects) > CONTACT_PROJECTS_MAX:
                del self._contact_projects[next(iter(self._contact_projects))]

    def _apply_pending(self, fact: AcdInput) -> None:
        self._note_projects(fact)
        try:
            self._take_in(fact)
        except LocalError as error:
            logger.error("the ACD refused a fact", fact=fact, reason=str(error))
        else:
            self._save_subject(fact)

    def _take_in(self, fact: AcdInput) -> None:
        """Raises LocalError for what changes nothing; that is nothing to be done again after a restart."""
        now, is_refused = self._clock.now(), False
        try:
            self._router.apply(fact, now)
        except LocalError:
            is_refused = True
            raise
        finally:
            if self._journal is not None and not is_refused:
                self._journal.note(fact, now)

    def _save_subject(self, fact: AcdInput) -> None:
        """A pause planned during a call, say, changes no state yet and is to be saved all the same."""
        agent_id: AgentId | None = getattr(fact, "agent_id", None)
        if agent_id is not None:
            self._save(agent_id)

    def _save(self, agent_id: AgentId) -> None:
        snapshot = self._router.agent_snapshot(agent_id)
        if snapshot is not None and snapshot != self._saved.get(agent_id):
            self._saved[agent_id] = snapshot
            self._agent_states.put(agent_id, _to_saved(snapshot, self._clock.wall() - self._clock.now()))

    # Time

    def _arm(self) -> None:
        due = self._router.next_timeout()
        if due == self._armed_for:
            return
        self._disarm()
        if due is not None:
            self._armed_for = due
            self._timer = self._loop.call_later(max(0.0, due - self._clock.now()), self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = self._armed_for = None
        now = self._clock.now()
        self._router.handle_timeout(now)
        if self._journal is not None:
            self._journal.note(None, now)
        self._drain()


def _in_calls(facts: Iterable[AcdInput]) -> dict[AgentId, BusyKind]:
    """Whose phones are in calls of their own when all of this has happened."""
    busy: dict[AgentId, BusyKind] = {}
    for fact in facts:
        if isinstance(fact, AgentBusy):
            busy[fact.agent_id] = fact.kind
        elif isinstance(fact, AgentFree):
            busy.pop(fact.agent_id, None)
    return busy


def _to_saved(snapshot: AgentSnapshot, offset_s: float) -> SavedAgent:
    return SavedAgent(
        agent_id=snapshot.agent_id,
        is_logged_in=snapshot.is_logged_in,
        pause_reason=snapshot.pause_reason,
        since_wall=None if snapshot.since is None else snapshot.since + offset_s,
        idle_since_wall=None if snapshot.idle_since is None else snapshot.idle_since + offset_s,
        by=snapshot.by,
        live_skills=snapshot.live_skills,
    )


def _to_snapshot(saved: SavedAgent, offset_s: float) -> AgentSnapshot:
    return AgentSnapshot(
        agent_id=saved.agent_id,
        is_logged_in=saved.is_logged_in,
        pause_reason=saved.pause_reason,
        since=None if saved.since_wall is None else saved.since_wall + offset_s,
        idle_since=None if saved.idle_since_wall is None else saved.idle_since_wall + offset_s,
        by=saved.by,
        live_skills=saved.live_skills,
    )
