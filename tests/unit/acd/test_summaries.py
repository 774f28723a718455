"""The rows people read."""

from collections import Counter

from softswitch.acd.inputs import (
    AgentBusy,
    AgentPaused,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactQueued,
)
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, ContactState, Queue, RoutingPolicy
from softswitch.acd.summaries import AgentSummary, ContactInHand, ContactSummary
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd


def busy_centre() -> ScriptedAcd:
    """ann talks, bob is at lunch, cyd is on a call of his own, dan alerts, eve is logged out; two wait."""
    names = ("ann", "bob", "cyd", "dan", "eve")
    queues = [
        Queue(queue_id=QueueId("sales"), name="Sales", skills={"en": 1}, wrap_up_s=5.0),
        Queue(queue_id=QueueId("other"), skills={"ru": 1}),
    ]
    acd = ScriptedAcd(queues, [Agent(agent_id=AgentId(name), name=name.title(), skills={"en": 3}) for name in names])
    for name in names[:4]:
        acd.ready(name)
        acd.advance(1.0)
    acd.tell(AgentPaused(AgentId("bob"), "lunch"), AgentBusy(AgentId("cyd"), BusyKind.DIRECT_IN))
    acd.call("talking")
    acd.advance(2.0)
    acd.answer("talking")
    acd.advance(4.0)
    acd.call("alerting")
    acd.call("second")
    acd.advance(1.0)
    acd.call("first", boost_s=60.0)
    acd.call("gone")
    acd.tell(ContactAbandoned(ContactId("gone")))
    acd.advance(3.0)
    return acd


def test_a_queue() -> None:
    sales = busy_centre().queue("sales")
    assert (sales.name, sales.is_open, sales.service_level_s) == ("Sales", True, 20.0)
    assert (sales.waiting, sales.alerting, sales.longest_wait_s) == (3, 1, 4.0)
    assert (sales.agents_logged_in, sales.agents_ready, sales.agents_busy, sales.agents_not_ready) == (4, 0, 3, 1)
    assert (sales.offered, sales.answered, sales.answered_within) == (5, 1, 1)
    assert (sales.abandoned, sales.abandoned_within) == (1, 1)
    assert (sales.overflowed, sales.withdrawn, sales.refused, sales.failed_reservations) == (0, 0, 0, 0)
    assert (sales.service_level, sales.average_speed_of_answer_s) == (1.0, 2.0)


def test_no_queue_counts_on_agents_without_a_phone() -> None:
    acd = busy_centre()
    acd.tell(ContactAbandoned(ContactId("alerting")))
    acd.tell(ContactAbandoned(ContactId("second")), ContactAbandoned(ContactId("first")))
    before = acd.queue("sales")
    acd.tell(AgentUnreachable(AgentId("dan")))
    after = acd.queue("sales")
    assert (before.agents_ready, before.agents_not_ready) == (1, 1)
    assert (after.agents_ready, after.agents_not_ready) == (0, 2)
    assert (after.agents_logged_in, after.agents_busy) == (before.agents_logged_in, before.agents_busy)


def test_a_queue_nobody_serves() -> None:
    other = busy_centre().queue("other")
    assert (other.waiting, other.longest_wait_s, other.agents_logged_in) == (0, 0.0, 0)
    assert (other.service_level, other.average_speed_of_answer_s) == (None, None)


