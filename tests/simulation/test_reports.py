"""Ten minutes of a centre in which everybody does as he likes: reports, records, events and queue_log agree."""

import asyncio
import random
from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentPaused, AgentResumed
from softswitch.acd.model import Agent, Queue, ToQueue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, QueueReason, flow
from softswitch.testing.agreement import check_agreement
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone
from softswitch.testing.stored_day import StoredDay

AGENTS = ("ann", "bob", "eve", "joe")
SPAN_S = 600.0
WALL_0 = 900.0


@flow
async def sales(call: Call) -> None:
    outcome = await call.queue("sales")
    if outcome.reason is QueueReason.ANSWERED:
        await call.survey("satisfaction")


@flow
async def support(call: Call) -> None:
    await call.queue("support")


def simulated(tmp_path: Path, seed: int) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"sales": sales, "support": support},
        routes={"700": "sales", "701": "support"},
        queues=[
            Queue(
                queue_id=QueueId("sales"),
                ring_timeout_s=8.0,
                wrap_up_s=4.0,
                max_wait_s=25.0,
                overflow=ToQueue(QueueId("support")),
            ),
            Queue(queue_id=QueueId("support"), ring_timeout_s=10.0, wrap_up_s=2.0, max_length=3),
        ],
        agents=[Agent(agent_id=AgentId(name)) for name in AGENTS],
        phones=[Extension(username="carl", number="110")],
        seed=seed,
        record="always",
    )


async def traffic(centre: SimulatedCentre, seed: int) -> None:
    chance = random.Random(seed)
    await centre.log_in(*AGENTS)
    for name in AGENTS:
        centre.phone(name).talk_s = 20.0
    callers = [centre.caller(f"+1555{number:04}") for number in range(14)]
    ends_at = centre.clock.now() + SPAN_S
    while centre.clock.now() < ends_at:
        await asyncio.sleep(chance.expovariate(1 / 4.0))
        idle = [phone for phone in callers if phone.leg is None]
        if idle:
            _calls(centre, chance, chance.choice(idle))
        _something(centre, chance, callers)
    for phone in callers:
        if phone.leg is not None:
            phone.hang_up()
    await centre.all_over()


def _calls(centre: SimulatedCentre, chance: random.Random, phone: SimulatedPhone) -> None:
    leg = phone.call(chance.choice(("700", "700", "701")))
    centre.loop.call_later(chance.choice((1.0, 4.0, 40.0, 90.0)), phone.hang_up_leg, leg)


def _something(centre: SimulatedCentre, chance: random.Random, callers: list[SimulatedPhone]) -> None:
    agent = AgentId(chance.choice(AGENTS))
    match chance.randrange(8):
        case 0:
            centre.acd.apply(AgentPaused(agent, "lunch"))
        case 1 | 2:
            centre.acd.apply(AgentResumed(agent))
        case 3:
            talking = [phone for phone in callers if phone.is_answered]
            if talking:
                chance.choice(talking).press(chance.choice("12345"))
        case 4:
            phone = centre.phone(agent)
            if phone.is_answered:
                phone.hold(chance.choice(("sendonly", "sendrecv")))
        case _:
            pass


@pytest.mark.parametrize("seed", range(3))
def test_reports_agree_with_everything_else(tmp_path: Path, seed: int) -> None:
    centre = simulated(tmp_path, seed)
    began = 0.0

    async def scenario(centre: SimulatedCentre) -> None:
        nonlocal began
        began = centre.clock.wall()
        await traffic(centre, seed)

    centre.run(scenario)
    ended = centre.clock.wall()
    day = StoredDay()
    day.put_events(centre.diary)
    day.put_cdrs(centre.cdrs())
    assert len(centre.cdrs()) > 60
    check_agreement(day.reader, began - WALL_0, ended)
