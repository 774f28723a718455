"""Places kept, calls repeated, and a memory that does not grow."""

import pytest

from softswitch.acd.customers import Credit, Customers
from softswitch.acd.inputs import ConfigurationSet, ContactAbandoned, ContactQueued, ContactWithdrawn
from softswitch.acd.limits import CUSTOMER_REMEMBERED_S, CUSTOMERS_MAX
from softswitch.acd.model import Agent, Queue
from softswitch.acd.outputs import ContactConnected, ContactRefused
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")
KEEPING = Queue(queue_id=SALES, keep_place_s=120.0, wrap_up_s=0.0)
REPEATING = Queue(queue_id=SALES, repeat_within_s=600.0, repeat_boost_s=45.0, wrap_up_s=0.0)


def call(acd: ScriptedAcd, contact_id: str, customer: str, boost_s: float = 0.0) -> None:
    acd.tell(ContactQueued(ContactId(contact_id), SALES, boost_s, customer=customer))


def order(acd: ScriptedAcd) -> list[str]:
    return [row.contact_id for row in acd.router.contact_summaries(acd.now)]


def cut_off_at_first_place(acd: ScriptedAcd) -> None:
    """Eve waits 10 s as the first, then her line is cut; two others wait behind her."""
    call(acd, "eve1", "eve")
    acd.advance(5.0)
    call(acd, "x", "")
    call(acd, "y", "")
    acd.advance(5.0)
    acd.tell(ContactAbandoned(ContactId("eve1")))


def test_who_was_cut_off_has_his_place_back() -> None:
    acd = ScriptedAcd([KEEPING], [Agent(agent_id=AgentId("ann"))])
    cut_off_at_first_place(acd)
    acd.advance(60.0)
    call(acd, "eve2", "eve")
    assert order(acd) == ["eve2", "x", "y"]
    acd.advance(7.0)
    acd.ready("ann")
    connected = acd.answer("eve2")[0]
    assert isinstance(connected, ContactConnected)
    assert connected.wait_s == 7.0, "what was really waited, this time"


def test_not_after_the_time_is_over() -> None:
    acd = ScriptedAcd([KEEPING], [])
    cut_off_at_first_place(acd)
    acd.advance(120.1)
    call(acd, "eve2", "eve")
    assert order(acd) == ["x", "y", "eve2"]


def test_nobody_elses_place_and_nobody_without_a_name() -> None:
    acd = ScriptedAcd([KEEPING], [])
    call(acd, "anon1", "")
    acd.advance(5.0)
    call(acd, "x", "")
    acd.tell(ContactAbandoned(ContactId("anon1")))
    call(acd, "anon2", "")
    call(acd, "fred", "fred")
    assert order(acd) == ["x", "anon2", "fred"]


def test_a_place_is_kept_once_and_again_if_he_is_cut_off_again() -> None:
    acd = ScriptedAcd([KEEPING], [])
    cut_off_at_first_place(acd)
    call(acd, "eve2", "eve")
    call(acd, "eve3", "eve")  # a second call from the same number
    assert order(acd) == ["eve2", "x", "y", "eve3"]
    acd.tell(ContactAbandoned(ContactId("eve3")), ContactAbandoned(ContactId("eve2")))
    acd.advance(30.0)
    call(acd, "eve4", "eve")
    assert order(acd) == ["eve4", "x", "y"]


def test_a_full_queue_does_not_use_up_the_place() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, keep_place_s=120.0, max_length=2)], [])
    call(acd, "eve1", "eve")
    acd.advance(1.0)
    call(acd, "x", "")
    acd.tell(ContactAbandoned(ContactId("eve1")))
    call(acd, "y", "")
    assert acd.tell(ContactQueued(ContactId("eve2"), SALES, customer="eve")) == [
        ContactRefused(ContactId("eve2"), SALES, "full")
    ]
    acd.tell(ContactAbandoned(ContactId("y")))
    call(acd, "eve3", "eve")
    assert order(acd) == ["eve3", "x"]


def test_who_was_taken_out_was_not_cut_off() -> None:
    acd = ScriptedAcd([KEEPING], [])
    call(acd, "eve1", "eve")
    acd.advance(5.0)
    call(acd, "x", "")
    acd.tell(ContactWithdrawn(ContactId("eve1")))
    call(acd, "eve2", "eve")
    assert order(acd) == ["x", "eve2"]


@pytest.mark.parametrize(("later_s", "boost_s"), [(0.0, 45.0), (600.0, 45.0), (600.1, 0.0)])
def test_who_calls_again_soon_comes_earlier(later_s: float, boost_s: float) -> None:
    acd = ScriptedAcd([REPEATING], [Agent(agent_id=AgentId("ann"))])
    acd.ready("ann")
    call(acd, "eve1", "eve")
    acd.answer("eve1")
    acd.advance(20.0)
    acd.finish("eve1")
    acd.advance(later_s)
    call(acd, "eve2", "eve", boost_s=10.0)
    assert acd.contact("eve2").boost_s == pytest.approx(10.0 + boost_s)


