"""Stories of agents: several queues, several channels, breaks, and calls they do not answer."""

from typing import get_args

import pytest

from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentPaused,
    AgentReachable,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactReplied,
    WrapUpEnded,
)
from softswitch.acd.model import (
    Agent,
    AgentState,
    BusyKind,
    Channel,
    NoAnswerState,
    Queue,
    RoutingPolicy,
    StrategyName,
    ToFlow,
)
from softswitch.acd.outputs import (
    AcdOutput,
    AgentReserved,
    AgentStateChanged,
    ContactContinued,
    ContactInterrupted,
    ContactOverflowed,
    WrapUpOver,
)
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0)
ANN = Agent(agent_id=AgentId("ann"))
BOB = Agent(agent_id=AgentId("bob"))


def of(outputs: list[AcdOutput], kind: type[AcdOutput] | tuple[type[AcdOutput], ...]) -> list[AcdOutput]:
    return [output for output in outputs if isinstance(output, kind)]


# Wrap-up


def test_wrap_up_in_one_queue_holds_in_the_other_and_has_exactly_one_record() -> None:
    slow = Queue(queue_id=QueueId("slow"), wrap_up_s=30.0)
    quick = Queue(queue_id=QueueId("quick"), wrap_up_s=5.0)
    acd = ScriptedAcd([slow, quick], [ANN])
    acd.ready("ann")
    acd.call("c1", "slow")
    acd.answer("c1")
    acd.call("c2", "quick")
    acd.finish("c1")
    acd.advance(29.999)
    assert acd.reserved() == [("c1", "ann")]
    acd.advance(0.001)
    assert acd.reserved()[-1] == ("c2", "ann")
    acd.answer("c2")
    acd.finish("c2")
    acd.advance(5.0)
    records = [(at, output.contact_id) for at, output in acd.transcript if isinstance(output, WrapUpOver)]
    assert records == [(30.0, "c1"), (35.0, "c2")]


# Calls that are not answered


def rona(state: NoAnswerState = "not_ready", reason: str = "", *, declines_count: bool = True) -> Queue:
    return Queue(
        queue_id=QueueId("sales"),
        wrap_up_s=0.0,
        no_answer_state=state,
        no_answer_reason=reason,
        declines_count=declines_count,
    )


