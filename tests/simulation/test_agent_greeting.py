"""What agents hear before a caller, and phones that answer queues' calls by themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.events import ContactQueued, ContactWithdrawn, ReservationEnded
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.agent_greeting import GREETING_S_MAX
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import MediaEvent, PlayFinished, SetHearing, StartPlay
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.testing.call import FakeSounds
from softswitch.testing.runtime.centre import PROMPT_S, SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

HOTLINE = "+18005550100"
GREETING = ["tone:beep", "projects/acme"]


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)


@flow
async def thorough(call: Call) -> None:
    try:
        await call.queue("support")
    finally:
        await asyncio.sleep(4)


class _RussianToo(FakeSounds):
    def resolve(self, name: str, language: str) -> str:
        return super().resolve(f"{language} {name}" if language == "ru" else name, language)


def centre(directory: Path, *phones: Extension, hears: tuple[str, ...] = tuple(GREETING)) -> SimulatedCentre:
    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory=str(directory),
        queues={"support": QueueTreatment(agent_hears=hears)},
    )
    return SimulatedCentre(
        directory,
        flows={"support": support, "thorough": thorough},
        routes={HOTLINE: "support", "+18005550101": "thorough"},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=5.0)],
        agents=[Agent(agent_id=AgentId(name)) for name in ("ann", "bob")],
        phones=phones,
        settings=settings,
        sounds=_RussianToo(),
    )


Scenario = Callable[[SimulatedCentre], Awaitable[None]]


def greetings(centre: SimulatedCentre) -> list[StartPlay]:
    return [
        each for each in centre.media_commands if isinstance(each, StartPlay) and "projects/acme" in str(each.playback)
    ]


def state(centre: SimulatedCentre, agent_id: str) -> AgentState:
    return next(each.state for each in centre.acd.agent_summaries() if each.agent_id == agent_id)


def test_the_agent_hears_who_is_called_before_he_hears_the_caller(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        began_at = centre.clock.now()
        assert greetings(centre)[0].playback.sounds == GREETING
        assert not any(isinstance(each, SetHearing) for each in centre.media_commands), (
            "they do not hear each other yet"
        )
        await centre.until(lambda: any(isinstance(each, SetHearing) for each in centre.media_commands))
        assert centre.clock.now() - began_at == pytest.approx(PROMPT_S, abs=0.1)
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.agent == "ann"
        assert cdr.queue_wait_s == pytest.approx(1.0, abs=0.5)

    centre(tmp_path).run(scenario)


def test_it_is_in_his_language(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        assert greetings(centre)[0].playback.sounds == ["ru tone:beep", "ru projects/acme"]
        caller.hang_up()
        await centre.all_over()

    centre(tmp_path, Extension(username="ann", agent_id=AgentId("ann"), language="ru")).run(scenario)


def test_a_caller_who_hangs_up_meanwhile_leaves_no_call_behind(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        caller.hang_up()
        await centre.until(lambda: bool(centre.phone("ann").seen(LegEnded)), within_s=2)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.agent, cdr.talk_s, cdr.ended_by) == ("ann", 0.0, "caller")
        assert cdr.queue_wait_s == pytest.approx(1.0, abs=0.5)
        (summary,) = centre.acd.queue_summaries()
        assert (summary.answered, summary.abandoned) == (1, 0)

    centre(tmp_path).run(scenario)


def test_the_agent_need_not_wait_for_what_the_flow_does_after_the_caller_has_hung_up(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call("+18005550101")
        await centre.until(lambda: bool(greetings(centre)))
        caller.hang_up()
        await centre.until(lambda: bool(centre.phone("ann").seen(LegEnded)), within_s=2)
        await centre.all_over()

    centre(tmp_path).run(scenario)


def test_an_agent_who_hangs_up_meanwhile_costs_the_caller_nothing(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        centre.phone("ann").hang_up()
        await centre.until(lambda: state(centre, "ann") is AgentState.NOT_READY)
        later = centre.caller("+15550124")
        later.call(HOTLINE)
        await centre.sleep(10)
        await centre.log_in("bob")
        await centre.until(lambda: any(isinstance(each, SetHearing) for each in centre.media_commands))
        caller.hang_up()
        later.hang_up()
        await centre.all_over()
        cdr = next(each for each in centre.cdrs() if each.calling_number == "+15550123")
        assert (cdr.agent, cdr.queue) == ("bob", "support"), "he was the first still"
        assert cdr.queue_wait_s == pytest.approx(12.0, abs=1.5), "until bob answered, each second counted once"
        rows = [each.event for each in centre.diary if getattr(each.event, "contact_id", "") == cdr.call_id]
        assert [type(each) for each in rows if isinstance(each, ContactQueued | ContactWithdrawn)] == [ContactQueued]
        causes = [(each.agent_id, each.cause) for each in rows if isinstance(each, ReservationEnded)]
        assert causes == [("ann", "hung_up"), ("bob", "answered")]
        (summary,) = centre.acd.queue_summaries()
        assert (summary.offered, summary.answered, summary.abandoned) == (2, 1, 1)

    centre(tmp_path).run(scenario)


@pytest.mark.parametrize("before_s", [0.03, 0.02, 0.015, 0.01, 0.005, 0.0])
def test_an_agent_who_hangs_up_as_he_has_heard_it_is_in_no_call(tmp_path: Path, before_s: float) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        await centre.sleep(PROMPT_S - before_s)
        centre.phone("ann").hang_up()
        await centre.sleep(1)
        assert state(centre, "ann") in (AgentState.WRAP_UP, AgentState.NOT_READY)
        caller.hang_up()
        await centre.all_over()

    centre(tmp_path).run(scenario)


def test_a_greeting_whose_end_is_never_told_is_over_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        receive = centre.controller.receive_media

        def lose(event: MediaEvent) -> None:
            if not isinstance(event, PlayFinished):
                receive(event)

        monkeypatch.setattr(centre.controller, "receive_media", lose)
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(greetings(centre)))
        began_at = centre.clock.now()
        await centre.until(lambda: any(isinstance(each, SetHearing) for each in centre.media_commands))
        assert centre.clock.now() - began_at == pytest.approx(GREETING_S_MAX, abs=0.1)
        caller.hang_up()
        await centre.all_over()

    centre(tmp_path).run(scenario)


@pytest.mark.parametrize("answers_itself", [True, False])
def test_the_phone_is_asked_to_answer_by_itself_if_that_is_configured(tmp_path: Path, answers_itself: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        (invite,) = centre.phone("ann").seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        assert ("call-info" in invite.headers) is answers_itself
        await centre.until(lambda: any(each.state is AgentState.BUSY for each in centre.acd.agent_summaries()))
        caller.hang_up()
        await centre.all_over()

    phone = Extension(username="ann", agent_id=AgentId("ann"), auto_answer=answers_itself)
    centre(tmp_path, phone, hears=()).run(scenario)
