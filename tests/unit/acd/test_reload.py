"""A new configuration, taken up with everybody in his place."""

import pytest

from softswitch.acd.inputs import AgentLoggedIn, AgentPaused, ConfigurationSet, QueueClosed
from softswitch.acd.model import Agent, AgentState, Queue, RoutingPolicy, ToQueue
from softswitch.acd.outputs import ContactMoved, ContactOverflowed, ContactRefused, ReservationEnded
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

SALES, SUPPORT = Queue(queue_id=QueueId("sales")), Queue(queue_id=QueueId("support"))
ANN, BOB = Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))


def test_who_waits_keeps_his_place() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    for contact_id in ("c1", "c2", "c3"):
        acd.call(contact_id, skills={"en": 3} if contact_id == "c2" else None)
        acd.advance(1.0)
    acd.tell(ConfigurationSet([SUPPORT, SALES], [BOB, ANN]))
    assert [acd.contact(contact_id).position for contact_id in ("c1", "c2", "c3")] == [1, 2, 3]
    assert [row.queue_id for row in acd.router.queue_summaries(acd.now)] == ["support", "sales"]
    acd.ready("bob")
    assert acd.reserved() == [("c1", "bob")]


def test_an_agent_who_learned_a_skill_is_given_who_waited_for_it() -> None:
    queue = Queue(queue_id=QueueId("sales"), skills={"en": 5})
    acd = ScriptedAcd([queue], [ANN])
    acd.ready("ann")
    acd.call("c1")
    assert acd.reserved() == []
    acd.tell(ConfigurationSet([queue], [Agent(agent_id=AgentId("ann"), skills={"en": 5})]))
    assert acd.reserved() == [("c1", "ann")]


def test_the_oldest_are_given_out_first() -> None:
    needs = [Queue(queue_id=queue.queue_id, skills={"en": 5}) for queue in (SALES, SUPPORT)]
    acd = ScriptedAcd(needs, [ANN])
    acd.ready("ann")
    acd.call("old", "support")
    acd.advance(1.0)
    acd.call("young", "sales")
    acd.tell(ConfigurationSet([SALES, SUPPORT], [ANN]))
    assert acd.reserved() == [("old", "ann")]


def test_a_queue_that_was_gone_and_comes_back_is_open() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.call("c1")
    acd.tell(QueueClosed(QueueId("sales"), "hours", "finish"))
    acd.tell(ConfigurationSet([], [ANN]))
    acd.tell(ConfigurationSet([SALES], [ANN]))
    acd.call("c2")
    assert acd.contact("c2").position == 2


def test_who_alerted_an_agent_that_is_gone_does_not_pass_an_older_one() -> None:
    expert = Queue(queue_id=QueueId("support"), skills={"en": 5})
    acd = ScriptedAcd([SALES, expert], [ANN])
    acd.call("old", "support")
    acd.advance(1.0)
    acd.ready("ann")
    acd.call("young", "sales")
    assert acd.reserved() == [("young", "ann")]
    skilled = Agent(agent_id=AgentId("bob"), skills={"en": 5})
    acd.tell(ConfigurationSet([SALES, expert], [ANN, Agent(agent_id=AgentId("bob"))]))
    acd.ready("bob")
    acd.tell(ConfigurationSet([SALES, expert], [skilled]))
    assert acd.reserved()[-1] == ("old", "bob")


def test_a_shorter_maximum_wait_holds_at_once() -> None:
    acd = ScriptedAcd([SALES], [])
    acd.call("c1")
    acd.advance(100.0)
    acd.tell(ConfigurationSet([Queue(queue_id=QueueId("sales"), max_wait_s=60.0)], []))
    assert [type(output) for output in acd.advance(0.0)] == [ContactOverflowed]


def test_a_queue_that_is_gone_serves_its_last_contact_and_takes_nobody() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.call("c1")
    acd.tell(ConfigurationSet([], [ANN]))
    assert not acd.queue("sales").is_open
    assert acd.call("c2") == [ContactRefused(ContactId("c2"), QueueId("sales"), "closed")]
    acd.ready("ann")
    acd.answer("c1")
    acd.finish("c1")
    assert acd.router.queue_summaries(acd.now) == []
    assert acd.call("c2") == [ContactRefused(ContactId("c2"), QueueId("sales"), "unknown")]


