"""The diary: what is told of each thing that happens, and that reports need nothing else."""

from itertools import pairwise

import msgspec

from softswitch.acd.doing import Condition
from softswitch.acd.events import (
    AcdEvent,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentReserved,
    AgentStateChanged,
    ConfigurationChanged,
    ContactAbandoned,
    ContactAnnounced,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
    ContactResumed,
    ContactTransferred,
    ContactWaits,
    ContactWithdrawn,
    QueueConfigured,
    QueueRemoved,
    ReservationEnded,
    Stamped,
    SwitchStarted,
    WrapUpEnded,
)
from softswitch.acd.floor import Floor
from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentPaused,
    AgentResumed,
    AgentUnreachable,
    ConfigurationSet,
    ContactFinished,
)
from softswitch.acd.inputs import AgentLoggedOut as LoggedOut
from softswitch.acd.inputs import ContactAbandoned as Abandoned
from softswitch.acd.inputs import ContactExited as Exited
from softswitch.acd.inputs import ContactHeld as Held
from softswitch.acd.inputs import ContactResumed as Resumed
from softswitch.acd.inputs import ContactTransferred as Transferred
from softswitch.acd.inputs import ContactWithdrawn as Withdrawn
from softswitch.acd.limits import DECISIONS_TOLD_MAX, EVENTS_UNTAKEN_MAX
from softswitch.acd.model import Agent, AgentState, Announcements, BusyKind, Queue, ToFlow, ToQueue
from softswitch.acd.router import Router
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN, BOB = AgentId("ann"), AgentId("bob")
C1 = ContactId("c1")
SALES, SUPPORT = QueueId("sales"), QueueId("support")


def centre(**sales: object) -> ScriptedAcd:
    queue = msgspec.structs.replace(Queue(queue_id=SALES, wrap_up_s=10.0, project="acme"), **sales)
    return ScriptedAcd([queue, Queue(queue_id=SUPPORT)], [Agent(agent_id=ANN), Agent(agent_id=BOB)])


def kinds(acd: ScriptedAcd, contact_id: str = "c1") -> list[str]:
    return [type(event).__name__ for event in acd.diary if getattr(event, "contact_id", None) == contact_id]


def test_a_contact_that_is_answered_leaves_a_row_for_every_thing_that_happened_to_it() -> None:
    acd = centre()
    acd.call("c1")
    acd.advance(5)
    acd.ready("ann")
    acd.advance(3)
    acd.answer("c1")
    acd.advance(60)
    acd.finish("c1")
    acd.advance(10)
    assert kinds(acd) == [
        "ContactQueued",
        "ContactWaits",
        "AgentReserved",
        "ReservationEnded",
        "ContactConnected",
        "ContactEnded",
        "WrapUpEnded",
    ]
    connected = acd.told(ContactConnected)[0]
    assert (connected.at, connected.wait_s, connected.in_queue_s, connected.ring_s, connected.level_s) == (
        8,
        8,
        8,
        3,
        20,
    )
    ended = acd.told(ContactEnded)[0]
    assert (ended.wait_s, ended.talk_s, ended.hold_s, ended.ended_by) == (8, 60, 0, "switch")
    assert acd.told(WrapUpEnded) == [WrapUpEnded(78, ANN, C1, SALES, 10)]


def test_each_reservation_has_a_row_of_its_own_with_the_rule_that_chose_the_agent() -> None:
    acd = centre(no_answer_limit=3)
    acd.ready("ann")
    acd.advance(30)
    acd.ready("bob")
    acd.advance(10)
    acd.call("c1")
    acd.advance(15)
    acd.answer("c1")
    by_idle, then = acd.told(AgentReserved)
    assert (by_idle.agent_id, by_idle.rule, by_idle.idle_s) == (ANN, "longest_idle", 40)
    assert (by_idle.able, by_idle.free, by_idle.runner_up) == (2, 2, BOB)
    assert (then.agent_id, then.free, then.runner_up, then.waited_s) == (BOB, 1, None, 15)
    assert [(row.reservation_id, row.agent_id, row.cause, row.ring_s) for row in acd.told(ReservationEnded)] == [
        (1, ANN, "no_answer", 15),
        (2, BOB, "answered", 0),
    ]


def test_an_agent_who_becomes_free_chose_the_oldest_contact() -> None:
    acd = centre()
    acd.call("c1")
    acd.call("c2", "support")
    acd.call("c3", "support")
    acd.ready("ann")
    (made,) = acd.told(AgentReserved)
    assert (made.contact_id, made.rule, made.free) == (C1, "oldest_contact", 1)


