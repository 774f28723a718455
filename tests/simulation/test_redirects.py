"""Phones that send calls on by themselves (3xx): obeyed with their owners' permissions, and in no circles."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent
from softswitch.base.ids import AgentId
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived
from softswitch.sip.settings import SessionPolicy
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

OBEYED = SessionPolicy(follows_redirects=True)
NUMBERS = {"ann": "101", "bob": "102", "carl": "103"}
OUTCOMES: list[DialOutcome] = []


@flow
async def sales(call: Call) -> None:
    OUTCOMES.append(await call.dial("101", ring_s=20))


def run(
    directory: Path,
    scenario: Callable[[SimulatedCentre, SimulatedPhone], Awaitable[None]],
    session: SessionPolicy = OBEYED,
) -> SimulatedCentre:
    OUTCOMES.clear()
    centre = SimulatedCentre(
        directory,
        flows={"sales": sales},
        routes={"600": "sales"},
        agents=[Agent(agent_id=AgentId("dora"))],
        phones=[Extension(username=name, number=number, session=session) for name, number in NUMBERS.items()],
        settings=CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(directory),
            trunks=(TrunkRoute(name="provider", host="10.9.9.9", prefix="+"),),
        ),
    )

    async def prepared(centre: SimulatedCentre) -> None:
        for name in NUMBERS:
            assert await centre.phone(name).register() == 200
        await scenario(centre, centre.caller("+15550123"))
        await centre.all_over()

    centre.run(prepared)
    return centre


@pytest.mark.parametrize("target", ["sip:102@centre.test", "sip:bob@10.66.66.66", "tel:1-0-2", "sip:102;x=y@elsewhere"])
def test_a_phone_says_who_is_to_be_called_instead(tmp_path: Path, target: str) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        centre.phone("ann").redirect_to = target
        caller.call("600")
        await centre.until(lambda: centre.phone("bob").is_answered)
        (invite,) = centre.phone("bob").seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        assert "101" in invite.headers["diversion"]
        assert "deflection" in invite.headers["diversion"]
        centre.phone("bob").hang_up()

    centre = run(tmp_path, scenario)
    assert [(outcome.reason, outcome.answered_by) for outcome in OUTCOMES] == [(DialReason.ANSWERED, "bob")]
    (cdr,) = centre.cdrs()
    assert [(each.by, each.to, each.reason) for each in cdr.forwards] in (
        [("101", "102", "redirected")],
        [("101", "bob", "redirected")],
    )


def test_a_circle_is_not_gone_round_twice(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        for name, number in (("ann", "102"), ("bob", "103"), ("carl", "101")):
            centre.phone(name).redirect_to = f"sip:{number}@centre.test"
        caller.call("600")
        await centre.until(lambda: bool(OUTCOMES))
        for name in NUMBERS:
            assert len(centre.phone(name).seen(InviteReceived)) == 1

    run(tmp_path, scenario)
    assert [(outcome.reason, outcome.sip_status) for outcome in OUTCOMES] == [(DialReason.UNREACHABLE, 302)]


@pytest.mark.parametrize(
    ("target", "session"),
    [
        ("sip:+19005550000@centre.test", OBEYED),
        ("sip:nobody@centre.test", OBEYED),
        ("sip:centre.test", OBEYED),
        ("http://centre.test/", OBEYED),
        ("sip:101@centre.test", OBEYED),
        ("sip:102@centre.test", SessionPolicy()),
    ],
)
def test_what_may_not_be_followed_is_not(tmp_path: Path, target: str, session: SessionPolicy) -> None:
    """Nobody's phone can make the switch call where its owner may not, however it words it."""

    async def scenario(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
        centre.phone("ann").redirect_to = target
        caller.call("600")
        await centre.until(lambda: bool(OUTCOMES))

    centre = run(tmp_path, scenario, session)
    assert [(outcome.reason, outcome.sip_status) for outcome in OUTCOMES] == [(DialReason.UNREACHABLE, 302)]
    assert all("10.9.9.9" not in str(passage.destination) for passage in centre.network.transcript)
    assert not centre.phone("bob").seen(InviteReceived)


@pytest.mark.parametrize(("session", "is_obeyed"), [(OBEYED, True), (SessionPolicy(), False)])
def test_a_provider_may_name_another_number_of_its_own(tmp_path: Path, session: SessionPolicy, is_obeyed: bool) -> None:
    """Through the same trunk, whatever host the Contact names; only where that is configured."""
    rung: list[str] = []

    @flow
    async def outside(call: Call) -> None:
        OUTCOMES.append(await call.dial(call.called_number, ring_s=20))

    OUTCOMES.clear()
    centre = SimulatedCentre(
        tmp_path,
        flows={"outside": outside},
        routes={"+!": "outside"},
        agents=[Agent(agent_id=AgentId("dora"))],
        phones=[Extension(username="ann", number="101", trunks=frozenset({"provider"}))],
        settings=CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            trunks=(TrunkRoute(name="provider", host="10.0.9.2", prefix="+"),),
            sessions_of_trunks={"provider": session},
        ),
    )

    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        assert await ann.register() == 200
        provider = centre.caller("provider")
        assert provider.address.host == "10.0.9.2"
        provider.redirect_to = "sip:+15550002@10.66.66.66"
        ann.call("+15550001", password="Secret-123")
        await centre.until(lambda: bool(OUTCOMES))
        rung.extend(each.called_number for each in provider.seen(InviteReceived) if isinstance(each, InviteReceived))
        await centre.all_over()

    centre.run(scenario)
    assert rung == (["+15550001", "+15550002"] if is_obeyed else ["+15550001"])
    assert [outcome.reason for outcome in OUTCOMES] == [DialReason.UNREACHABLE]
