"""What of an agent outlives the switch."""

from softswitch.acd.inputs import AgentLoggedIn, AgentPaused, AgentReachable
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import AgentStateChanged
from softswitch.acd.snapshot import AgentSnapshot
from softswitch.base.ids import AgentId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"))
ANN, BOB, CYD = AgentId("ann"), AgentId("bob"), AgentId("cyd")
AGENTS = [Agent(agent_id=agent_id) for agent_id in (ANN, BOB, CYD)]


def test_what_is_taken() -> None:
    acd = ScriptedAcd([SALES], AGENTS)
    acd.advance(10.0)
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(BOB, "lunch", by="eve"))
    assert acd.router.agent_snapshot(ANN) == AgentSnapshot(agent_id=ANN, is_logged_in=True, since=10.0, idle_since=10.0)
    assert acd.router.agent_snapshot(BOB) == AgentSnapshot(
        agent_id=BOB, is_logged_in=True, pause_reason="lunch", since=10.0, idle_since=10.0, by="eve"
    )
    assert acd.router.agent_snapshot(CYD) == AgentSnapshot(agent_id=CYD, is_logged_in=False, since=0.0)
    assert acd.router.agent_snapshot(AgentId("stranger")) is None


def test_a_call_and_its_plans() -> None:
    acd = ScriptedAcd([SALES], AGENTS)
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentPaused(ANN, "lunch"))
    assert acd.router.agent_snapshot(ANN) == AgentSnapshot(agent_id=ANN, is_logged_in=True, pause_reason="lunch")


def test_agents_are_put_where_they_were() -> None:
    acd = ScriptedAcd([SALES], AGENTS, now=1000.0)
    acd.router.restore(
        [
            AgentSnapshot(agent_id=CYD, is_logged_in=True, since=400.0, idle_since=500.0),
            AgentSnapshot(agent_id=ANN, is_logged_in=True, since=None, idle_since=None),
            AgentSnapshot(agent_id=BOB, is_logged_in=True, pause_reason="lunch", since=900.0, by="eve"),
            AgentSnapshot(agent_id=AgentId("gone"), is_logged_in=True),
        ],
        1000.0,
    )
    assert acd.tell() == []
    assert acd.router.take_outputs() == [
        AgentStateChanged(CYD, AgentState.LOGGED_OUT, AgentState.READY, "", 400.0, None, "restart"),
        AgentStateChanged(ANN, AgentState.LOGGED_OUT, AgentState.READY, "", 1000.0, None, "restart"),
        AgentStateChanged(BOB, AgentState.LOGGED_OUT, AgentState.NOT_READY, "lunch", 900.0, None, "restart", "eve"),
    ]
    assert (acd.agent("cyd").since_s, acd.agent("cyd").idle_s) == (600.0, 500.0)
    acd.tell(AgentReachable(ANN), AgentReachable(CYD))
    acd.call("c1")
    assert acd.reserved() == [("c1", "cyd")], "the longest idle before the restart is so after it"


def test_who_was_logged_out_stays_so() -> None:
    acd = ScriptedAcd([SALES], AGENTS, now=1000.0)
    acd.router.restore([AgentSnapshot(agent_id=ANN, is_logged_in=False)], 1000.0)
    assert acd.state("ann") is AgentState.LOGGED_OUT


def test_a_clock_that_went_back_makes_nobody_idle_in_the_future() -> None:
    acd = ScriptedAcd([SALES], AGENTS, now=1000.0)
    acd.router.restore([AgentSnapshot(agent_id=ANN, is_logged_in=True, since=2000.0, idle_since=2000.0)], 1000.0)
    assert (acd.agent("ann").since_s, acd.agent("ann").idle_s) == (0.0, 0.0)


def test_whose_phone_was_there_already_is_served() -> None:
    acd = ScriptedAcd([SALES], AGENTS)
    acd.call("c1")
    acd.tell(AgentReachable(ANN))
    acd.router.restore([AgentSnapshot(agent_id=ANN, is_logged_in=True)], 0.0)
    assert acd.tell(AgentLoggedIn(BOB))[-1] is not None
    assert acd.agent("ann").state is AgentState.RESERVED
