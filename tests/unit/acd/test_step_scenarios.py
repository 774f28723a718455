"""Stories of routing steps, profiles and preferred agents, to the millisecond."""

import pytest

from softswitch.acd.inputs import (
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactQueued,
)
from softswitch.acd.model import Agent, Queue, RoutingStep, Serving, SkipIf, ToQueue
from softswitch.acd.outputs import AgentReserved, ContactMoved
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")
SIX = Agent(agent_id=AgentId("six"), skills={"billing": 6})
NINE = Agent(agent_id=AgentId("nine"), skills={"billing": 9})
ANN = Agent(agent_id=AgentId("ann"))
BOB = Agent(agent_id=AgentId("bob"))


def billing(*steps: RoutingStep) -> Queue:
    return Queue(queue_id=SALES, wrap_up_s=0.0, steps=steps)


EXPERTS_FIRST = billing(
    RoutingStep(requirement="billing >= 8", for_s=20.0),
    RoutingStep(requirement="billing >= 5", for_s=20.0),
    RoutingStep(),
)


def reserved_at(acd: ScriptedAcd) -> list[tuple[float, str, str]]:
    return [
        (at, output.contact_id, output.agent_id) for at, output in acd.transcript if isinstance(output, AgentReserved)
    ]


# Steps


def test_an_idle_agent_of_the_second_step_gets_the_contact_at_the_millisecond_it_opens() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [SIX, NINE, ANN], now=1000.125)
    acd.ready("six", "ann")
    acd.call("c1")
    acd.advance(19.999)
    assert acd.reserved() == []
    acd.advance(60.0)
    assert reserved_at(acd)[0] == (1020.125, "c1", "six")


def test_the_third_step_opens_when_the_first_two_are_over() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [SIX, NINE, ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.advance(100.0)
    assert reserved_at(acd)[0] == (40.0, "c1", "ann")


def test_an_expert_who_frees_gets_it_in_every_step() -> None:
    for waited_s in (5.0, 25.0, 45.0):
        acd = ScriptedAcd([EXPERTS_FIRST], [SIX, NINE, ANN])
        acd.call("c1")
        acd.advance(waited_s)
        acd.ready("nine")
        assert reserved_at(acd) == [(waited_s, "c1", "nine")]


def test_specialists_first_and_general_agents_when_they_are_busy() -> None:
    queue = billing(RoutingStep(requirement="billing >= 8", for_s=0.0), RoutingStep())
    acd = ScriptedAcd([queue], [ANN, NINE, SIX])
    acd.ready("ann", "six")
    acd.advance(100.0)
    acd.ready("nine")
    acd.call("c1")
    acd.call("c2")
    acd.call("c3")
    acd.call("c4")
    assert acd.reserved() == [("c1", "nine"), ("c2", "ann"), ("c3", "six")]
    acd.answer("c1")
    acd.finish("c1")
    assert acd.reserved()[-1] == ("c4", "nine")


def test_contacts_in_different_steps_go_by_age() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [NINE])
    acd.call("old")
    acd.advance(30.0)
    acd.call("young")
    assert (acd.contact("old").position, acd.contact("young").position) == (1, 2)
    acd.ready("nine")
    assert acd.reserved() == [("old", "nine")]


def test_a_contact_that_comes_back_from_a_reservation_goes_on_where_its_time_is() -> None:
    queue = Queue(queue_id=SALES, steps=EXPERTS_FIRST.steps, ring_timeout_s=30.0)
    acd = ScriptedAcd([queue], [NINE, SIX])
    acd.ready("six", "nine")
    acd.call("c1")
    acd.advance(30.0)
    assert reserved_at(acd) == [(0.0, "c1", "nine"), (30.0, "c1", "six")]


def test_every_queue_begins_with_its_own_first_step() -> None:
    first = Queue(queue_id=QueueId("first"), max_wait_s=30.0, overflow=ToQueue(SALES), skills={"nothing": 1})
    acd = ScriptedAcd([first, EXPERTS_FIRST], [SIX])
    acd.ready("six")
    acd.call("c1", "first")
    outputs = acd.advance(49.999)
    assert [type(output) for output in outputs] == [ContactMoved]
    acd.advance(1.0)
    assert reserved_at(acd) == [(50.0, "c1", "six")]


def test_who_hangs_up_leaves_no_timer() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, steps=EXPERTS_FIRST.steps, max_wait_s=None)], [SIX])
    acd.call("c1")
    assert acd.router.next_timeout() == 20.0
    acd.tell(ContactAbandoned(ContactId("c1")))
    assert acd.router.next_timeout() is None


@pytest.mark.parametrize("skip_if", ["nobody_logged_in", "nobody_ready"])
def test_a_step_of_people_who_are_not_there_is_skipped_at_once(skip_if: SkipIf) -> None:
    queue = billing(RoutingStep(requirement="billing >= 8", for_s=20.0, skip_if=skip_if), RoutingStep())
    acd = ScriptedAcd([queue], [NINE, ANN])
    acd.ready("ann")
    acd.call("c1")
    assert reserved_at(acd) == [(0.0, "c1", "ann")]


