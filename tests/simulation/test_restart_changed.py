"""The switch process is killed, and the next one reads another configuration: in virtual time."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedOut
from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "+18005550100"
SUPPORT = Queue(queue_id=QueueId("support"), wrap_up_s=5.0)
OTHER = Queue(queue_id=QueueId("other"))
ANN, BOB = Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))


@flow
async def hotline(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)
    await call.play("goodbye")


FLOWS: Mapping[str, Flow] = {"hotline": hotline}


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows=FLOWS,
        routes={HOTLINE: "hotline"},
        queues=[SUPPORT, OTHER],
        agents=[ANN, BOB],
        phones=[Extension(username="carl", number="110")],
        outlives=True,
    )


def only_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = centre.controller.calls.values()
    return call


async def talking(centre: SimulatedCentre) -> SimulatedPhone:
    await centre.log_in("ann")
    caller = centre.caller("+15551234")
    caller.call(HOTLINE)
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
