"""Queues that close: whom they still take, and what becomes of those who wait."""

import pytest

from softswitch.acd.events import ContactWithdrawn
from softswitch.acd.inputs import AgentLoggedOut, ConfigurationSet, QueueClosed, QueueOpened
from softswitch.acd.limits import REASON_LENGTH_MAX
from softswitch.acd.model import Agent, Channel, HangUp, OverflowTarget, Queue, ToFlow, ToQueue, WhoWaitsAtClosing
from softswitch.acd.outputs import ContactMoved, ContactOverflowed, ContactRefused, ReservationEnded
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES, NIGHT = QueueId("sales"), QueueId("night")
ANN = Agent(agent_id=AgentId("ann"), queues=(SALES,))
C1, C2 = ContactId("c1"), ContactId("c2")


def scripted(overflow: OverflowTarget | None = None, **settings: object) -> ScriptedAcd:
    sales = Queue(queue_id=SALES, wrap_up_s=0.0, overflow=overflow or HangUp(), **settings)  # pyright: ignore[reportArgumentType]
    return ScriptedAcd([sales, Queue(queue_id=NIGHT)], [ANN])


def test_a_closed_queue_takes_nobody_until_it_opens() -> None:
    acd = scripted()
    assert acd.tell(QueueClosed(SALES, "hours")) == []
    assert acd.call("c1") == [ContactRefused(C1, SALES, "closed")]
    assert acd.queue().refused == 1
    acd.tell(QueueOpened(SALES))
    assert acd.call("c1") == []


def test_who_comes_too_late_goes_where_the_queue_sends_him() -> None:
    acd = scripted(overflows={"closed": ToQueue(NIGHT)})
    acd.tell(QueueClosed(SALES))
    assert acd.call("c1") == [ContactMoved(C1, SALES, NIGHT, 0.0)]


@pytest.mark.parametrize("waiting", ["finish", "announce", "overflow"])
def test_closing_with_callers_waiting(waiting: WhoWaitsAtClosing) -> None:
    acd = scripted(ToFlow("sorry"))
    acd.call("c1")
    acd.advance(5.0)
    acd.call("c2")
    outputs = acd.tell(QueueClosed(SALES, "hours", waiting))
    expected = {"announce": HangUp(), "overflow": ToFlow("sorry")}.get(waiting)
    if expected is None:
        assert outputs == []
        acd.ready("ann")
        assert acd.reserved() == [("c1", "ann")]
    else:
        assert outputs == [
            ContactOverflowed(C1, SALES, expected, 5.0, "closed"),
            ContactOverflowed(C2, SALES, expected, 0.0, "closed"),
        ]


def test_whose_agents_phone_alerts_at_closing_may_still_be_answered() -> None:
    acd = scripted()
    acd.ready("ann")
    acd.call("c1")
    assert acd.tell(QueueClosed(SALES, "hours", "announce")) == []
    acd.answer("c1")
    assert acd.queue().answered == 1


def test_and_leaves_if_he_is_not() -> None:
    acd = scripted()
    acd.ready("ann")
    acd.call("c1")
    acd.tell(QueueClosed(SALES, "hours", "announce"))
    outputs = acd.tell(AgentLoggedOut(AgentId("ann")))
    assert isinstance(outputs[0], ReservationEnded)
    assert outputs[-1] == ContactOverflowed(C1, SALES, HangUp(), 0.0, "closed")


def test_a_fire_alarm_replaces_closing_time() -> None:
    acd = scripted()
    acd.call("c1")
    acd.tell(QueueClosed(SALES, "hours", "finish"))
    assert acd.queue().waiting == 1
    acd.tell(QueueClosed(SALES, "fire alarm", "announce"))
    assert acd.queue().waiting == 0
    assert acd.queue().closed_for == "fire alarm"


def test_it_stays_closed_over_a_reload() -> None:
    acd = scripted()
    acd.tell(QueueClosed(SALES, "r" * 1000))
    acd.tell(ConfigurationSet([Queue(queue_id=SALES)], [ANN]))
    assert acd.queue().closed_for == "r" * REASON_LENGTH_MAX
    assert acd.call("c1") == [ContactRefused(C1, SALES, "closed")]


def test_a_queue_nobody_knows_is_ignored() -> None:
    acd = scripted()
    acd.tell(QueueClosed(QueueId("nowhere")), QueueOpened(QueueId("nowhere")))
    assert acd.router.ignored == 2


def test_everybody_ends_in_one_way() -> None:
    acd = scripted()
    for number in range(5):
        acd.call(f"c{number}")
    acd.tell(QueueClosed(SALES, "hours", "announce"))
    row = acd.queue()
    assert row.offered == 5 == row.answered + row.abandoned + row.overflowed + row.withdrawn


@pytest.mark.parametrize("is_alerting", [False, True])
@pytest.mark.parametrize("waiting", ["announce", "overflow"])
def test_a_call_back_is_withdrawn_wherever_callers_are_sent(waiting: WhoWaitsAtClosing, is_alerting: bool) -> None:
    acd = scripted(overflows={"closed": ToQueue(NIGHT)})
    if is_alerting:
        acd.ready("ann")
    acd.call("c1", channel=Channel.CALLBACK)
    acd.tell(QueueClosed(SALES, "night", waiting))
    if is_alerting:
        acd.fail("c1")
    (row,) = acd.told(ContactWithdrawn)
    assert (row.contact_id, row.reason, row.by) == ("c1", "closed", "")
    assert acd.router.contact_ids() == []
    assert (acd.queue().offered, acd.queue().withdrawn, acd.queue().overflowed) == (1, 1, 0)
