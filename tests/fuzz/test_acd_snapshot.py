"""A restored router goes on like the one that was taken, whatever had happened and whatever happens next.

Two ways lead to a router's twin: a snapshot, encoded and decoded; and an older snapshot with the inputs since. Both
must give the same outputs, events, summaries, deadlines and snapshots as the first router from then on, and so must a
twin whose clock shows another time.
"""

from math import ceil

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.acd import inputs
from softswitch.acd.events import AcdEvent
from softswitch.acd.inputs import AcdInput, ConfigurationSet
from softswitch.acd.model import (
    Agent,
    Announcements,
    BusyKind,
    Channel,
    Queue,
    Rescue,
    RoutingPolicy,
    RoutingStep,
    Serving,
    ToFlow,
    ToQueue,
)
from softswitch.acd.outputs import AcdOutput
from softswitch.acd.router import Router
from softswitch.acd.router_snapshot import moved
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

GOLD, ANY, FEW, ALL = (QueueId(name) for name in ("gold", "any", "few", "all"))
ANN, BOB, CYD, DAN = (AgentId(name) for name in ("ann", "bob", "cyd", "dan"))
FULL = ConfigurationSet(
    [
        Queue(
            queue_id=GOLD,
            skills={"en": 5},
            strategy="most_skilled",
            steps=(
                RoutingStep(skills={"en": 9}, for_s=5.0, skip_if="nobody_ready"),
                RoutingStep(requirement="ru or en >= 5", preferred={"ru": 3}, for_s=10.0),
                RoutingStep(),
            ),
            max_length=4,
            max_wait_s=60.0,
            overflow=ToQueue(ANY),
            announcements=Announcements(first_after_s=3.0, every_s=7.0, texts=("a", "b"), texts_every_s=4.0),
            no_answer_limit=2,
            dispositions=("sold", "lost"),
            is_disposition_required=True,
            keep_place_s=60.0,
            repeat_within_s=60.0,
            repeat_boost_s=15.0,
        ),
        Queue(
            queue_id=ANY,
            max_length=6,
            hook_deadline_s=0.25,
            strategy="weighted_random",
            max_wait_s=40.0,
            overflow=ToFlow("sorry"),
            wrap_up_s=0.0,
            service_level_s=4.0,
            rescue=Rescue(below=0.8, until=0.9, window_s=30.0, hold_s=8.0, judged_min=1, agents=(DAN,), older_s=20.0),
        ),
        Queue(
            queue_id=FEW,
            strategy="fewest_contacts",
            agents=(ANN, BOB),
            leave_when_empty=("paused",),
            leave_when_empty_after_s=2.0,
            max_wait_s=None,
            max_predicted_wait_s=9.0,
        ),
        Queue(queue_id=ALL, strategy="ring_all", max_wait_s=90.0, wrap_up_s=5.0, overflow=ToQueue(ANY)),
    ],
    [
        Agent(agent_id=ANN, skills={"en": 9, "ru": 1}, profile={ANY: Serving(order=2), GOLD: Serving(delay_s=3.0)}),
        Agent(agent_id=BOB, skills={"en": 5, "ru": 8}, profile={ALL: Serving(delay_s=6.0)}),
        Agent(agent_id=CYD, skills={"en": 3}, queues=(ANY, ALL)),
        Agent(agent_id=DAN, skills={"en": 10}),
    ],
    RoutingPolicy(watchdog_s=20.0, breaks_restart_idle=True),
)
SMALLER = ConfigurationSet(
    [Queue(queue_id=ANY, max_wait_s=20.0), Queue(queue_id=FEW, skills={"en": 4}, strategy="ring_all")],
    [Agent(agent_id=BOB, skills={"ru": 8, "en": 6}), Agent(agent_id=AgentId("eve"), skills={"en": 4})],
)

