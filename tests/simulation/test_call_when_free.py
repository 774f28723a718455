"""*37: somebody was busy, and both are rung as soon as they are free."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.calls.call_completion import GUARD_S
from softswitch.calls.runtime.completing import CallCompletion
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.sip.outputs import InviteReceived
from softswitch.store.phone_schema import StoredLastCalls, StoredWantedCall
from softswitch.testing.runtime.centre import SimulatedCentre

DIALPLANS = Path(__file__).parents[2] / "dialplans"
NUMBERS = {"ann": "101", "bob": "102", "carl": "103"}
SECRET = "Secret-123"
Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    """bob, who has one line, talks to carl; ann has called him and was told that he is busy."""

    def run(scenario: Scenario) -> None:
        shipped, _ = load_flows([DIALPLANS])
        centre = SimulatedCentre(
            tmp_path,
            flows=shipped,
            routes={"1xx": "extension", "*!": "star_codes", "#!": "star_codes"},
            phones=[
                Extension(username=name, number=number, call_waiting=False, calls_max=1)
                for name, number in NUMBERS.items()
            ],
            settings=CallSettings(domain="centre.test", media_ip="10.0.0.1", recordings_directory=str(tmp_path)),
            outlives=True,
        )

        async def begin(centre: SimulatedCentre) -> None:
            for name in NUMBERS:
                assert await centre.phone(name).register() == 200
            ann, bob, carl = (centre.phone(name) for name in NUMBERS)
            bob.call("103", password=SECRET)
            await centre.until(lambda: bob.is_answered and carl.is_answered)
            ann.call("102", password=SECRET)
            await centre.until(lambda: ann.leg is None)
            ann.call("*37", password=SECRET)
            await centre.until(lambda: "phone/call-when-free" in str(centre.media_commands))
            await centre.until(lambda: ann.leg is None)
            await scenario(centre)
            for phone in (ann, bob, carl):
                phone.hang_up()
            await centre.all_over()
            assert not any(cdr.fault for cdr in centre.cdrs())

        centre.run(begin)

    return run


def test_both_are_rung_when_they_are_free(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        await centre.sleep(30)
        assert not ann.seen(InviteReceived)
        bob.hang_up()
        ended_at = centre.clock.now()
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        assert centre.clock.now() - ended_at == pytest.approx(GUARD_S, abs=0.5)
        await centre.until(lambda: ann.is_answered and bob.is_answered)
        await centre.sleep(5)
        ann.hang_up()
        await centre.all_over()
        (cdr,) = [each for each in centre.cdrs() if each.flow == "call_when_free"]
        assert (cdr.calling_number, cdr.called_number) == ("101", "102")
        assert cdr.talk_s == pytest.approx(5, abs=0.5)
        await centre.sleep(60)
        assert len(ann.seen(InviteReceived)) == 1, "once"

    play(scenario)


def test_who_does_not_answer_has_thought_better_of_it(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.answer_after_s = None
        bob.hang_up()
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        await centre.all_over()
        assert len(bob.seen(InviteReceived)) == 0
        await centre.sleep(300)
        assert len(ann.seen(InviteReceived)) == 1

    play(scenario)


def test_what_is_wanted_is_in_the_store_and_taken_up_by_the_next_switch(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (row,) = centre.store.wanted_calls.ascending()
        assert (row.who, row.whom) == ("ann", "bob")
        assert row.expires_wall == pytest.approx(centre.clock.wall() + 45 * 60, abs=10)
        ann, bob, carl = (centre.phone(name) for name in NUMBERS)
        before = PhoneSettings(centre.store, centre.clock)
        assert (before.last_caller("carl"), before.last_called("ann")) == ("102", "102")

        # The former switch forgets, as one that is killed; another looks into the store.
        centre.controller.completion.stop()
        successor = CallCompletion(centre.around, centre.controller, centre.loop)
        bob.hang_up()
        await centre.until(lambda: bob.leg is None and carl.leg is None)
        centre.controller.completion.stop()
        await centre.until(lambda: ann.is_answered and bob.is_answered)
        assert not list(centre.store.wanted_calls.ascending())
        successor.stop()

    play(scenario)


def test_what_nobody_waits_for_any_more_is_forgotten_at_the_start(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        row = StoredWantedCall(who="carl", whom="ann", expires_wall=centre.clock.wall() - 1)
        centre.store.wanted_calls.put(("carl", "ann"), row)
        old = StoredLastCalls(username="carl", caller="110", at_wall=centre.clock.wall() - 31 * 86_400)
        centre.store.last_calls.put("carl", old)
        assert not PhoneSettings(centre.store, centre.clock).last_caller("carl")
        successor = CallCompletion(centre.around, centre.controller, centre.loop)
        assert [each.who for each in centre.store.wanted_calls.ascending()] == ["ann"]
        for completion in (successor, centre.controller.completion):
            assert completion.cancel(centre.settings.extensions["ann"])
        assert not list(centre.store.wanted_calls.ascending())

    play(scenario)


def test_it_is_taken_back(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.call("#37", password=SECRET)
        await centre.until(lambda: ann.leg is None and "phone/no-call-when-free" in str(centre.media_commands))
        bob.hang_up()
        await centre.sleep(60)
        assert not ann.seen(InviteReceived)

    play(scenario)


def test_whoever_is_busy_again_is_waited_for_again(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.answer_after_s = 6.0
        bob.hang_up()
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        bob.call("103", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.until(lambda: ann.is_answered)
        await centre.until(lambda: ann.leg is None)
        ann.answer_after_s = 1.0
        bob.hang_up()
        await centre.until(lambda: ann.is_answered and bob.is_answered)

    play(scenario)


def test_who_hears_it_ring_when_the_switch_dies_is_not_hung_up(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann, bob = centre.phone("ann"), centre.phone("bob")
        bob.answer_after_s = None
        bob.hang_up()
        await centre.until(lambda: ann.is_answered and bool(bob.seen(InviteReceived)))
        await centre.sleep(2.0)
        bob.answer_after_s = 3.0
        await centre.restart()
        await centre.until(lambda: bob.is_answered)
        assert ann.is_answered
        await centre.sleep(5.0)
        bob.hang_up()
        await centre.all_over()
        (cdr,) = [each for each in centre.cdrs() if each.flow == "call_when_free"]
        assert cdr.talk_s == pytest.approx(5, abs=0.5)

    play(scenario)
