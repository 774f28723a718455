"""Agents who keep their line open, in whole calls."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.agent_line import SILENCE
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

HOTLINE = "+18005550100"
reasons: list[str] = []


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    reasons.append(outcome.reason.value)


@flow
async def line(call: Call) -> None:
    await call.agent_line()


Make = Callable[..., SimulatedCentre]


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    reasons.clear()

    def make(workers: int = 1, **queue: object) -> SimulatedCentre:
        return SimulatedCentre(
            tmp_path,
            flows={"support": support, "line": line},
            routes={HOTLINE: "support", "*88": "line"},
            queues=[Queue(**{"queue_id": QueueId("support"), "wrap_up_s": 5.0, **queue})],  # pyright: ignore[reportArgumentType]
            agents=[Agent(agent_id=AgentId("ann"))],
            phones=[Extension(username="carl", number="110")],
            workers=workers,
        )

    return make


def state(centre: SimulatedCentre) -> AgentState:
    (ann,) = centre.acd.agent_summaries()
    return ann.state


async def opened(centre: SimulatedCentre) -> SimulatedPhone:
    ann = centre.phone("ann")
    ann.call("*88", password="Secret-123")
    await centre.until(lambda: state(centre) is AgentState.READY)
    return ann


async def talking(centre: SimulatedCentre, number: str = "+15550123") -> SimulatedPhone:
    caller = centre.caller(number)
    caller.call(HOTLINE)
    await centre.until(lambda: any(call.conversation is not None for call in centre.controller.calls.values()))
    return caller


def test_a_contact_comes_without_ringing_and_the_line_stays_open(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        for number in ("+15550101", "+15550102"):
            caller = await talking(centre, number)
            assert state(centre) is AgentState.BUSY
            await centre.sleep(10)
            caller.hang_up()
            await centre.until(lambda: state(centre) is AgentState.WRAP_UP)
            await centre.until(lambda: state(centre) is AgentState.READY)
        assert not ann.seen(InviteReceived), "his phone never rang"
        assert len(ann.seen(LegAnswered)) == 1, "it is still the call he has made"
        assert not ann.seen(LegEnded)
        beeps = [c for c in centre.media_commands if isinstance(c, StartPlay) and c.playback.sounds == ["tone:beep"]]
        assert len(beeps) == 2
        ann.hang_up()
        await centre.until(lambda: state(centre) is AgentState.LOGGED_OUT)
        await centre.all_over()
        contacts = [cdr for cdr in centre.cdrs() if cdr.queue]
        assert [(cdr.agent, cdr.ended_by) for cdr in contacts] == [("ann", "caller")] * 2
        assert [round(cdr.talk_s) for cdr in contacts] == [10, 10]
        stays = [cdr for cdr in centre.cdrs() if not cdr.queue]
        assert [(cdr.calling_number, cdr.called_number, cdr.flow) for cdr in stays] == [("ann", "*88", "line")] * 3

    centre().run(scenario)


def test_who_calls_while_he_has_a_contact_waits(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        first = await talking(centre)
        second = centre.caller("+15550199")
        second.call(HOTLINE)
        await centre.sleep(10)
        first.hang_up()
        await centre.until(lambda: len(centre.controller.calls) == 2)
        await centre.until(lambda: state(centre) is AgentState.BUSY, within_s=10)
        second.hang_up()
        ann.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_with_a_key_he_ends_a_contact_and_stays(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        caller = await talking(centre)
        ann.press("*")
        await centre.until(lambda: bool(caller.seen(LegEnded)))
        assert reasons == ["answered"]
        assert not ann.seen(LegEnded)
        await centre.until(lambda: state(centre) is AgentState.READY)
        ann.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_when_he_hangs_up_during_a_contact_he_is_logged_out(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        caller = await talking(centre)
        ann.hang_up()
        await centre.until(lambda: bool(caller.seen(LegEnded)))
        assert state(centre) is AgentState.LOGGED_OUT
        await centre.all_over()
        assert not centre.controller._around.open_lines.has(AgentId("ann"))  # pyright: ignore[reportPrivateUsage]

    centre().run(scenario)


def test_an_operator_who_ends_a_contacts_call_leaves_the_line_open(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        await talking(centre)
        next(call for call in centre.controller.calls.values() if call.conversation).hang_up_from_outside("operator")
        await centre.until(lambda: state(centre) is AgentState.READY)
        assert not ann.seen(LegEnded)
        ann.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_registration_that_ends_changes_nothing_while_the_line_is_open(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        assert await ann.register() == 200
        await opened(centre)
        ann.send_register(expires=0)
        await centre.sleep(2)
        caller = await talking(centre)
        caller.hang_up()
        await centre.until(lambda: state(centre) is AgentState.READY)
        ann.hang_up()
        await centre.all_over()
        (summary,) = centre.acd.agent_summaries()
        assert not summary.is_reachable

    centre().run(scenario)


def test_streams_on_two_workers_are_brought_together(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        caller = await talking(centre)
        (call,) = [call for call in centre.controller.calls.values() if call.conversation]
        assert call.conversation is not None
        near, far = call.conversation.near.stream, call.conversation.far.stream
        assert near is not None
        assert far is not None
        assert near.worker == far.worker
        caller.hang_up()
        await centre.until(lambda: state(centre) is AgentState.READY)
        ann.hang_up()
        await centre.all_over()

    centre(workers=2).run(scenario)


def test_who_is_no_agent_keeps_no_line(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        carl.call("*88", password="Secret-123")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert "only an agent can keep a line open" in cdr.fault
        assert not any(isinstance(c, StartPlay) and c.playback.sounds == [SILENCE] for c in centre.media_commands)

    centre().run(scenario)


def test_all_lines_are_hung_up_when_the_switch_stops(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = await opened(centre)
        caller = await talking(centre)
        centre.controller.end_all()
        await centre.until(lambda: bool(ann.seen(LegEnded)) and bool(caller.seen(LegEnded)))
        await centre.all_over()

    centre().run(scenario)
