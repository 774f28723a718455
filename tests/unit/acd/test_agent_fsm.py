"""An agent's state follows from the facts about him, in the order of the table."""

from collections.abc import Callable

import pytest

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.limits import WRAP_UP_S_MAX
from softswitch.acd.model import Agent, AgentState, BusyKind
from softswitch.acd.outputs import AgentStateChanged
from softswitch.base.ids import AgentId, ContactId, ReservationId

Fact = Callable[[AgentMachine], None]


def log_in(agent: AgentMachine) -> None:
    agent.log_in()


def log_out(agent: AgentMachine) -> None:
    agent.log_out()


def pause(agent: AgentMachine) -> None:
    agent.pause("lunch")


def resume(agent: AgentMachine) -> None:
    agent.resume()


def reach(agent: AgentMachine) -> None:
    agent.reach()


def dial_out(agent: AgentMachine) -> None:
    agent.begin_other_call(BusyKind.OUTBOUND)


def hang_up(agent: AgentMachine) -> None:
    agent.end_other_call()


def reserve(agent: AgentMachine) -> None:
    agent.reserve(ReservationId(1))


def release(agent: AgentMachine) -> None:
    agent.release()


def ignore(agent: AgentMachine) -> None:
    agent.fail("no answer", 1)


def miss_one_of_two(agent: AgentMachine) -> None:
    agent.fail("no answer", 2)


def lose_phone(agent: AgentMachine) -> None:
    agent.fail("unreachable", 99)


def connect(agent: AgentMachine) -> None:
    agent.connect(ContactId("c1"))


def finish(agent: AgentMachine) -> None:
    agent.finish(10.0, 100.0)


def finish_without_wrap_up(agent: AgentMachine) -> None:
    agent.finish(0.0, 100.0)


def end_wrap_up(agent: AgentMachine) -> None:
    agent.end_wrap_up()


def machine(*facts: Fact) -> AgentMachine:
    agent = AgentMachine(Agent(agent_id=AgentId("ann")), 0.0)
    agent.settle(0.0, direct_calls_restart_idle=True)
    for fact in facts:
        fact(agent)
        agent.settle(100.0, direct_calls_restart_idle=True)
    return agent


STORIES: list[tuple[list[Fact], AgentState, BusyKind | None]] = [
    ([], AgentState.LOGGED_OUT, None),
    ([log_in], AgentState.READY, None),
    ([pause], AgentState.LOGGED_OUT, None),
    ([pause, log_in], AgentState.READY, None),
    ([log_in, pause], AgentState.NOT_READY, None),
    ([log_in, pause, log_in], AgentState.NOT_READY, None),
    ([log_in, pause, resume], AgentState.READY, None),
    ([log_in, pause, log_out, log_in], AgentState.READY, None),
    ([dial_out], AgentState.LOGGED_OUT, None),
    ([dial_out, log_in], AgentState.BUSY, BusyKind.OUTBOUND),
    ([log_in, pause, dial_out], AgentState.BUSY, BusyKind.OUTBOUND),
    ([log_in, pause, dial_out, hang_up], AgentState.NOT_READY, None),
    ([log_in, reserve], AgentState.RESERVED, None),
    ([log_in, reserve, pause], AgentState.RESERVED, None),
    ([log_in, reserve, dial_out], AgentState.RESERVED, None),
    ([log_in, reserve, release], AgentState.READY, None),
    ([log_in, reserve, pause, release], AgentState.NOT_READY, None),
    ([log_in, reserve, ignore], AgentState.NOT_READY, None),
    ([log_in, reserve, miss_one_of_two], AgentState.READY, None),
    ([log_in, reserve, miss_one_of_two, reserve, miss_one_of_two], AgentState.NOT_READY, None),
    ([log_in, reserve, miss_one_of_two, resume, reserve, miss_one_of_two], AgentState.READY, None),
    (
        [log_in, reserve, miss_one_of_two, reserve, connect, finish_without_wrap_up, reserve, miss_one_of_two],
        AgentState.READY,
        None,
    ),
    ([log_in, reserve, lose_phone], AgentState.NOT_READY, None),
    ([log_in, reserve, lose_phone, reach], AgentState.READY, None),
    ([log_in, pause, reach], AgentState.NOT_READY, None),
    ([log_in, reserve, connect], AgentState.BUSY, BusyKind.ACD),
    ([log_in, reserve, connect, dial_out], AgentState.BUSY, BusyKind.ACD),
    ([log_in, reserve, connect, log_out], AgentState.BUSY, BusyKind.ACD),
    ([log_in, reserve, connect, log_out, finish], AgentState.LOGGED_OUT, None),
    ([log_in, reserve, connect, finish], AgentState.WRAP_UP, None),
    ([log_in, reserve, connect, finish_without_wrap_up], AgentState.READY, None),
    ([log_in, reserve, connect, finish, pause], AgentState.WRAP_UP, None),
    ([log_in, reserve, connect, finish, dial_out], AgentState.BUSY, BusyKind.OUTBOUND),
    ([log_in, reserve, connect, finish, dial_out, hang_up], AgentState.WRAP_UP, None),
    ([log_in, reserve, connect, finish, log_out], AgentState.LOGGED_OUT, None),
    ([log_in, reserve, connect, finish, end_wrap_up], AgentState.READY, None),
    ([log_in, reserve, connect, pause, finish, end_wrap_up], AgentState.NOT_READY, None),
    ([log_in, reserve, connect, pause, resume, finish, end_wrap_up], AgentState.READY, None),
]