@pytest.mark.parametrize(
    ("queue", "state", "reason"),
    [
        (rona(), AgentState.NOT_READY, "no answer"),
        (rona(reason="missed a call"), AgentState.NOT_READY, "missed a call"),
        (rona("logged_out"), AgentState.LOGGED_OUT, ""),
        (rona("ready"), AgentState.READY, ""),
    ],
)
def test_who_does_not_answer_goes_where_the_queue_says_and_the_contact_to_another(
    queue: Queue, state: AgentState, reason: str
) -> None:
    acd = ScriptedAcd([queue], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    acd.call("c1")
    acd.advance(15.0)
    assert acd.reserved() == [("c1", "ann"), ("c1", "bob")]
    assert (acd.state("ann"), acd.agent("ann").reason) == (state, reason)
    assert acd.agent("ann").missed == 1
    assert acd.queue().failed_reservations == 1


def test_a_queue_is_empty_when_its_last_agent_is_logged_out_for_not_answering() -> None:
    queue = Queue(
        queue_id=QueueId("sales"), no_answer_state="logged_out", leave_when_empty=("invalid",), overflow=ToFlow("sorry")
    )
    acd = ScriptedAcd([queue], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.call("c2")
    left = of(acd.advance(15.0), ContactOverflowed)
    assert len(left) == 2


@pytest.mark.parametrize(("counts", "state"), [(True, AgentState.NOT_READY), (False, AgentState.READY)])
def test_a_refusal_counts_unless_the_queue_says_otherwise(counts: bool, state: AgentState) -> None:
    acd = ScriptedAcd([rona(declines_count=counts)], [ANN, BOB])
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1", "declined")
    assert acd.state("ann") is state
    assert acd.agent("ann").missed == 1


# Breaks


def test_a_break_planned_during_a_call_can_be_called_off() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    acd.tell(AgentResumed(AgentId("ann")))
    acd.finish("c1")
    assert acd.state("ann") is AgentState.READY


def test_reasons_that_are_not_in_the_catalogue_are_refused_with_those_that_are() -> None:
    acd = ScriptedAcd([SALES], [ANN], policy=RoutingPolicy(not_ready_reasons=("lunch", "training")))
    acd.ready("ann")
    for reason in ("smoking", ""):
        with pytest.raises(LocalError, match=f'"{reason}".*lunch, training'):
            acd.tell(AgentPaused(AgentId("ann"), reason))
    assert acd.state("ann") is AgentState.READY
    acd.tell(AgentPaused(AgentId("ann"), "training"))
    assert acd.agent("ann").reason == "training"


def test_the_catalogue_does_not_bind_the_router() -> None:
    acd = ScriptedAcd([SALES], [ANN], policy=RoutingPolicy(not_ready_reasons=("lunch",)))
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1")
    assert acd.agent("ann").reason == "no answer"


def test_every_change_of_state_says_who_did_it() -> None:
    queue = Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)
    acd = ScriptedAcd([queue], [ANN])
    acd.tell(AgentLoggedIn(AgentId("ann"), by="ann"), AgentReachable(AgentId("ann")))
    acd.call("c1")
    acd.answer("c1")
    acd.finish("c1")
    acd.tell(WrapUpEnded(AgentId("ann"), by="ann"))
    acd.tell(AgentPaused(AgentId("ann"), "lunch", by="eve"))
    acd.tell(AgentResumed(AgentId("ann"), by="ann"))
    acd.tell(AgentBusy(AgentId("ann"), BusyKind.DIRECT_IN), AgentFree(AgentId("ann")))
    acd.call("c2")
    acd.tell(ContactAbandoned(ContactId("c2")))
    acd.call("c3")
    acd.advance(15.0)
    acd.tell(AgentLoggedOut(AgentId("ann"), by="eve"))
    changes = [
        (output.new, output.source, output.by) for _, output in acd.transcript if isinstance(output, AgentStateChanged)
    ]
    assert changes == [
        (AgentState.READY, "agent", "ann"),
        (AgentState.RESERVED, "reservation", ""),
        (AgentState.BUSY, "contact", ""),
        (AgentState.WRAP_UP, "contact", ""),
        (AgentState.READY, "agent", "ann"),
        (AgentState.NOT_READY, "agent", "eve"),
        (AgentState.READY, "agent", "ann"),
        (AgentState.BUSY, "phone", ""),
        (AgentState.READY, "phone", ""),
        (AgentState.RESERVED, "reservation", ""),
        (AgentState.READY, "contact", ""),
        (AgentState.RESERVED, "reservation", ""),
        (AgentState.NOT_READY, "reservation", ""),
        (AgentState.LOGGED_OUT, "agent", "eve"),
    ]


# Idle time


@pytest.mark.parametrize(("restarts", "first"), [(True, "bob"), (False, "ann")])
@pytest.mark.parametrize("kind", [BusyKind.OUTBOUND, BusyKind.DIRECT_IN])
def test_a_call_of_his_own_or_to_his_extension_and_the_idle_clock(kind: BusyKind, restarts: bool, first: str) -> None:
    policy = (
        RoutingPolicy(outbound_calls_restart_idle=restarts, direct_calls_restart_idle=not restarts)
        if kind is BusyKind.OUTBOUND
        else RoutingPolicy(outbound_calls_restart_idle=not restarts, direct_calls_restart_idle=restarts)
    )
    acd = ScriptedAcd([SALES], [ANN, BOB], policy=policy)
    acd.ready("ann")
    acd.advance(10.0)
    acd.ready("bob")
    acd.tell(AgentBusy(AgentId("ann"), kind))
    acd.advance(30.0)
    acd.tell(AgentFree(AgentId("ann")))
    acd.call("c1")
    assert acd.reserved() == [("c1", first)]


def test_longest_idle_counts_from_the_end_of_the_last_contact_of_any_channel() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.advance(60.0)
    acd.finish("mail")
    acd.advance(1.0)
    acd.call("c1")
    assert acd.reserved() == [("mail", "ann"), ("c1", "bob")]


def test_whoever_has_nothing_in_hand_goes_before_whoever_would_be_interrupted() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.advance(60.0)
    acd.ready("bob")
    acd.call("c1")
    acd.call("c2")
    assert acd.reserved() == [("mail", "ann"), ("c1", "bob"), ("c2", "ann")]


@pytest.mark.parametrize("strategy", get_args(StrategyName))
def test_and_so_it_is_with_every_strategy(strategy: StrategyName) -> None:
    queue = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, strategy=strategy)
    acd = ScriptedAcd([queue], [ANN, BOB])
    acd.ready("bob")
    acd.call("c0")
    acd.answer("c0")
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.advance(60.0)
    acd.finish("c0")
    acd.call("c1")
    assert acd.reserved() == [("c0", "bob"), ("mail", "ann"), ("c1", "bob")]


