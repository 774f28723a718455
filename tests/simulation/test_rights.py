"""What nobody gets by transfers, star codes and bursts of calls that he has no right to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.calls.toll_policy import TollRules
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

DIALPLANS = Path(__file__).parents[2] / "dialplans"
SECRET = "Secret-123"
NUMBERS = {"ann": "101", "bob": "102", "carl": "103"}
PREMIUM = "+44900555"
Make = Callable[..., SimulatedCentre]

outcomes: list[DialOutcome] = []


@flow
async def extension(call: Call) -> None:
    outcomes.append(await call.dial(call.called_number))


@flow
async def then_outside(call: Call) -> None:
    """Somebody first, then a number of the caller's choice: what a flow may do, for the trunk has the last word."""
    outcomes.append(await call.dial("101"))
    outcomes.append(await call.dial(PREMIUM))


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    outcomes.clear()
    shipped, _ = load_flows([DIALPLANS])

    def make(*, toll: dict[str, TollRules] | None = None, **changes: object) -> SimulatedCentre:
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", prefix="+"),),
            toll=toll or {},
        )
        provider = frozenset({"provider"})
        return SimulatedCentre(
            tmp_path,
            flows={**shipped, "extension": extension, "then_outside": then_outside},
            routes={
                "1xx": "extension",
                "+!": "extension",
                "*!": "star_codes",
                "#!": "star_codes",
                "500": "then_outside",
            },
            phones=[
                Extension(username=name, number=number, trunks=provider, **changes)  # pyright: ignore[reportArgumentType]
                for name, number in NUMBERS.items()
            ],
            settings=settings,
        )

    return make


async def ready(centre: SimulatedCentre) -> SimulatedPhone:
    """All phones are there; returns the provider, who is the first of his network, and calls us."""
    provider = centre.caller("+15550123")
    for name in NUMBERS:
        assert await centre.phone(name).register() == 200
    return provider


async def talk(centre: SimulatedCentre, caller: SimulatedPhone, called: SimulatedPhone, number: str) -> None:
    caller.call(number, password=SECRET)
    await centre.until(lambda: caller.is_answered and called.is_answered)
    await centre.sleep(2)


@pytest.mark.parametrize("who", ["outside", "bob"])
def test_who_transfers_a_phone_to_a_star_code_does_not_set_it(centre: Make, who: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = await ready(centre)
        caller = provider if who == "outside" else centre.phone("bob")
        await talk(centre, caller, centre.phone("ann"), "101")
        caller.refer(f"*21*{PREMIUM}")
        await centre.all_over()
        assert centre.phone_settings.of("ann").forwards == {}
        assert [cdr.end_reason for cdr in centre.cdrs()].count("transferred") == 1
        ann = centre.phone("ann")
        ann.call(f"*21*{PREMIUM}", password=SECRET)
        await centre.all_over()
        assert centre.phone_settings.of("ann").forwards == {"always": PREMIUM}, "she herself may"

    centre().run(scenario)


@pytest.mark.parametrize("who", ["outside", "bob"])
def test_only_a_colleague_opens_a_phone_by_intercom(centre: Make, who: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = await ready(centre)
        ann = centre.phone("ann")
        ann.answer_after_s = None
        (provider if who == "outside" else centre.phone("bob")).call("*80101", password=SECRET)
        await centre.sleep(5)
        assert len(ann.seen(InviteReceived)) == (who == "bob")
        for phone in (provider, centre.phone("bob")):
            phone.hang_up()
        await centre.all_over()

    centre(intercom=True).run(scenario)


def test_a_caller_whose_far_party_is_replaced_calls_out_by_his_own_right(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = await ready(centre)
        ann, bob = centre.phone("ann"), centre.phone("bob")
        await talk(centre, provider, ann, "500")
        first = ann.leg
        ann.hold("sendonly")
        await centre.sleep(1)
        second = ann.call("102", password=SECRET)
        await centre.until(lambda: bob.is_answered)
        await centre.sleep(2)
        ann.refer("102", leg=second, replaces=first)
        await centre.sleep(2)
        bob.hang_up()
        await centre.all_over()
        assert [outcome.reason for outcome in outcomes if outcome.target == PREMIUM] == [DialReason.FORBIDDEN]
        assert not provider.seen(InviteReceived)

    centre().run(scenario)


def test_calls_begun_in_the_same_instant_do_not_slip_past_a_limit(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = await ready(centre)
        provider.answer_after_s = 1.0
        bob = centre.phone("bob")
        legs = [bob.call(PREMIUM, password=SECRET) for _ in range(6)]
        await centre.sleep(5)
        assert len(provider.seen(InviteReceived)) == 2
        bob.hang_up_all(*legs)
        await centre.all_over()
        refused = [cdr.tags["refused"] for cdr in centre.cdrs() if "refused" in cdr.tags]
        assert refused == ["phone:bob: 2 calls to the outside already"] * 4
        bob.call(PREMIUM, password=SECRET)
        await centre.until(lambda: len(provider.seen(InviteReceived)) == 3)
        bob.hang_up()
        await centre.all_over()

    centre(toll={"phone:bob": TollRules(calls_max=2)}).run(scenario)
