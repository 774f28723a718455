"""Callers who are known: by lists and regions, by a service outside, and by what flows have noted of them."""

from pathlib import Path

import pytest

from softswitch.calls.boosts import BoostRule, number_list
from softswitch.calls.caller_lists import CallerList, Region, RegionMap
from softswitch.calls.outcomes import LookupAnswer
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import LegFailed
from softswitch.testing.runtime.centre import SimulatedCentre

EVA = "+442071838750"
noted: list[str] = []


@flow
async def reception(call: Call) -> None:
    if call.listed("blocked"):
        await call.reject(603)
    customer = await call.look_up("crm", order=4711)
    call.variables["name"] = customer.text("name", "a stranger")
    call.tag("region", call.region)
    await call.enlist("blocked", note="one call is enough", for_s=60)
    await call.transfer("200")


@flow
async def second(call: Call) -> None:
    noted.append(call.variables["name"])


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    noted.clear()
    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        caller_lists={"blocked": CallerList(name="blocked"), "vip": CallerList(name="VIP", numbers=number_list([EVA]))},
        regions=RegionMap([Region(region_id="britain", prefixes=("44",))]),
        boosts=(BoostRule(boost_s=60, lists=("vip",), regions=frozenset({"britain"})),),
    )
    return SimulatedCentre(
        tmp_path,
        flows={"reception": reception, "second": second},
        routes={"100": "reception", "200": "second"},
        phones=[Extension(username="ann", number="101")],
        settings=settings,
    )


def test_what_one_flow_knows_goes_with_the_caller_to_the_next(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.lookups.answers["crm"] = LookupAnswer(fields={"name": "Eva"})
        centre.lookups.takes_s = 0.8
        eva = centre.caller(EVA)
        eva.call("100")
        await centre.all_over()
        (name, fields) = centre.lookups.questions[0]
        assert (name, fields["calling_number"], fields["called_number"], fields["order"]) == ("crm", EVA, "100", 4711)
        assert noted == ["Eva"]
        assert [cdr.tags for cdr in centre.cdrs()].count({"region": "britain"}) == 1
        eva.call("100")
        await centre.all_over()
        refusals = [event.status for event in eva.events if isinstance(event, LegFailed)]
        assert refusals == [603], "he is on the list that the flow has put him on"
        await centre.sleep(60)
        eva.call("100")
        await centre.all_over()
        assert noted == ["Eva", "Eva"]

    centre.run(scenario)


def test_who_hangs_up_while_a_service_is_asked_is_gone_when_it_answers(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.lookups.takes_s = 3.0
        eva = centre.caller(EVA)
        eva.call("100")
        await centre.sleep(1)
        eva.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.end_reason == "abandoned"
        assert not cdr.fault
        assert not noted

    centre.run(scenario)