def test_when_the_last_of_a_step_logs_out_the_next_one_opens_and_counts_from_there() -> None:
    steps = (
        RoutingStep(requirement="billing >= 8", for_s=20.0, skip_if="nobody_logged_in"),
        RoutingStep(requirement="billing >= 5", for_s=20.0),
        RoutingStep(),
    )
    acd = ScriptedAcd([billing(*steps)], [NINE, SIX, ANN])
    acd.ready("nine", "ann")
    acd.tell(AgentPaused(AgentId("nine"), "lunch"))
    acd.call("c1")
    acd.advance(7.0)
    assert acd.reserved() == []
    acd.tell(AgentLoggedOut(AgentId("nine")))
    acd.advance(19.999)
    assert acd.reserved() == []
    acd.advance(1.0)
    assert reserved_at(acd) == [(27.0, "c1", "ann")]


@pytest.mark.parametrize("leave", [AgentPaused, AgentUnreachable, AgentLoggedOut])
def test_when_the_last_of_a_step_is_not_ready_the_next_one_opens(
    leave: type[AgentPaused | AgentUnreachable | AgentLoggedOut],
) -> None:
    queue = billing(RoutingStep(requirement="billing >= 8", for_s=20.0, skip_if="nobody_ready"), RoutingStep())
    acd = ScriptedAcd([queue], [NINE, ANN])
    acd.ready("nine", "ann")
    acd.call("busy")
    acd.answer("busy")
    acd.call("c1")
    acd.advance(7.0)
    assert acd.reserved() == [("busy", "nine")], "somebody in a call will be ready again"
    acd.tell(leave(AgentId("nine")))
    assert reserved_at(acd)[-1] == (7.0, "c1", "ann")


def test_an_agent_who_does_not_answer_may_have_been_the_last_of_the_step() -> None:
    queue = billing(RoutingStep(requirement="billing >= 8", for_s=60.0, skip_if="nobody_ready"), RoutingStep())
    acd = ScriptedAcd([queue], [NINE, ANN])
    acd.ready("nine", "ann")
    acd.call("c1")
    acd.advance(15.0)
    assert reserved_at(acd) == [(0.0, "c1", "nine"), (15.0, "c1", "ann")]


def test_who_requires_more_goes_through_the_same_steps() -> None:
    people = [Agent(agent_id=AgentId("en"), skills={"billing": 6, "en": 3}), SIX]
    acd = ScriptedAcd([EXPERTS_FIRST], people)
    acd.ready("en", "six")
    acd.call("c1", requirement="en >= 3 or fr")
    acd.call("c2", skills={"en": 4})
    acd.advance(34.0)
    assert reserved_at(acd) == [(20.0, "c1", "en")]
    assert acd.contact("c2").position == 1


def test_a_reload_keeps_contacts_in_their_step() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [NINE, SIX, ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.advance(30.0)
    acd.tell(ConfigurationSet([EXPERTS_FIRST], [ANN, SIX, NINE]))
    acd.advance(9.999)
    assert acd.reserved() == []
    acd.advance(1.0)
    assert reserved_at(acd) == [(40.0, "c1", "ann")]


def test_a_reload_with_fewer_steps_gives_the_last_to_who_had_come_further() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [SIX, ANN])
    acd.call("c1")
    acd.advance(45.0)
    acd.tell(ConfigurationSet([billing(RoutingStep(for_s=100.0, skills={"billing": 1}), RoutingStep())], [SIX, ANN]))
    acd.ready("ann")
    assert acd.reserved() == [("c1", "ann")]


def test_an_expression_that_cannot_be_read_is_our_callers_error() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [ANN])
    with pytest.raises(LocalError, match="c1: requirement 'billing >'"):
        acd.call("c1", requirement="billing >")
    with pytest.raises(LocalError, match="finite"):
        acd.tell(ContactQueued(ContactId("c1"), SALES, preferred_for_s=float("inf")))
    assert acd.router.contact_summaries(acd.now) == []


# Profiles


def serving(agent_id: str, **profile: Serving) -> Agent:
    return Agent(agent_id=AgentId(agent_id), profile={QueueId(name): how for name, how in profile.items()})


SUPPORT = Queue(queue_id=QueueId("support"), wrap_up_s=0.0)
SIMPLE = Queue(queue_id=SALES, wrap_up_s=0.0)


def test_the_queue_of_the_lowest_order_comes_first_and_within_it_the_oldest() -> None:
    acd = ScriptedAcd([SUPPORT, SIMPLE], [serving("ann", support=Serving(order=2)), BOB])
    acd.call("s1", "support")
    acd.advance(50.0)
    acd.call("c1", "sales")
    acd.advance(1.0)
    acd.call("c2", "sales")
    acd.ready("ann")
    for contact_id in ("c1", "c2", "s1"):
        assert acd.reserved()[-1] == (contact_id, "ann")
        acd.answer(contact_id)
        acd.finish(contact_id)


