"""An agent's state follows from the facts about him, in the order of the table."""

from collections.abc import Callable

import pytest

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, Queue, RoutingPolicy
from softswitch.acd.outputs import AgentStateChanged
from softswitch.acd.steps import NO_WISHES
from softswitch.acd.waiting import Contact, QueueRecord
from softswitch.acd.wrap_up import WrapUp
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId

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


def be_called(agent: AgentMachine) -> None:
    agent.begin_other_call(BusyKind.DIRECT_IN)


def hang_up(agent: AgentMachine) -> None:
    agent.end_other_call()


def reserve(agent: AgentMachine) -> None:
    agent.reserve(ReservationId(1))


def release(agent: AgentMachine) -> None:
    agent.release()


def miss(agent: AgentMachine) -> None:
    agent.fail(is_counted=True)


def miss_and_pause(agent: AgentMachine) -> None:
    agent.fail(is_counted=True)
    agent.pause("no answer")


def decline(agent: AgentMachine) -> None:
    agent.fail(is_counted=False)


def contact(channel: Channel = Channel.VOICE, name: str = "c1") -> Contact:
    queue = QueueRecord(Queue(queue_id=QueueId("sales")))
    return Contact(ContactId(name), queue, channel, {}, NO_WISHES, 0.0, 0.0, key=0.0, serial=1)


def connect(agent: AgentMachine) -> None:
    agent.connect(contact(), 90.0)


def finish(agent: AgentMachine) -> None:
    agent.finish(ContactId("c1"))
    agent.wrap_ups[ContactId("c1")] = WrapUp(ContactId("c1"), Queue(queue_id=QueueId("sales")), "", 100.0)


def finish_without_wrap_up(agent: AgentMachine) -> None:
    agent.finish(ContactId("c1"))


def end_wrap_up(agent: AgentMachine) -> None:
    agent.wrap_ups.clear()


POLICY = RoutingPolicy()


def machine(*facts: Fact) -> AgentMachine:
    agent = AgentMachine(Agent(agent_id=AgentId("ann")), 0.0)
    agent.settle(0.0, POLICY)
    for fact in facts:
        fact(agent)
        agent.settle(100.0, POLICY)
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
    ([log_in, reserve, miss], AgentState.READY, None),
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
    assert agent.settle(7.0, POLICY) == AgentStateChanged(
        AgentId("ann"), AgentState.READY, AgentState.NOT_READY, "lunch", 7.0
    )
    assert agent.settle(8.0, POLICY) is None
    agent.pause("training")
    assert agent.settle(9.0, POLICY) == AgentStateChanged(
        AgentId("ann"), AgentState.NOT_READY, AgentState.NOT_READY, "training", 9.0
    )


def test_a_busy_agent_says_whose_call_it_is() -> None:
    agent = machine(log_in)
    agent.begin_other_call(BusyKind.DIRECT_IN)
    change = agent.settle(7.0, POLICY)
    assert change is not None
    assert change.busy_kind is BusyKind.DIRECT_IN
    agent.begin_other_call(BusyKind.OUTBOUND)
    change = agent.settle(8.0, POLICY)
    assert change is not None
    assert (change.old, change.new, change.busy_kind) == (AgentState.BUSY, AgentState.BUSY, BusyKind.OUTBOUND)


def idle_since_after(*facts: Fact, policy: RoutingPolicy = POLICY) -> float | None:
    """The facts happen at 1, 2, 3 ... seconds."""
    agent = AgentMachine(Agent(agent_id=AgentId("ann")), 0.0)
    for now, fact in enumerate(facts, start=1):
        fact(agent)
        agent.settle(float(now), policy)
    return agent.idle_since


def test_idle_time_starts_with_the_login_and_the_end_of_each_contact() -> None:
    assert idle_since_after(log_in) == 1.0
    assert idle_since_after(log_in, reserve, connect) is None
    assert idle_since_after(log_in, reserve, connect, finish) is None
    assert idle_since_after(log_in, reserve, connect, finish, end_wrap_up) == 5.0
    assert idle_since_after(log_in, log_out, log_in) == 3.0


def test_idle_time_goes_on_through_a_break_unless_the_policy_says_otherwise() -> None:
    assert idle_since_after(log_in, pause, resume) == 1.0
    assert idle_since_after(log_in, pause, resume, policy=RoutingPolicy(breaks_restart_idle=True)) == 3.0


def test_a_break_right_after_a_contact_is_idle_time_unless_the_policy_says_otherwise() -> None:
    facts = (log_in, reserve, connect, pause, finish, end_wrap_up, resume)
    assert idle_since_after(*facts) == 6.0
    assert idle_since_after(*facts, policy=RoutingPolicy(breaks_restart_idle=True)) == 7.0


def test_idle_time_goes_on_through_a_reservation_the_caller_gave_up() -> None:
    assert idle_since_after(log_in, reserve) == 1.0
    assert idle_since_after(log_in, reserve, release) == 1.0


def test_idle_time_starts_anew_after_a_failed_reservation() -> None:
    assert idle_since_after(log_in, reserve, miss) == 3.0
    assert idle_since_after(log_in, reserve, miss_and_pause, resume) == 4.0


