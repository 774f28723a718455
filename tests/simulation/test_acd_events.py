"""The ACD's diary of whole calls: who ended them, holds, transfers, and that figures and logs follow from it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.events import AcdEvent, ContactEnded, ContactHeld, ContactQueued, ContactResumed, ContactTransferred
from softswitch.acd.model import Agent, Queue
from softswitch.acd.reporting.live import LiveFigures
from softswitch.acd.reporting.queue_log import QueueLog
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

Scenario = Callable[[SimulatedCentre], Awaitable[None]]
HOTLINE = "+18005550100"
CALLER = "+15550123"
SECRET = "Secret-123"


@flow
async def support(call: Call) -> None:
    await call.queue("support")
    await call.play("greeting/goodbye")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"support": support, "colleague": colleague},
        routes={HOTLINE: "support", "1xx": "colleague"},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=10.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="carl", number="110"), Extension(username="dora", number="120")],
    )


async def talking_to_agent(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    await centre.log_in("ann")
    caller = centre.caller(CALLER)
    caller.call(HOTLINE)
    await centre.until(lambda: centre.phone("ann").is_answered)
    await centre.sleep(5)
    return caller, centre.phone("ann")


def told(centre: SimulatedCentre, kind: type[AcdEvent]) -> list[AcdEvent]:
    return [stamped.event for stamped in centre.diary if isinstance(stamped.event, kind)]


def ended(centre: SimulatedCentre) -> ContactEnded:
    (event,) = told(centre, ContactEnded)
    assert isinstance(event, ContactEnded)
    return event


def verbs(centre: SimulatedCentre) -> list[str]:
    log = QueueLog()
    lines = [line for stamped in centre.diary for line in log.take(stamped)]
    return [line.split("|")[4] for line in lines if line.split("|")[2] == "support"]


def test_the_caller_hangs_up(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, _ = await talking_to_agent(centre)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert ended(centre).ended_by == "caller"
    assert [getattr(event, "caller", "") for event in told(centre, ContactQueued)] == [CALLER]
    assert verbs(centre) == ["ENTERQUEUE", "CONNECT", "COMPLETECALLER"]


def test_the_agent_hangs_up(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        _, ann = await talking_to_agent(centre)
        ann.hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert ended(centre).ended_by == "agent"
    assert verbs(centre) == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]


def test_holds_are_told_and_counted_apart_from_talk(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await talking_to_agent(centre)
        ann.hold("sendonly")
        await centre.sleep(10)
        ann.hold("sendrecv")
        await centre.sleep(5)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
    assert len(told(centre, ContactHeld)) == len(told(centre, ContactResumed)) == 1
    assert ended(centre).hold_s == pytest.approx(10, abs=0.5)
    assert ended(centre).talk_s == pytest.approx(10, abs=0.5)
    figures = LiveFigures(0.0)
    for stamped in centre.diary:
        figures.take(stamped)
    (queue,) = figures.queues()
    (cdr,) = centre.cdrs()
    assert queue.talk_s + queue.hold_s == pytest.approx(cdr.talk_s)
    assert queue.hold_s == pytest.approx(cdr.hold_s)


def test_a_blind_transfer_ends_the_agents_part(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("dora").register() == 200
        caller, ann = await talking_to_agent(centre)
        ann.refer("120")
        await centre.until(lambda: centre.phone("dora").is_answered)
        await centre.sleep(20)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
    (transfer,) = told(centre, ContactTransferred)
    assert isinstance(transfer, ContactTransferred)
    assert (transfer.kind, transfer.target, transfer.by) == ("blind", "120", "ann")
    assert ended(centre).is_transferred
    assert ended(centre).talk_s == pytest.approx(5, abs=1)
    assert verbs(centre) == ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER"]


def test_an_attended_transfer_ends_the_agents_part_with_whom_he_had_asked(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        assert await carl.register() == 200
        _, ann = await talking_to_agent(centre)
        first_leg = ann.leg
        ann.hold("sendonly")
        await centre.sleep(1)
        second_leg = ann.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(3)
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.sleep(10)
        carl.hang_up()
        await centre.all_over()

    centre.run(scenario)
    (transfer,) = told(centre, ContactTransferred)
    assert isinstance(transfer, ContactTransferred)
    assert (transfer.kind, transfer.by) == ("attended", "ann")
    assert ended(centre).is_transferred
    assert verbs(centre) == ["ENTERQUEUE", "CONNECT", "ATTENDEDTRANSFER"]
