"""Sites that carry a limited number of calls, and callers who come first to their own."""

from typing import Any

from softswitch.acd.decisions import Condition
from softswitch.acd.events import ContactWaits
from softswitch.acd.inputs import (
    AgentLoggedOut,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactAssigned,
    RoutingAnswered,
)
from softswitch.acd.model import Agent, AgentState, Channel, Queue, RoutingPolicy, RoutingStep, Serving, Site
from softswitch.acd.outputs import RoutingAsked
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId, SiteId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")


def site(name: str, max_calls: int | None = None) -> Site:
    return Site(site_id=SiteId(name), max_calls=max_calls)


def agent(name: str, at: str | None = None, **skills: int) -> Agent:
    return Agent(agent_id=AgentId(name), skills=skills, site=None if at is None else SiteId(at))


def queue(name: str = "sales", **settings: Any) -> Queue:
    return Queue(queue_id=QueueId(name), wrap_up_s=0.0, max_wait_s=None, **settings)


def centre(*agents: Agent, queues: list[Queue] | None = None, **limits: int | None) -> ScriptedAcd:
    policy = RoutingPolicy(sites=tuple(site(name, limit) for name, limit in limits.items()))
    acd = ScriptedAcd(queues or [queue()], agents, policy=policy)
    acd.ready(*(each.agent_id for each in agents))
    return acd


def test_a_full_site_gets_no_call_and_the_next_agent_of_the_strategy_does() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), agent("cyd"), south=1)
    acd.call("c1")
    acd.call("c2")
    assert acd.reserved() == [("c1", "ann"), ("c2", "cyd")], "who is alerted has the place already"
    acd.answer("c1")
    acd.call("c3")
    assert acd.contact("c3").position == 1
    assert acd.queue().agents_held_back == 1
    assert [each.value for each in acd.agent("bob").free_for] == ["voicemail", "chat", "email", "task"]


def test_a_place_that_becomes_free_is_given_at_once_to_another_agent_of_the_site() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.answer("c1")
    acd.call("c2")
    acd.tell(AgentLoggedOut(AgentId("ann")))
    assert acd.contact("c2").position == 1
    acd.finish("c1")
    assert acd.reserved()[-1] == ("c2", "bob")


def test_a_place_goes_to_whoever_has_waited_longest_for_the_site() -> None:
    acd = centre(
        agent("ann", "south", sales=1),
        agent("bob", "south", support=1),
        queues=[queue(skills={"sales": 1}), queue("support", skills={"support": 1})],
        south=1,
    )
    acd.call("c1")
    acd.answer("c1")
    acd.call("older", "support")
    acd.call("younger")
    acd.finish("c1")
    assert acd.reserved()[-1] == ("older", "bob"), "though ann, who has just become free, serves the younger one"
    acd.tell(ContactAbandoned(ContactId("older")))
    assert acd.reserved()[-1] == ("younger", "ann")


def test_of_one_key_who_came_first_goes_first() -> None:
    acd = centre(
        agent("ann", "south", sales=1),
        agent("bob", "south", support=1),
        queues=[queue(skills={"sales": 1}), queue("support", skills={"support": 1})],
        south=1,
    )
    acd.call("c1")
    acd.call("first", "support")
    acd.call("second")
    acd.tell(ContactAbandoned(ContactId("c1")))
    assert acd.reserved()[-1] == ("first", "bob")


def test_what_does_not_come_by_telephone_takes_no_place() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.call("c2", channel=Channel.CALLBACK)
    acd.call("c3", channel=Channel.EMAIL)
    assert acd.reserved() == [("c1", "ann"), ("c3", "bob")]
    acd.finish("c3")
    assert acd.contact("c2").position == 1, "he writes to nobody any more, but there is no line for the call-back"


def test_an_agent_who_frees_takes_what_is_older_in_another_channel() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentLoggedOut(AgentId("bob")))
    acd.call("chat", channel=Channel.CHAT)
    acd.call("call")
    acd.finish("c1")
    assert acd.reserved()[-1] == ("chat", "ann")


def test_ring_all_alerts_no_more_than_the_site_carries() -> None:
    acd = centre(
        *(agent(name, "south") for name in ("ann", "bob", "cyd")),
        agent("dan"),
        queues=[queue(strategy="ring_all")],
        south=2,
    )
    acd.call("c1")
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob"), ("c1", "dan")]
    acd.call("c2")
    assert acd.contact("c2").position == 1
    acd.answer("c1")
    assert acd.reserved()[3:] == [("c2", "ann"), ("c2", "bob")], "dan answered, and two have room at their site"
    assert acd.state("cyd") is AgentState.READY