agent_ids = st.sampled_from([ANN, BOB, CYD, DAN, AgentId("eve")])
contact_ids = st.sampled_from([ContactId(f"c{number}") for number in range(10)])
queue_ids = st.sampled_from([GOLD, GOLD, ANY, ANY, FEW, ALL])
reservation_ids = st.integers(0, 3)
"""How many before the newest."""
PLAIN = {
    "contact_id": (
        inputs.ContactAbandoned,
        inputs.ContactReplied,
        inputs.ContactConfirmed,
        inputs.ContactWithdrawn,
        inputs.ContactFinished,
        inputs.ContactHeld,
        inputs.ContactResumed,
    ),
    "agent_id": (
        inputs.AgentLoggedIn,
        inputs.AgentLoggedOut,
        inputs.AgentResumed,
        inputs.AgentReachable,
        inputs.AgentUnreachable,
        inputs.AgentFree,
        inputs.WrapUpEnded,
    ),
}
skills = st.sampled_from([{}, {}, {"en": 8}, {"ru": 3}])
ABOUT_RESERVATIONS = (
    inputs.ReservationAnswered, inputs.ReservationAccepted, inputs.ReservationFailed, inputs.RoutingAnswered,
)  # fmt: skip
facts: dict[str, st.SearchStrategy[AcdInput]] = {
    "queued": st.builds(
        inputs.ContactQueued,
        contact_ids,
        queue_ids,
        boost_s=st.sampled_from([0.0, 25.0, -10.0]),
        skills=skills,
        channel=st.sampled_from([Channel.VOICE, *Channel]),
        requirement=st.sampled_from(["", "", "not ru"]),
        preferred_agent=st.sampled_from([None, ANN, BOB]),
        preferred_for_s=st.sampled_from([0.0, 6.0]),
        customer=st.sampled_from(["", "1", "2"]),
    ),
    "accepted": st.builds(inputs.ReservationAccepted, reservation_ids),
    "failed": st.builds(
        inputs.ReservationFailed,
        reservation_ids,
        st.sampled_from(["no_answer", "declined", "unreachable", "hung_up", "no_media"]),
    ),
    "answered": st.builds(inputs.ReservationAnswered, reservation_ids),
    "hook": st.builds(
        inputs.RoutingAnswered, reservation_ids, st.sampled_from(["accept", "choose", "veto", "failed"]), agent_ids
    ),
    "exited": st.builds(inputs.ContactExited, contact_ids, st.just("1"), st.none() | queue_ids),
    "consulted": st.builds(inputs.ContactConsulted, contact_ids, st.just("7")),
    "transferred": st.builds(inputs.ContactTransferred, contact_ids, st.just("blind"), st.just("7")),
    "requeued": st.builds(inputs.ContactRequeued, contact_ids, queue_ids),
    "prioritised": st.builds(inputs.ContactPrioritised, contact_ids, st.sampled_from([30.0, -30.0])),
    "assigned": st.builds(inputs.ContactAssigned, contact_ids, agent_ids),
    "skills": st.builds(inputs.AgentSkillsSet, agent_ids, st.none() | skills),
    "paused": st.builds(inputs.AgentPaused, agent_ids, st.sampled_from(["lunch", "unreachable"]), st.just("eve")),
    "busy": st.builds(inputs.AgentBusy, agent_ids, st.sampled_from([BusyKind.DIRECT_IN, BusyKind.OUTBOUND])),
    "extended": st.builds(inputs.WrapUpExtended, agent_ids, st.sampled_from([5.0, -100.0])),
    "disposition": st.builds(inputs.DispositionSet, agent_ids, st.just("sold")),
    "closed": st.builds(inputs.QueueClosed, queue_ids, waiting=st.sampled_from(["finish", "announce", "overflow"])),
    "opened": st.builds(inputs.QueueOpened, queue_ids),
    "configuration": st.sampled_from([FULL, SMALLER]),
    **{kind.__name__: st.builds(kind, contact_ids) for kind in PLAIN["contact_id"]},
    **{kind.__name__: st.builds(kind, agent_ids) for kind in PLAIN["agent_id"]},
}
often = [facts["queued"]] * 8 + [facts["accepted"]] * 5 + [facts["failed"]] * 2
steps = st.one_of(*often, *facts.values(), *[st.sampled_from([0.5, 1.0, 3.0, 10.0])] * 8)
"""An input, or seconds that pass."""
SHIFT = [
    fact
    for agent_id in (ANN, BOB, CYD, DAN)
    for fact in (inputs.AgentLoggedIn(agent_id), inputs.AgentReachable(agent_id))
]


