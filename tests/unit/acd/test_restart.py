"""What a restart of the switch means for who was on the phone, and for everybody else."""

from collections.abc import Sequence

from msgspec.structs import replace

from softswitch.acd import events
from softswitch.acd.inputs import (
    AgentBusy,
    AgentPaused,
    ConfigurationSet,
    ContactHeld,
    QueueClosed,
    Survivor,
    SwitchRestarted,
)
from softswitch.acd.model import (
    Agent,
    AgentState,
    Announcements,
    BusyKind,
    Channel,
    ContactState,
    Queue,
    RoutingPolicy,
)
from softswitch.acd.outputs import (
    AcdOutput,
    AgentReserved,
    AnnouncementDue,
    ContactConnected,
    ContactForgotten,
    ContactInQuestion,
    ContactLost,
    ContactTakenOut,
    ReservationEnded,
)
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
    assert withdrawn == [("alerts", "restart"), ("waits", "restart")]
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


# Survivors


def survivors(*names: str, **talking: str) -> SwitchRestarted:
    """These wait; those talk with somebody."""
    waiting = [Survivor(ContactId(name)) for name in names]
    with_agents = [Survivor(ContactId(name), AgentId(agent)) for name, agent in talking.items()]
    return SwitchRestarted((*waiting, *with_agents))


def reserved(outputs: Sequence[AcdOutput]) -> list[tuple[str, str]]:
    return [(each.contact_id, each.agent_id) for each in outputs if isinstance(each, AgentReserved)]


def test_who_waits_keeps_his_place_and_is_told_what_was_due() -> None:
    sounds = Announcements(first_after_s=5.0, every_s=10.0)
    acd = ScriptedAcd([replace(SALES, announcements=sounds)], [Agent(agent_id=ANN)], now=1000.0)
    acd.call("dead")
    acd.advance(1.0)
    acd.call("first")
    acd.call("second", boost_s=30.0)
    acd.advance(3.0)
    acd.tell(survivors("first", "second"))
    assert [(row.contact_id, row.wait_s, row.position) for row in acd.router.contact_summaries(acd.now)] == [
        ("second", 3.0, 1),
        ("first", 3.0, 2),
    ]
    told = [each for each in acd.advance(2.0) if isinstance(each, AnnouncementDue)]
    assert [(each.contact_id, each.position) for each in told] == [("first", 2), ("second", 1)]
    assert reserved(acd.ready("ann")) == [("second", "ann")]


def test_who_was_alerting_is_given_an_agent_anew() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("first")
    acd.call("second")
    acd.advance(4.0)
    outputs = acd.tell(survivors("first", "second"))
    assert [each.cause for each in outputs if isinstance(each, ReservationEnded)] == ["restart"]
    assert reserved(outputs) == [("first", "ann")]
    assert acd.agent("ann").missed == 0
    acd.advance(14.0)
    assert acd.state("ann") is AgentState.RESERVED, "and has all his time"


def test_a_conversation_goes_on_with_its_hold_and_its_wrap_up() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("talks")
    acd.answer("talks")
    acd.tell(ContactHeld(ContactId("talks")))
    acd.advance(3.0)
    acd.tell(survivors(talks="ann"))
    assert acd.state("ann") is AgentState.BUSY
    acd.advance(2.0)
    acd.finish("talks")
    ended = acd.told(events.ContactEnded)
    assert [(each.hold_s, each.talk_s) for each in ended] == [(5.0, 0.0)]
    assert acd.state("ann") is AgentState.WRAP_UP


def test_an_answer_the_journal_has_lost() -> None:
    """The call says that they talk: the router had the agent alerted, or not even that."""
    acd = centre()
    acd.ready("ann", "bob")
    acd.call("alerts")
    outputs = acd.tell(survivors(alerts="ann"))
    assert not [each for each in outputs if isinstance(each, ReservationEnded | ContactConnected)]
    assert acd.state("ann") is AgentState.BUSY
    acd.call("other")
    acd.call("waits")
    outputs = acd.tell(survivors("other", alerts="ann", waits="bob"))
    assert (acd.state("ann"), acd.state("bob")) == (AgentState.BUSY, AgentState.BUSY)
    assert reserved(outputs) == [], "he is not given to another one first"
    connected = [(each.contact_id, each.agent_id) for each in acd.told(events.ContactConnected)]
    assert connected == [("alerts", "ann"), ("waits", "bob")]
    assert (acd.queue().waiting, acd.queue().alerting) == (1, 0)


def test_a_conversation_that_never_was() -> None:
    acd = centre()
    acd.ready("ann")
    acd.advance(1.0)
    acd.call("first")
    acd.answer("first")
    acd.call("second")
    acd.advance(2.0)
    outputs = acd.tell(survivors("first", "second"))
    assert reserved(outputs) == [("first", "ann")], "back in its place, and before who came after it"
    assert acd.agent("ann").missed == 0
    assert acd.contact("first").wait_s == 2.0


def test_who_talks_with_another_agent_than_was_known() -> None:
    acd = centre()
    acd.ready("ann", "bob")
    acd.call("talks")
    acd.answer("talks")
    acd.tell(survivors(talks="bob"))
    assert (acd.state("ann"), acd.state("bob")) == (AgentState.READY, AgentState.BUSY)


def test_who_is_not_known_is_to_be_queued_again() -> None:
    acd = centre()
    acd.ready("ann")
    outputs = acd.tell(survivors("new", talks="ann"))
    assert outputs == [ContactForgotten(ContactId("new"))]
    assert acd.state("ann") is AgentState.READY, "of a conversation without a queue nothing is known"


def test_who_talks_is_known_again_by_his_queue() -> None:
    acd = centre()
    acd.ready("ann")
    survivor = Survivor(ContactId("talks"), ANN, SALES.queue_id, enqueued_at=990.0)
    acd.tell(SwitchRestarted((survivor,)))
    assert acd.state("ann") is AgentState.BUSY
    acd.advance(5.0)
    acd.finish("talks")
    assert acd.state("ann") is AgentState.WRAP_UP
    assert [each.wait_s for each in acd.told(events.ContactEnded)] == [10.0]


def test_an_agent_in_a_call_of_his_own_that_goes_on_is_not_alerted() -> None:
    acd = centre()
    acd.ready("ann")
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
    acd.call("waits")
    outputs = acd.tell(SwitchRestarted((Survivor(ContactId("waits")),), {ANN: BusyKind.OUTBOUND}))
    assert reserved(outputs) == []
    assert reserved(acd.tell(SwitchRestarted((Survivor(ContactId("waits")),)))) == [("waits", "ann")]


def test_who_was_asked_about_before_has_time_to_answer() -> None:
    acd = ScriptedAcd([SALES], [Agent(agent_id=ANN)], policy=RoutingPolicy(watchdog_s=10.0), now=1000.0)
    acd.call("waits")
    assert [each for each in acd.advance(10.0) if isinstance(each, ContactInQuestion)]
    acd.tell(survivors("waits"))
    assert not [each for each in acd.advance(11.0) if isinstance(each, ContactLost)]


def test_a_queue_that_is_there_no_more_takes_nobody_back() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("talks")
    acd.answer("talks")
    acd.tell(ConfigurationSet([Queue(queue_id=QueueId("other"))], [Agent(agent_id=ANN), Agent(agent_id=BOB)]))
    outputs = acd.tell(survivors("talks"))
    assert [each.contact_id for each in outputs if isinstance(each, ContactTakenOut)] == ["talks"]
    assert acd.state("ann") is AgentState.READY
    assert acd.router.contact_summaries(acd.now) == []
