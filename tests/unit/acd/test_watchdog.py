"""What hangs on a leg nobody knows any more is found out."""

from softswitch.acd.inputs import AgentBusy, AgentFree, ContactConfirmed
from softswitch.acd.limits import WORK_S_MAX
from softswitch.acd.model import Agent, AgentState, BusyKind, Channel, ContactState, Queue, RoutingPolicy
from softswitch.acd.outputs import AcdOutput, AgentInQuestion, AgentRepaired, ContactInQuestion, ContactLost
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

ANN = AgentId("ann")
C1 = ContactId("c1")
SALES = QueueId("sales")


def centre(watchdog_s: float | None = 60.0) -> ScriptedAcd:
    queue = Queue(queue_id=SALES, wrap_up_s=0.0, max_wait_s=None, ring_timeout_s=500.0)
    acd = ScriptedAcd([queue], [Agent(agent_id=ANN)], policy=RoutingPolicy(watchdog_s=watchdog_s))
    acd.ready("ann")
    return acd


def of_the_watchdog(outputs: list[AcdOutput]) -> list[AcdOutput]:
    return [
        output
        for output in outputs
        if isinstance(output, ContactInQuestion | ContactLost | AgentInQuestion | AgentRepaired)
    ]


def test_a_conversation_nobody_knows_is_over_and_its_agent_is_free() -> None:
    acd = centre()
    acd.call("c1")
    acd.answer("c1")
    assert of_the_watchdog(acd.advance(60.0)) == [ContactInQuestion(C1)]
    assert acd.state("ann") is AgentState.BUSY
    assert of_the_watchdog(acd.advance(60.0)) == [ContactLost(C1, SALES, ANN, ContactState.CONNECTED)]
    assert (acd.state("ann"), acd.agent("ann").source) == (AgentState.READY, "watchdog")
    assert acd.router.contact_summaries(acd.now) == []
    assert acd.router.next_timeout() is None


def test_one_that_is_still_there_goes_on() -> None:
    acd = centre()
    acd.call("c1")
    acd.answer("c1")
    for _ in range(5):
        assert of_the_watchdog(acd.advance(60.0)) == [ContactInQuestion(C1)]
        acd.tell(ContactConfirmed(C1))
    assert acd.state("ann") is AgentState.BUSY


def test_somebody_who_waits_or_is_alerted_for_and_is_not_there_is_taken_out() -> None:
    acd = centre()
    acd.call("c1")
    acd.call("c2")
    outputs = of_the_watchdog(acd.advance(120.0))
    assert outputs[2:] == [
        ContactLost(C1, SALES, ANN, ContactState.ALERTING),
        ContactLost(ContactId("c2"), SALES, ANN, ContactState.ALERTING),
    ], "when the first is taken out the second is given to the agent"
    assert acd.state("ann") is AgentState.READY
    assert (acd.queue().waiting, acd.queue().withdrawn, acd.queue().alerting) == (0, 2, 0)


def test_a_call_of_his_own_that_nobody_knows_is_over() -> None:
    acd = centre()
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
    assert of_the_watchdog(acd.advance(60.0)) == [AgentInQuestion(ANN)]
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND))
    assert of_the_watchdog(acd.advance(59.0)) == []
    assert of_the_watchdog(acd.advance(1.0)) == [AgentInQuestion(ANN)]
    acd.call("c1")
    assert acd.reserved() == []
    assert of_the_watchdog(acd.advance(60.0)) == [AgentRepaired(ANN, BusyKind.OUTBOUND), ContactInQuestion(C1)]
    assert acd.reserved() == [("c1", "ann")]


def test_who_is_free_is_not_asked_about() -> None:
    acd = centre()
    acd.tell(AgentBusy(ANN, BusyKind.OUTBOUND), AgentFree(ANN))
    assert of_the_watchdog(acd.advance(600.0)) == []


def test_what_hangs_on_no_leg_is_kept_without_asking() -> None:
    acd = centre()
    acd.call("c1", channel=Channel.EMAIL)
    acd.answer("c1")
    assert of_the_watchdog(acd.advance(6000.0)) == []
    assert acd.state("ann") is AgentState.BUSY


def test_a_call_back_waits_without_being_asked_about_and_is_asked_about_when_it_is_made() -> None:
    acd = centre()
    acd.tell(AgentBusy(ANN, BusyKind.OTHER))
    acd.call("c1", channel=Channel.CALLBACK)
    for _ in range(5):
        assert ContactInQuestion(C1, Channel.CALLBACK) not in acd.advance(60.0)
        acd.tell(AgentBusy(ANN, BusyKind.OTHER))
    acd.tell(AgentFree(ANN))
    acd.answer("c1")
    assert of_the_watchdog(acd.advance(120.0))[-2:] == [
        ContactInQuestion(C1, Channel.CALLBACK),
        ContactLost(C1, SALES, ANN, ContactState.CONNECTED),
    ]


def test_work_nobody_has_ended_for_longer_than_a_shift_is_over() -> None:
    acd = centre()
    acd.call("c1", channel=Channel.EMAIL)
    acd.answer("c1")
    assert of_the_watchdog(acd.advance(WORK_S_MAX - 1.0)) == []
    assert of_the_watchdog(acd.advance(60.0)) == [ContactLost(C1, SALES, ANN, ContactState.CONNECTED)]
    assert acd.state("ann") is AgentState.READY


def test_without_a_watchdog_nothing_is_asked() -> None:
    acd = centre(watchdog_s=None)
    acd.call("c1")
    acd.answer("c1")
    acd.tell(AgentBusy(ANN, BusyKind.OTHER))
    assert acd.router.next_timeout() is None
