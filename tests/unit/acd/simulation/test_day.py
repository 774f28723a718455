import pytest
from msgspec.structs import replace

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingPolicy, Site
from softswitch.acd.simulation.arrivals import Demand, Habits, expected_calls
from softswitch.acd.simulation.day import Scenario, alike, run_day, staff
from softswitch.acd.simulation.durations import Constant, Exponential
from softswitch.acd.simulation.erlang import predict_a
from softswitch.acd.simulation.simulator import Shift
from softswitch.acd.simulation.staffing import Target
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, QueueId, SiteId
from softswitch.testing.clock import ManualClock

SALES = QueueId("sales")
HABITS = Habits(talk=Exponential(170.0), patience=Exponential(300.0))


def scenario(*, agents: int = 14, calls: float = 200.0, hours: int = 20) -> Scenario:
    demand = Demand(queue_id=SALES, from_s=0.0, until_s=hours * 3600.0, calls=calls * hours)
    return Scenario(
        configuration=ConfigurationSet(
            [Queue(queue_id=SALES, wrap_up_s=10.0, max_wait_s=None)],
            [Agent(agent_id=AgentId(str(number))) for number in range(agents)],
        ),
        arrivals=expected_calls([demand], HABITS, seed=1),
        interval_s=3600.0,
    )


def test_a_report_adds_up() -> None:
    report = run_day(scenario(), ManualClock())
    total = report.queues[0]
    assert total.offered == report.calls == total.answered + total.abandoned
    assert sum(row.offered for row in report.intervals) == total.offered
    assert sum(row.answered for row in report.intervals) == total.answered
    assert [row.from_s for row in report.intervals[:20]] == [hour * 3600.0 for hour in range(20)]
    assert sum(day.answered for day in report.agents) == total.answered
    worked_s = sum(day.talking_s + day.wrap_up_s for day in report.agents)
    comparison = report.comparisons[0]
    assert comparison.handle_s == pytest.approx(worked_s / total.answered)
    assert comparison.simulated.occupancy == pytest.approx(worked_s / sum(day.logged_in_s for day in report.agents))


def test_the_figures_are_those_of_every_report() -> None:
    report = run_day(scenario(hours=2), ManualClock())
    total, agent = report.queues[0], report.agents[0]
    assert total.figures["service_level"] == total.answered_within / (
        total.answered + total.abandoned - total.abandoned_within
    )
    assert total.figures["patience_s"] == pytest.approx(report.comparisons[0].patience_s)
    assert agent.figures["occupancy"] == pytest.approx(
        (agent.talking_s + agent.wrap_up_s) / (agent.talking_s + agent.wrap_up_s + agent.ready_s)
    )
    assert set(total.figures) | set(agent.figures) == set(report.formulas)


def test_a_plain_centre_comes_out_as_erlang_a_says() -> None:
    comparison = run_day(scenario(), ManualClock()).comparisons[0]
    assert comparison.erlang_a is not None
    assert comparison.simulated.service_level == pytest.approx(comparison.erlang_a.service_level, abs=0.03)
    assert comparison.simulated.abandoned == pytest.approx(comparison.erlang_a.abandoned, abs=0.006)
    assert comparison.simulated.occupancy == pytest.approx(comparison.erlang_a.occupancy, abs=0.02)


def test_each_interval_is_predicted_with_the_agents_it_had() -> None:
    """Half of the agents come in the second half, when there are as many more calls."""
    busy = scenario(agents=28, hours=2)
    demands = [
        Demand(queue_id=SALES, from_s=0.0, until_s=3600.0, calls=200.0),
        Demand(queue_id=SALES, from_s=3600.0, until_s=7200.0, calls=400.0),
    ]
    calls = expected_calls(demands, HABITS, seed=2)
    shifts = [Shift(agent_id=AgentId(str(number)), from_s=0.0 if number < 14 else 3600.0) for number in range(28)]
    comparison = run_day(replace(busy, arrivals=calls, shifts=shifts), ManualClock()).comparisons[0]
    early = sum(call.at_s < 3600.0 for call in calls)
    predicted = [
        (
            number,
            predict_a(
                arrivals_per_s=number / 3600,
                handle_s=comparison.handle_s,
                patience_s=comparison.patience_s or 0.0,
                agents=agents,
                within_s=20.0,
            ),
        )
        for number, agents in ((early, 14), (len(calls) - early, 28))
    ]
    assert comparison.agents == pytest.approx((early * 14 + (len(calls) - early) * 28) / len(calls))
    assert comparison.erlang_a is not None
    assert comparison.erlang_a.service_level == pytest.approx(
        sum(number * prediction.service_level for number, prediction in predicted) / len(calls)
    )


