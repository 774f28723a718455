"""What a restart of the switch means for who was on the phone, and for everybody else."""

from softswitch.acd import events
from softswitch.acd.inputs import AgentBusy, AgentPaused, QueueClosed, SwitchRestarted
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, ContactState, Queue
from softswitch.acd.outputs import AgentReserved, ReservationEnded
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=10.0)
ANN, BOB = AgentId("ann"), AgentId("bob")


def centre() -> ScriptedAcd:
    return ScriptedAcd([SALES], [Agent(agent_id=ANN), Agent(agent_id=BOB)], now=1000.0)


def test_calls_are_over_and_their_agents_wrap_up() -> None:
    acd = centre()
    acd.ready("ann", "bob")
    acd.call("talks")
    acd.answer("talks")
    acd.call("alerts")
    acd.call("waits")
    acd.tell(SwitchRestarted())
    assert acd.router.contact_summaries(acd.now) == []
    assert (acd.state("ann"), acd.state("bob")) == (AgentState.WRAP_UP, AgentState.READY)
    withdrawn = [(event.contact_id, event.reason) for event in acd.told(events.ContactWithdrawn)]
    assert withdrawn == [("waits", "restart"), ("alerts", "restart")]
    assert [event.contact_id for event in acd.told(events.ContactEnded)] == ["talks"]
    assert acd.agent("bob").missed == 0
    assert acd.queue().waiting == 0


def test_nobody_is_alerted_for_a_dead_line() -> None:
    acd = centre()
    acd.ready("ann")
    for name in ("c1", "c2", "c3"):
        acd.call(name)
    outputs = acd.tell(SwitchRestarted())
    assert not [output for output in outputs if isinstance(output, AgentReserved)]


def test_what_is_no_call_keeps_its_place_and_its_agent() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("task", channel=Channel.TASK)
    acd.answer("task")
    acd.call("mail", channel=Channel.EMAIL)
    acd.call("call")
    acd.advance(7.0)
    acd.tell(SwitchRestarted())
    assert acd.state("ann") is AgentState.BUSY
    assert [(row.contact_id, row.state) for row in acd.router.contact_summaries(acd.now)] == [
        ("task", ContactState.CONNECTED),
        ("mail", ContactState.WAITING),
    ]
    assert acd.contact("mail").wait_s == 7.0


def test_who_could_not_take_it_while_the_switch_was_away_has_missed_nothing() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("mail", channel=Channel.EMAIL)
    acd.advance(3.0)
    outputs = acd.tell(SwitchRestarted())
    assert [output.cause for output in outputs if isinstance(output, ReservationEnded)] == ["restart"]
    assert [output.agent_id for output in outputs if isinstance(output, AgentReserved)] == [ANN], "and has all his time"
    acd.advance(14.0)
    assert (acd.state("ann"), acd.agent("ann").missed) == (AgentState.RESERVED, 0)


def test_states_are_told_anew() -> None:
    acd = centre()
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(ANN, "lunch", by="eve"), AgentBusy(BOB, BusyKind.OUTBOUND))
    acd.diary.clear()
    acd.tell(SwitchRestarted())
    told = [(event.agent_id, event.new, event.source) for event in acd.told(events.AgentStateChanged)]
    assert told == [
        (ANN, AgentState.NOT_READY, "restart"),
        (BOB, AgentState.BUSY, "restart"),
        (BOB, AgentState.READY, "restart"),
    ]
    assert [event.source for event in acd.told(events.AgentLoggedIn)] == ["restart", "restart"]


def test_queues_are_open_until_somebody_says_otherwise() -> None:
    acd = centre()
    acd.tell(QueueClosed(SALES.queue_id, "night"))
    acd.tell(SwitchRestarted())
    acd.call("task", channel=Channel.TASK)
    assert acd.contact("task").contact_id == ContactId("task")
