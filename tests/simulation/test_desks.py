"""An agent works at a phone that is not his, in whole calls."""

from pathlib import Path

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE = "+18005550100"


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def log_in(call: Call) -> None:
    assert await call.log_in("ann", "1234")


@flow
async def log_out(call: Call) -> None:
    assert await call.log_out()


@flow
async def colleague(call: Call) -> None:
    await call.dial("carl")


def test_queues_calls_ring_where_he_sits_and_his_own_calls_make_him_busy(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("ann").register() == 200
        assert await centre.phone("spare").register() == 200
        spare = centre.phone("spare")
        spare.call("*85", password="Secret-123")
        await centre.until(lambda: state() is AgentState.READY)
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(spare.seen(InviteReceived)))
        assert not centre.phone("ann").seen(InviteReceived)
        await centre.until(lambda: state() is AgentState.BUSY)
        caller.hang_up()
        await centre.until(lambda: state() is AgentState.READY)
        assert await centre.phone("carl").register() == 200
        spare.call("777", password="Secret-123")
        await centre.until(lambda: state() is AgentState.BUSY)
        spare.hang_up()
        await centre.until(lambda: state() is AgentState.READY)
        spare.call("*86", password="Secret-123")
        await centre.until(lambda: state() is AgentState.LOGGED_OUT)
        await centre.all_over()
        assert [cdr.agent for cdr in centre.cdrs() if cdr.queue] == ["ann"]
        assert centre.settings.extensions["ann"].agent_id == "ann"

    def state() -> AgentState:
        (ann,) = centre.acd.agent_summaries()
        return ann.state

    centre = SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (support, log_in, log_out, colleague)},
        routes={HOTLINE: "support", "*85": "log_in", "*86": "log_out", "777": "colleague"},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=5.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[
            Extension(username="ann", agent_id=AgentId("ann"), pin="1234"),
            Extension(username="spare", number="110"),
            Extension(username="carl", number="111"),
        ],
    )
    centre.run(scenario)