def test_erlang_c_has_no_answer_where_there_is_more_work_than_agents() -> None:
    comparison = run_day(scenario(agents=9, hours=3), ManualClock()).comparisons[0]
    assert comparison.erlang_c is None
    assert comparison.erlang_a is not None


def test_the_same_scenario_gives_the_same_report() -> None:
    assert run_day(scenario(hours=2), ManualClock()) == run_day(scenario(hours=2), ManualClock())


def test_staffing_finds_the_smallest_number_that_is_enough() -> None:
    day = scenario(hours=4)
    found = staff(day, Target(share=0.8, within_s=20.0), day.configuration.agents[:1], ManualClock())
    assert found.service_level >= 0.8
    assert len(found.report.agents) == found.agents
    fewer = replace(
        day, configuration=replace(day.configuration, agents=alike(day.configuration.agents, found.agents - 1))
    )
    assert (run_day(fewer, ManualClock()).queues[0].figures["service_level"] or 0.0) < 0.8
    assert found.agents in range(11, 17)
    assert found.erlang_c >= (found.erlang_a or 0) >= found.agents, "the busiest hour needs more than the day"


def test_agents_after_a_pattern() -> None:
    pattern = [Agent(agent_id=AgentId("ann"), skills={"en": 5}), Agent(agent_id=AgentId("bob"))]
    many = alike(pattern, 5)
    assert [agent.agent_id for agent in many] == ["ann", "bob", "ann.2", "bob.2", "ann.3"]
    assert [agent.skills for agent in many] == [{"en": 5}, {}, {"en": 5}, {}, {"en": 5}]


def test_what_cannot_be_simulated() -> None:
    day = scenario(hours=1)
    with pytest.raises(SimulationError, match='no agent "nobody"'):
        run_day(replace(day, shifts=[Shift(agent_id=AgentId("nobody"))]), ManualClock())
    strange = [replace(day.arrivals[0], queue_id=QueueId("elsewhere"))]
    with pytest.raises(SimulationError, match='no queue "elsewhere"'):
        run_day(replace(day, arrivals=strange), ManualClock())
    with pytest.raises(SimulationError, match="no calls come"):
        staff(replace(day, arrivals=[]), Target(share=0.8, within_s=20.0), day.configuration.agents, ManualClock())
    with pytest.raises(SimulationError, match="too many"):
        alike(day.configuration.agents, 1_000_000)
    with pytest.raises(SimulationError, match="pattern"):
        alike([], 3)


def test_a_day_without_calls_has_an_empty_report() -> None:
    report = run_day(replace(scenario(hours=1), arrivals=[], answer=Constant(3.0)), ManualClock())
    assert (report.calls, report.queues, report.intervals, report.comparisons) == (0, [], [], [])


def test_a_site_carries_no_more_than_it_can_and_says_how_long_it_was_full() -> None:
    plain = scenario(hours=4)
    site = Site(site_id=SiteId("south"), max_calls=5)
    agents = [
        replace(agent, site=site.site_id if number < 10 else None)
        for number, agent in enumerate(plain.configuration.agents)
    ]
    limited = replace(plain.configuration, agents=agents, policy=RoutingPolicy(sites=(site,)))
    report = run_day(replace(plain, configuration=limited), ManualClock())
    south = report.sites[0]
    assert (south.site_id, south.max_calls, south.most_calls) == ("south", 5, 5)
    assert 3600 < south.full_s < report.simulated_s
    with_all = run_day(plain, ManualClock())
    assert with_all.sites == []
    assert report.queues[0].abandoned > 2 * with_all.queues[0].abandoned