def test_one_call_in_a_queue_twice_is_not_repeated() -> None:
    acd = ScriptedAcd([REPEATING], [])
    call(acd, "eve1", "eve")
    acd.tell(ContactWithdrawn(ContactId("eve1")))
    call(acd, "eve1", "eve")
    assert acd.contact("eve1").boost_s == 0.0


def test_a_call_whose_agent_could_not_be_rung_is_queued_anew_with_all_it_had() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, keep_place_s=60.0, repeat_within_s=60.0, repeat_boost_s=5.0)], [])
    call(acd, "eve1", "eve")
    acd.advance(20.0)
    acd.tell(ContactAbandoned(ContactId("eve1")))
    call(acd, "eve2", "eve")
    acd.advance(10.0)
    assert acd.contact("eve2").boost_s == 25.0
    acd.tell(ContactWithdrawn(ContactId("eve2"), "no media worker"))
    acd.tell(ContactQueued(ContactId("eve2"), SALES, enqueued_at=20.0, customer="eve"))
    assert acd.contact("eve2").boost_s == 25.0


def test_nothing_is_remembered_where_no_queue_wants_it() -> None:
    customers = Customers()
    customers.ended("eve", ContactId("c1"), 0.0)
    assert len(customers) == 0


def test_the_memory_is_bounded_in_number_and_time() -> None:
    customers = Customers()
    customers.is_wanted = True
    for number in range(CUSTOMERS_MAX + 10):
        customers.ended(str(number), ContactId("c"), 0.0, dropped_since=0.0)
    assert len(customers) == CUSTOMERS_MAX
    assert customers.credit("9", ContactId("new"), KEEPING, 1.0) == Credit()
    assert customers.credit("10", ContactId("new"), KEEPING, 1.0) == Credit(kept_s=1.0)
    customers.ended("new", ContactId("c"), CUSTOMER_REMEMBERED_S + 1.0)
    assert len(customers) == 1


def last_agent_centre(**queue: object) -> ScriptedAcd:
    settings = Queue(queue_id=SALES, wrap_up_s=0.0, **queue)  # pyright: ignore[reportArgumentType]
    acd = ScriptedAcd([settings], [Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))])
    acd.ready("ann")
    acd.tell(ContactQueued(ContactId("c1"), SALES, customer="+1555"))
    acd.answer("c1")
    acd.finish("c1")
    acd.ready("bob")
    acd.advance(5.0)
    acd.call("other")
    acd.answer("other")
    assert acd.reserved()[-1] == ("other", "ann")
    return acd


def test_who_calls_again_waits_for_the_agent_he_knows_for_so_long() -> None:
    acd = last_agent_centre(last_agent_s=12.5)
    acd.tell(ContactQueued(ContactId("c2"), SALES, customer="+1555"))
    acd.advance(12.499)
    assert len(acd.reserved()) == 2
    acd.advance(0.001)
    assert acd.reserved()[-1] == ("c2", "bob")


def test_who_gave_up_in_between_is_still_known_to_his_agent() -> None:
    acd = last_agent_centre(last_agent_s=12.5)
    acd.tell(ContactQueued(ContactId("c2"), SALES, customer="+1555"), ContactAbandoned(ContactId("c2")))
    acd.tell(ContactQueued(ContactId("c3"), SALES, customer="+1555"))
    acd.finish("other")
    assert acd.reserved()[-1] == ("c3", "ann")


def test_with_the_strategy_last_agent_first_he_is_not_waited_for() -> None:
    acd = last_agent_centre(strategy="last_agent_first")
    acd.tell(ContactQueued(ContactId("c2"), SALES, customer="+1555"))
    assert acd.reserved()[-1] == ("c2", "bob")
    acd.answer("c2")
    acd.finish("other")
    acd.finish("c2")
    acd.tell(ContactQueued(ContactId("c3"), SALES, customer="+1555"))
    assert acd.reserved()[-1] == ("c3", "bob"), "ann has been idle for longer, but bob talked to him last"


def test_an_agent_who_serves_the_queue_no_more_is_not_waited_for() -> None:
    acd = last_agent_centre(last_agent_s=60.0)
    queue = Queue(queue_id=SALES, last_agent_s=60.0)
    acd.tell(ConfigurationSet([queue], [Agent(agent_id=AgentId("ann"), queues=()), Agent(agent_id=AgentId("bob"))]))
    acd.tell(ContactQueued(ContactId("c2"), SALES, customer="+1555"))
    assert acd.reserved()[-1] == ("c2", "bob")
