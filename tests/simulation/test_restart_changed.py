"""The switch process is killed, and something is otherwise for the next one, or soon after: in virtual time."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedOut
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "+18005550100"
SLOW = "+18005550101"
BUSY = "+18005550102"
SUPPORT = Queue(queue_id=QueueId("support"), wrap_up_s=5.0)
OTHER = Queue(queue_id=QueueId("other"))
ANN, BOB = Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))


@flow
async def hotline(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)
    await call.play("goodbye")


@flow
async def slow(call: Call) -> None:
    await asyncio.sleep(3.0)
    await call.queue("support")


@flow
async def busy(call: Call) -> None:
    try:
        await call.queue("support")
    finally:
        await asyncio.sleep(8.0)


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


FLOWS: Mapping[str, Flow] = {"hotline": hotline, "slow": slow, "busy": busy, "colleague": colleague}


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows=FLOWS,
        routes={HOTLINE: "hotline", SLOW: "slow", BUSY: "busy", "1xx": "colleague"},
        queues=[SUPPORT, OTHER],
        agents=[ANN, BOB],
        phones=[Extension(username="carl", number="110")],
        outlives=True,
    )


def only_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = centre.controller.calls.values()
    return call


async def talking(centre: SimulatedCentre, number: str = HOTLINE) -> SimulatedPhone:
    await centre.log_in("ann")
    caller = centre.caller("+15551234")
    caller.call(number)
    await centre.until(lambda: bool(centre.controller.calls) and only_call(centre).conversation is not None)
    await centre.sleep(5.0)
    return caller


def _without_ann(centre: SimulatedCentre) -> None:
    centre.configure_next(queues=[SUPPORT, OTHER], agents=[BOB])


def _without_support(centre: SimulatedCentre) -> None:
    centre.configure_next(queues=[OTHER], agents=[ANN, BOB])


def _logged_out(centre: SimulatedCentre) -> None:
    centre.acd.apply(AgentLoggedOut(AgentId("ann")))


@pytest.mark.parametrize("change", [_without_ann, _without_support, _logged_out])
def test_who_talks_goes_on_talking(centre: SimulatedCentre, change: Callable[[SimulatedCentre], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await talking(centre)
        change(centre)
        await centre.sleep(0.5)
        assert only_call(centre).conversation is not None
        await centre.restart()
        await centre.sleep(10.0)
        assert only_call(centre).conversation is not None
        await centre.restart(away_s=0.05)
        await centre.restart(away_s=0.05)
        await centre.sleep(100.0)
        assert only_call(centre).conversation is not None
        assert caller.is_answered
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.agent == "ann"
        assert cdr.talk_s == pytest.approx(116.0, abs=1.5)

    centre.run(scenario)


def test_who_waits_in_a_queue_that_is_no_more_is_served_all_the_same(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        await centre.sleep(5.0)
        _without_support(centre)
        await centre.restart()
        await centre.sleep(10.0)
        await centre.log_in("ann")
        await centre.until(lambda: only_call(centre).conversation is not None)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


async def until_recorded(centre: SimulatedCentre) -> None:
    while not centre.cdrs():
        await centre.sleep(0.001)


def test_whoever_has_just_gone_to_another_call_is_in_it(centre: SimulatedCentre) -> None:
    """The end of the call that he left is on the disk, and so is where he went."""

    async def scenario(centre: SimulatedCentre) -> None:
        centre.has_lost_words = True  # the router's last moment
        assert await centre.phone("carl").register() == 200
        caller = await talking(centre)
        transfer_by_command(only_call(centre), "110")
        await until_recorded(centre)
        await centre.restart()
        assert only_call(centre).record.transferred_by == "operator"
        caller.hang_up()
        await centre.all_over()
        assert sorted(cdr.end_reason for cdr in centre.cdrs()) == ["abandoned", "transferred"]

    centre.run(scenario)


def test_who_is_transferred_before_his_flow_has_come_back_to_its_queue_leaves_the_agent(
    centre: SimulatedCentre,
) -> None:
    """A flow that waits for something of the world waits for it again."""

    async def scenario(centre: SimulatedCentre) -> None:
        centre.has_lost_words = True  # the router hears of it when the flow has come so far
        assert await centre.phone("carl").register() == 200
        caller = await talking(centre, SLOW)
        await centre.restart()
        await centre.sleep(1.0)
        transfer_by_command(only_call(centre), "110")
        await centre.sleep(20.0)
        assert [agent.state for agent in centre.acd.agent_summaries() if agent.agent_id == "ann"] == [AgentState.READY]
        caller.hang_up()
        await centre.all_over()
        first = min(centre.cdrs(), key=lambda cdr: cdr.started_at)
        (stay,) = first.stays
        assert (stay.agent, stay.outcome) == ("ann", "answered")
        assert stay.wait_s == pytest.approx(first.queue_wait_s)
        assert stay.talk_s == pytest.approx(first.talk_s)

    centre.run(scenario)


def test_whoever_was_transferred_is_not_brought_back_by_a_flow_that_is_at_work(centre: SimulatedCentre) -> None:
    """It writes to somebody else's system, and his call is over; its record is whole."""

    async def scenario(centre: SimulatedCentre) -> None:
        centre.has_lost_words = True
        assert await centre.phone("carl").register() == 200
        caller = await talking(centre, BUSY)
        transfer_by_command(only_call(centre), "110")
        await centre.until(lambda: centre.phone("carl").is_answered)
        await centre.sleep(0.5)
        assert len(centre.controller.calls) == 2, "his flow is not over"
        await centre.restart()
        await centre.sleep(5.0)
        assert only_call(centre).record.transferred_by == "operator"
        assert only_call(centre).conversation is not None
        caller.hang_up()
        await centre.all_over()
        first, second = sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)
        assert (first.end_reason, first.agent, second.end_reason) == ("transferred", "ann", "completed")
        assert first.talk_s == pytest.approx(5.0, abs=0.1)

    centre.run(scenario)
