"""Call-backs and the router's watchdog: a promise that waits, and a long talk, are no lost calls."""

from pathlib import Path

import pytest

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingPolicy
from softswitch.acd.outputs import ContactInQuestion, ContactLost
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.callback_book import CallbackTerms
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

ANN = AgentId("ann")
QUEUE = Queue(queue_id=QueueId("support"), wrap_up_s=2.0, max_wait_s=None)


@flow
async def offer(call: Call) -> None:
    await call.answer()
    await call.request_callback(queue="support")


def test_neither_a_long_wait_nor_a_long_talk_is_taken_for_a_lost_call(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.acd.apply(ConfigurationSet([QUEUE], [Agent(agent_id=ANN)], RoutingPolicy(watchdog_s=60.0)))
        customer = centre.caller("+15550101")
        customer.call("+18005550101")
        await centre.until(lambda: bool(centre.callbacks.listing()))
        await centre.until(lambda: customer.leg is None)
        customer.talk_s = 300.0
        await centre.sleep(200)
        await centre.log_in("ann")
        await centre.until(lambda: centre.callbacks.listing()[0].state == "over", within_s=400)
        assert centre.callbacks.listing()[0].result == "served"
        asked = [output for output in centre.acd_outputs if isinstance(output, ContactInQuestion)]
        assert len(asked) >= 4, "it was asked about while they talked"
        assert not [output for output in centre.acd_outputs if isinstance(output, ContactLost)]
        await centre.all_over()
        assert centre.cdrs()[-1].talk_s == pytest.approx(300, abs=1)

    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
        queues={"support": QueueTreatment(callbacks=CallbackTerms())},
    )
    SimulatedCentre(
        tmp_path,
        flows={"offer": offer},
        routes={"+18005550101": "offer"},
        queues=[QUEUE],
        agents=[Agent(agent_id=ANN)],
        phones=[Extension(username="ann", agent_id=ANN, trunks=frozenset({"provider"}))],
        settings=settings,
    ).run(scenario)