def test_agents() -> None:
    acd = busy_centre()
    assert acd.agent("ann") == AgentSummary(
        agent_id=AgentId("ann"),
        name="Ann",
        state=AgentState.BUSY,
        busy_kind=BusyKind.ACD,
        reason="",
        since_s=8.0,
        idle_s=None,
        is_logged_in=True,
        is_reachable=True,
        planned_reason=None,
        contact_id=ContactId("talking"),
        skills={"en": 3},
        queues=[QueueId("sales")],
        answered=1,
        missed=0,
        source="contact",
        by="",
        contacts=[
            ContactInHand(
                contact_id=ContactId("talking"),
                queue_id=QueueId("sales"),
                channel=Channel.VOICE,
                for_s=8.0,
                is_interrupted=False,
            )
        ],
        wrap_ups=[],
        free_for=[],
        site=None,
    )
    assert (acd.agent("bob").state, acd.agent("bob").reason) == (AgentState.NOT_READY, "lunch")
    assert (acd.agent("cyd").state, acd.agent("cyd").busy_kind) == (AgentState.BUSY, BusyKind.DIRECT_IN)
    assert (acd.agent("dan").state, acd.agent("dan").contact_id) == (AgentState.RESERVED, "alerting")
    assert acd.agent("dan").idle_s == 11.0
    assert acd.agent("eve").state is AgentState.LOGGED_OUT


def test_one_agent_is_as_in_the_listing_and_counts_are_of_the_same() -> None:
    acd = busy_centre()
    rows = acd.router.agent_summaries(acd.now)
    assert [acd.router.agent_summary(row.agent_id, acd.now) for row in rows] == rows
    assert acd.router.agent_summary(AgentId("nobody"), acd.now) is None
    assert acd.router.agent_states() == Counter(row.state for row in rows)
    assert acd.router.agents_at_work() == sum(row.is_logged_in for row in rows) == 4
    assert acd.router.waiting() == sum(row.waiting for row in acd.router.queue_summaries(acd.now)) == 3


def test_who_lists_slowly_sees_each_agent_as_he_is_then() -> None:
    acd = busy_centre()
    listing = acd.router.each_agent(lambda: acd.now)
    assert next(listing).agent_id == "ann"
    acd.advance(5.0)
    acd.tell(AgentUnreachable(AgentId("dan")), ContactQueued(ContactId("new"), QueueId("other")))
    left = [Agent(agent_id=AgentId(name), skills={"en": 3, "ru": 1}) for name in ("ann", "dan", "eve")]
    acd.tell(ConfigurationSet([Queue(queue_id=QueueId("sales"))], left, RoutingPolicy()))
    rows = {row.agent_id: row for row in listing}
    assert list(rows) == ["dan", "eve"]
    assert not rows[AgentId("dan")].is_reachable


def test_who_lists_slowly_sees_contacts_that_are_still_there() -> None:
    acd = busy_centre()
    listing = acd.router.each_contact(lambda: acd.now)
    assert next(listing).contact_id == "first"
    acd.advance(1.0)
    acd.tell(ContactAbandoned(ContactId("second")))
    assert [(row.contact_id, row.wait_s) for row in listing] == [("talking", 2.0), ("alerting", 5.0)]


def test_one_contact_is_as_in_the_listing() -> None:
    acd = busy_centre()
    rows = acd.router.contact_summaries(acd.now)
    assert [acd.router.contact_summary(row.contact_id, acd.now) for row in rows] == rows
    assert acd.router.contact_summary(ContactId("gone"), acd.now) is None


def test_contacts_in_serving_order() -> None:
    acd = busy_centre()
    rows = acd.router.contact_summaries(acd.now)
    assert [row.contact_id for row in rows] == ["first", "talking", "alerting", "second"]
    assert acd.contact("first") == ContactSummary(
        contact_id=ContactId("first"),
        queue_id=QueueId("sales"),
        state=ContactState.WAITING,
        agent_id=None,
        position=1,
        wait_s=3.0,
        boost_s=60.0,
        skills={},
        requirement="",
        channel=Channel.VOICE,
        customer="",
        step=0,
        is_interrupted=False,
        alerted=[],
    )
    assert acd.contact("second").position == 2
    assert acd.contact("alerting").position is None
    assert (acd.contact("alerting").state, acd.contact("alerting").agent_id) == (ContactState.ALERTING, "dan")
    assert (acd.contact("talking").state, acd.contact("talking").wait_s) == (ContactState.CONNECTED, 2.0)
