"""Calls to the outside within limits: refused before the trunk is called, counted, remembered, and told."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.calls.toll_policy import TollRules
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegAnswered
from softswitch.sip.trunks.capacity import CapacitySettings
from softswitch.sip.trunks.selection import OutboundRoute
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

OUTSIDE = "+442079460000"
PREMIUM = "+44900555"
PASSWORD = "Secret-123"
Make = Callable[..., SimulatedCentre]

outcomes: list[DialOutcome] = []


@flow
async def outside(call: Call) -> None:
    outcomes.append(await call.dial(call.called_number))


@flow
async def answered(call: Call) -> None:
    await call.answer()
    await call.pause(600.0)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    outcomes.clear()

    def make(**rules: object) -> SimulatedCentre:
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.2", prefix="+"),),
            toll={"phone:bob": TollRules(**rules)},  # pyright: ignore[reportArgumentType]
        )
        return SimulatedCentre(
            tmp_path,
            flows={"outside": outside},
            routes={"+!": "outside"},
            phones=[Extension(username="bob", number="101", trunks=frozenset({"provider"}))],
            settings=settings,
            outlives=True,
        )

    return make


async def ready(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    """Bob's phone, and the provider who answers."""
    assert await centre.phone("bob").register() == 200
    provider = centre.caller(OUTSIDE)
    assert str(provider.address.host) == "10.0.9.2"
    provider.answer_after_s = 1.0
    return centre.phone("bob"), provider


async def talk(centre: SimulatedCentre, phone: SimulatedPhone, number: str, seconds: float) -> None:
    answered = len(phone.seen(LegAnswered))
    phone.call(number, password=PASSWORD)
    await centre.until(lambda: len(phone.seen(LegAnswered)) > answered)
    await centre.sleep(seconds)
    phone.hang_up()
    await centre.all_over()


def test_a_number_that_is_denied_never_reaches_the_trunk(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, provider = await ready(centre)
        bob.call(PREMIUM, password=PASSWORD)
        await centre.all_over()
        assert outcomes[-1].reason is DialReason.FORBIDDEN
        assert not provider.seen(InviteReceived)
        (cdr,) = centre.cdrs()
        assert cdr.tags["refused"] == "phone:bob: this number is not permitted"
        await talk(centre, bob, OUTSIDE, 10.0)
        assert provider.seen(InviteReceived)

    centre(deny=("+44900",)).run(scenario)


def test_minutes_of_the_day_are_counted_and_stored(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, provider = await ready(centre)
        await talk(centre, bob, OUTSIDE, 90.0)
        (row,) = [each for each in centre.store.toll_usage.ascending() if each.subject == "phone:bob"]
        assert row.calls == 1
        assert row.seconds == pytest.approx(90, abs=2)
        count = len(provider.seen(InviteReceived))
        bob.call(OUTSIDE, password=PASSWORD)
        await centre.all_over()
        assert len(provider.seen(InviteReceived)) == count
        assert outcomes[-1].reason is DialReason.FORBIDDEN
        await centre.sleep(86_400.0)
        await talk(centre, bob, OUTSIDE, 1.0)
        assert len(provider.seen(InviteReceived)) > count

    centre(minutes_per_day=1).run(scenario)


def test_at_night_only_what_is_listed(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, provider = await ready(centre)
        centre.schedule_is_open = False
        bob.call(OUTSIDE, password=PASSWORD)
        await centre.all_over()
        assert not provider.seen(InviteReceived)
        centre.schedule_is_open = True
        await talk(centre, bob, OUTSIDE, 1.0)
        assert provider.seen(InviteReceived)

    centre(hours="office", night_allow=("112",)).run(scenario)


def test_a_call_that_fails_does_not_stay_counted(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, provider = await ready(centre)
        provider.answer_after_s = None
        for number in range(3):
            bob.call(OUTSIDE, password=PASSWORD)
            await centre.until(lambda number=number: len(provider.seen(InviteReceived)) == number + 1)
            bob.hang_up()
            await centre.all_over()

    centre(calls_max=1).run(scenario)


def test_a_call_that_is_tried_through_a_second_trunk_is_one_call(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("bob").register() == 200
        dead, alive = centre.caller("dead"), centre.caller("alive")
        assert (dead.address.host, alive.address.host) == ("10.0.9.2", "10.0.9.3")
        dead.busy_status = 503
        bob = centre.phone("bob")
        bob.call(OUTSIDE, password=PASSWORD)
        await centre.until(lambda: bob.is_answered)
        assert dead.seen(InviteReceived)
        assert [(usage.subject, usage.calls, now) for usage, now in centre.toll.used()] == [
            ("phone:bob", 1, 1),
            ("trunk:first", 1, 0),
            ("trunk:second", 1, 1),
        ]
        bob.hang_up()
        await centre.all_over()
        bob.call(OUTSIDE, password=PASSWORD)
        await centre.all_over()
        assert centre.cdrs()[-1].tags["refused"] == "phone:bob: 1 calls today already"
        assert [usage.refused for usage, _ in centre.toll.used()] == [1, 0, 0], "asked for once, refused once"

    outcomes.clear()
    rules = TollRules(calls_per_day=1)
    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        trunks=(TrunkRoute(name="first", host="10.0.9.2"), TrunkRoute(name="second", host="10.0.9.3")),
        outbound=(OutboundRoute(number="+!", trunks=("first", "second")),),
        toll={"phone:bob": rules, "trunk:first": TollRules(calls_max=9), "trunk:second": TollRules(calls_max=9)},
    )
    SimulatedCentre(
        tmp_path,
        flows={"outside": outside},
        routes={"+!": "outside"},
        phones=[Extension(username="bob", number="101", trunks=frozenset({"first", "second"}))],
        settings=settings,
    ).run(scenario)


def test_a_call_goes_on_counting_when_the_switch_is_killed(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, _ = await ready(centre)
        bob.call(OUTSIDE, password=PASSWORD)
        await centre.until(lambda: bool(bob.seen(LegAnswered)))
        await centre.sleep(60.0)
        await centre.restart()
        ((_, calls_now),) = centre.toll.used()
        assert calls_now == 1
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert trunk.used_out == 1
        await centre.sleep(30.0)
        bob.hang_up()
        await centre.all_over()
        (row,) = [each for each in centre.store.toll_usage.ascending() if each.subject == "phone:bob"]
        assert row.calls == 1
        assert row.seconds == pytest.approx(90.3, abs=1.0)
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert trunk.used_out == 0

    centre(minutes_per_day=10).run(scenario)


def test_channels_of_calls_that_go_on_are_counted_even_if_there_are_fewer_now(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        bob, _ = await ready(centre)
        bob.call(OUTSIDE, password=PASSWORD)
        caller = centre.caller("+15551234")
        caller.call("200")
        await centre.sleep(5.0)
        centre.peers = (msgspec.structs.replace(centre.peers[0], capacity=CapacitySettings(both_max=1)),)
        await centre.restart()
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert (trunk.used_in, trunk.used_out, trunk.refused) == (1, 1, 0)
        caller.hang_up()
        bob.hang_up()
        await centre.all_over()
        (trunk,) = centre.endpoint.trunks.summaries(centre.clock.now())
        assert (trunk.used_in, trunk.used_out) == (0, 0)

    SimulatedCentre(
        tmp_path,
        flows={"outside": outside, "answered": answered},
        routes={"+!": "outside", "200": "answered"},
        phones=[Extension(username="bob", number="101", trunks=frozenset({"provider"}))],
        settings=CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.2", prefix="+"),),
        ),
        outlives=True,
    ).run(scenario)
