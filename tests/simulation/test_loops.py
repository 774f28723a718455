"""Calls that come back to us through a provider or a phone end; those that come back once are served."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import LegId
from softswitch.calls.forwarding import with_forward
from softswitch.calls.limits import COMES_MAX
from softswitch.calls.returning import Outgoing
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.sip.authentication.digest import Credential
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegFailed, LegProgress, SipOutput
from softswitch.sip.trunks.selection import OutboundRoute
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone, Surrounding

HOTLINE, MOBILE, CUSTOMER, MAIN = "4951234567", "9161234567", "4957654321", "4951234500"
PROVIDER = "10.0.9.1"
SECRET = "Secret-123"
Onward = tuple[str, Sequence[tuple[str, str]]]
"""A number, and headers."""


class CallingOn(SimulatedPhone):
    """What it is called for it calls on with to `onward`, as a new call of its own with 70 hops before it."""

    def __init__(self, centre: Surrounding, name: str, address: HostPort) -> None:
        super().__init__(centre, name, address)
        self.onward: Callable[[InviteReceived], Onward | None] = lambda invite: None
        """Where a call goes that comes here; None: it is answered here."""
        self.shown = ""
        """Calls are made under this name instead of the caller's."""
        self._out: dict[LegId, LegId] = {}
        self._in: dict[LegId, LegId] = {}
        self.statuses: list[int] = []
        """How the calls it has made ended, where nobody answered."""

    def receive(self, event: SipOutput) -> None:
        now = self._centre.clock.now()
        onward = self.onward(event) if isinstance(event, InviteReceived) else None
        match event:
            case InviteReceived() if onward is not None:
                number, headers = onward
                leg_id = self.endpoint.invite(
                    self._target(f"sip:{number}@{DOMAIN}"),
                    from_uri=f"sip:{self.shown or event.calling_number}@{DOMAIN}",
                    sdp=event.sdp,
                    headers=headers,
                    credentials=Credential(username=self.name, realm="", password=SECRET),
                    now=now,
                )
                self._out[leg_id], self._in[event.leg_id] = event.leg_id, leg_id
            case LegProgress() if event.leg_id in self._out:
                self.endpoint.progress(self._out[event.leg_id], event.status, event.sdp, now)
            case LegAnswered() if event.leg_id in self._out:
                self.endpoint.accept(self._out[event.leg_id], event.sdp, now)
            case LegFailed() if event.leg_id in self._out:
                self.statuses.append(event.status)
                self.endpoint.reject(self._out.pop(event.leg_id), event.status, now=now)
            case LegEnded() if event.leg_id in self._out:
                self.endpoint.hang_up(self._out.pop(event.leg_id), now)
            case LegEnded() if event.leg_id in self._in:
                self.endpoint.hang_up(self._in.pop(event.leg_id), now)
            case _:
                super().receive(event)


@flow
async def hotline(call: Call) -> None:
    """Where carl calls it, through the provider; else dora."""
    await call.dial(call.called_number if call.calling_number == "110" else "dora")


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        trunks=(TrunkRoute(name="provider", host=PROVIDER),),
        outbound=(OutboundRoute(number="!", trunks=("provider",)),),
    )
    return SimulatedCentre(
        tmp_path,
        flows={"hotline": hotline, "extension": extension},
        routes={HOTLINE: "hotline", "11x": "extension"},
        phones=[
            Extension(username=name, number=number, trunks=frozenset({"provider"}))
            for name, number in (("carl", "110"), ("dora", "111"))
        ],
        settings=settings,
    )


def calling_on(centre: SimulatedCentre, onward: Callable[[InviteReceived], Onward | None]) -> CallingOn:
    """The provider, who is the customer as well."""
    provider = centre.caller(CUSTOMER, kind=CallingOn)
    assert isinstance(provider, CallingOn)
    assert provider.address.host == PROVIDER
    provider.onward = onward
    return provider


def forward_to_mobile(centre: SimulatedCentre) -> None:
    centre.phone_settings.set(with_forward(centre.phone_settings.of("dora"), "always", MOBILE, 20.0))


def arrivals(centre: SimulatedCentre, number: str) -> int:
    return sum(each.called_number == number for each in centre.arrivals)


@pytest.mark.parametrize(
    ("shown", "headers"),
    [("", ()), (MAIN, (("diversion", f"<sip:{MOBILE}@{DOMAIN}>;reason=unconditional"),))],
    ids=["same caller", "diversion"],
)
def test_a_mobile_phone_that_forwards_back_to_the_hotline_it_has_the_calls_of(
    centre: SimulatedCentre, shown: str, headers: Sequence[tuple[str, str]]
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = calling_on(centre, lambda invite: (HOTLINE, headers) if invite.called_number == MOBILE else None)
        provider.shown = shown
        forward_to_mobile(centre)
        provider.call(HOTLINE)
        await centre.all_over()
        assert arrivals(centre, HOTLINE) == COMES_MAX + 1
        assert provider.statuses[0] == 482
        assert len(provider.seen(LegFailed)) == 1, "the customer is told at last"
        hops = [each.max_forwards for each in provider.seen(InviteReceived) if isinstance(each, InviteReceived)]
        assert hops == sorted(set(hops), reverse=True), "Max-Forwards goes on where the provider began anew"

    centre.run(scenario)


def test_the_public_number_called_from_the_desk_is_served(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        calling_on(centre, lambda invite: (invite.called_number, ())).shown = MAIN
        carl, dora = centre.phone("carl"), centre.phone("dora")
        assert await carl.register() == 200
        assert await dora.register() == 200
        carl.call(HOTLINE, password=SECRET)
        await centre.until(lambda: carl.is_answered and dora.is_answered)
        assert arrivals(centre, HOTLINE) == 2
        carl.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_two_phones_that_call_on_to_each_other(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = centre.phone("carl", kind=CallingOn), centre.phone("dora", kind=CallingOn)
        assert isinstance(carl, CallingOn)
        assert isinstance(dora, CallingOn)
        carl.onward, dora.onward = lambda invite: ("111", ()), lambda invite: ("110", ())
        assert await carl.register() == 200
        assert await dora.register() == 200
        caller = centre.caller(CUSTOMER)
        caller.call("110")
        await centre.all_over()
        assert arrivals(centre, "110") + arrivals(centre, "111") <= 2 * COMES_MAX + 1
        assert 482 in carl.statuses + dora.statuses
        assert caller.leg is None

    centre.run(scenario)


def test_a_call_that_has_used_up_its_hops_does_not_come_back(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        provider = calling_on(centre, lambda invite: None)
        centre.returning.went(LegId("earlier"), Outgoing(HOTLINE, "", (HOTLINE,), 0))
        provider.call(HOTLINE)
        await centre.until(lambda: provider.leg is None)
        (failed,) = provider.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 483

    centre.run(scenario)
