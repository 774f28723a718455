"""Service level rescue: when it begins and ends, who joins, and whose turn it is meanwhile."""

import pytest

from softswitch.acd.inputs import AgentLoggedOut, ConfigurationSet, ContactAbandoned, ContactExited
from softswitch.acd.model import Agent, Queue, Rescue, ToFlow
from softswitch.acd.outputs import ContactOverflowed, RescueChanged
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES, OTHER = QueueId("sales"), QueueId("other")
ANN, RIA = AgentId("ann"), AgentId("ria")
RESCUE = Rescue(below=0.8, until=0.9, window_s=600.0, hold_s=60.0, judged_min=2, agents=(RIA,), older_s=30.0)
AGENTS = [Agent(agent_id=ANN, queues=(SALES,)), Agent(agent_id=RIA, queues=(OTHER,))]


def scripted(rescue: Rescue | None = RESCUE, agents: list[Agent] | None = None, **settings: object) -> ScriptedAcd:
    queues = [
        Queue(queue_id=SALES, rescue=rescue, wrap_up_s=0.0, max_wait_s=None, **settings),  # pyright: ignore[reportArgumentType]
        Queue(queue_id=OTHER, wrap_up_s=0.0, max_wait_s=None),
    ]
    return ScriptedAcd(queues, agents or AGENTS)


def changes(acd: ScriptedAcd) -> list[tuple[float, bool]]:
    return [(round(at, 6), output.is_on) for at, output in acd.transcript if isinstance(output, RescueChanged)]


def two_wait_too_long(acd: ScriptedAcd) -> None:
    acd.call("c1")
    acd.call("c2")
    acd.advance(20.1)


def test_it_begins_while_they_still_wait_and_the_reserve_takes_the_oldest() -> None:
    acd = scripted()
    acd.ready("ria")
    acd.call("c1")
    acd.advance(5.0)
    acd.call("c2")
    assert acd.reserved() == [], "the reserve does not serve the queue"
    assert acd.queue().agents_ready == 0
    acd.advance(20.0)
    assert changes(acd) == [], "one failure says nothing yet"
    acd.advance(0.1)
    assert changes(acd) == [(25.0, True)]
    assert acd.reserved() == [("c1", "ria")]
    row = acd.queue()
    assert (row.is_rescued, row.recent_service_level, row.agents_busy) == (True, 0.0, 1)


def test_answered_on_the_second_is_in_time() -> None:
    acd = scripted()
    for contact_id in ("c1", "c2"):
        acd.call(contact_id)
    acd.advance(20.0)
    acd.ready("ann")
    acd.answer("c1")
    acd.advance(1.0)
    assert acd.queue().recent_service_level == 0.5
    assert changes(acd) == [(20.0, True)]


def test_it_ends_when_the_level_is_there_again_and_not_before_the_hold() -> None:
    acd = scripted()
    two_wait_too_long(acd)
    acd.ready("ann")
    for number in range(1, 30):
        acd.answer(f"c{number}")
        acd.finish(f"c{number}")
        acd.call(f"c{number + 2}")
    acd.tell(ContactAbandoned(ContactId("c30")), ContactAbandoned(ContactId("c31")))
    assert acd.queue().recent_service_level == pytest.approx(27 / 29)
    assert acd.queue().is_rescued
    acd.advance(59.8)
    assert acd.queue().is_rescued
    acd.advance(0.2)
    assert changes(acd) == [(20.0, True), (80.0, False)]


def test_between_the_two_thresholds_nothing_changes() -> None:
    acd = scripted()
    two_wait_too_long(acd)
    acd.ready("ann")
    for number in range(1, 16):
        acd.answer(f"c{number}")
        acd.finish(f"c{number}")
        acd.call(f"c{number + 2}")
    acd.tell(ContactAbandoned(ContactId("c16")), ContactAbandoned(ContactId("c17")))
    acd.advance(100.0)
    assert 0.8 < (acd.queue().recent_service_level or 0) < 0.9
    assert acd.queue().is_rescued


