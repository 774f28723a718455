"""The disk of the store is full in the middle of calls: what callers and operators are told, and what is so then."""

from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.callback_book import CallbackTerms, CallbackWish
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment, TrunkRoute
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StartPlay
from softswitch.store.limits import STORED_WITHIN_S
from softswitch.testing.failing_disk import FailingDisk
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

HOTLINE, OFFER, BOX = "+18005550100", "+18005550101", "+18005550102"
CUSTOMER = "+15550101"
said: list[str] = []


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def offer(call: Call) -> None:
    await call.answer()
    is_promised = await call.request_callback(queue="support")
    said.append("promised" if is_promised else "sorry")


@flow
async def box(call: Call) -> None:
    outcome = await call.voicemail("anna")
    said.append(outcome.reason.value)


class Scene:
    def __init__(self, directory: Path) -> None:
        said.clear()
        self.disk = FailingDisk()
        self.centre = SimulatedCentre(
            directory,
            flows={each.__name__: each for each in (support, offer, box)},
            routes={HOTLINE: "support", OFFER: "offer", BOX: "box"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=2.0)],
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[Extension(username="ann", agent_id=AgentId("ann"), trunks=frozenset({"provider"}))],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(directory),
                voicemail_directory=str(directory / "voicemail"),
                trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
                queues={"support": QueueTreatment(callbacks=CallbackTerms())},
                voice_boxes={"anna": VoiceBox(box="anna", number="101", owner="ann", pin="4711")},
            ),
            rows=self.disk,
        )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_call_back_that_is_not_on_the_disk_is_not_promised_and_nobody_is_called(scene: Scene) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(CUSTOMER)
        scene.disk.fill()
        customer.call(OFFER)
        await centre.until(lambda: bool(said))
        await centre.until(lambda: customer.leg is None)
        assert said == ["sorry"]
        scene.disk.make_room()
        await centre.log_in("ann")
        await centre.sleep(600.0)
        assert not centre.phone("ann").is_answered
        (callback,) = centre.store.callbacks.ascending()
        assert callback.state == "over"

    scene.centre.run(scenario)


def test_who_cancels_a_call_back_is_told_when_the_disk_refuses(scene: Scene) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller(CUSTOMER)
        wish = CallbackWish(number=CUSTOMER, queue_id=QueueId("support"), enqueued_wall=centre.clock.wall())
        callback, _ = await centre.callbacks.request(wish)
        scene.disk.fill()
        with pytest.raises(LocalError, match="after a restart"):
            await centre.callbacks.cancel_for_good(callback.callback_id, "chief")
        scene.disk.make_room()
        await centre.log_in("ann")
        await centre.sleep(60.0)
        assert not centre.phone("ann").is_answered
        assert await centre.callbacks.cancel_for_good("cb-unknown", "chief") is None

    scene.centre.run(scenario)


@pytest.mark.parametrize("is_full", [False, True])
def test_a_voice_message_is_called_saved_when_it_is_and_reaches_its_owner(scene: Scene, *, is_full: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(CUSTOMER)
        customer.call(BOX)
        await centre.until(lambda: bool(centre.worker.description.recordings))
        await centre.sleep(5.0)
        if is_full:
            scene.disk.fill()
        customer.press("#")
        await centre.sleep(1.0)
        customer.press("1")
        await centre.until(lambda: bool(said))
        played = [each.playback.sounds for each in centre.media_commands if isinstance(each, StartPlay)]
        is_called_saved = any("voicemail/saved" in sound for sounds in played for sound in sounds)
        assert (said, is_called_saved) == ((["not_stored"], False) if is_full else (["saved"], True))
        scene.disk.make_room()
        assert [each.state for each in centre.store.voice_messages.ascending()] == ["new"]

    scene.centre.run(scenario)


def test_calls_come_and_go_and_their_records_are_written_when_there_is_room(scene: Scene) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        scene.disk.fill()
        await centre.log_in("ann")
        customer = centre.caller(CUSTOMER)
        customer.call(HOTLINE)
        await centre.until(lambda: any(call.conversation is not None for call in centre.controller.calls.values()))
        await centre.sleep(30.0)
        customer.hang_up()
        await centre.all_over()
        assert centre.cdrs() == []
        scene.disk.make_room()
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.ended_by, cdr.agent) == ("completed", "caller", "ann")
        assert centre.store.active_calls.count() == 0
        summary = centre.acd.agent_summary(AgentId("ann"))
        assert summary is not None
        assert summary.state in (AgentState.WRAP_UP, AgentState.READY)

    scene.centre.run(scenario)


@pytest.mark.parametrize(("takes_s", "told"), [(2.0, "promised"), (60.0, "sorry")])
def test_who_is_promised_something_waits_for_a_slow_disk_and_not_for_ever(
    scene: Scene, takes_s: float, told: str
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        talker, asker = centre.caller("+15550100"), centre.caller(CUSTOMER)
        talker.call(HOTLINE)
        await centre.until(lambda: talker.is_answered)
        scene.disk.is_silent = True
        asker.call(OFFER)
        await centre.sleep(takes_s)
        assert said == ([] if takes_s < STORED_WITHIN_S else [told])
        scene.disk.answer()
        await centre.until(lambda: asker.leg is None)
        assert said == [told]
        assert talker.is_answered
        (callback,) = centre.store.callbacks.ascending()
        assert (callback.state == "over") is (told == "sorry")
        talker.hang_up()
        await centre.all_over()

    scene.centre.run(scenario)
