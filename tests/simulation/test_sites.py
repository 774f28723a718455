"""Agents at several sites, with whole calls: a call goes to the caller's own region, or to where there is room."""

from pathlib import Path

import pytest

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingPolicy, Site
from softswitch.acd.outputs import AgentReserved
from softswitch.base.ids import AgentId, QueueId, SiteId
from softswitch.calls.caller_lists import Region, RegionMap
from softswitch.calls.settings import CallSettings, QueueTreatment
from softswitch.dialplan import Call, flow
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE, OMSK_LINE = "+18005550100", "+18005550101"
AGENTS = [
    Agent(agent_id=AgentId("moscow1"), site=SiteId("moscow")),
    Agent(agent_id=AgentId("moscow2"), site=SiteId("moscow")),
    Agent(agent_id=AgentId("omsk1"), site=SiteId("omsk")),
    Agent(agent_id=AgentId("omsk2"), site=SiteId("omsk")),
]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def omsk(call: Call) -> None:
    await call.queue("support", site="omsk")


@pytest.mark.parametrize("prefers_site", [True, False])
def test_a_call_goes_to_the_region_of_its_caller_and_then_to_where_there_is_room(
    tmp_path: Path, prefers_site: bool
) -> None:
    queues = [Queue(queue_id=QueueId("support"))]
    regions = RegionMap((Region(region_id="siberia", prefixes=("7381",)), Region(region_id="c", prefixes=("7495",))))
    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        queues={"support": QueueTreatment(prefers_site=prefers_site)},
        regions=regions,
        site_of_region={"siberia": "omsk", "c": "moscow"},
    )
    centre = SimulatedCentre(
        tmp_path,
        flows={"support": support, "omsk": omsk},
        routes={HOTLINE: "support", OMSK_LINE: "omsk"},
        queues=queues,
        agents=AGENTS,
        settings=settings,
    )
    reserved: list[AgentId] = []

    async def scenario(centre: SimulatedCentre) -> None:
        sites = (Site(site_id=SiteId("moscow"), max_calls=2), Site(site_id=SiteId("omsk"), max_calls=1))
        centre.acd.apply(ConfigurationSet(queues, AGENTS, RoutingPolicy(sites=sites)))
        await centre.log_in(*(agent.agent_id for agent in AGENTS))
        callers = [("+73811111111", HOTLINE), ("+73812222222", HOTLINE), ("+74951111111", OMSK_LINE)]
        phones = [centre.caller(number) for number, _ in callers]
        for number, (phone, (_, called)) in enumerate(zip(phones, callers, strict=True), 1):
            phone.call(called)
            await centre.until(lambda: len(_reserved(centre)) == number)  # noqa: B023
        reserved.extend(_reserved(centre))
        late = centre.caller("+74952222222")
        late.call(HOTLINE)
        await centre.until(lambda: centre.acd.queue_summaries()[0].waiting == 4)
        await centre.sleep(1)
        assert len(_reserved(centre)) == 3, "omsk2 is free, but no line leads there"
        for phone in (*phones, late):
            phone.hang_up()
        await centre.all_over()

    centre.run(scenario)
    first = ["omsk1", "moscow1", "moscow2"] if prefers_site else ["moscow1", "moscow2", "omsk1"]
    assert reserved == first


def _reserved(centre: SimulatedCentre) -> list[AgentId]:
    return [output.agent_id for output in centre.acd_outputs if isinstance(output, AgentReserved)]
