from math import inf

import pytest

from softswitch.acd.inputs import ConfigurationSet
from softswitch.acd.model import Agent, Queue, RoutingStep
from softswitch.app.simulation import agents_of, observed_patience_s, observed_talk, past_calls, pattern
from softswitch.base.errors import SimulationError
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.store.schema import Cdr

SALES = Queue(queue_id=QueueId("sales"), skills={"en": 5})
SUPPORT = Queue(queue_id=QueueId("support"), skills={"ru": 2})
ANN = Agent(agent_id=AgentId("ann"), skills={"en": 6})
CENTRE = ConfigurationSet([SALES, SUPPORT], [ANN])
AT = 1_700_000_000.0


def record(
    number: int, *, at: float = AT, queue: str | None = "sales", agent: str | None = "ann", end: str = "completed"
) -> Cdr:
    return Cdr(
        call_id=CallId(f"c{number}"),
        started_at=at,
        ended_at=at + 100.0,
        calling_number="1",
        called_number="100",
        queue=None if queue is None else QueueId(queue),
        agent=None if agent is None else AgentId(agent),
        queue_wait_s=20.0,
        talk_s=70.0 if agent else 0.0,
        end_reason=end,
        ended_by="caller",
    )


def test_the_agents_of_the_configuration() -> None:
    assert agents_of(None, CENTRE) == [ANN]
    with pytest.raises(SimulationError, match="--agents 12"):
        agents_of(None, ConfigurationSet([SALES], []))


def test_so_many_after_their_pattern() -> None:
    assert [agent.skills for agent in agents_of("3", CENTRE)] == [ANN.skills] * 3


def test_where_nobody_is_configured_everybody_can_do_everything() -> None:
    assert [agent.skills for agent in pattern(ConfigurationSet([SALES, SUPPORT], []))] == [{"en": 10, "ru": 10}]


def test_they_have_what_expressions_and_steps_ask_for_and_nothing_that_is_not_wanted() -> None:
    stepped = Queue(
        queue_id=QueueId("stepped"),
        requirement="billing >= 8 and not trainee",
        steps=(RoutingStep(skills={"vip": 3}, for_s=10.0), RoutingStep(requirement="de or fr")),
    )
    agent = pattern(ConfigurationSet([stepped], []))[0]
    assert agent.skills == {"billing": 10, "vip": 10, "de": 10, "fr": 10}


def test_so_many_for_each_queue() -> None:
    agents = agents_of("sales=2, support=1", CENTRE)
    assert [(agent.agent_id, agent.queues) for agent in agents] == [
        ("sales.1", ("sales",)),
        ("sales.2", ("sales",)),
        ("support.1", ("support",)),
    ]
    assert all(agent.skills == {"en": 10, "ru": 10} for agent in agents)


@pytest.mark.parametrize("text", ["0", "-3", "many", "sales=0", "sales=x", "sales", "elsewhere=3", "sales=2,"])
def test_who_is_nobody(text: str) -> None:
    with pytest.raises(SimulationError, match="--agents 12"):
        agents_of(text, CENTRE)


def test_calls_that_came_into_queues_are_taken_from_the_records() -> None:
    calls = past_calls(
        [
            record(1),
            record(2, queue=None),
            record(3, at=AT + 60.0, agent=None, end="abandoned"),
            record(4, at=AT + 90.0, agent=None, end="overflowed"),
        ]
    )
    assert [call.at_s - calls[0].at_s for call in calls] == [0.0, 60.0 + 70.0, 90.0 + 70.0]
    assert 0.0 <= calls[0].at_s < 86_400.0
    assert [(call.talk_s, call.is_abandoned) for call in calls] == [(70.0, False), (None, True), (None, False)]
    assert observed_talk(calls).mean_s == 70.0
    assert observed_patience_s(calls) == 60.0
    assert past_calls([record(1, queue=None)]) == []


def test_what_records_do_not_tell() -> None:
    with pytest.raises(SimulationError, match="--talk"):
        observed_talk(past_calls([record(1, agent=None, end="abandoned")]))
    assert observed_patience_s(past_calls([record(1)])) == inf