def test_an_order_is_that_of_one_agent_alone() -> None:
    acd = ScriptedAcd([SUPPORT, SIMPLE], [serving("ann", support=Serving(order=2)), BOB])
    acd.call("s1", "support")
    acd.call("c1", "sales")
    acd.ready("bob", "ann")
    assert acd.reserved() == [("s1", "bob"), ("c1", "ann")]


def test_whom_he_failed_does_not_stand_in_the_way_of_the_next_order() -> None:
    queues = [Queue(queue_id=queue.queue_id, no_answer_limit=9) for queue in (SUPPORT, SIMPLE)]
    acd = ScriptedAcd(queues, [serving("ann", support=Serving(order=2))])
    acd.ready("ann")
    acd.call("c1", "sales")
    acd.call("s1", "support")
    acd.fail("c1")
    assert acd.reserved() == [("c1", "ann"), ("s1", "ann")]


def test_a_delay_is_kept_to_the_millisecond() -> None:
    acd = ScriptedAcd([SIMPLE], [serving("ann", sales=Serving(delay_s=30.0)), BOB], now=0.5)
    acd.ready("ann")
    acd.call("c1")
    acd.advance(29.999)
    assert acd.reserved() == []
    acd.advance(0.001)
    assert reserved_at(acd) == [(30.5, "c1", "ann")]
    acd.answer("c1")
    acd.call("c2")
    acd.advance(10.0)
    acd.finish("c1")
    assert len(acd.reserved()) == 1
    acd.ready("bob")
    assert reserved_at(acd)[-1] == (40.5, "c2", "bob")


# Preferred agents


def test_a_preferred_agent_is_waited_for_until_the_deadline() -> None:
    acd = ScriptedAcd([SIMPLE], [ANN, BOB])
    acd.ready("ann")
    acd.call("before")
    acd.answer("before")
    acd.ready("bob")
    acd.call("c1", preferred_agent="ann", preferred_for_s=12.5)
    assert acd.contact("c1").position == 1
    acd.advance(12.499)
    assert acd.reserved() == [("before", "ann")]
    acd.advance(1.0)
    assert reserved_at(acd)[-1] == (12.5, "c1", "bob")


def test_a_preferred_agent_who_frees_in_time_gets_it_by_age_among_the_others() -> None:
    acd = ScriptedAcd([SIMPLE, SUPPORT], [ANN])
    acd.ready("ann")
    acd.call("before")
    acd.answer("before")
    acd.call("older", "support")
    acd.advance(1.0)
    acd.call("mine", preferred_agent="ann", preferred_for_s=60.0)
    acd.advance(1.0)
    acd.call("younger", "support")
    acd.finish("before")
    for contact_id in ("older", "mine", "younger"):
        assert acd.reserved()[-1] == (contact_id, "ann")
        acd.answer(contact_id)
        acd.finish(contact_id)


def test_a_free_preferred_agent_gets_it_at_once_before_longer_idle_ones() -> None:
    acd = ScriptedAcd([SIMPLE], [ANN, BOB])
    acd.ready("bob")
    acd.advance(50.0)
    acd.ready("ann")
    acd.call("c1", preferred_agent="ann", preferred_for_s=5.0)
    assert acd.reserved() == [("c1", "ann")]


@pytest.mark.parametrize("preferred", ["ann", "stranger"])
def test_a_preferred_agent_who_is_not_there_is_not_waited_for(preferred: str) -> None:
    acd = ScriptedAcd([SIMPLE], [ANN, BOB])
    acd.ready("bob")
    acd.call("c1", preferred_agent=preferred, preferred_for_s=60.0)
    assert acd.reserved() == [("c1", "bob")]


def test_a_preferred_agent_who_logs_out_is_waited_for_no_longer_and_the_steps_begin() -> None:
    acd = ScriptedAcd([EXPERTS_FIRST], [NINE, SIX, ANN])
    acd.ready("ann", "six")
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    acd.call("c1", preferred_agent="ann", preferred_for_s=600.0)
    acd.advance(100.0)
    assert acd.reserved() == []
    acd.tell(AgentLoggedOut(AgentId("ann")))
    acd.advance(60.0)
    assert reserved_at(acd)[0] == (120.0, "c1", "six")


def test_a_preferred_agent_who_does_not_answer_has_had_his_chance() -> None:
    acd = ScriptedAcd([SIMPLE], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.call("c1", preferred_agent="ann", preferred_for_s=600.0)
    acd.advance(15.0)
    assert reserved_at(acd) == [(0.0, "c1", "ann"), (15.0, "c1", "bob")]


def test_who_waits_for_his_agent_goes_back_to_him_after_a_reload_and_a_lost_phone() -> None:
    acd = ScriptedAcd([SIMPLE], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    acd.call("c1", preferred_agent="ann", preferred_for_s=600.0)
    acd.tell(ConfigurationSet([SIMPLE], [BOB, ANN]))
    acd.tell(AgentUnreachable(AgentId("ann")), AgentResumed(AgentId("ann")))
    assert acd.reserved() == []
    acd.tell(AgentReachable(AgentId("ann")))
    assert acd.reserved() == [("c1", "ann")]
