"""What was changed of a call by command, or by itself, while nothing else happened, is so after a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import DispositionSet
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.origination import Origination
from softswitch.calls.programs import Program
from softswitch.calls.runtime import commanding
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.faxes import fax_of
from softswitch.calls.runtime.originating import originate
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import FaxDetected, StartPlay
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

SECRET = "Secret-123"
HOTLINE = "+18005550100"

Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@flow
async def support(call: Call) -> None:
    await call.queue("support")
    await call.pause(60.0)


@flow
async def colleague(call: Call) -> None:
    call.tag("case", "open")
    call.tag("unsure", "yes")
    call.variables["case"] = "open"
    call.variables["unsure"] = "yes"
    call.language = "de"
    outcome = await call.dial(call.called_number)
    call.tag("reached", outcome.reason.value)


@flow
async def bot(call: Call) -> None:
    outcome = await call.stream("notes")
    await asyncio.sleep(3.0)
    call.tag("order", outcome.result["order"])


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (support, colleague, bot)},
        routes={HOTLINE: "support", "1xx": "colleague", "900": "bot"},
        queues=[
            Queue(queue_id=QueueId("support"), wrap_up_s=10.0, dispositions=("sold",)),
        ],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="carl", number="110"), Extension(username="dora", number="222")],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            programs={"notes": Program(url="wss://notes.example.com")},
        ),
        outlives=True,
    )


def only_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = centre.controller.calls.values()
    return call


def played(centre: SimulatedCentre, since: int = 0) -> list[str]:
    return [
        sound for each in centre.media_commands[since:] if isinstance(each, StartPlay) for sound in each.playback.sounds
    ]


async def talking(centre: SimulatedCentre, number: str = "110") -> SimulatedPhone:
    """To Carl or an agent, for ten seconds."""
    assert await centre.phone("carl").register() == 200
    if number == HOTLINE:
        await centre.log_in("ann")
    phone = centre.caller("+15551234")
    phone.call(number)
    await centre.until(lambda: any(call.conversation is not None for call in centre.controller.calls.values()))
    await centre.sleep(10.0)
    return phone


async def written_and_killed(centre: SimulatedCentre) -> None:
    await centre.sleep(0.1)
    await centre.restart()
    await centre.sleep(1.0)


def test_what_a_program_has_noted_is_in_the_record(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        commanding.note(only_call(centre), {"ticket": "4711"}, {"tier": "gold"}, "crm")
        await written_and_killed(centre)
        call = only_call(centre)
        assert call.variables["tier"] == "gold"
        phone.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags["ticket"] == "4711"

    centre.run(scenario)


def test_whom_a_program_lets_talk_again_while_his_phone_holds_is_not_held_for_ever(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        commanding.set_hold(only_call(centre), "caller", is_held=True, by="crm")
        await centre.sleep(1.0)
        phone.hold("sendonly")
        await centre.sleep(1.0)
        commanding.set_hold(only_call(centre), "caller", is_held=False, by="crm")
        await written_and_killed(centre)
        phone.hold("sendrecv")
        await centre.sleep(1.0)
        conversation = only_call(centre).conversation
        assert conversation is not None
        assert not conversation.is_on_hold
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_call_that_is_not_recorded_stays_masked_for_supervisors_and_programs(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        call = only_call(centre)
        assert call.recordings.current is None
        call.recordings.mask(60.0, "operator")
        await written_and_killed(centre)
        assert only_call(centre).recordings.is_masked
        only_call(centre).recordings.unmask()
        await written_and_killed(centre)
        assert not only_call(centre).recordings.is_masked
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_what_came_of_a_wrap_up_is_in_the_record_of_a_call_that_goes_on(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre, HOTLINE)
        centre.phone("ann").hang_up()
        await centre.sleep(5.0)
        centre.acd.apply(DispositionSet(AgentId("ann"), "sold", None, AgentId("ann")))
        await centre.until(lambda: centre.acd.agent_summaries()[0].state is AgentState.READY)
        await written_and_killed(centre)
        phone.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.wrap_up_s == pytest.approx(10.0, abs=0.1)
        assert cdr.disposition == "sold"

    centre.run(scenario)


def test_a_program_that_was_done_with_a_call_does_not_hear_it_again(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        stream = only_call(centre).streams.start("notes", side="mixed", rate_hz=None, talks=False)
        await centre.sleep(5.0)
        centre.streamer.ends(stream.feed.feed_id, "closed")
        await written_and_killed(centre)
        assert not centre.streamer.dials()
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_tag_of_the_flow_s_that_a_program_has_changed_stays_changed(centre: SimulatedCentre) -> None:
    """The flow is done again, and sets it again."""

    async def scenario(centre: SimulatedCentre) -> None:
        await talking(centre)
        assert only_call(centre).record.tags["case"] == "open"
        commanding.note(only_call(centre), {"case": "closed", "unsure": ""}, {}, "crm")
        await written_and_killed(centre)
        centre.phone("carl").hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"case": "closed", "reached": "answered"}

    centre.run(scenario)


def test_who_was_called_by_a_program_hears_it_ring_on_at_the_other_s(centre: SimulatedCentre) -> None:
    """Of two phones nothing but the program has to do with each other."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = centre.phone("carl"), centre.phone("dora")
        dora.answer_after_s = None
        for phone in (carl, dora):
            assert await phone.register() == 200
        originate(Origination(first="carl", to="222"), centre.around, centre.controller)
        await centre.until(lambda: dora.leg is not None)
        await centre.sleep(2.0)
        await written_and_killed(centre)
        dora.answer_after_s = 3.0
        await written_and_killed(centre)
        assert carl.is_answered
        await centre.until(lambda: only_call(centre).conversation is not None, within_s=30.0)
        await written_and_killed(centre)
        dora.hang_up()
        await centre.all_over()
        assert not carl.is_answered
        (cdr,) = centre.cdrs()
        assert (cdr.flow, cdr.end_reason, cdr.fault) == ("originate", "completed", "")

    centre.run(scenario)


def test_that_a_fax_was_heard_between_two_who_are_connected_is_in_the_record(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        call = only_call(centre)
        centre.worker.emit(FaxDetected(call.call_id, call.caller_stream.stream_id))
        await written_and_killed(centre)
        assert fax_of(only_call(centre)) == "g711"
        phone.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags["fax"] == "g711"

    centre.run(scenario)


def test_a_caller_who_has_told_a_program_all_is_not_asked_by_it_again(centre: SimulatedCentre) -> None:
    """His flow was asking somebody else, and had not come to its next verb."""

    async def scenario(centre: SimulatedCentre) -> None:
        phone = centre.caller("+15551234")
        phone.call("900")
        await centre.until(lambda: bool(centre.streamer.dials()))
        await centre.sleep(5.0)
        (dialled,) = centre.streamer.dials()
        centre.streamer.ends(dialled.feed_id, result={"order": "4711"})
        await written_and_killed(centre)
        assert not centre.streamer.dials()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags["order"] == "4711"

    centre.run(scenario)


def test_a_variable_of_the_flow_s_that_a_program_has_changed_stays_changed(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await talking(centre)
        assert only_call(centre).variables == {"case": "open", "unsure": "yes"}
        commanding.note(only_call(centre), {}, {"case": "closed", "unsure": "", "tier": "gold"}, "crm")
        await written_and_killed(centre)
        assert only_call(centre).variables == {"case": "closed", "tier": "gold"}
        assert only_call(centre).language == "de"
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)