# Channels


def test_an_agent_has_several_contacts_but_is_alerted_for_one_at_a_time() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("chat1", channel=Channel.CHAT)
    acd.call("chat2", channel=Channel.CHAT)
    assert acd.reserved() == [("chat1", "ann")]
    acd.answer("chat1")
    assert acd.reserved() == [("chat1", "ann")]
    acd.tell(ContactReplied(ContactId("chat1")))
    assert acd.reserved()[1:] == [("chat2", "ann")]
    acd.answer("chat2")
    assert [contact.contact_id for contact in acd.agent("ann").contacts] == ["chat1", "chat2"]


def test_chats_come_one_after_the_first_reply_to_the_other_up_to_the_capacity() -> None:
    acd = ScriptedAcd([SALES], [Agent(agent_id=AgentId("ann"), capacity={Channel.CHAT: 3})])
    acd.ready("ann")
    for number in range(1, 5):
        acd.call(f"chat{number}", channel=Channel.CHAT)
    for number in range(1, 4):
        assert acd.reserved()[-1] == (f"chat{number}", "ann")
        assert len(acd.reserved()) == number
        acd.answer(f"chat{number}")
        acd.advance(5.0)
        acd.tell(ContactReplied(ContactId(f"chat{number}")))
    assert len(acd.reserved()) == 3, "three is all he takes"
    acd.finish("chat2")
    assert acd.reserved()[-1] == ("chat4", "ann")


def test_chats_are_spread_over_those_who_have_fewest() -> None:
    acd = ScriptedAcd([SALES], [ANN, BOB])
    acd.ready("ann")
    acd.advance(1.0)
    acd.ready("bob")
    for number in range(1, 5):
        acd.call(f"chat{number}", channel=Channel.CHAT)
        acd.answer(f"chat{number}")
        acd.tell(ContactReplied(ContactId(f"chat{number}")))
        acd.advance(1.0)
    assert [agent_id for _, agent_id in acd.reserved()] == ["ann", "bob", "ann", "bob"]


def test_an_email_is_interrupted_by_a_call_and_continued_after_its_wrap_up() -> None:
    queue = Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)
    acd = ScriptedAcd([queue], [ANN])
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.advance(30.0)
    acd.call("c1")
    assert acd.state("ann") is AgentState.RESERVED
    outputs = acd.answer("c1")
    assert of(outputs, ContactInterrupted) == [ContactInterrupted(ContactId("mail"), AgentId("ann"), ContactId("c1"))]
    assert acd.contact("mail").is_interrupted
    acd.call("mail2", channel=Channel.EMAIL)
    acd.advance(60.0)
    acd.finish("c1")
    assert acd.state("ann") is AgentState.WRAP_UP
    assert of(acd.advance(9.9), ContactContinued) == []
    outputs = acd.advance(0.1)
    assert of(outputs, (ContactContinued, AgentStateChanged, AgentReserved))[:1] == [
        ContactContinued(ContactId("mail"), AgentId("ann"))
    ]
    assert acd.state("ann") is AgentState.BUSY
    assert ("mail2", "ann") not in acd.reserved(), "a contact put aside keeps its slot"
    acd.finish("mail")
    acd.advance(10.0)
    assert acd.reserved()[-1] == ("mail2", "ann")