def test_a_decision_that_finds_nobody_says_what_everybody_was_doing() -> None:
    agents = [Agent(agent_id=AgentId(name)) for name in ("out", "pause", "talk", "direct", "notes", "lost")]
    acd = ScriptedAcd([Queue(queue_id=SALES, wrap_up_s=30.0)], agents)
    acd.ready("pause", "talk")
    acd.tell(AgentPaused(AgentId("pause"), "lunch"))
    acd.call("c1")
    acd.answer("c1")
    acd.ready("notes")
    acd.call("c2")
    acd.answer("c2")
    acd.finish("c2")
    acd.ready("direct", "lost")
    acd.tell(AgentBusy(AgentId("direct"), BusyKind.OUTBOUND))
    acd.tell(AgentUnreachable(AgentId("lost")))
    acd.call("c3")
    (waits,) = acd.told(ContactWaits)
    assert waits.able == 6
    expected = dict.fromkeys(Condition, 0) | dict.fromkeys(
        (
            Condition.LOGGED_OUT,
            Condition.NOT_READY,
            Condition.NO_PHONE,
            Condition.ON_CONTACT,
            Condition.ON_OUTBOUND_CALL,
            Condition.WRAP_UP,
        ),
        1,
    )
    assert dict(zip(Condition, waits.counts, strict=True)) == expected


def test_the_agent_who_has_just_failed_a_contact_is_named_where_nobody_else_was_free() -> None:
    acd = centre(no_answer_limit=3)
    acd.ready("ann")
    acd.call("c1")
    acd.fail("c1")
    assert [waits.shunned for waits in acd.told(ContactWaits)] == [ANN]


def test_decisions_of_one_contact_are_told_a_limited_number_of_times() -> None:
    acd = centre(no_answer_limit=1_000_000, max_wait_s=None)
    acd.ready("ann")
    acd.call("c1")
    for _ in range(DECISIONS_TOLD_MAX + 10):
        acd.fail("c1")
        acd.advance(30)
    assert len(acd.told(ContactWaits)) == DECISIONS_TOLD_MAX


def test_who_abandons_leaves_from_the_place_where_he_stood() -> None:
    acd = centre()
    acd.call("c1")
    acd.advance(4)
    acd.call("c2")
    acd.advance(3)
    acd.tell(Abandoned(ContactId("c2")))
    assert acd.told(ContactAbandoned) == [ContactAbandoned(7, ContactId("c2"), SALES, 3, 3, 20, 2, 5.0)]
    acd.ready("ann")
    acd.tell(Abandoned(C1))
    assert kinds(acd)[-2:] == ["ReservationEnded", "ContactAbandoned"]
    assert acd.told(ReservationEnded)[0].cause == "abandoned"


def test_who_is_taken_out_or_leaves_by_a_digit_says_so() -> None:
    acd = centre()
    acd.call("c1")
    acd.call("c2")
    acd.tell(Exited(C1, "2"), Withdrawn(ContactId("c2"), "spam", by="sue"))
    assert [(row.reason, row.key, row.by, row.position) for row in acd.told(ContactWithdrawn)] == [
        ("", "2", "", 1),
        ("spam", "", "sue", 1),
    ]


def test_a_contact_that_waited_too_long_moves_and_then_overflows() -> None:
    acd = ScriptedAcd(
        [
            Queue(queue_id=SALES, max_wait_s=60, overflow=ToQueue(SUPPORT)),
            Queue(queue_id=SUPPORT, max_wait_s=30, overflow=ToFlow("sorry")),
        ],
        [],
    )
    acd.call("c1")
    acd.advance(90)
    assert acd.told(ContactMoved) == [ContactMoved(60, C1, SALES, SUPPORT, "max_wait", 60, 60, 1, 1)]
    assert acd.told(ContactOverflowed) == [ContactOverflowed(90, C1, SUPPORT, "max_wait", 90, 30, 1, "sorry")]


def test_who_finds_no_room_is_refused_or_offered_and_overflowed_at_once() -> None:
    acd = centre(max_length=0)
    acd.call("c1")
    assert acd.told(ContactRefused) == [ContactRefused(0, C1, SALES, "full")]
    acd = centre(max_length=0, overflow=ToFlow("sorry"))
    acd.call("c1")
    assert kinds(acd) == ["ContactQueued", "ContactOverflowed"]


def test_a_conversation_tells_its_holds_its_transfer_and_who_ended_it() -> None:
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.answer("c1")
    acd.advance(10)
    acd.tell(Held(C1), Held(C1))
    acd.advance(20)
    acd.tell(Resumed(C1), Resumed(C1))
    acd.advance(30)
    acd.tell(Held(C1))
    acd.advance(5)
    acd.tell(Transferred(C1, "blind", "+4420", by="agent"), ContactFinished(C1, "agent"))
    assert [type(row) for row in acd.diary if isinstance(row, ContactHeld | ContactResumed)] == [
        ContactHeld,
        ContactResumed,
        ContactHeld,
        ContactResumed,
    ]
    assert [row.held_s for row in acd.told(ContactResumed)] == [20, 5]
    assert acd.told(ContactTransferred) == [ContactTransferred(65, C1, SALES, ANN, "blind", "+4420", "agent")]
    assert acd.told(ContactEnded) == [ContactEnded(65, C1, SALES, ANN, 0, 40, 25, "agent", is_transferred=True)]


