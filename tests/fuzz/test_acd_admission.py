"""Whatever happens in whatever order, nobody is lost at a queue's doors.

Every contact ends exactly once; nobody stays in a queue that keeps nobody without agents; a contact counts as older
only while its queue is rescued; the reserve serves a queue only then, and nobody waits for whom it is free; when all
are gone nothing is left to be done.
"""

import random
from collections import Counter

import pytest

from softswitch.acd.inputs import (
    AcdInput,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactExited,
    ContactQueued,
    ContactWithdrawn,
    QueueClosed,
    QueueOpened,
    ReservationAccepted,
    ReservationFailed,
)
from softswitch.acd.model import (
    Agent,
    AgentState,
    Announcements,
    BusyKind,
    ContactState,
    Queue,
    Rescue,
    ToFlow,
    ToQueue,
    WhoWaitsAtClosing,
)
from softswitch.acd.outputs import AgentReserved, ContactOverflowed, ContactRefused, ReservationEnded
from softswitch.acd.router import Router
from softswitch.acd.summaries import AgentSummary
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

SALES, NIGHT = QueueId("sales"), QueueId("night")
OLDER_S = 40.0
QUEUES = [
    Queue(
        queue_id=SALES,
        max_length=6,
        max_wait_s=90.0,
        max_predicted_wait_s=60.0,
        service_level_s=10.0,
        wrap_up_s=3.0,
        no_answer_limit=3,
        overflow=ToFlow("sorry"),
        overflows={"full": ToQueue(NIGHT), "closed": ToQueue(NIGHT), "empty": ToQueue(NIGHT)},
        join_empty=("unavailable",),
        leave_when_empty=("unavailable", "paused"),
        rescue=Rescue(
            below=0.7, until=0.8, window_s=60.0, hold_s=15.0, judged_min=3, agents=(AgentId("ria"),), older_s=OLDER_S
        ),
        announcements=Announcements(first_after_s=2.0, every_s=5.0, texts=("a", "b"), texts_every_s=7.0),
    ),
    Queue(
        queue_id=NIGHT, max_length=4, max_wait_s=30.0, wrap_up_s=0.0, no_answer_limit=3, leave_when_empty=("invalid",)
    ),
]
WITHOUT_RESCUE = [Queue(queue_id=SALES, max_wait_s=None, no_answer_limit=3), QUEUES[1]]
AGENTS = [
    Agent(agent_id=AgentId("ann")),
    Agent(agent_id=AgentId("bob"), queues=(SALES,)),
    Agent(agent_id=AgentId("ria"), queues=(NIGHT,)),
]