def test_an_agent_who_is_gone_stays_until_what_he_has_put_aside_is_over() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentBusy(AgentId("ann"), BusyKind.DIRECT_IN))
    acd.tell(ConfigurationSet([SALES], []))
    acd.finish("c1")
    acd.finish("mail")
    assert acd.router.contact_summaries(acd.now) == []
    assert acd.router.agent_summaries(acd.now) == []


def test_a_call_that_came_while_an_email_alerted_comes_as_soon_as_that_is_taken() -> None:
    ann = Agent(agent_id=AgentId("ann"), capacity={Channel.VOICE: 1, Channel.EMAIL: 1})
    acd = ScriptedAcd([SALES], [ann])
    acd.ready("ann")
    acd.call("letter", channel=Channel.EMAIL)
    acd.call("call")
    acd.answer("letter")
    assert acd.reserved() == [("letter", "ann"), ("call", "ann")]


def test_a_call_is_interrupted_by_nothing() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    for channel in Channel:
        acd.call(channel.value, channel=channel)
    assert acd.reserved() == [("c1", "ann")]
    acd.finish("c1")
    assert acd.reserved()[-1] == ("voice", "ann")


def test_a_call_back_takes_the_slot_of_a_call() -> None:
    acd = ScriptedAcd([SALES], [Agent(agent_id=AgentId("ann"), capacity={Channel.VOICE: 1})])
    acd.ready("ann")
    acd.call("back", channel=Channel.CALLBACK)
    acd.answer("back")
    acd.call("c1")
    assert acd.reserved() == [("back", "ann")]
    acd.finish("back")
    assert acd.reserved()[-1] == ("c1", "ann")


def test_the_matrix_can_be_another_one() -> None:
    policy = RoutingPolicy(interrupted_by={Channel.CHAT: (Channel.VOICE,), Channel.EMAIL: ()})
    acd = ScriptedAcd([SALES], [ANN], policy=policy)
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.call("c1")
    assert acd.reserved() == [("mail", "ann")]
    acd.tell(ContactAbandoned(ContactId("c1")))
    acd.finish("mail")
    acd.call("chat", channel=Channel.CHAT)
    acd.answer("chat")
    acd.call("c2")
    assert of(acd.answer("c2"), ContactInterrupted) == [
        ContactInterrupted(ContactId("chat"), AgentId("ann"), ContactId("c2"))
    ]
    assert of(acd.finish("c2"), ContactContinued) == [ContactContinued(ContactId("chat"), AgentId("ann"))]


def test_what_is_put_aside_may_end_there() -> None:
    queue = Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)
    acd = ScriptedAcd([queue], [ANN])
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.call("c1")
    acd.answer("c1")
    assert of(acd.finish("mail"), (WrapUpOver, AgentStateChanged)) == []
    acd.finish("c1")
    acd.advance(10.0)
    assert acd.state("ann") is AgentState.READY


def test_an_agent_without_a_phone_answers_letters_but_no_calls() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.tell(AgentLoggedIn(AgentId("ann")))
    acd.call("c1")
    acd.call("mail", channel=Channel.EMAIL)
    assert acd.reserved() == [("mail", "ann")]
    acd.tell(AgentUnreachable(AgentId("ann")))
    assert acd.state("ann") is AgentState.RESERVED, "a letter needs no phone"


def test_a_break_planned_with_chats_open_lets_them_end_but_brings_no_new_one() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("chat1", channel=Channel.CHAT)
    acd.answer("chat1")
    acd.tell(ContactReplied(ContactId("chat1")), AgentPaused(AgentId("ann"), "lunch"))
    acd.call("chat2", channel=Channel.CHAT)
    assert acd.reserved() == [("chat1", "ann")]
    acd.finish("chat1")
    assert (acd.state("ann"), acd.agent("ann").reason) == (AgentState.NOT_READY, "lunch")


def test_a_letter_in_hand_is_finished_before_the_logout() -> None:
    acd = ScriptedAcd([SALES], [ANN])
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.answer("mail")
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentLoggedOut(AgentId("ann")))
    outputs = acd.finish("c1")
    assert of(outputs, ContactContinued) == [ContactContinued(ContactId("mail"), AgentId("ann"))]
    assert acd.state("ann") is AgentState.BUSY
    acd.finish("mail")
    assert acd.state("ann") is AgentState.LOGGED_OUT