@pytest.mark.parametrize(
    ("facts", "state", "busy_kind"), STORIES, ids=["-".join(fact.__name__ for fact in story[0]) for story in STORIES]
)
def test_state_follows_from_facts(facts: list[Fact], state: AgentState, busy_kind: BusyKind | None) -> None:
    agent = machine(*facts)
    assert (agent.state, agent.busy_kind) == (state, busy_kind)


def test_a_change_is_told_once_with_its_time_and_reason() -> None:
    agent = machine(log_in)
    agent.pause("lunch")
    assert agent.settle(7.0, direct_calls_restart_idle=True) == AgentStateChanged(
        AgentId("ann"), AgentState.READY, AgentState.NOT_READY, "lunch", 7.0
    )
    assert agent.settle(8.0, direct_calls_restart_idle=True) is None
    agent.pause("training")
    assert agent.settle(9.0, direct_calls_restart_idle=True) == AgentStateChanged(
        AgentId("ann"), AgentState.NOT_READY, AgentState.NOT_READY, "training", 9.0
    )


def test_a_busy_agent_says_whose_call_it_is() -> None:
    agent = machine(log_in)
    agent.begin_other_call(BusyKind.DIRECT_IN)
    change = agent.settle(7.0, direct_calls_restart_idle=True)
    assert change is not None
    assert change.busy_kind is BusyKind.DIRECT_IN
    agent.begin_other_call(BusyKind.OUTBOUND)
    change = agent.settle(8.0, direct_calls_restart_idle=True)
    assert change is not None
    assert (change.old, change.new, change.busy_kind) == (AgentState.BUSY, AgentState.BUSY, BusyKind.OUTBOUND)


def idle_since_after(*facts: Fact, direct_calls_restart_idle: bool = True) -> float | None:
    """The facts happen at 1, 2, 3 ... seconds."""
    agent = AgentMachine(Agent(agent_id=AgentId("ann")), 0.0)
    for now, fact in enumerate(facts, start=1):
        fact(agent)
        agent.settle(float(now), direct_calls_restart_idle=direct_calls_restart_idle)
    return agent.idle_since


def test_idle_time_starts_with_being_ready() -> None:
    assert idle_since_after(log_in) == 1.0
    assert idle_since_after(log_in, pause) is None
    assert idle_since_after(log_in, pause, resume) == 3.0
    assert idle_since_after(log_in, reserve, connect) is None
    assert idle_since_after(log_in, reserve, connect, finish, end_wrap_up) == 5.0


def test_idle_time_goes_on_through_a_reservation_the_caller_gave_up() -> None:
    assert idle_since_after(log_in, reserve) == 1.0
    assert idle_since_after(log_in, reserve, release) == 1.0


def test_idle_time_starts_anew_after_a_failed_reservation() -> None:
    assert idle_since_after(log_in, reserve, miss_one_of_two) == 3.0


@pytest.mark.parametrize(("restarts", "expected"), [(True, 3.0), (False, 1.0)])
def test_idle_time_and_calls_of_his_own(restarts: bool, expected: float) -> None:
    assert idle_since_after(log_in, dial_out, hang_up, direct_calls_restart_idle=restarts) == expected


def test_idle_time_of_the_last_contact_does_not_come_back_after_a_call_in_wrap_up() -> None:
    facts = (log_in, reserve, connect, finish, dial_out, end_wrap_up, hang_up)
    assert idle_since_after(*facts, direct_calls_restart_idle=False) == 7.0


def test_wrap_up_can_be_extended_but_not_for_ever() -> None:
    agent = machine(log_in, reserve, connect, finish)
    agent.extend_wrap_up(5.0)
    assert agent.wrap_up_until == 115.0
    agent.extend_wrap_up(1e9)
    assert agent.wrap_up_until == 100.0 + WRAP_UP_S_MAX


def test_without_wrap_up_nothing_is_extended() -> None:
    agent = machine(log_in)
    agent.extend_wrap_up(5.0)
    assert agent.wrap_up_until is None


def test_available_means_ready_with_a_phone() -> None:
    agent = machine(log_in)
    assert not agent.is_available
    agent.reach()
    assert agent.is_available
    agent.lose()
    assert not agent.is_available


def test_a_planned_break_keeps_its_own_reason_when_the_call_is_not_answered() -> None:
    agent = machine(log_in, reserve, pause, ignore)
    assert agent.reason == "lunch"


def test_answered_and_missed_are_counted() -> None:
    agent = machine(log_in, reserve, miss_one_of_two, reserve, connect)
    assert (agent.answered, agent.missed) == (1, 1)