class Doors:
    """A router and what a random day does to it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.router = Router()
        self.now = 0.0
        self.serial = 0
        self.inside: set[ContactId] = set()
        self.ended: Counter[ContactId] = Counter()
        self.reservations: dict[ReservationId, AgentReserved] = {}
        self.queues = QUEUES
        self.tell(ConfigurationSet(QUEUES, AGENTS))

    def tell(self, fact: AcdInput) -> None:
        self.router.apply(fact, self.now)
        self.follow()

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        turns = 0
        while (due := self.router.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.router.handle_timeout(self.now)
            self.follow()
            turns += 1
            assert turns < 1000, "time stands still"
        self.now = until

    def follow(self) -> None:
        for output in self.router.take_outputs():
            match output:
                case AgentReserved():
                    self.reservations[output.reservation_id] = output
                case ReservationEnded():
                    del self.reservations[output.reservation_id]
                case ContactOverflowed() | ContactRefused():
                    self.leaves(output.contact_id)
                case _:
                    pass

    def leaves(self, contact_id: ContactId) -> None:
        self.ended[contact_id] += 1
        self.inside.discard(contact_id)

    def step(self) -> None:
        pick = self.random.choice
        match self.random.randrange(12):
            case 0 | 1 | 2 | 3:
                self.serial += 1
                contact_id = ContactId(f"c{self.serial}")
                self.inside.add(contact_id)
                self.tell(ContactQueued(contact_id, pick([SALES, SALES, NIGHT])))
            case 4 if self.inside:
                contact_id = pick(sorted(self.inside))
                self.leaves(contact_id)
                self.tell(pick([ContactAbandoned, ContactWithdrawn])(contact_id))
            case 5 if self.inside:
                self.tell(ContactExited(pick(sorted(self.inside)), "1", pick([SALES, NIGHT])))
            case 6 | 7 if self.reservations:
                reservation_id = pick(sorted(self.reservations))
                if self.random.random() < 0.7:
                    del self.reservations[reservation_id]
                    self.tell(ReservationAccepted(reservation_id))
                else:
                    self.tell(ReservationFailed(reservation_id, "declined"))
            case 8:
                waiting: WhoWaitsAtClosing = pick(["finish", "announce", "overflow"])
                self.tell(QueueClosed(pick([SALES, NIGHT]), "drill", waiting))
            case 9:
                self.tell(QueueOpened(pick([SALES, NIGHT])))
            case 10:
                kinds = [AgentLoggedIn, AgentLoggedIn, AgentLoggedOut, AgentReachable, AgentReachable, AgentUnreachable]
                kinds += [AgentPaused, AgentResumed, AgentFree]
                agent_id = pick(AGENTS).agent_id
                self.tell(AgentBusy(agent_id, BusyKind.OTHER) if self.random.random() < 0.1 else pick(kinds)(agent_id))
            case _:
                if self.random.random() < 0.05:
                    self.queues = pick([QUEUES, WITHOUT_RESCUE])
                    self.tell(ConfigurationSet(self.queues, AGENTS))
        self.advance(pick([0.0, 0.0, 1.0, 4.0, 11.0]))

    def check(self) -> None:
        contacts = self.router.contact_summaries(self.now)
        queues = {row.queue_id: row for row in self.router.queue_summaries(self.now)}
        assert {row.contact_id for row in contacts} == self.inside
        assert all(count == 1 for count in self.ended.values())
        for row in queues.values():
            assert row.offered == row.answered + row.abandoned + row.overflowed + row.withdrawn + row.waiting
        waiting = [row for row in contacts if row.state is ContactState.WAITING]
        for row in waiting:
            older_s = OLDER_S if queues[row.queue_id].is_rescued else 0.0
            assert row.boost_s == pytest.approx(older_s), "older only while it is rescued"
        agents = self.router.agent_summaries(self.now)
        for row in waiting:
            assert any(self.counts(agent, row.queue_id) for agent in agents), "nobody is there, so nobody stays"
        for agent in agents:
            is_reserve = agent.agent_id == "ria"
            if is_reserve and queues[SALES].recent_service_level is not None:
                assert (SALES in agent.queues) == queues[SALES].is_rescued
            if agent.state is AgentState.READY and agent.is_reachable:
                for row in waiting:
                    assert row.queue_id not in agent.queues or row.contact_id in self.failed(agent.agent_id)

    def counts(self, agent: AgentSummary, queue_id: QueueId) -> bool:
        """Whether the agent is one for whom who waits in the queue may stay; the rule in plain words."""
        factors = next(queue.leave_when_empty for queue in self.queues if queue.queue_id == queue_id)
        is_paused = agent.state is AgentState.NOT_READY or agent.planned_reason is not None
        return not factors or (
            agent.is_logged_in
            and queue_id in agent.queues
            and not ("paused" in factors and is_paused)
            and not ("unavailable" in factors and not agent.is_reachable)
        )

    def failed(self, agent_id: AgentId) -> set[ContactId]:
        """Whom he has just failed, and is not given again at once."""
        machine = self.router._floor.agents[agent_id]  # pyright: ignore[reportPrivateUsage]
        return machine.failed_contacts


@pytest.mark.parametrize("seed", range(40))
def test_a_random_day_at_the_doors(seed: int) -> None:
    doors = Doors(seed)
    for agent in AGENTS:
        doors.tell(AgentLoggedIn(agent.agent_id))
        doors.tell(AgentReachable(agent.agent_id))
    for _ in range(250):
        doors.step()
        doors.check()
    doors.queues = QUEUES
    doors.tell(ConfigurationSet(QUEUES, AGENTS))
    for contact_id in sorted(doors.inside):
        doors.leaves(contact_id)
        doors.tell(ContactAbandoned(contact_id))
    doors.advance(2000.0)
    doors.check()
    assert not doors.inside
    assert not doors.router.queue_summaries(doors.now)[0].is_rescued
    assert doors.router.next_timeout() is None, "nothing is left to be done"
