"""Orders to calls in progress: hold, play, digits, notes, parking; what is heard, what is told, what is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.limits import DIGITS_SENT_MAX, VARIABLES_TOLD_MAX
from softswitch.calls.runtime import commanding
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment
from softswitch.calls.told.call_events import CallHeld, CallTagged
from softswitch.calls.told.events import kind_of
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import SendDigits, StartPlay, StopPlay
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

CALLER, HOTLINE, MENU = "+15550123", "+18005550100", "+18005550101"
Make = Callable[..., SimulatedCentre]


@flow
async def hotline(call: Call) -> None:
    await call.queue("support")
    call.tag("after", call.variables.get("customer", ""))


@flow
async def retrieve(call: Call) -> None:
    await call.retrieve(call.called_number)


@flow
async def menu(call: Call) -> None:
    await call.answer()
    await call.pause(10.0)
    await call.dial("bob")


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make() -> SimulatedCentre:
        return SimulatedCentre(
            tmp_path,
            flows={"hotline": hotline, "menu": menu, "retrieve": retrieve},
            routes={HOTLINE: "hotline", MENU: "menu", "70x": "retrieve"},
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=1.0)],
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[Extension(username="bob", number="101")],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path),
                queues={QueueId("support"): QueueTreatment()},
                parking_slots=("701", "702"),
                ring_s=20.0,
            ),
        )

    return make


async def talking(centre: SimulatedCentre) -> ActiveCall:
    """A caller and Ann."""
    await centre.log_in("ann")
    centre.caller(CALLER).call(HOTLINE)
    await centre.until(lambda: bool(centre.happened("call.bridged")))
    await centre.sleep(1)
    (call,) = centre.controller.calls.values()
    return call


def heard(centre: SimulatedCentre, call: ActiveCall, side: str) -> tuple[int, list[str]]:
    """How many others he hears, and what is played to him."""
    assert call.conversation is not None
    party = call.conversation.near if side == "caller" else call.conversation.far
    assert party.stream is not None
    description = centre.worker.description
    hearing = description.hearings.get(party.stream.stream_id)
    playback = description.playbacks.get(party.stream.stream_id)
    return 0 if hearing is None else len(hearing.sources), [] if playback is None else list(playback.sounds)


async def over(centre: SimulatedCentre) -> None:
    centre.phones[CALLER].hang_up()
    await centre.all_over()


@pytest.mark.parametrize(("side", "other"), [("caller", "called"), ("called", "caller")])
def test_on_hold_one_hears_music_and_the_other_nothing(
    centre: Make, side: commanding.Side, other: commanding.Side
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        commanding.set_hold(call, side, True, "crm")
        commanding.set_hold(call, side, True, "crm")
        await centre.sleep(0.1)
        assert (heard(centre, call, side), heard(centre, call, other)) == ((0, ["music default"]), (0, []))
        await centre.sleep(6.9)
        with pytest.raises(LocalError, match="on hold"):
            await commanding.play(call, ["caller"], ["greeting"], is_over=False)
        commanding.set_hold(call, side, False, "crm")
        await centre.sleep(0.1)
        assert (heard(centre, call, side), heard(centre, call, other)) == ((1, []), (1, []))
        assert [kind_of(each) for each in centre.happened("call.held", "call.resumed")] == ["call.held", "call.resumed"]
        (held,) = centre.happened("call.held")
        assert isinstance(held, CallHeld)
        assert (held.by, held.party) == ("crm", "ann" if side == "caller" else "trunk:provider")
        assert len(centre.happened("contact.held", "contact.resumed")) == 2, "the agent's figures have it too"
        await over(centre)
        (cdr,) = centre.cdrs()
        assert cdr.hold_s == pytest.approx(7.0, abs=0.1)

    centre().run(scenario)


def test_a_phone_and_a_program_hold_independently(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        commanding.set_hold(call, "caller", True, "crm")
        centre.phone("ann").hold("sendonly")
        await centre.sleep(1)
        commanding.set_hold(call, "caller", False, "crm")
        assert heard(centre, call, "caller") == (0, ["music default"])
        centre.phone("ann").hold("sendrecv")
        await centre.sleep(1)
        assert heard(centre, call, "caller") == (1, [])
        assert len(centre.happened("call.held")) == 1
        await over(centre)

    centre().run(scenario)


def test_one_or_both_hear_prompts_and_texts_and_then_each_other(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        said = commanding.words(["notice/recorded"], "Just a moment")
        await commanding.play(call, ["caller"], said, is_over=False)
        await centre.sleep(0.1)
        assert heard(centre, call, "caller") == (1, ["notice/recorded", "text Just a moment"])
        assert heard(centre, call, "called") == (1, [])
        await centre.sleep(3)
        await commanding.play(call, commanding.sides_of("both"), ["a"], is_over=True)
        await centre.sleep(0.1)
        assert [each.playback.is_over for each in centre.media_commands if isinstance(each, StartPlay)][-2:] == [
            True,
            True,
        ]
        commanding.stop_playing(call, commanding.sides_of("both"))
        await centre.sleep(0.1)
        assert sum(isinstance(each, StopPlay) for each in centre.media_commands) >= 2
        assert call.conversation is not None
        await over(centre)

    centre().run(scenario)


def music(centre: SimulatedCentre, call: ActiveCall) -> list[str]:
    """What is played to the caller."""
    playback = centre.worker.description.playbacks.get(call.caller_stream.stream_id)
    return [] if playback is None else list(playback.sounds)


def test_who_waits_in_a_queue_hears_it_in_place_of_the_music_and_then_music_again(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller(CALLER).call(HOTLINE)
        await centre.sleep(5)
        (call,) = centre.controller.calls.values()
        assert music(centre, call) == ["music default"]
        said = commanding.words(["notice/outage"], "We are at it")
        for number in range(3):
            await commanding.play(call, ["caller", "called"] if number else ["caller"], said, is_over=False)
        await centre.sleep(0.1)
        assert music(centre, call) == ["notice/outage", "text We are at it"]
        with pytest.raises(LocalError, match="too much is to be said"):
            await commanding.play(call, ["caller"], said, is_over=False)
        with pytest.raises(LocalError, match="nobody but the caller"):
            await commanding.play(call, ["called"], said, is_over=False)
        with pytest.raises(LocalError, match="beside the music"):
            await commanding.play(call, ["caller"], said, is_over=True)
        commanding.stop_playing(call, ["caller"])
        await centre.sleep(0.1)
        assert music(centre, call) == ["music default"]
        await commanding.play(call, ["caller"], said, is_over=False)
        await centre.until(lambda: music(centre, call) == ["music default"])
        centre.phone("ann").answer_after_s = 10.0
        await commanding.play(call, ["caller"], said, is_over=False)
        await centre.log_in("ann")
        await centre.sleep(5)
        assert music(centre, call) == ["music default"], "it is cut for the agent"
        with pytest.raises(LocalError, match="an agent is being rung"):
            await commanding.play(call, ["caller"], said, is_over=False)
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        await centre.sleep(0.1)
        assert heard(centre, call, "caller") == (1, [])
        await over(centre)

    centre().run(scenario)


def test_where_nothing_can_be_played_the_reason_is_said(centre: Make) -> None:
    async def refused(call: ActiveCall, words: str) -> None:
        with pytest.raises(LocalError, match=words):
            await commanding.play(call, ["caller"], ["notice"], is_over=False)
        with pytest.raises(LocalError, match=words):
            commanding.stop_playing(call, ["caller"])

    async def scenario(centre: SimulatedCentre) -> None:
        bob = centre.phone("bob")
        bob.answer_after_s = None
        assert await bob.register() == 200
        caller = centre.caller(CALLER)
        caller.call(MENU)
        await centre.sleep(2)
        (call,) = centre.controller.calls.values()
        await refused(call, "its flow speaks with the caller")
        await centre.until(lambda: bool(bob.seen(InviteReceived)))
        await refused(call, "whoever it is for is being rung")
        caller.hang_up()
        await centre.all_over()
        await refused(call, "nobody talks in this call now")
        call = await talking(centre)
        parked = commanding.park(call, "", None, "")
        await centre.sleep(1)
        await refused(parked, "the caller is parked, with music")
        await over(centre)

    centre().run(scenario)


def test_digits_reach_one_of_the_two(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        commanding.send_digits(call, "called", "12#")
        await centre.sleep(0.1)
        assert call.conversation is not None
        assert call.conversation.far.stream is not None
        sent = [each for each in centre.media_commands if isinstance(each, SendDigits)]
        assert [(each.stream_id, each.digits) for each in sent] == [(call.conversation.far.stream.stream_id, "12#")]
        for wrong in ("", "12x", "1" * (DIGITS_SENT_MAX + 1)):
            with pytest.raises(LocalError, match="digits are"):
                commanding.send_digits(call, "called", wrong)
        await over(centre)

    centre().run(scenario)


def test_tags_reach_the_record_and_variables_the_flow(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        commanding.note(call, {"ticket": "T-7", "wrong": "x"}, {"customer": "4711"}, "crm")
        commanding.note(call, {"wrong": ""}, {}, "crm")
        for tags in ({"": "x"}, {"x": "y" * 1001}, {str(number): "x" for number in range(VARIABLES_TOLD_MAX)}):
            with pytest.raises(LocalError):
                commanding.note(call, tags, {}, "crm")
        first, second = centre.happened("call.tagged")
        assert isinstance(first, CallTagged)
        assert isinstance(second, CallTagged)
        assert (first.variables, first.by, second.tags) == ({"customer": "4711"}, "crm", {"wrong": ""})
        centre.phone("ann").hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"ticket": "T-7", "after": "4711"}

    centre().run(scenario)


def test_a_caller_who_is_parked_is_fetched_by_another(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        bob = centre.phone("bob")
        assert await bob.register() == 200
        parked = commanding.park(call, "702", None, "crm")
        await centre.sleep(2)
        assert centre.parking.at("702") is parked
        assert centre.phone("ann").leg is None
        bob.call("702", password="Secret-123")
        await centre.until(lambda: bool(centre.happened("call.retrieved")))
        await centre.sleep(5)
        await over(centre)
        first, last = centre.cdrs()[0], centre.cdrs()[1]
        assert (first.end_reason, first.transferred_to, first.transferred_by) == ("transferred", "702", "crm")
        assert last.call_id == parked.call_id or first.call_id == call.call_id

    centre().run(scenario)


def test_who_is_not_fetched_comes_back_to_whom_he_talked_to(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        rings = len(centre.phone("ann").seen(InviteReceived))
        commanding.park(call, "", 30.0, "crm")
        await centre.sleep(25)
        assert len(centre.phone("ann").seen(InviteReceived)) == rings
        await centre.until(lambda: len(centre.phone("ann").seen(InviteReceived)) > rings)
        await centre.until(lambda: len(centre.happened("call.bridged")) == 2)
        await over(centre)

    centre().run(scenario)


def test_nobody_is_parked_where_there_is_no_room_and_nothing_is_done_outside_a_conversation(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        with pytest.raises(LocalError, match='no parking slot "799"'):
            commanding.park(call, "799", None, "")
        parked = commanding.park(call, "701", None, "")
        await centre.sleep(1)
        acts: list[Callable[[], object]] = [
            lambda: commanding.set_hold(parked, "caller", True, ""),
            lambda: commanding.stop_playing(parked, ["caller"]),
            lambda: commanding.send_digits(parked, "called", "1"),
            lambda: commanding.park(parked, "", None, ""),
        ]
        for act in acts:
            with pytest.raises(LocalError, match="nobody talks in this call"):
                act()
        await over(centre)

    centre().run(scenario)
