"""Fax machines that call: which flow they get, and what the conversation is like that comes of it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import ContactAbandoned, ContactWithdrawn
from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.dialplan.numbers import NumberPlan, Route
from softswitch.media.protocol import FaxDetected, StreamDescription
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

AFTERWARDS: list[str] = []


@flow
async def hotline(call: Call) -> None:
    try:
        await call.queue("support")
    finally:
        call.tag("hotline", "over")


@flow
async def greedy(call: Call) -> None:
    """It takes whatever comes for a caller who has hung up, and goes on."""
    try:
        await call.answer()
        await call.pause(60)
    except BaseException:  # what a careless author writes
        AFTERWARDS.append("tries to play")
        await call.play("greeting/goodbye")


@flow
async def fax(call: Call) -> None:
    outcome = await call.dial("190")
    call.tag("dialled", outcome.reason.value)


@flow
async def asks(call: Call) -> None:
    call.tag("is_fax", str(await call.wait_for_fax(6)))
    await call.pause(5)


@flow
async def colleague(call: Call) -> None:
    await call.wait_for_fax(1)
    await call.dial("190")


def simulated(tmp_path: Path, *, routes: Sequence[Route] = ()) -> SimulatedCentre:
    centre = SimulatedCentre(
        tmp_path,
        flows={each.__name__: each for each in (hotline, greedy, fax, asks, colleague)},
        routes={},
        queues=[Queue(queue_id=QueueId("support"))],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[Extension(username="machine", number="190")],
    )
    numbers = NumberPlan.compile(
        routes
        or [
            Route("100", "hotline", fax_flow="fax"),
            Route("200", "asks"),
            Route("300", "hotline"),
            Route("400", "greedy", fax_flow="fax"),
            Route("500", "colleague"),
        ]
    )
    assert isinstance(numbers, NumberPlan)
    centre.dialplan = msgspec.structs.replace(centre.dialplan, numbers=numbers)
    return centre


def stream(centre: SimulatedCentre, phone: SimulatedPhone) -> StreamDescription:
    """The switch's stream towards the phone."""
    return next(
        each
        for each in centre.worker.description.streams.values()
        if each.remote is not None and each.remote.host == phone.address.host
    )


def sends_tone(centre: SimulatedCentre, phone: SimulatedPhone) -> None:
    """The worker hears the calling tone."""
    heard = stream(centre, phone)
    centre.worker.emit(FaxDetected(heard.call_id, heard.stream_id))


async def called(centre: SimulatedCentre, number: str) -> SimulatedPhone:
    """A caller who has been connected for a while."""
    await centre.phone("machine").register()
    caller = centre.caller("+15550123")
    caller.call(number)
    await centre.until(lambda: bool(centre.worker.description.streams))
    await centre.sleep(2)
    return caller


def test_a_fax_that_waits_in_a_queue_is_connected_with_the_machine(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await called(centre, "100"), centre.phone("machine")
        assert stream(centre, caller).detects_fax
        sends_tone(centre, caller)
        await centre.until(lambda: machine.is_answered)
        await centre.sleep(1)
        assert [stream(centre, each).is_fax for each in (caller, machine)] == [True, True]
        assert stream(centre, machine).codec == stream(centre, caller).codec
        (invite,) = machine.seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        (audio,) = [line for line in invite.sdp.split(b"\r\n") if line.startswith(b"m=audio")]
        laws = {b"PCMU": b"0", b"PCMA": b"8"}
        offered = [each for each in audio.split()[3:] if each in laws.values() or each == b"9"]
        assert offered == [laws[stream(centre, caller).codec.encode()]]
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.flow == "fax"
        assert (cdr.tags, cdr.fault) == ({"fax": "g711", "hotline": "over"}, "")
        ways_out = [each.event for each in centre.diary if isinstance(each.event, ContactWithdrawn | ContactAbandoned)]
        assert [(type(each), getattr(each, "reason", "")) for each in ways_out] == [(ContactWithdrawn, "fax")]

    simulated(tmp_path).run(scenario)


def test_a_flow_that_holds_on_to_its_caller_is_over_all_the_same(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        AFTERWARDS.clear()
        caller, machine = await called(centre, "400"), centre.phone("machine")
        sends_tone(centre, caller)
        await centre.until(lambda: machine.leg is not None)
        caller.hang_up()
        await centre.all_over()
        assert AFTERWARDS == ["tries to play"]

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize(("is_fax", "told"), [(True, "True"), (False, "False")])
def test_a_flow_asks_itself(tmp_path: Path, is_fax: bool, told: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await called(centre, "200")
        assert stream(centre, caller).detects_fax
        if is_fax:
            sends_tone(centre, caller)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags["is_fax"] == told

    simulated(tmp_path).run(scenario)


def test_nobody_listens_where_no_flow_is_for_faxes(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await called(centre, "300")
        assert not stream(centre, caller).detects_fax
        caller.hang_up()
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_a_fax_that_is_heard_while_the_two_are_connected_changes_both_streams_and_they_are_sound_again_after(
    tmp_path: Path,
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await called(centre, "500"), centre.phone("machine")
        await centre.until(lambda: machine.is_answered)
        await centre.sleep(1)
        assert [stream(centre, each).is_fax for each in (caller, machine)] == [False, False]
        sends_tone(centre, caller)
        sends_tone(centre, caller)
        await centre.sleep(0.1)
        assert [stream(centre, each).is_fax for each in (caller, machine)] == [True, True]
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"fax": "g711"}

    simulated(tmp_path).run(scenario)


def test_an_agent_who_talks_to_a_fax_goes_on_talking(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 10.0
        caller = await called(centre, "100")
        await centre.until(lambda: centre.phone("ann").leg is not None)
        await centre.sleep(2)
        sends_tone(centre, caller)
        await centre.until(lambda: centre.phone("ann").leg is None)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.flow, cdr.agent, cdr.tags["fax"]) == ("hotline", "ann", "g711")
        assert cdr.talk_s == pytest.approx(10, abs=0.5)

    simulated(tmp_path).run(scenario)
