"""The word of what became of a caller is lost between the ACD and his call: he does not wait for it for ever."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import ConfigurationSet, ContactWithdrawn
from softswitch.acd.model import Agent, AgentState, ContactState, Queue, RoutingPolicy
from softswitch.acd.outputs import AcdOutput, ContactConnected, ContactLost, ContactTakenOut
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.queueing import LOOK_S
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import LegAnswered, LegEnded
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "+18005550100"
SUPPORT = QueueId("support")
reasons: list[str] = []


@flow
async def support(call: Call) -> None:
    reasons.append((await call.queue("support")).reason.value)
    reasons.append((await call.queue("support")).reason.value)


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    reasons.clear()
    return SimulatedCentre(
        tmp_path,
        flows={"support": support},
        routes={HOTLINE: "support"},
        queues=[Queue(queue_id=SUPPORT, wrap_up_s=0.0, max_wait_s=None)],
        agents=[Agent(agent_id=AgentId("ann"))],
    )


async def waiting(centre: SimulatedCentre) -> SimulatedPhone:
    caller = centre.caller("+15550123")
    caller.call(HOTLINE)
    await centre.until(lambda: bool(caller.seen(LegAnswered)) and bool(centre.acd.contact_ids()))
    return caller


def losing(centre: SimulatedCentre, kind: type[AcdOutput], patch: pytest.MonkeyPatch) -> None:
    """From now on the controller fails at these outputs."""
    receive: Callable[[AcdOutput], None] = centre.controller.receive_acd

    def fail(output: AcdOutput) -> None:
        if isinstance(output, kind):
            raise RuntimeError("a fault of ours")
        receive(output)

    patch.setattr(centre.controller, "receive_acd", fail)
    centre.has_lost_words = True


def test_who_is_not_known_any_more_finds_out_and_may_queue_again(
    centre: SimulatedCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await waiting(centre)
        losing(centre, ContactTakenOut, monkeypatch)
        (contact_id,) = centre.acd.contact_ids()
        centre.acd.apply(ContactWithdrawn(contact_id, "", by="sue"))
        await centre.until(lambda: bool(reasons), within_s=LOOK_S + 1)
        assert reasons == ["withdrawn"]
        await centre.until(lambda: centre.acd.contact_ids() == [contact_id], within_s=1)
        await centre.sleep(3 * LOOK_S)
        assert reasons == ["withdrawn"], "he waits, and the router knows him"
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_whose_agent_has_answered_without_his_hearing_of_it_does_not_keep_him(
    centre: SimulatedCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        configuration = centre._configuration  # pyright: ignore[reportPrivateUsage]
        policy = RoutingPolicy(watchdog_s=60.0)
        centre.acd.apply(ConfigurationSet(configuration.queues, configuration.agents, policy))
        losing(centre, ContactConnected, monkeypatch)
        caller = await waiting(centre)
        await centre.log_in("ann")
        await centre.until(lambda: state(centre) is AgentState.BUSY)
        monkeypatch.undo()
        await centre.until(lambda: bool(reasons), within_s=300)
        assert reasons == ["withdrawn"]
        await centre.until(lambda: bool(centre.phone("ann").seen(LegEnded)))
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_caller_the_router_has_given_up_waits_no_more(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await waiting(centre)
        (contact_id,) = centre.acd.contact_ids()
        centre.controller.receive_acd(ContactLost(contact_id, SUPPORT, AgentId("ann"), ContactState.CONNECTED))
        await centre.until(lambda: bool(reasons), within_s=1)
        assert reasons == ["withdrawn"]
        await centre.until(lambda: centre.acd.contact_ids() == [contact_id], within_s=1)
        centre.acd.apply(ContactWithdrawn(contact_id, "lost", by="watchdog"))
        await centre.until(lambda: reasons == ["withdrawn", "withdrawn"], within_s=1)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_conversation_goes_on_though_the_router_has_given_it_up(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = await waiting(centre)
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        (contact_id,) = centre.acd.contact_ids()
        centre.controller.receive_acd(ContactLost(contact_id, SUPPORT, AgentId("ann"), ContactState.CONNECTED))
        await centre.sleep(200)
        assert not caller.seen(LegEnded)
        assert not reasons
        caller.hang_up()
        centre.acd.apply(ContactWithdrawn(contact_id, "the router had not"))
        await centre.all_over()

    centre.run(scenario)


def state(centre: SimulatedCentre) -> AgentState:
    (ann,) = centre.acd.agent_summaries()
    return ann.state