def test_a_queue_that_is_gone_and_empty_is_gone_at_once() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(ConfigurationSet([], [ANN]))
    assert acd.router.queue_summaries(acd.now) == []
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP


def test_a_queue_that_comes_back_is_open_again() -> None:
    acd = ScriptedAcd([SALES], [])
    acd.call("c1")
    acd.tell(ConfigurationSet([], []), ConfigurationSet([SALES], []))
    assert acd.queue().is_open
    assert acd.call("c2") == []


def test_nobody_overflows_into_a_queue_that_is_going() -> None:
    small = Queue(queue_id=QueueId("small"), max_length=1, overflow=ToQueue(QueueId("sales")))
    acd = ScriptedAcd([SALES, small], [])
    acd.call("c1")
    acd.call("c2", "small")
    acd.tell(ConfigurationSet([small], []))
    assert acd.call("c3", "small") == [ContactRefused(ContactId("c3"), QueueId("small"), "full")]
    acd.tell(ConfigurationSet([small, SALES], []))
    assert acd.call("c3", "small") == [ContactMoved(ContactId("c3"), QueueId("small"), QueueId("sales"), 0.0)]


def test_an_agent_who_is_gone_finishes_what_he_is_in() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(ConfigurationSet([SALES], [BOB]))
    assert acd.state("ann") is AgentState.BUSY
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    assert acd.router.ignored == 1
    acd.finish("c1")
    assert [row.agent_id for row in acd.router.agent_summaries(acd.now)] == ["bob"]
    acd.call("c2")
    assert acd.reserved() == [("c1", "ann")]


def test_an_agent_who_is_gone_is_alerted_no_more() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.call("c1")
    outputs = acd.tell(ConfigurationSet([SALES], [BOB]))
    assert outputs[0] == ReservationEnded(ReservationId(1), AgentId("ann"), ContactId("c1"), "removed")
    acd.ready("bob")
    assert acd.reserved()[-1] == ("c1", "bob")
    assert [row.agent_id for row in acd.router.agent_summaries(acd.now)] == ["bob"]


def test_an_agent_who_comes_back_during_his_last_call_is_known_again() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(ConfigurationSet([SALES], []), ConfigurationSet([SALES], []), ConfigurationSet([SALES], [ANN]))
    acd.tell(AgentLoggedIn(AgentId("ann")))
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP


def test_agents_keep_their_states() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(AgentId("bob"), "lunch"))
    acd.tell(ConfigurationSet([SALES], [Agent(agent_id=AgentId("bob"), name="Bob"), ANN]))
    assert acd.agent("bob").reason == "lunch"
    assert acd.agent("bob").name == "Bob"
    acd.call("c1")
    assert acd.reserved() == [("c1", "ann")]


def test_the_last_agent_of_a_queue_is_gone() -> None:
    queue = Queue(queue_id=QueueId("sales"), join_empty=("invalid",), leave_when_empty=("invalid",))
    acd = ScriptedAcd([queue], [ANN])
    acd.tell(AgentLoggedIn(AgentId("ann")))
    acd.call("c1")
    outputs = acd.tell(ConfigurationSet([queue], []))
    assert [type(output) for output in outputs][-1] is ContactOverflowed


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        (ConfigurationSet([SALES, SALES], []), "queue sales is configured twice"),
        (ConfigurationSet([], [ANN, BOB, ANN]), "agent ann is configured twice"),
    ],
)
def test_an_id_given_twice_changes_nothing(configuration: ConfigurationSet, complaint: str) -> None:
    acd = ScriptedAcd([SALES, SUPPORT], [ANN], policy=RoutingPolicy(retry_after_s=5.0))
    with pytest.raises(LocalError, match=complaint):
        acd.tell(configuration)
    assert [row.queue_id for row in acd.router.queue_summaries(acd.now)] == ["sales", "support"]
    assert [row.agent_id for row in acd.router.agent_summaries(acd.now)] == ["ann"]