def test_a_hook_may_choose_another_agent_of_a_site_that_is_full_with_the_first() -> None:
    acd = centre(
        agent("ann", "south"), agent("bob", "south"), agent("cyd", "north"), agent("dan", "north"),
        queues=[queue(hook_deadline_s=1.0), queue("plain")], south=1, north=1,
    )  # fmt: skip
    acd.call("c0", "plain")
    acd.answer("c0")
    asked = acd.call("c1")[0]
    assert isinstance(asked, RoutingAsked)
    assert asked.agent_id == "cyd"
    acd.tell(RoutingAnswered(asked.reservation_id, "choose", AgentId("bob")))
    assert acd.reserved()[-1] == ("c1", "cyd"), "bob's site is full with somebody else"
    acd.tell(ContactAbandoned(ContactId("c1")))
    again = acd.call("c2")[0]
    assert isinstance(again, RoutingAsked)
    other = "dan" if again.agent_id == "cyd" else "cyd"
    acd.tell(RoutingAnswered(again.reservation_id, "choose", AgentId(other)))
    assert acd.reserved()[-1] == ("c2", other)


def test_whom_an_agent_failed_goes_to_another_of_the_site_and_who_waited_longer_before() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.call("c2")
    acd.fail("c1")
    assert acd.reserved()[-1] == ("c1", "bob")
    acd.fail("c1", "declined")
    assert acd.state("bob") is AgentState.NOT_READY
    assert len(acd.reserved()) == 2


def test_who_is_shunned_does_not_stop_those_behind_him() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), queues=[queue(no_answer_limit=9)], south=1)
    acd.tell(AgentUnreachable(AgentId("bob")))
    acd.call("c1")
    acd.fail("c1")
    assert acd.contact("c1").position == 1, "ann has just failed it, and nobody else has a phone"
    acd.call("c2")
    assert acd.reserved()[-1] == ("c2", "ann")
    acd.tell(ContactAbandoned(ContactId("c2")))
    acd.call("c3")
    assert acd.reserved()[-1] == ("c3", "ann")


def test_who_is_assigned_to_an_agent_goes_before_all_others() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.call("c2")
    acd.call("c3")
    acd.tell(ContactAssigned(ContactId("c3"), AgentId("bob")))
    assert acd.contact("c3").position is not None
    acd.tell(ContactAbandoned(ContactId("c1")))
    assert acd.reserved()[-1] == ("c3", "bob")


def test_specialists_whose_site_is_full_are_as_good_as_busy() -> None:
    steps = (RoutingStep(skills={"expert": 1}, for_s=0.0), RoutingStep())
    acd = centre(
        agent("ann", "south", expert=1), agent("bob", "south", expert=1), agent("cyd"),
        queues=[queue(steps=steps)], south=1,
    )  # fmt: skip
    acd.call("c1")
    acd.call("c2")
    assert acd.reserved() == [("c1", "ann"), ("c2", "cyd")]


def test_an_agent_who_is_not_configured_any_more_keeps_his_place_until_he_has_talked() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.answer("c1")
    policy = RoutingPolicy(sites=(site("south", 1),))
    acd.tell(ConfigurationSet([queue()], [agent("bob", "south")], policy))
    acd.call("c2")
    assert acd.contact("c2").position == 1
    acd.finish("c1")
    assert acd.reserved()[-1] == ("c2", "bob")


def test_a_reload_that_widens_a_site_serves_at_once_and_one_that_narrows_it_ends_nothing() -> None:
    agents = [agent(name, "south") for name in ("ann", "bob", "cyd")]
    acd = centre(*agents, south=1)
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id)
    acd.tell(ConfigurationSet([queue()], agents, RoutingPolicy(sites=(site("south", 2),))))
    assert acd.reserved() == [("c1", "ann"), ("c2", "bob")]
    acd.answer("c1")
    acd.answer("c2")
    acd.tell(ConfigurationSet([queue()], agents, RoutingPolicy(sites=(site("south", 1),))))
    acd.finish("c1")
    assert acd.contact("c3").position == 1, "the site still has one call, and may have one"
    acd.advance(1.0)
    acd.finish("c2")
    assert acd.reserved()[-1][0] == "c3"
    acd.tell(ConfigurationSet([queue()], agents, RoutingPolicy(sites=(site("south"),))))
    acd.call("c4")
    assert acd.reserved()[-1][0] == "c4"


