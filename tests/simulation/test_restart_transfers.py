"""The switch process is killed while a caller is being transferred: somebody has him afterwards, and he is not lost."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

Scenario = Callable[[SimulatedCentre], Awaitable[None]]
HOTLINE = "+18005550100"
CALLER = "+15550123"


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    return SimulatedCentre(
        tmp_path,
        flows={"support": support, "colleague": colleague},
        routes={HOTLINE: "support", "1xx": "colleague"},
        queues=[Queue(queue_id=QueueId("support"))],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="carl", number="110")],
        outlives=True,
    ).run


async def transferring(centre: SimulatedCentre, *, waits: bool) -> tuple[SimulatedPhone, SimulatedPhone]:
    """The caller, for whom carl's phone rings and is not answered, and ann, who `waits` for what comes of it."""
    carl = centre.phone("carl")
    assert await carl.register() == 200
    carl.answer_after_s = None
    await centre.log_in("ann")
    caller, ann = centre.caller(CALLER), centre.phone("ann")
    caller.call(HOTLINE)
    await centre.until(lambda: ann.is_answered)
    await centre.sleep(5.0)
    ann.refer("110")
    await centre.until(lambda: bool(carl.seen(InviteReceived)))
    if not waits:
        ann.hang_up()
    await centre.sleep(2.0)
    return caller, ann


def the_call(centre: SimulatedCentre) -> ActiveCall:
    """In which the caller is now."""
    return max(centre.controller.calls.values(), key=lambda call: call.record.started_at)


def test_who_is_not_reached_after_a_restart_has_the_transferor_rung(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await transferring(centre, waits=False)
        await centre.restart()
        await centre.until(lambda: len(ann.seen(InviteReceived)) == 2, within_s=60)
        (*_, recall) = ann.seen(InviteReceived)
        assert isinstance(recall, InviteReceived)
        assert recall.calling_name == f"recall: {CALLER}"
        await centre.until(lambda: the_call(centre).conversation is not None)
        await centre.sleep(3.0)
        assert caller.is_answered
        caller.hang_up()
        await centre.all_over()
        assert {cdr.end_reason for cdr in centre.cdrs()} == {"transferred", "completed"}

    play(scenario)


def test_a_transferor_who_waits_does_so_over_a_restart_and_has_the_caller_back(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await transferring(centre, waits=True)
        await centre.restart()
        await centre.sleep(1.0)
        assert ann.is_answered, "she waits"
        await centre.until(lambda: the_call(centre).conversation is not None, within_s=60)
        assert the_call(centre).conversation is not None
        assert len(ann.seen(InviteReceived)) == 1, "on the same leg"
        await centre.sleep(3.0)
        ann.hang_up()
        await centre.all_over()
        assert not caller.is_answered

    play(scenario)


def test_a_target_who_answers_after_a_restart_has_him_and_the_transferor_is_hung_up(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await transferring(centre, waits=True)
        centre.phone("carl").answer_after_s = 2.0
        await centre.restart()
        await centre.until(lambda: the_call(centre).conversation is not None)
        await centre.sleep(1.0)
        assert not ann.is_answered
        centre.phone("carl").hang_up()
        await centre.all_over()
        assert not caller.is_answered
        assert len(ann.seen(InviteReceived)) == 1, "nobody is given back who was served"

    play(scenario)


def test_who_rings_at_his_transferor_again_does_so_after_a_restart(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await transferring(centre, waits=False)
        ann.answer_after_s = None
        await centre.until(lambda: len(ann.seen(InviteReceived)) == 2, within_s=60)
        await centre.sleep(2.0)
        ann.answer_after_s = 1.0
        await centre.restart()
        await centre.until(lambda: the_call(centre).conversation is not None)
        assert len(ann.seen(InviteReceived)) == 3
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(5.0)
        assert ann.is_answered
        assert not caller.seen(LegEnded)
        ann.hang_up()
        await centre.all_over()
        assert not caller.is_answered

    play(scenario)