def test_a_quiet_queue_needs_no_rescue() -> None:
    acd = scripted()
    two_wait_too_long(acd)
    acd.tell(ContactAbandoned(ContactId("c1")), ContactAbandoned(ContactId("c2")))
    acd.advance(1000.0)
    assert changes(acd) == [(20.0, True), (620.0, False)]
    assert acd.queue().recent_service_level is None


def test_the_reserve_leaves_when_it_is_over() -> None:
    acd = scripted()
    acd.ready("ria")
    two_wait_too_long(acd)
    acd.answer("c1")
    acd.finish("c1")
    acd.answer("c2")
    acd.finish("c2")
    acd.advance(1000.0)
    acd.call("c3")
    assert acd.reserved() == [("c1", "ria"), ("c2", "ria")]


def test_its_contacts_count_as_older_against_other_queues_and_only_then() -> None:
    agents = [Agent(agent_id=ANN), Agent(agent_id=RIA, queues=(OTHER,))]
    acd = scripted(agents=agents)
    acd.call("before", "other")
    acd.advance(25.0)
    acd.call("c1")
    acd.call("c2")
    assert [row.contact_id for row in acd.router.contact_summaries(acd.now)] == ["before", "c1", "c2"]
    acd.advance(21.0)
    acd.call("c3")
    assert [row.contact_id for row in acd.router.contact_summaries(acd.now)] == ["c1", "c2", "before", "c3"]
    assert (acd.contact("c1").boost_s, acd.contact("c1").wait_s) == (30.0, 21.0)
    acd.ready("ann")
    assert acd.reserved() == [("c1", "ann")]
    acd.tell(ContactAbandoned(ContactId("c2")))
    acd.fail("c1")
    assert acd.contact("c1").boost_s == 30.0, "who alerted an agent meanwhile comes back to his place"
    acd.tell(ContactExited(ContactId("c3"), "1", OTHER))
    assert acd.contact("c3").boost_s == 0.0, "in another queue nothing is rescued"
    acd.advance(700.0)
    assert changes(acd)[-1][1] is False
    assert acd.contact("c1").boost_s == 0.0


def test_the_reserve_needs_the_skills() -> None:
    acd = scripted(skills={"en": 3})
    acd.ready("ria")
    two_wait_too_long(acd)
    assert changes(acd) == [(20.0, True)]
    assert acd.reserved() == []


def test_a_reload_may_take_the_rescue_away_or_change_it() -> None:
    acd = scripted()
    two_wait_too_long(acd)
    gentler = Queue(queue_id=SALES, rescue=Rescue(below=0.8, until=0.9, older_s=5.0), max_wait_s=None)
    acd.tell(ConfigurationSet([gentler], AGENTS))
    assert acd.contact("c1").boost_s == 5.0
    acd.tell(ConfigurationSet([Queue(queue_id=SALES, max_wait_s=None)], AGENTS))
    assert (acd.contact("c1").boost_s, acd.queue().is_rescued) == (0.0, False)
    assert changes(acd) == [(20.0, True), (20.1, False)]
    acd.advance(2000.0)
    acd.ready("ann")
    assert acd.reserved() == [("c1", "ann")]


def test_when_the_reserve_leaves_the_queue_may_have_lost_everybody() -> None:
    acd = scripted(leave_when_empty=("invalid",), overflow=ToFlow("sorry"))
    acd.ready("ann", "ria")
    acd.call("talking1")
    acd.answer("talking1")
    two_wait_too_long(acd)
    acd.answer("c1")
    acd.tell(AgentLoggedOut(ANN))
    assert acd.queue().waiting == 1
    outputs = acd.advance(1000.0)
    assert [output.reason for output in outputs if isinstance(output, ContactOverflowed)] == ["empty"]
