"""Who is called hears what it is about, is asked whether he takes it, and talks no longer than the flow allows."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.runtime.screening import ANSWER_S, ASKED_TIMES
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.media.protocol import SetHearing, StartPlay
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import PROMPT_S, SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

QUESTION = ["dial/call-from", *(f"digit/{digit}" for digit in "15550123"), "dial/accept-or-refuse"]
PHONES = {"ann": "101", "bob": "102"}
Scenario = Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]]


@pytest.fixture
def outcomes() -> list[DialOutcome]:
    return []


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Flow, Scenario], None]:
    """Run a scenario in which a caller has dialled the flow, and all phones are there."""

    def run(called: Flow, scenario: Scenario) -> None:
        settings = CallSettings(domain="centre.test", media_ip="10.0.0.1", recordings_directory=str(tmp_path))
        centre = SimulatedCentre(
            tmp_path,
            flows={"called": called},
            routes={"600": "called"},
            phones=[Extension(username=name, number=number) for name, number in PHONES.items()],
            settings=settings,
        )

        async def begin(centre: SimulatedCentre) -> None:
            for name in PHONES:
                assert await centre.phone(name).register() == 200
            caller = centre.caller("+15550123")
            caller.call("600")
            await scenario(centre, caller)
            caller.hang_up()
            await centre.all_over()
            assert not any(cdr.fault for cdr in centre.cdrs())

        centre.run(begin)

    return run


def screened(outcomes: list[DialOutcome], *targets: str, **how: object) -> Flow:
    @flow
    async def called(call: Call) -> None:
        outcomes.append(await call.dial(*targets, screened=True, **how))  # pyright: ignore[reportArgumentType]
        await call.pause(1)

    return called


def questions(centre: SimulatedCentre) -> list[StartPlay]:
    played = [each for each in centre.media_commands if isinstance(each, StartPlay)]
    return [each for each in played if each.playback.sounds == QUESTION]


def are_talking(centre: SimulatedCentre) -> bool:
    return any(isinstance(each, SetHearing) and each.hearing.sources for each in centre.media_commands)


def test_who_presses_one_is_connected(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: bool(questions(centre)))
        await centre.sleep(PROMPT_S / 2)
        assert not caller.is_answered, "it rings for him until somebody takes the call"
        centre.phone("ann").press("1")
        await centre.until(lambda: caller.is_answered and are_talking(centre))
        centre.phone("ann").hang_up()
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].reason is DialReason.ANSWERED
        assert outcomes[0].answered_by == "ann"

    play(screened(outcomes, "101"), scenario)


@pytest.mark.parametrize("key", ["2", ""])
def test_who_presses_two_or_hangs_up_has_declined(
    play: Callable[..., None], outcomes: list[DialOutcome], key: str
) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: bool(questions(centre)))
        if key:
            centre.phone("ann").press(key)
        else:
            centre.phone("ann").hang_up()
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].reason is DialReason.DECLINED
        assert not caller.is_answered
        assert not are_talking(centre)
        await centre.until(lambda: centre.phone("ann").leg is None)

    play(screened(outcomes, "101"), scenario)


def test_a_machine_presses_nothing(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: centre.phone("ann").is_answered)
        answered_at = centre.clock.now()
        centre.phone("ann").press("5")
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].reason is DialReason.NO_ANSWER
        assert len(questions(centre)) == ASKED_TIMES
        assert centre.clock.now() - answered_at == pytest.approx(ASKED_TIMES * (PROMPT_S + ANSWER_S), abs=0.5)

    play(screened(outcomes, "101", ring_s=5), scenario)


def test_others_ring_on_until_somebody_takes_the_call(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        bob.answer_after_s = 12.0
        await centre.until(lambda: ann.is_answered)
        await centre.until(lambda: bob.is_answered)
        bob.press("1")
        await centre.until(lambda: caller.is_answered)
        await centre.until(lambda: ann.leg is None)
        bob.hang_up()
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].answered_by == "bob"

    play(screened(outcomes, "101", "102", ring_s=20), scenario)


def test_the_next_is_rung_while_the_first_thinks(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        bob.answer_after_s = None
        await centre.until(lambda: bool(bob.seen(InviteReceived)))
        assert ann.is_answered, "he is still asked"
        ann.press("1")
        await centre.until(lambda: caller.is_answered)
        await centre.until(lambda: bob.leg is None)
        ann.hang_up()
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].answered_by == "ann"

    play(screened(outcomes, "101", "102", strategy="serial", each_s=5), scenario)


def test_who_is_only_told_is_connected_after_it(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    @flow
    async def called(call: Call) -> None:
        outcomes.append(await call.dial("101", callee_hears=["projects/acme"]))

    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: centre.phone("ann").is_answered)
        told_at = centre.clock.now()
        assert not caller.is_answered
        await centre.until(lambda: caller.is_answered)
        assert centre.clock.now() - told_at == pytest.approx(PROMPT_S, abs=0.3)
        centre.phone("ann").hang_up()
        await centre.until(lambda: bool(outcomes))

    play(called, scenario)


def test_they_are_parted_when_their_time_is_over(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    @flow
    async def called(call: Call) -> None:
        outcomes.append(await call.dial("101", limit_s=90))
        await call.play("greeting/goodbye")

    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: caller.is_answered)
        began_at = centre.clock.now()
        await centre.until(lambda: "dial/time-is-nearly-over" in str(centre.media_commands))
        assert centre.clock.now() - began_at == pytest.approx(30, abs=0.3)
        await centre.until(lambda: bool(outcomes))
        assert centre.clock.now() - began_at == pytest.approx(90, abs=0.3)
        assert outcomes[0].is_time_over
        assert outcomes[0].talk_s == pytest.approx(90, abs=0.3)
        await centre.until(lambda: centre.phone("ann").leg is None)
        assert caller.is_answered, "the flow goes on with him"

    play(called, scenario)


def test_without_a_warning_there_is_none(play: Callable[..., None], outcomes: list[DialOutcome]) -> None:
    @flow
    async def called(call: Call) -> None:
        outcomes.append(await call.dial("101", limit_s=20, warn_s=0))

    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].is_time_over
        assert "dial/time-is-nearly-over" not in str(centre.media_commands)

    play(called, scenario)