class Run:
    """A router, its time, its journal, and all it has said."""

    def __init__(self, router: Router, now: float) -> None:
        self.router, self.now = router, now
        self.said: list[AcdOutput] = []
        self.told: list[AcdEvent] = []
        self.journal: list[tuple[float, AcdInput | None]] = []
        self.newest = 0

    def take(self, step: AcdInput | float) -> None:
        if isinstance(step, float | int):
            until = self.now + step
            while (due := self.router.next_timeout()) is not None and due <= until:
                self.now = max(self.now, ceil(due * 1024) / 1024)
                self.apply(None)
            self.now = max(self.now, until)
            return
        if isinstance(step, ABOUT_RESERVATIONS):
            newest = ReservationId(self.router.take_snapshot(self.now).last_reservation - step.reservation_id)
            step = msgspec.structs.replace(step, reservation_id=newest)
        self.apply(step)

    def apply(self, fact: AcdInput | None) -> None:
        try:
            if fact is None:
                self.router.handle_timeout(self.now)
            else:
                self.router.apply(fact, self.now)
        except LocalError:
            return
        self.journal.append((self.now, fact))
        self.said += self.router.take_outputs()
        self.told += self.router.take_events()

    def snapshot(self) -> RouterSnapshot:
        return self.router.take_snapshot(self.now)

    def rows(self) -> tuple[object, ...]:
        router, now = self.router, self.now
        return router.queue_summaries(now), router.agent_summaries(now), router.contact_summaries(now)


def written(snapshot: RouterSnapshot) -> RouterSnapshot:
    """As it comes back from the disk."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=RouterSnapshot)


def in_ms(snapshot: RouterSnapshot) -> RouterSnapshot:
    """With deadlines to the millisecond (one float after an instant is another one by another clock), and without
    instants of what never was."""
    deadlines = [(round(at, 3), key) for at, key in snapshot.deadlines]
    agents = [row if row.contacts else msgspec.structs.replace(row, taken_at=0.0) for row in snapshot.agents]
    contacts = [row if row.shunned_by else msgspec.structs.replace(row, retry_at=0.0) for row in snapshot.contacts]
    return msgspec.structs.replace(snapshot, offset_s=0.0, deadlines=deadlines, agents=agents, contacts=contacts)


@settings(max_examples=150, deadline=None)
@given(st.lists(steps, max_size=40), st.lists(steps, max_size=30), st.lists(steps, max_size=30))
def test_twins(
    before: list[AcdInput | float], meanwhile: list[AcdInput | float], after: list[AcdInput | float]
) -> None:
    first = Run(Router(), 1000.0)
    for step in (FULL, *SHIFT, *before):
        first.take(step)
    older, first.journal = first.snapshot(), []
    for step in meanwhile:
        first.take(step)
    taken = first.snapshot()
    restored = Run(Router.restored(written(taken)), first.now)
    assert restored.snapshot() == taken
    replayed = Run(Router.restored(written(older)), first.now)
    for now, fact in first.journal:
        replayed.now = now
        replayed.apply(fact)
    replayed.now = first.now
    assert replayed.snapshot() == taken
    first.said, first.told, replayed.said, replayed.told = [], [], [], []
    elsewhere = Run(Router.restored(moved(written(taken), 4096.0)), first.now + 4096.0)
    assert elsewhere.rows() == first.rows()
    for step in after:
        for run in (first, restored, replayed, elsewhere):
            run.take(step)
        assert elsewhere.rows() == first.rows()
    for twin in (restored, replayed):
        assert twin.said == first.said
        assert twin.told == first.told
        assert twin.rows() == first.rows()
        assert twin.snapshot() == first.snapshot()
    assert in_ms(moved(elsewhere.snapshot(), -4096.0)) == in_ms(first.snapshot())
