"""Who may serve a queue."""

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.acd.skills import Roster
from softswitch.base.ids import AgentId, QueueId

ROSTER = Roster(
    [
        Agent(agent_id=AgentId("everything"), skills={"en": 10, "billing": 10}),
        Agent(agent_id=AgentId("some"), skills={"en": 5}),
        Agent(agent_id=AgentId("listed"), skills={"en": 10, "billing": 10}, queues=(QueueId("sales"),)),
        Agent(agent_id=AgentId("nothing"), queues=()),
    ]
)


def able(queue: Queue) -> list[str]:
    return [ROSTER.agent_ids[row] for row in ROSTER.able(queue).nonzero()[0]]


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        (Queue(queue_id=QueueId("sales")), ["everything", "some", "listed"]),
        (Queue(queue_id=QueueId("other")), ["everything", "some"]),
        (Queue(queue_id=QueueId("sales"), skills={"en": 5}), ["everything", "some", "listed"]),
        (Queue(queue_id=QueueId("sales"), skills={"en": 6}), ["everything", "listed"]),
        (Queue(queue_id=QueueId("sales"), skills={"en": 5, "billing": 1}), ["everything", "listed"]),
        (Queue(queue_id=QueueId("sales"), skills={"juggling": 1}), []),
        (Queue(queue_id=QueueId("sales"), agents=(AgentId("some"), AgentId("stranger"))), ["some"]),
        (Queue(queue_id=QueueId("other"), agents=(AgentId("listed"), AgentId("some"))), ["some"]),
        (Queue(queue_id=QueueId("sales"), agents=()), []),
    ],
)
def test_an_agent_serves_a_queue_he_is_listed_for_with_the_skills_it_needs(queue: Queue, expected: list[str]) -> None:
    assert able(queue) == expected


def test_further_wishes_narrow_the_rows() -> None:
    rows = ROSTER.able(Queue(queue_id=QueueId("sales"))).nonzero()[0]
    assert rows[ROSTER.narrowed(rows, (), "")].tolist() == [0, 1, 2]
    assert rows[ROSTER.narrowed(rows, {"en": 6}.items(), "")].tolist() == [0, 2]
    assert rows[ROSTER.narrowed(rows, {"en": 5, "billing": 10}.items(), "")].tolist() == [0, 2]
    assert rows[ROSTER.narrowed(rows, {"juggling": 1}.items(), "")].tolist() == []
    assert rows[ROSTER.narrowed(rows, {"en": 5}.items(), "not billing")].tolist() == [1]


def test_an_expression_counts_beside_the_skills() -> None:
    queue = Queue(queue_id=QueueId("other"), skills={"en": 5}, requirement="billing or en < 6")
    assert able(queue) == ["everything", "some"]
    assert able(Queue(queue_id=QueueId("other"), requirement="not billing")) == ["some"]


def test_skills_that_change_replace_the_former() -> None:
    roster = Roster([Agent(agent_id=AgentId("ann"), skills={"en": 5, "billing": 3}), Agent(agent_id=AgentId("bob"))])
    roster.set_skills(0, {"en": 2, "new": 4})
    assert [int(roster.level(skill)[0]) for skill in ("en", "billing", "new")] == [2, 0, 4]
    assert not roster.level("new")[1]


def test_an_empty_roster_serves_nothing() -> None:
    assert Roster([]).able(Queue(queue_id=QueueId("sales"), skills={"en": 1})).tolist() == []
