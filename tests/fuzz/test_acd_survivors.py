"""Whenever the switch is killed, and whatever then lives on, the router keeps its promises as if nothing had been.

The machine of `test_acd_router.py`, which knows by itself who waits, alerts and talks, and holds the router to that
after every step, is killed in the middle of it all. Its calls say what became of them, and may know better than the
router: a conversation of which the journal has lost the beginning or the end, a call that is gone, agents in calls of
their own. The router goes on from a snapshot as it comes back from the disk.
"""

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from softswitch.acd.inputs import AgentReachable, ContactQueued, Survivor, SwitchRestarted
from softswitch.acd.model import BusyKind
from softswitch.acd.outputs import AcdOutput, ContactForgotten, ContactTakenOut
from softswitch.acd.router import Router
from softswitch.acd.snapshot_rows import RouterSnapshot
from softswitch.base.ids import AgentId, ContactId, QueueId
from tests.fuzz.test_acd_router import RouterMachine, agents

fates = st.sampled_from(["as it is", "as it is", "as it is", "is gone", "waits", "talks"])
NOBODY = AgentId("zoe")
"""Of whom no router knows."""


class SurvivorMachine(RouterMachine):
    def __init__(self) -> None:
        super().__init__()
        self.forgotten: list[ContactId] = []

    @rule(
        fates=st.lists(fates, min_size=12, max_size=12),
        talkers=st.lists(st.sampled_from([*"abcdez"]), min_size=12, max_size=12),
        in_calls=st.sets(agents, max_size=2),
    )
    def switch_is_killed(self, fates: list[str], talkers: list[str], in_calls: set[AgentId]) -> None:
        rows = self.router.agent_summaries(self.now)
        everybody = {row.agent_id[0]: row.agent_id for row in rows} | {"z": NOBODY}
        survivors: dict[ContactId, Survivor] = {}
        for number, contact_id in enumerate(list(self.known)):
            fate = fates[number % len(fates)]
            if fate == "is gone":
                self.end(contact_id, "restart")
            elif fate == "as it is":
                survivors[contact_id] = Survivor(contact_id, self.connected.get(contact_id))
            elif fate == "waits":
                survivors[contact_id] = Survivor(contact_id)
                self.connected.pop(contact_id, None)
        taken = {survivor.agent_id for survivor in survivors.values()}
        for number, contact_id in enumerate(list(self.known)):
            if contact_id not in survivors:
                self.connected.pop(contact_id, None)
                agent_id = everybody.get(talkers[number % len(talkers)], NOBODY)
                survivors[contact_id] = Survivor(contact_id, agent_id)
                if agent_id == NOBODY or agent_id in taken:
                    self.end(contact_id, "talks, but not by us")
                else:
                    taken.add(agent_id)
                    self.connected[contact_id] = agent_id
        for reserved in list(self.reservations.values()):
            if self.connected.get(reserved.contact_id) == reserved.agent_id:  # accepted, and nobody need be told
                del self.reservations[reserved.reservation_id]
                self.past_reservations.append(reserved.reservation_id)
        self.own_calls &= in_calls
        self.go_on(tuple(survivors.values()))

    @rule(queue_id=st.sampled_from(["gold", "any", "few", "all"]), age_s=st.integers(0, 30))
    def switch_is_killed_and_has_forgotten_a_call(self, queue_id: str, age_s: int) -> None:
        """It is queued again, as old as it is."""
        contact_id = self.next_id()
        self.ends[contact_id] = "not known yet"
        survivors = [Survivor(each, self.connected.get(each)) for each in self.known]
        self.go_on((Survivor(contact_id), *survivors))
        assert self.forgotten == [contact_id]
        self.forgotten = []
        del self.ends[contact_id]
        self.queue(ContactQueued(contact_id, QueueId(queue_id), enqueued_at=self.now - age_s))

    def go_on(self, survivors: tuple[Survivor, ...]) -> None:
        waited = {row.contact_id: row for row in self.waiting()}
        self.router = Router.restored(as_written(self.router.take_snapshot(self.now)))
        self.tell(SwitchRestarted(survivors, dict.fromkeys(self.own_calls, BusyKind.OUTBOUND)))
        for row in self.waiting():
            former = waited.get(row.contact_id)
            if former is not None:
                assert (row.wait_s, row.boost_s, row.step) == (former.wait_s, former.boost_s, former.step)
        order = [each for each in waited if each in {row.contact_id for row in self.waiting()}]
        assert order == [row.contact_id for row in self.waiting() if row.contact_id in waited]

    def follow(self, output: AcdOutput) -> None:
        if isinstance(output, ContactTakenOut) and output.by == "restart":
            self.end(output.contact_id, "its queue is gone")
        elif isinstance(output, ContactForgotten):
            self.forgotten.append(output.contact_id)
        super().follow(output)

    @rule(names=st.lists(agents, min_size=1, unique=True))
    def phones_register(self, names: list[AgentId]) -> None:
        for agent_id in names:
            self.tell(AgentReachable(agent_id))


def as_written(snapshot: RouterSnapshot) -> RouterSnapshot:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=RouterSnapshot)


TestSurvivors = SurvivorMachine.TestCase
TestSurvivors.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