def test_holds_of_nobody_who_talks_are_ignored_and_counted() -> None:
    acd = centre()
    acd.call("c1")
    acd.tell(Held(C1), Resumed(C1), Held(ContactId("c9")), Transferred(C1, "blind", "7"))
    assert acd.router.ignored == 4
    assert acd.told(ContactHeld) == []


def test_an_agents_day_is_told_as_states_that_follow_one_another() -> None:
    acd = centre()
    acd.ready("ann")
    acd.advance(100)
    acd.tell(AgentPaused(ANN, "lunch"))
    acd.advance(600)
    acd.tell(AgentResumed(ANN))
    acd.advance(10)
    acd.tell(AgentBusy(ANN, BusyKind.DIRECT_IN))
    acd.advance(50)
    acd.tell(AgentFree(ANN))
    acd.call("c1")
    acd.answer("c1")
    acd.advance(70)
    acd.finish("c1")
    acd.advance(10)
    acd.tell(LoggedOut(ANN))
    states = acd.told(AgentStateChanged)
    assert [(row.new.value, row.lasted_s, row.source) for row in states] == [
        ("ready", 0, "agent"),
        ("not_ready", 100, "agent"),
        ("ready", 600, "agent"),
        ("busy", 10, "phone"),
        ("ready", 50, "phone"),
        ("reserved", 0, "reservation"),
        ("busy", 0, "contact"),
        ("wrap_up", 70, "contact"),
        ("ready", 10, "timer"),
        ("logged_out", 0, "agent"),
    ]
    assert all(before.new is after.old for before, after in pairwise(states))
    assert (states[1].reason, states[2].old_reason) == ("lunch", "lunch")
    assert (states[3].busy_kind, states[6].busy_kind) == (BusyKind.DIRECT_IN, BusyKind.ACD)
    assert sum(row.lasted_s for row in states) == acd.now
    assert acd.told(AgentLoggedIn) == [AgentLoggedIn(0, ANN)]
    assert acd.told(AgentLoggedOut) == [AgentLoggedOut(840, ANN)]


def test_announcements_are_told_with_what_was_promised() -> None:
    acd = centre(announcements=Announcements(first_after_s=20, every_s=0))
    acd.call("c1")
    acd.advance(20)
    assert acd.told(ContactAnnounced) == [ContactAnnounced(20, C1, SALES, 1, 20, None)]


def test_a_reload_tells_what_changed_of_the_queues() -> None:
    acd = centre()
    acd.diary.clear()
    acd.tell(ConfigurationSet([Queue(queue_id=SUPPORT), Queue(queue_id=QueueId("new"), name="New")], []))
    assert acd.diary == [
        ConfigurationChanged(0, 2, 0),
        QueueConfigured(0, QueueId("new"), "New", "", 20),
        QueueRemoved(0, SALES),
    ]


def test_events_nobody_takes_do_not_grow_without_bound() -> None:
    floor = Floor()
    for number in range(EVENTS_UNTAKEN_MAX + 5):
        floor.tell(SwitchStarted(number))
    assert len(floor.events) == EVENTS_UNTAKEN_MAX
    assert floor.events[-1].at == EVENTS_UNTAKEN_MAX + 4


def test_events_are_handed_out_once() -> None:
    router = Router()
    router.apply(ConfigurationSet([], []), 1.0)
    assert router.take_events() == [ConfigurationChanged(1.0, 0, 0)]
    assert router.take_events() == []


def test_every_event_survives_its_way_to_disk_and_back() -> None:
    acd = centre(announcements=Announcements(first_after_s=1))
    acd.call("c1")
    acd.advance(5)
    acd.ready("ann", "bob")
    acd.answer("c1")
    acd.tell(Transferred(C1, "attended", "bob"))
    acd.finish("c1")
    acd.advance(20)
    assert acd.state("ann") is AgentState.READY
    decoder = msgspec.msgpack.Decoder(Stamped)
    for event in acd.diary:
        stamped = Stamped(1_700_000_000.25 + event.at, event, "acme")
        assert decoder.decode(msgspec.msgpack.encode(stamped)) == stamped


def test_every_kind_of_event_has_its_time_first_and_a_name_of_its_own() -> None:
    kinds_of_events = AcdEvent.__args__
    names = [kind.__struct_config__.tag for kind in kinds_of_events]
    assert len(set(names)) == len(names)
    assert {kind.__struct_fields__[0] for kind in kinds_of_events} == {"at"}
