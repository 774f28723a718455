"""Supervisors order callers about who wait, with whole calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import (
    AgentLoggedIn,
    AgentSkillsSet,
    ContactAssigned,
    ContactPrioritised,
    ContactRequeued,
    ContactWithdrawn,
)
from softswitch.acd.model import Agent, Queue, RoutingStep
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "+18005550100"
SUPPORT, SALES = QueueId("support"), QueueId("sales")
ANN, BOB = AgentId("ann"), AgentId("bob")


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support", preferred_agent="bob", preferred_for_s=30.0)
    call.tag("reason", outcome.reason.value)


Make = Callable[[], SimulatedCentre]


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    steps = (RoutingStep(requirement="tech >= 5", for_s=20.0), RoutingStep())
    return lambda: SimulatedCentre(
        tmp_path,
        flows={"support": support},
        routes={HOTLINE: "support"},
        queues=[Queue(queue_id=SUPPORT, skills={"tech": 1}, steps=steps), Queue(queue_id=SALES)],
        agents=[Agent(agent_id=ANN), Agent(agent_id=BOB, skills={"tech": 3})],
    )


async def waiting(centre: SimulatedCentre, caller: SimulatedPhone) -> ContactId:
    """Somebody calls and waits."""
    known = {row.contact_id for row in centre.acd.contact_summaries()}
    caller.call(HOTLINE)
    await centre.until(lambda: len(centre.acd.contact_summaries()) > len(known))
    return next(row.contact_id for row in centre.acd.contact_summaries() if row.contact_id not in known)


async def work(centre: SimulatedCentre, agent_id: AgentId) -> None:
    assert await centre.phone(agent_id).register() == 200
    centre.acd.apply(AgentLoggedIn(agent_id))


def rings(centre: SimulatedCentre, agent_id: AgentId) -> int:
    return len(centre.phone(agent_id).seen(InviteReceived))


def test_who_is_taken_out_goes_on_with_his_flow(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        contact_id = await waiting(centre, centre.caller("+15550101"))
        centre.acd.apply(ContactWithdrawn(contact_id, "prank", "otto"))
        await centre.all_over()
        assert [cdr.tags for cdr in centre.cdrs()] == [{"reason": "withdrawn"}]
        assert centre.acd.queue_summaries()[0].withdrawn == 1

    centre().run(scenario)


def test_who_is_moved_assigned_or_boosted_rings_the_right_phone(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        callers = centre.caller("+15550101"), centre.caller("+15550102")
        first, second = [await waiting(centre, caller) for caller in callers]
        await work(centre, ANN)
        await centre.sleep(30)
        assert not rings(centre, ANN), "she serves sales alone"
        centre.acd.apply(ContactPrioritised(second, 600.0, "otto"))
        assert [row.contact_id for row in centre.acd.contact_summaries()] == [second, first]
        centre.acd.apply(ContactRequeued(first, SALES, "otto"))
        await centre.until(lambda: rings(centre, ANN) == 1)
        await centre.sleep(20)
        centre.acd.apply(AgentSkillsSet(ANN, {"tech": 2}, "otto"))
        assert centre.acd.agent_summaries()[0].queues == [SUPPORT, SALES]
        await work(centre, BOB)
        await centre.until(lambda: rings(centre, BOB) == 1)
        for caller in callers:
            caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_preferred_agent_who_is_there_is_waited_for_and_assigned_by_hand_he_is_the_next(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await work(centre, ANN)
        caller = centre.caller("+15550101")
        contact_id = await waiting(centre, caller)
        assert not rings(centre, ANN)
        centre.acd.apply(ContactAssigned(contact_id, ANN, "otto"))
        await centre.until(lambda: rings(centre, ANN) == 1)
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)
