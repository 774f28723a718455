"""Everything the router knows is in its snapshot (tests/fuzz/test_acd_snapshot.py: and means the same afterwards)."""

from collections.abc import Iterable

import pytest

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.chance import Chance
from softswitch.acd.customers import Customers
from softswitch.acd.estimates import ForecastErrors, WaitEstimator
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import AgentPaused, ConfigurationSet
from softswitch.acd.lines import Lines
from softswitch.acd.matching import Matching
from softswitch.acd.model import Agent, AgentState, Channel, Queue
from softswitch.acd.presence import Presence
from softswitch.acd.reserved import Reservation
from softswitch.acd.router import Router
from softswitch.acd.router_snapshot import COPIERS, DERIVED, moved
from softswitch.acd.service_level import RescueState, ServiceLevelWindow
from softswitch.acd.skills import Roster
from softswitch.acd.snapshot_rows import ReservationRow, RouterSnapshot, WorkloadRow
from softswitch.acd.statistics import HookCounters, QueueCounters
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.acd.workload import Workload
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ROWS = {
    **{copier.thing: copier.row.__struct_fields__ for copier in COPIERS},
    Floor: RouterSnapshot.__struct_fields__,
    Reservation: ReservationRow.__struct_fields__,
    Workload: WorkloadRow.__struct_fields__,
    Chance: ("state",),
    Presence: ("unsure", "lost", "has_gained"),
}


@pytest.mark.parametrize(
    "thing",
    [
        AgentMachine, Contact, QueueRecord, QueueCounters, WaitEstimator, ForecastErrors, RescueState, WrapUp, Floor,
        ServiceLevelWindow, Customers, Presence, Lines, Matching, Roster, Reservation, Workload, Chance, HookCounters,
    ],
)  # fmt: skip
def test_nothing_is_forgotten(thing: type) -> None:
    slots: Iterable[str] = vars(thing)["__slots__"]
    fields, derived = ROWS.get(thing, ()), DERIVED.get(thing, {})
    missing = [slot for slot in slots if slot not in fields and slot[1:] not in fields and slot not in derived]
    assert not missing, "give it to its row in snapshot_rows.py, or say in router_snapshot.DERIVED why it needs none"
    assert not derived.keys() - set(slots), "there is no such attribute any more"


def test_who_waits_and_who_works_go_on() -> None:
    sales = Queue(queue_id=QueueId("sales"), wrap_up_s=30.0)
    acd = ScriptedAcd([sales], [Agent(agent_id=AgentId(name)) for name in ("ann", "bob")], now=1000.0)
    acd.ready("ann")
    acd.call("c1", channel=Channel.TASK)
    acd.answer("c1")
    acd.tell(AgentPaused(AgentId("ann"), "lunch", by="eve"))
    acd.call("c2", channel=Channel.EMAIL)
    acd.advance(5.0)
    acd.finish("c1")
    other = ScriptedAcd([], [], now=5000.0)
    other.router = Router.restored(moved(acd.router.take_snapshot(1005.0, 100.0), 3995.0))
    assert other.contact("c2").wait_s == 5.0
    assert other.state("ann") is AgentState.WRAP_UP
    other.advance(29.9)
    assert other.state("ann") is AgentState.WRAP_UP, "the clock of his wrap-up goes on"
    other.advance(0.1)
    assert (other.state("ann"), other.agent("ann").reason) == (AgentState.NOT_READY, "lunch"), "and then his plans"
    assert other.state("bob") is AgentState.LOGGED_OUT


def test_a_call_of_a_queue_that_is_gone_ends_as_that_queue_wants() -> None:
    old, new, ann = Queue(queue_id=QueueId("old")), Queue(queue_id=QueueId("new")), Agent(agent_id=AgentId("ann"))
    acd = ScriptedAcd([old], [ann])
    acd.ready("ann")
    acd.call("c1", "old")
    acd.answer("c1")
    acd.tell(ConfigurationSet([new], [ann]))
    taken = acd.router.take_snapshot(0.0)
    assert [row.settings.queue_id for row in taken.former_queues] == ["old"]
    acd.router = Router.restored(taken)
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP


def test_an_instant_is_told_by_another_clock() -> None:
    acd = ScriptedAcd([Queue(queue_id=QueueId("sales"))], [Agent(agent_id=AgentId("ann"))], now=10.0)
    acd.call("c1")
    taken = moved(acd.router.take_snapshot(10.0, 1000.0), 50.0)
    assert (taken.at, taken.offset_s) == (60.0, 950.0)
    row = taken.contacts[0]
    assert (row.contact_id, row.enqueued_at, row.key, row.agent_id) == (ContactId("c1"), 60.0, 60.0, None)
