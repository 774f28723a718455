"""The switch process is killed in the middle of call-backs: who talks goes on, whoever was promised one is called."""

from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.callback_book import CallbackTerms, CallbackWish
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.store.schema import StoredCallback
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE = "+18005550100"
CUSTOMER = "+15550101"
SUPPORT = QueueId("support")


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def promise(call: Call) -> None:
    await call.answer()
    await call.request_callback(queue="support")
    await call.pause(20.0)


def centre(tmp_path: Path, *, customer_first: bool = False) -> SimulatedCentre:
    terms = CallbackTerms(customer_first=customer_first, through="desk", retry_s=30.0)
    return SimulatedCentre(
        tmp_path,
        flows={"support": support, "promise": promise},
        routes={HOTLINE: "support", "900": "promise"},
        queues=[Queue(queue_id=SUPPORT, wrap_up_s=2.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[
            Extension(username="ann", agent_id=AgentId("ann"), trunks=frozenset({"provider"})),
            Extension(username="desk", trunks=frozenset({"provider"})),
        ],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            queues={"support": QueueTreatment(callbacks=terms)},
        ),
        outlives=True,
    )


def stored(centre: SimulatedCentre) -> StoredCallback:
    (callback,) = centre.callbacks.listing()
    return callback


async def promised(centre: SimulatedCentre) -> SimulatedPhone:
    """The customer's phone is where the provider is."""
    phone = centre.phones.get(CUSTOMER) or centre.caller(CUSTOMER)
    wish = CallbackWish(number=CUSTOMER, queue_id=SUPPORT, enqueued_wall=centre.clock.wall(), source="operator")
    await centre.callbacks.request(wish)
    return phone


def ann(centre: SimulatedCentre) -> AgentState:
    return centre.acd.agent_summaries()[0].state


def talks(centre: SimulatedCentre) -> bool:
    return any(call.conversation for call in centre.controller.calls.values())


async def served(centre: SimulatedCentre) -> None:
    """By ann, at the first attempt; and all is as it was before."""
    await centre.until(lambda: stored(centre).state == "over")
    assert (stored(centre).result, stored(centre).agent, stored(centre).attempts) == ("served", "ann", 1)
    await centre.all_over()
    await centre.until(lambda: ann(centre) is AgentState.READY)
    assert centre.acd.contact_ids() == []


def test_who_is_called_back_and_talks_goes_on(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await promised(centre)
        await centre.log_in("ann")
        await centre.until(lambda: talks(centre))
        await centre.sleep(2.0)
        await centre.restart()
        await centre.sleep(10.0)
        assert ann(centre) is AgentState.BUSY
        assert stored(centre).state == "dialling"
        assert not phone.seen(LegEnded)
        phone.hang_up()
        await served(centre)
        (cdr,) = centre.cdrs()
        assert cdr.talk_s == pytest.approx(12.3, abs=1.0)

    centre(tmp_path).run(scenario)


def test_while_the_customer_is_called_the_agent_stays_and_he_is_rung_once_more(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await promised(centre)
        phone.answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        await centre.sleep(1.0)
        (call_id,) = centre.controller.calls
        await centre.restart()
        phone.answer_after_s = 1.0
        await centre.until(lambda: talks(centre), within_s=60)
        assert list(centre.controller.calls) == [call_id]
        assert not centre.phone("ann").seen(LegEnded), "she was on the line all the time"
        assert len(centre.acd.contact_ids()) == 1, "he is not in the ACD twice"
        phone.hang_up()
        await served(centre)

    centre(tmp_path).run(scenario)


def test_an_agent_who_gives_up_after_a_restart_while_it_rings_is_free(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await promised(centre)
        phone.answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(3.0)
        centre.phone("ann").hang_up()
        await centre.until(lambda: stored(centre).state == "resting")
        assert (stored(centre).last_failure, stored(centre).attempts) == ("hung up before they talked", 1)
        await centre.until(lambda: ann(centre) is AgentState.READY)
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(tmp_path).run(scenario)


def test_while_the_agent_is_called_it_is_tried_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await promised(centre)
        agent = centre.phone("ann")
        agent.answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(agent.seen(InviteReceived)))
        await centre.sleep(1.0)
        await centre.restart()
        agent.answer_after_s = 1.0
        await centre.until(lambda: talks(centre), within_s=60)
        phone.hang_up()
        await served(centre)

    centre(tmp_path).run(scenario)


async def called_first(centre: SimulatedCentre, *, confirms: bool = True) -> tuple[SimulatedPhone, SimulatedPhone]:
    """A customer who was called back first and waits, and the caller with whom the only agent still talks."""
    centre.caller(CUSTOMER)
    await centre.log_in("ann")
    former = centre.caller("+15550198")
    former.call(HOTLINE)
    await centre.until(lambda: ann(centre) is AgentState.BUSY)
    phone = await promised(centre)
    await centre.until(lambda: bool(phone.seen(InviteReceived)))
    await centre.sleep(2.0)
    if confirms:
        phone.press("1")
        await centre.sleep(2.0)
    return phone, former


@pytest.mark.parametrize("is_told_something", [False, True])
def test_a_customer_who_was_called_first_and_waits_does_so_in_his_place(
    tmp_path: Path, is_told_something: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, former = await called_first(centre)
        contacts = sorted(centre.acd.contact_ids())
        (call,) = [call for call in centre.controller.calls.values() if call.conversation is None]
        if is_told_something:
            assert call.waits_in is not None
            call.waits_in.say(["/sounds/told.wav"])
            await centre.sleep(0.2)
        await centre.restart()
        await centre.sleep(1.0)
        assert phone.is_answered
        assert not phone.seen(LegEnded)
        assert sorted(centre.acd.contact_ids()) == contacts
        await centre.sleep(10.0)
        again = centre.controller.calls[call.call_id]
        assert again.caller_stream.playing is not None, "music"
        former.hang_up()
        await centre.until(lambda: again.conversation is not None)
        await centre.sleep(5.0)
        phone.hang_up()
        await served(centre)
        assert len(phone.seen(InviteReceived)) == 1

    centre(tmp_path, customer_first=True).run(scenario)


def test_a_customer_who_gives_up_after_the_restart_is_called_again_later(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, former = await called_first(centre)
        await centre.restart()
        await centre.sleep(1.0)
        phone.hang_up()
        await centre.until(lambda: stored(centre).state == "resting")
        assert (stored(centre).last_failure, stored(centre).attempts) == ("hung up before they talked", 1)
        assert len(centre.acd.contact_ids()) == 1, "whoever is gone does not wait"
        former.hang_up()
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(tmp_path, customer_first=True).run(scenario)


def test_a_customer_who_was_just_greeted_is_greeted_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, former = await called_first(centre, confirms=False)
        assert phone.is_answered
        await centre.restart()
        await centre.sleep(2.0)
        assert phone.is_answered
        phone.press("1")
        former.hang_up()
        await centre.until(lambda: [bool(call.conversation) for call in centre.controller.calls.values()] == [True])
        phone.hang_up()
        await served(centre)
        assert len(phone.seen(InviteReceived)) == 1

    centre(tmp_path, customer_first=True).run(scenario)


def test_a_customer_who_was_called_first_and_talks_is_the_agents_as_before(tmp_path: Path) -> None:
    """The router hears of a hold, the trunk has a channel in use, and the agent is free when he is done."""

    async def scenario(centre: SimulatedCentre) -> None:
        _, former = await called_first(centre)
        former.hang_up()
        await centre.sleep(10.0)
        (call,) = centre.controller.calls.values()
        assert call.conversation is not None
        await centre.restart()
        await centre.sleep(5.0)
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert (trunk.used_in, trunk.used_out) == (0, 1)
        centre.phone("ann").hold("sendonly")
        await centre.sleep(3.0)
        assert [type(each.event).__name__ for each in centre.diary].count("ContactHeld") == 1
        centre.phone("ann").hold("sendrecv")
        await centre.sleep(3.0)
        centre.phone("ann").hang_up()
        await centre.until(lambda: stored(centre).state == "over")
        assert (stored(centre).result, stored(centre).agent, stored(centre).attempts) == ("served", "ann", 1)
        await centre.all_over()
        assert ann(centre) is AgentState.READY
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert (trunk.used_in, trunk.used_out) == (0, 0)

    centre(tmp_path, customer_first=True).run(scenario)


def test_who_was_promised_one_and_hangs_up_after_the_restart_is_called_soon(tmp_path: Path) -> None:
    """Not only when nobody can be on the line any more."""

    async def scenario(centre: SimulatedCentre) -> None:
        phone = centre.caller(CUSTOMER)
        phone.call("900")
        await centre.until(lambda: bool(centre.callbacks.listing()))
        await centre.sleep(3.0)
        await centre.restart()
        await centre.sleep(3.0)
        assert stored(centre).state == "resting"
        phone.hang_up()
        await centre.until(lambda: stored(centre).state == "waiting", within_s=10.0)
        centre.callbacks.cancel(stored(centre).callback_id, "test")
        await centre.all_over()

    centre(tmp_path).run(scenario)
