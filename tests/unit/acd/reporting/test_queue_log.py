"""The queue_log against golden files, line by line."""

from pathlib import Path

import pytest

from softswitch.acd.events import ContactQueued, Stamped, SwitchStarted
from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentPaused,
    AgentResumed,
    ConfigurationSet,
    ContactAbandoned,
    ContactExited,
    ContactFinished,
    ContactTransferred,
    ContactWithdrawn,
    ReservationAnswered,
    Survivor,
    SwitchRestarted,
)
from softswitch.acd.inputs import ContactQueued as Arrives
from softswitch.acd.model import Agent, BusyKind, Queue, ToFlow, ToQueue
from softswitch.acd.reporting.queue_log import QueueLog, Visit
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

GOLDEN = Path(__file__).with_name("golden")
WALL = 1_700_000_000.0
ANN = AgentId("ann")
SALES, SUPPORT = QueueId("sales"), QueueId("support")
AGENTS = [Agent(agent_id=ANN)]
QUEUES = [
    Queue(queue_id=SALES, wrap_up_s=10.0, max_wait_s=60, overflow=ToQueue(SUPPORT)),
    Queue(queue_id=SUPPORT, max_wait_s=30, overflow=ToFlow("sorry")),
    Queue(
        queue_id=QueueId("staffed"), join_empty=("invalid",), leave_when_empty=("invalid",), overflow=ToFlow("sorry")
    ),
]


def centre() -> ScriptedAcd:
    return ScriptedAcd(QUEUES, AGENTS)


def log(acd: ScriptedAcd) -> list[str]:
    lines = QueueLog()
    written = lines.take(Stamped(WALL, SwitchStarted(0.0)))
    for event in acd.diary:
        written += lines.take(Stamped(WALL + event.at, event))
    return written


def compare(acd: ScriptedAcd, name: str) -> None:
    assert log(acd) == (GOLDEN / f"{name}.log").read_text("utf-8").splitlines()


def test_answered():
    acd = centre()
    acd.tell(Arrives(ContactId("c1"), SALES, caller="+442071838750"))
    acd.advance(4.7)
    acd.ready("ann")
    acd.advance(2.3)
    acd.answer("c1")
    acd.advance(60)
    acd.tell(ContactFinished(ContactId("c1"), "caller"))
    acd.advance(11)
    acd.tell(Arrives(ContactId("c2"), SALES, caller="+74951234567"))
    acd.answer("c2")
    acd.advance(20.9)
    acd.tell(ContactFinished(ContactId("c2"), "agent"))
    acd.advance(300.0)
    acd.tell(AgentLoggedOut(ANN))
    compare(acd, "answered")


def test_transfers():
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.advance(5)
    acd.answer("c1")
    acd.advance(30)
    acd.tell(ContactTransferred(ContactId("c1"), "blind", "200"), ContactFinished(ContactId("c1"), "agent"))
    acd.advance(10)
    acd.call("c2")
    acd.answer("c2")
    acd.advance(100)
    acd.tell(ContactTransferred(ContactId("c2"), "attended", "bob"), ContactFinished(ContactId("c2"), "agent"))
    compare(acd, "transfers")


def test_leaving():
    acd = centre()
    for number in range(1, 5):
        acd.call(f"c{number}")
    acd.advance(12)
    acd.tell(ContactAbandoned(ContactId("c2")))
    acd.tell(ContactExited(ContactId("c3"), "2"))
    acd.tell(ContactWithdrawn(ContactId("c4"), "wrong queue", by="sue"))
    acd.advance(78)
    acd.ready("ann")
    acd.tell(AgentPaused(ANN, "lunch"))
    acd.call("c5", "staffed")
    acd.advance(10)
    acd.tell(AgentLoggedOut(ANN))
    compare(acd, "leaving")


def test_ringing():
    acd = centre()
    acd.ready("ann")
    acd.call("c1")
    acd.advance(15)
    acd.advance(10)
    acd.tell(AgentResumed(ANN))
    acd.advance(2.5)
    acd.fail("c1", "declined")
    acd.advance(10)
    acd.tell(AgentResumed(ANN))
    acd.advance(3)
    acd.tell(ReservationAnswered(acd.reservation_of("c1")))
    acd.advance(1)
    acd.fail("c1", "hung_up")
    acd.tell(AgentResumed(ANN))
    acd.fail("c1", "no_media")
    acd.advance(3)
    acd.tell(ContactAbandoned(ContactId("c1")))
    compare(acd, "ringing")


def test_pauses():
    """A call that is not the ACD's is no end of a pause; a pause wished for during a call begins after it."""
    acd = centre()
    acd.ready("ann")
    acd.tell(AgentPaused(ANN, "lunch"))
    acd.advance(20)
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
    acd.advance(10)
    acd.tell(AgentFree(ANN))
    acd.advance(30)
    acd.tell(AgentPaused(ANN, "training"))
    acd.advance(30)
    acd.tell(AgentResumed(ANN))
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentPaused(ANN, "break"))
    acd.advance(30)
    acd.finish("c1")
    acd.advance(10)
    acd.tell(AgentLoggedOut(ANN))
    acd.tell(ConfigurationSet(QUEUES, AGENTS))
    compare(acd, "pauses")


@pytest.mark.parametrize("caller", ["+44|NONE|\n1700000000|x|", "anna\r\nbob", "\x1b[2J"])
def test_nothing_a_caller_says_of_himself_makes_a_line_or_a_field(caller: str):
    event = ContactQueued(0.0, ContactId("c1"), SALES, 0.0, caller=caller)
    (line,) = QueueLog().take(Stamped(WALL, event))
    assert line.count("|") == 7
    assert line.isprintable()
    assert line.endswith("|1")


def test_where_calls_have_outlived_a_switch_nothing_is_over():
    """To those who read it QUEUESTART ends all calls and all shifts."""
    acd = ScriptedAcd(QUEUES, [*AGENTS, Agent(agent_id=AgentId("bob"))])
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(AgentId("bob"), "lunch"), Arrives(ContactId("c1"), SALES))
    acd.answer("c1")
    acd.diary.clear()
    acd.tell(SwitchRestarted((Survivor(ContactId("c1"), AgentId("ann")),)))
    acd.finish("c1")
    acd.tell(AgentResumed(AgentId("bob")))
    lines = QueueLog(lambda _: Visit(3, 7.0))
    written = lines.take(Stamped(WALL, SwitchStarted(0.0, goes_on=True, survivors=1)))
    for event in acd.diary:
        written += lines.take(Stamped(WALL + event.at, event))
    assert [line.split("|", 3)[3] for line in written] == ["ann|COMPLETEAGENT|7|0|3", "bob|UNPAUSE|lunch"]