@pytest.mark.parametrize(
    ("policy", "after_own", "after_direct"),
    [
        (RoutingPolicy(), 3.0, 3.0),
        (RoutingPolicy(outbound_calls_restart_idle=False), 1.0, 3.0),
        (RoutingPolicy(direct_calls_restart_idle=False), 3.0, 1.0),
    ],
)
def test_idle_time_and_calls_of_other_kinds(policy: RoutingPolicy, after_own: float, after_direct: float) -> None:
    assert idle_since_after(log_in, dial_out, hang_up, policy=policy) == after_own
    assert idle_since_after(log_in, be_called, hang_up, policy=policy) == after_direct


def test_idle_time_of_the_last_contact_does_not_come_back_after_a_call_in_wrap_up() -> None:
    facts = (log_in, reserve, connect, finish, dial_out, end_wrap_up, hang_up)
    assert idle_since_after(*facts, policy=RoutingPolicy(outbound_calls_restart_idle=False)) == 7.0


def free_for(agent: AgentMachine) -> set[Channel]:
    return {channel for channel in Channel if agent.is_free_for(channel, POLICY.interrupted_by)}


OFF_THE_PHONE = {Channel.VOICEMAIL, Channel.CHAT, Channel.EMAIL, Channel.TASK}


def test_who_is_ready_is_free_for_every_channel_and_with_no_phone_for_those_that_need_none() -> None:
    agent = machine(log_in)
    assert free_for(agent) == OFF_THE_PHONE
    agent.reach()
    assert free_for(agent) == set(Channel)
    agent.lose()
    assert free_for(agent) == OFF_THE_PHONE


@pytest.mark.parametrize("fact", [pause, reserve, dial_out, log_out, connect])
def test_who_is_not_or_is_alerted_or_on_the_phone_is_free_for_nothing(fact: Fact) -> None:
    assert free_for(machine(log_in, reach, fact)) == set()


def test_nobody_is_free_while_he_wraps_up() -> None:
    agent = machine(log_in, reach, reserve, connect, finish)
    assert free_for(agent) == set()


def in_hand(*channels: Channel, agent: Agent | None = None) -> AgentMachine:
    made = AgentMachine(agent or Agent(agent_id=AgentId("ann")), 0.0)
    made.log_in()
    made.reach()
    for number, channel in enumerate(channels):
        made.connect(contact(channel, f"c{number}"), 1.0)
    made.settle(1.0, POLICY)
    return made


def test_beside_an_email_he_is_free_for_what_may_interrupt_it() -> None:
    assert free_for(in_hand(Channel.EMAIL)) == {Channel.VOICE, Channel.CALLBACK, Channel.CHAT}
    assert free_for(in_hand(Channel.VOICEMAIL)) == {Channel.VOICE, Channel.CALLBACK}
    assert free_for(in_hand(Channel.CALLBACK)) == set()


def test_a_further_chat_comes_when_each_has_had_its_first_reply_and_there_is_a_slot() -> None:
    agent = in_hand(Channel.CHAT, agent=Agent(agent_id=AgentId("ann"), capacity={Channel.CHAT: 2}))
    assert free_for(agent) == set()
    agent.contacts[ContactId("c0")].is_replied = True
    assert free_for(agent) == {Channel.CHAT}
    agent.connect(contact(Channel.CHAT, "c9"), 2.0)
    agent.contacts[ContactId("c9")].is_replied = True
    assert free_for(agent) == set()


def test_a_contact_put_aside_keeps_its_slot_but_is_not_what_he_works_on() -> None:
    agent = in_hand(Channel.EMAIL)
    agent.contacts[ContactId("c0")].interrupted_at = 2.0
    agent.settle(2.0, POLICY)
    assert agent.state is AgentState.READY
    assert Channel.EMAIL not in free_for(agent)


def test_channels_without_capacity_are_not_his() -> None:
    agent = in_hand(agent=Agent(agent_id=AgentId("ann"), capacity={Channel.EMAIL: 2}))
    assert free_for(agent) == {Channel.EMAIL}


def test_a_change_says_who_did_it() -> None:
    agent = machine(log_in)
    agent.pause("lunch", "supervisor eve")
    change = agent.settle(7.0, POLICY, "agent", "supervisor eve")
    assert change is not None
    assert (change.by, agent.by) == ("supervisor eve", "supervisor eve")


def test_a_planned_break_or_logout_is_the_doing_of_who_planned_it() -> None:
    agent = machine(log_in, reserve, connect)
    agent.pause("lunch", "ann")
    agent.finish(ContactId("c1"))
    change = agent.settle(7.0, POLICY, "call")
    assert change is not None
    assert (change.new, change.by) == (AgentState.NOT_READY, "ann")
    agent.connect(contact(), 8.0)
    agent.settle(8.0, POLICY, "call")
    agent.log_out("eve")
    agent.finish(ContactId("c1"))
    change = agent.settle(9.0, POLICY, "call")
    assert change is not None
    assert (change.new, change.by) == (AgentState.LOGGED_OUT, "eve")


def test_answered_and_missed_are_counted() -> None:
    agent = machine(log_in, reserve, miss, reserve, connect)
    assert (agent.answered, agent.missed) == (1, 1)


def test_failures_in_a_row_are_counted_until_he_answers_or_comes_back() -> None:
    assert machine(log_in, reserve, miss, reserve, miss).failures == 2
    assert machine(log_in, reserve, decline).failures == 0
    assert machine(log_in, reserve, miss, reserve, connect).failures == 0
    assert machine(log_in, reserve, miss, resume).failures == 0
    assert machine(log_in, reserve, miss, log_out, log_in).failures == 0
