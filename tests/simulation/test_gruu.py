"""A URI that leads to one phone of somebody's (RFC 5627) rings that one and no other."""

from pathlib import Path

import pytest

from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegEnded, LegFailed, RequestFinished
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

SECRET = "Secret-123"
DESK, MOBILE = "urn:uuid:00000000-0000-1000-8000-00000000000d", "urn:uuid:00000000-0000-1000-8000-00000000000e"


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"extension": extension},
        routes={"1xx": "extension"},
        phones=[Extension(username="ann", number="101"), Extension(username="bob", number="102")],
        settings=CallSettings(domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(tmp_path)),
    )


async def stage(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    """Ann's two phones, and bob's."""
    phones = centre.phone("ann", place="/desk"), centre.phone("ann", place="/mobile"), centre.phone("bob")
    for phone, instance in zip(phones, (DESK, MOBILE, ""), strict=True):
        phone.instance = f"<{instance}>" if instance else ""
        assert await phone.register() == 200
    return phones


def rung(*phones: SimulatedPhone) -> list[bool]:
    return [bool(phone.seen(InviteReceived)) for phone in phones]


def test_a_phone_is_told_what_leads_to_it(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, _, bob = await stage(centre)
        for phone, told in ((desk, True), (bob, False)):
            (finished,) = phone.seen(RequestFinished)
            assert isinstance(finished, RequestFinished)
            contacts = [value for name, value in finished.headers if name == "contact"]
            assert any(f'pub-gruu="sip:{phone.name}@{DOMAIN};gr={DESK}"' in value for value in contacts) is told

    centre.run(scenario)


def test_the_phone_that_is_meant_rings_alone(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, mobile, bob = await stage(centre)
        bob.call("101", password=SECRET, params=f";gr={MOBILE}")
        await centre.until(lambda: bob.is_answered)
        assert rung(desk, mobile) == [False, True]
        bob.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_phone_that_is_not_there_is_not_replaced_by_others(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, mobile, bob = await stage(centre)
        bob.call("101", password=SECRET, params=";gr=urn:uuid:00000000-0000-1000-8000-00000000000f")
        await centre.until(lambda: bool(bob.seen(LegFailed)))
        (failed,) = bob.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 480
        assert rung(desk, mobile) == [False, False]
        await centre.all_over()

    centre.run(scenario)


def test_a_transfer_to_one_phone_rings_that_one(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, mobile, bob = await stage(centre)
        caller = centre.caller("+15550123")
        caller.call("102")
        await centre.until(lambda: caller.is_answered)
        bob.refer("101", params=f";gr={DESK}")
        await centre.until(lambda: desk.is_answered and bool(bob.seen(LegEnded)))
        assert rung(desk, mobile) == [True, False]
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)