def test_why_nobody_is_free_is_told() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("c1")
    acd.call("c2")
    waits = acd.told(ContactWaits)[-1]
    counts = {each: number for each, number in zip(Condition, waits.counts, strict=True) if number}
    assert counts == {Condition.RESERVED: 1, Condition.SITE_FULL: 1}
    explanation = acd.router.explain(ContactId("c2"), acd.now)
    assert explanation is not None
    assert explanation.verdicts == {"reserved": 1, "site_full": 1}
    assert "his site carries as many calls as it can: south" in [each.why for each in explanation.agents]
    acd.call("mail", channel=Channel.EMAIL)
    assert acd.reserved()[-1] == ("mail", "bob")


def test_sites_are_listed() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), agent("cyd", "north"), south=1, north=None)
    acd.call("c1")
    rows = {
        row.site_id: (row.calls, row.max_calls, row.agents, row.agents_ready) for row in acd.router.site_summaries()
    }
    assert rows == {"south": (1, 1, 2, 1), "north": (0, None, 1, 1)}
    assert acd.agent("cyd").site == "north"


def test_a_restored_router_knows_who_is_full() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "south"), south=1)
    acd.call("chat", channel=Channel.CHAT)
    acd.call("c1", site="south")
    acd.call("c2", site="south")
    acd.router = Router.restored(acd.router.take_snapshot(acd.now))
    assert acd.queue().agents_held_back == 0, "the other one is alerted for the chat"
    acd.tell(ContactAbandoned(ContactId("chat")))
    assert acd.queue().agents_held_back == 1
    acd.tell(ContactAbandoned(ContactId("c1")))
    assert acd.reserved()[-1][0] == "c2"


# Callers of a region


def test_a_caller_comes_first_to_the_agents_of_his_own_site() -> None:
    acd = centre(agent("ann", "south"), agent("bob", "north"), agent("cyd", "north"), south=None, north=1)
    acd.call("c1", site="north")
    acd.call("c2", site="north")
    assert acd.reserved() == [("c1", "bob"), ("c2", "ann")], "a call goes to the site with a free agent"
    acd.call("c3", site="nowhere")
    assert acd.contact("c3").position == 1


def test_of_the_agents_of_a_step_those_of_his_site_come_first() -> None:
    steps = (RoutingStep(skills={"sales": 5}, for_s=10.0), RoutingStep())
    acd = centre(
        agent("near", "north"), agent("far", "south", sales=5), agent("expert", "north", sales=5),
        queues=[queue(steps=steps)], north=None, south=None,
    )  # fmt: skip
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id, site="north")
    assert acd.reserved() == [("c1", "expert"), ("c2", "far")]
    acd.advance(10.0)
    assert acd.reserved()[-1] == ("c3", "near")


def test_a_site_counts_as_one_more_of_the_preferred_skills() -> None:
    acd = centre(
        agent("ann", "north"), agent("bob", "south", ru=5, de=5), agent("cyd", "south", ru=5),
        queues=[queue(preferred={"ru": 1, "de": 1})], north=None, south=None,
    )  # fmt: skip
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id, site="north")
    assert acd.reserved() == [("c1", "bob"), ("c2", "ann"), ("c3", "cyd")]


def test_requirements_name_sites() -> None:
    steps = (RoutingStep(requirement="site:north", for_s=5.0), RoutingStep(preferred={"site:east": 1}))
    agents = [agent("ann", "south"), agent("eve", "east"), agent("bob", "north")]
    acd = centre(*agents, queues=[queue(steps=steps)], north=None, south=None, east=None)
    acd.call("c1")
    acd.call("c2")
    acd.call("c3", requirement="not site:east")
    assert acd.reserved() == [("c1", "bob")]
    acd.advance(5.0)
    assert acd.reserved()[1:] == [("c2", "eve"), ("c3", "ann")]


def test_delays_of_profiles_hold_for_who_prefers_a_site() -> None:
    late = Agent(agent_id=AgentId("late"), site=SiteId("north"), profile={SALES: Serving(delay_s=5.0)})
    acd = centre(late, north=None)
    acd.call("c1", site="north")
    assert acd.reserved() == []
    acd.advance(5.0)
    assert acd.reserved() == [("c1", "late")]
