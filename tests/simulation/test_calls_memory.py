"""What a call was made of is freed at its end by reference counts: a busy switch never waits for the collector."""

import gc
from collections import Counter
from pathlib import Path

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegAnswered
from softswitch.testing.runtime.centre import SimulatedCentre

SETTLED_S = 120.0
"""Every transaction is over, and so is the time that a flow may go on after its caller."""

OF_A_CALL = (
    "ActiveCall", "Alerting", "Attempt", "CallRecord", "Conversation", "Dialling", "InboundInvite", "InviteSession",
    "Leg", "Mailbox", "OutboundInvite", "Party", "QueueVisit", "SessionOffers",
)  # fmt: skip


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number, ring_s=20)
    if not outcome.is_answered:
        await call.play("greeting/closed")


@flow
async def refused(call: Call) -> None:
    await call.reject(486)


def alive() -> Counter[str]:
    names = Counter(type(each).__qualname__ for each in gc.get_objects())
    return Counter({name: names[name] for name in OF_A_CALL if names[name]})


def test_a_call_that_is_over_needs_no_collector(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 5.0
        carl = centre.phone("carl")
        await carl.register()
        gc.collect()
        gc.disable()
        try:
            before = alive()
            for number in ("500", "110", "111", "999", "110"):
                caller = centre.caller("+15550123")
                caller.call(number)
                if number == "110":
                    await centre.until(lambda: bool(carl.seen(InviteReceived)))
                    await centre.sleep(3)
                    caller.hang_up()
                await centre.all_over()
            assert carl.seen(InviteReceived)
            assert centre.phone("ann").seen(InviteReceived)
            assert not centre.phone("ann").seen(LegAnswered)
            await centre.sleep(SETTLED_S)
            assert alive() == before
        finally:
            gc.enable()

    SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (support, colleague, refused)},
        routes={"500": "support", "1xx": "colleague", "999": "refused"},
        queues=[Queue(queue_id=QueueId("support"), skills={"support": 1}, wrap_up_s=1.0)],
        agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5})],
        phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
    ).run(scenario)
