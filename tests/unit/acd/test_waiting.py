"""Lines stay sorted by age less boost, and by arrival where that is equal."""

import numpy as np

from softswitch.acd.model import Channel, ContactState, Queue
from softswitch.acd.steps import NO_WISHES
from softswitch.acd.waiting import Contact, Line, QueueRecord
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

QUEUE = QueueRecord(Queue(queue_id=QueueId("sales"), max_wait_s=60.0))


def contact(name: str, at: float, serial: int, boost_s: float = 0.0) -> Contact:
    return Contact(ContactId(name), QUEUE, Channel.VOICE, {}, NO_WISHES, at, at, at - boost_s, serial)


def line(*contacts: Contact) -> Line:
    nobody = np.zeros(0, np.intp)
    ranks = np.zeros(0, np.uint8)
    made = Line(QUEUE, Channel.VOICE, (0, NO_WISHES, 0, 0), None, 0, "longest_idle", nobody, ranks, is_flat=True)
    for one in contacts:
        made.add(one)
    return made


def names(made: Line) -> list[str]:
    return [one.contact_id for one in made.contacts()]


def test_the_oldest_comes_first_and_a_boost_makes_older() -> None:
    assert names(line(contact("b", 20.0, 2), contact("a", 10.0, 1), contact("c", 30.0, 3, 25.0))) == ["c", "a", "b"]


def test_equal_keys_go_by_arrival() -> None:
    assert names(line(contact("b", 10.0, 2), contact("a", 10.0, 1), contact("c", 15.0, 3, 5.0))) == ["a", "b", "c"]


def test_removing_takes_the_right_one_of_equals() -> None:
    one, two, three = (contact(name, 10.0, serial) for serial, name in enumerate("abc"))
    made = line(one, two, three)
    made.remove(two)
    assert names(made) == ["a", "c"]
    assert len(made) == 2


def test_rank_counts_who_goes_before() -> None:
    one, two, three = (contact(name, 10.0, serial) for serial, name in enumerate("abc"))
    made = line(one, three)
    assert [made.rank(one), made.rank(two), made.rank(three)] == [0, 1, 1]


def test_first_of_an_empty_line() -> None:
    assert line().first() is None
    assert line().first_key() == float("inf")


def test_first_for_an_agent_skips_whom_he_failed() -> None:
    one, two = contact("a", 10.0, 1), contact("b", 20.0, 2)
    one.shunned_by = AgentId("ann")
    made = line(one, two)
    assert made.first_for(AgentId("ann")) is two
    assert made.first_for(AgentId("bob")) is one


def test_state_of_a_contact() -> None:
    one = contact("a", 10.0, 1)
    one.line = line(one)
    assert one.state is ContactState.WAITING
    one.line, one.reservations = None, [ReservationId(1)]
    assert one.state is ContactState.ALERTING
    one.reservations = []
    assert one.state is ContactState.CONNECTED
    assert one.overdue_at == 70.0


def test_a_queue_is_its_lines_together() -> None:
    queue = QueueRecord(Queue(queue_id=QueueId("sales")))
    assert queue.head() is None
    a, b, c = contact("a", 10.0, 1), contact("b", 20.0, 2), contact("c", 30.0, 3)
    queue.lines = {(0, NO_WISHES, 0, 0): line(b), (0, NO_WISHES, 1, 0): line(a, c)}
    assert queue.head() is a
    assert [queue.position(one) for one in (a, b, c)] == [1, 2, 3]
    assert queue.contacts() == [a, b, c]
    queue.waiting, queue.alerting = 3, 2
    assert len(queue) == 5
