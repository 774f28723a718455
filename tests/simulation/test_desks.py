"""An agent works at a phone that is not his, in whole calls."""

from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedOut
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegEnded
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


@flow
async def line(call: Call) -> None:
    await call.agent_line()


@flow
async def bob_logs_in(call: Call) -> None:
    assert await call.log_in("bob", "5678")


ANN = AgentId("ann")


def desks(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (support, log_in, log_out, line, bob_logs_in)},
        routes={HOTLINE: "support", "*85": "log_in", "*86": "log_out", "*87": "bob_logs_in", "*88": "line"},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=0.0)],
        agents=[Agent(agent_id=ANN), Agent(agent_id=AgentId("bob"))],
        phones=[
            Extension(username="ann", agent_id=ANN, pin="1234"),
            Extension(username="bob", agent_id=AgentId("bob"), pin="5678"),
            Extension(username="spare", number="110"),
        ],
    )


def state_of(centre: SimulatedCentre, agent_id: str = "ann") -> AgentState:
    return next(each.state for each in centre.acd.agent_summaries() if each.agent_id == agent_id)


@pytest.mark.parametrize(("code", "place"), [("*86", "ann"), ("*87", "ann"), ("*85", "spare")])
@pytest.mark.parametrize("has_contact", [False, True])
def test_an_open_line_ends_with_the_stay_at_the_desk_it_comes_from(
    tmp_path: Path, code: str, place: str, has_contact: bool
) -> None:
    """He logs out there, somebody else logs in there, or he logs in at another phone."""

    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password="Secret-123")
        await centre.until(lambda: state_of(centre) is AgentState.READY)
        caller = centre.caller("+15550123")
        if has_contact:
            caller.call(HOTLINE)
            await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        other = centre.phone(place, place=" second")
        assert await other.register() == 200
        other.call(code, password="Secret-123")
        if has_contact:
            await centre.sleep(5)
            assert not ann.seen(LegEnded), "what he is in he finishes"
            assert not caller.seen(LegEnded)
            caller.hang_up()
        await centre.until(lambda: bool(ann.seen(LegEnded)), within_s=5)
        await centre.until(lambda: other.leg is None)
        is_at_work = code == "*85"
        assert state_of(centre) is (AgentState.READY if is_at_work else AgentState.LOGGED_OUT)
        assert not centre.controller._around.open_lines.has(ANN)  # pyright: ignore[reportPrivateUsage]
        if is_at_work:
            second = centre.caller("+15550124")
            second.call(HOTLINE)
            await centre.until(lambda: bool(other.seen(InviteReceived)))
            second.hang_up()
        await centre.all_over()

    desks(tmp_path).run(scenario)


def test_who_logs_in_again_where_his_line_is_open_keeps_it(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password="Secret-123")
        await centre.until(lambda: state_of(centre) is AgentState.READY)
        other = centre.phone("ann", place=" second")
        other.call("*85", password="Secret-123")
        await centre.sleep(3)
        assert not other.leg
        assert not ann.seen(LegEnded)
        ann.hang_up()
        await centre.all_over()

    desks(tmp_path).run(scenario)


def test_a_supervisor_who_logs_him_out_during_a_contact_is_obeyed(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password="Secret-123")
        await centre.until(lambda: state_of(centre) is AgentState.READY)
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        centre.acd.apply(AgentLoggedOut(ANN, by="sue"))
        caller.hang_up()
        await centre.sleep(5)
        assert state_of(centre) is AgentState.LOGGED_OUT, "his line does not log him in again"
        ann.hang_up()
        await centre.all_over()

    desks(tmp_path).run(scenario)
