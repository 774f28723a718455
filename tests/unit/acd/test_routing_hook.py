"""An external service has a word in decisions, and every way it can go wrong leaves the router's own standing."""

from typing import Literal

import pytest

from softswitch.acd.events import AgentReserved as ReservationMade
from softswitch.acd.events import ContactWaits, RoutingHookAnswered
from softswitch.acd.events import ReservationEnded as ReservationOver
from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentPaused,
    AgentSkillsSet,
    AgentUnreachable,
    ConfigurationSet,
    ContactAbandoned,
    ContactWithdrawn,
    HookVerdict,
    ReservationAccepted,
    RoutingAnswered,
)
from softswitch.acd.limits import VETOES_MAX
from softswitch.acd.model import Agent, AgentState, BusyKind, ContactState, Queue, RoutingPolicy, RoutingStep, Site
from softswitch.acd.outputs import (
    AcdOutput,
    AgentReserved,
    AgentStateChanged,
    ReservationEnded,
    RoutingAsked,
    RoutingSettled,
)
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId, SiteId
from softswitch.testing.acd import ScriptedAcd

SALES = Queue(queue_id=QueueId("sales"), wrap_up_s=0.0, hook_deadline_s=0.2)
ANN, BOB, CYD = (Agent(agent_id=AgentId(name)) for name in ("ann", "bob", "cyd"))


def asked(acd: ScriptedAcd) -> RoutingAsked:
    """The latest question."""
    return next(output for _, output in reversed(acd.transcript) if isinstance(output, RoutingAsked))


def say(acd: ScriptedAcd, verdict: HookVerdict, agent_id: str | None = None, reason: str = "") -> list[AcdOutput]:
    """The hook answers the latest question."""
    chosen = None if agent_id is None else AgentId(agent_id)
    return acd.tell(RoutingAnswered(asked(acd).reservation_id, verdict, chosen, reason))


def outcomes(acd: ScriptedAcd) -> list[str]:
    return [event.outcome for event in acd.told(RoutingHookAnswered)]


def centre(*agents: Agent, queue: Queue = SALES) -> ScriptedAcd:
    """The first has been idle the longest."""
    acd = ScriptedAcd([queue], agents)
    for agent in agents:
        acd.ready(agent.agent_id)
        acd.advance(1.0)
    return acd


def test_the_agent_is_reserved_but_not_alerted_until_the_hook_has_spoken() -> None:
    acd = centre(ANN, BOB)
    first, second = acd.call("c1", boost_s=5.0, skills={})
    assert first == RoutingAsked(
        ReservationId(1),
        AgentId("ann"),
        ContactId("c1"),
        QueueId("sales"),
        0.2,
        (AgentId("bob"),),
        asked(acd).channel,
        0,
        0.0,
        5.0,
        {},
        0,
    )
    assert isinstance(second, AgentStateChanged)
    assert acd.state("ann") is AgentState.RESERVED
    assert acd.contact("c1").state is ContactState.ALERTING
    assert acd.router.reservation_of(ContactId("c1"), AgentId("ann")) is None
    acd.advance(0.1)
    assert say(acd, "accept") == [
        AgentReserved(ReservationId(1), AgentId("ann"), ContactId("c1"), QueueId("sales")),
    ]
    assert acd.router.reservation_of(ContactId("c1"), AgentId("ann")) == ReservationId(1)
    row = acd.queue()
    assert (row.hook_accepted, row.hook_mean_s) == (1, pytest.approx(0.1))


def test_the_phone_rings_as_long_as_ever_once_it_rings() -> None:
    acd = centre(ANN)
    acd.call("c1")
    acd.advance(0.1)
    say(acd, "accept")
    assert acd.advance(14.999) == []
    assert ReservationEnded(ReservationId(1), AgentId("ann"), ContactId("c1"), "no_answer") in acd.advance(0.001)
    assert acd.told(ReservationOver)[0].ring_s == pytest.approx(15.0)


def test_late_means_the_routers_decision_to_the_instant() -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    called_at = acd.now
    assert acd.advance(0.199) == []
    assert acd.advance(0.002) == [
        RoutingSettled(ReservationId(1), ContactId("c1"), is_late=True),
        AgentReserved(ReservationId(1), AgentId("ann"), ContactId("c1"), QueueId("sales")),
    ]
    (event,) = acd.told(RoutingHookAnswered)
    assert (event.outcome, event.at, event.took_s) == ("late", pytest.approx(called_at + 0.2), pytest.approx(0.2))
    ignored = acd.router.ignored
    assert say(acd, "veto") == [], "it comes too late"
    assert (acd.router.ignored, acd.queue().hook_late, acd.queue().hook_vetoed) == (ignored + 1, 1, 0)


def test_the_hook_chooses_another_agent() -> None:
    acd = centre(ANN, BOB, CYD)
    acd.call("c1")
    outputs = say(acd, "choose", "cyd", "speaks his dialect")
    assert AgentReserved(ReservationId(2), AgentId("cyd"), ContactId("c1"), QueueId("sales")) in outputs
    assert acd.reserved() == [("c1", "cyd")]
    assert (acd.state("ann"), acd.state("cyd")) == (AgentState.READY, AgentState.RESERVED)
    assert acd.agent("ann").idle_s == acd.now, "it was no doing of hers"
    (event,) = acd.told(RoutingHookAnswered)
    assert (event.outcome, event.chosen, event.reason) == ("chosen", "cyd", "speaks his dialect")
    (made,) = acd.told(ReservationMade)
    assert (made.rule, made.runner_up) == ("routing_hook", "ann")
    acd.answer("c1")
    assert acd.state("cyd") is AgentState.BUSY


def test_who_came_meanwhile_gets_the_agent_who_was_not_chosen() -> None:
    acd = centre(ANN, BOB)
    acd.tell(AgentBusy(AgentId("bob"), BusyKind.OUTBOUND))
    acd.call("c1")
    acd.call("c2", skills={"en": 1})
    acd.call("c3")
    question = asked(acd)
    acd.tell(AgentFree(AgentId("bob")))
    assert (asked(acd).contact_id, asked(acd).agent_id) == ("c3", "bob")
    acd.tell(ContactAbandoned(ContactId("c3")), RoutingAnswered(question.reservation_id, "choose", AgentId("bob")))
    assert acd.reserved() == [("c1", "bob")]
    acd.call("c4")
    assert (asked(acd).contact_id, asked(acd).agent_id) == ("c4", "ann")


@pytest.mark.parametrize("chosen", ["bob", "cyd", "stranger"])
def test_an_impossible_choice_leaves_the_decision_standing(chosen: str) -> None:
    trained = Agent(agent_id=AgentId("ann"), skills={"en": 5})
    busy = Agent(agent_id=AgentId("bob"), skills={"en": 5})
    queue = Queue(queue_id=QueueId("sales"), skills={"en": 5}, hook_deadline_s=0.2)
    acd = centre(trained, busy, CYD, queue=queue)
    acd.tell(AgentBusy(AgentId("bob"), BusyKind.OUTBOUND))
    acd.call("c1")
    assert asked(acd).others == ()
    assert say(acd, "choose", chosen) == [
        AgentReserved(ReservationId(1), AgentId("ann"), ContactId("c1"), QueueId("sales"))
    ]
    (event,) = acd.told(RoutingHookAnswered)
    assert (event.outcome, event.chosen) == ("impossible", chosen)
    assert (acd.queue().hook_impossible, acd.queue().hook_chosen) == (1, 0)


def test_an_agent_of_a_step_not_yet_open_is_no_choice() -> None:
    steps = (RoutingStep(skills={"en": 5}, for_s=10.0), RoutingStep())
    queue = Queue(queue_id=QueueId("sales"), steps=steps, hook_deadline_s=0.2)
    acd = centre(Agent(agent_id=AgentId("ann"), skills={"en": 5}), BOB, queue=queue)
    acd.call("c1")
    assert (asked(acd).step, asked(acd).others) == (1, ())
    say(acd, "choose", "bob")
    assert outcomes(acd) == ["impossible"]


def test_a_choice_of_the_same_agent_accepts_him() -> None:
    acd = centre(ANN)
    acd.call("c1")
    say(acd, "choose", "ann")
    assert (acd.reserved(), outcomes(acd)) == ([("c1", "ann")], ["accepted"])


def test_after_a_veto_the_next_decision_is_made_and_asked_about() -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    say(acd, "veto", reason="they quarrelled")
    assert (asked(acd).agent_id, asked(acd).others, asked(acd).vetoes) == ("bob", (), 1)
    assert acd.reserved() == []
    assert (acd.agent("ann").missed, acd.state("ann"), acd.agent("ann").idle_s) == (0, AgentState.READY, acd.now)
    say(acd, "accept")
    assert acd.reserved() == [("c1", "bob")]
    assert acd.queue().failed_reservations == 0


def test_a_vetoed_agent_takes_the_next_contact() -> None:
    acd = centre(ANN)
    acd.call("c1")
    acd.call("c2")
    say(acd, "veto")
    assert (asked(acd).contact_id, acd.contact("c1").position) == ("c2", 1)


def test_a_veto_of_the_only_agent_holds_for_a_while() -> None:
    acd = centre(ANN)
    acd.call("c1")
    say(acd, "veto")
    assert acd.contact("c1").state is ContactState.WAITING
    assert acd.told(ContactWaits)[-1].shunned == "ann"
    acd.advance(29.9)
    assert asked(acd).reservation_id == 1
    acd.advance(0.2)
    assert asked(acd).reservation_id == 2


def test_vetoes_have_an_end() -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    for _ in range(VETOES_MAX):
        assert acd.reserved() == []
        say(acd, "veto")
    assert len(acd.reserved()) == 1
    assert outcomes(acd) == ["vetoed"] * VETOES_MAX
    acd.fail("c1")
    assert len(acd.reserved()) == 2, "and nobody is asked any more"


@pytest.mark.parametrize("verdict", ["failed", "skipped"])
def test_without_a_sensible_answer_the_decision_stands(verdict: HookVerdict) -> None:
    acd = centre(ANN)
    acd.call("c1")
    say(acd, verdict, reason="500" + "0" * 500)
    (event,) = acd.told(RoutingHookAnswered)
    assert (event.outcome, len(event.reason), acd.reserved()) == (verdict, 80, [("c1", "ann")])
    row = acd.queue()
    assert (row.hook_failed, row.hook_skipped) == ((1, 0) if verdict == "failed" else (0, 1))
    assert row.hook_mean_s is None


@pytest.mark.parametrize("leave", [ContactAbandoned, ContactWithdrawn])
def test_the_contact_leaves_while_the_hook_is_asked(leave: type[ContactAbandoned | ContactWithdrawn]) -> None:
    acd = centre(ANN)
    acd.call("c1")
    outputs = acd.tell(leave(ContactId("c1")))
    assert outputs[0] == RoutingSettled(ReservationId(1), ContactId("c1"), is_late=False)
    assert (acd.state("ann"), outcomes(acd), acd.told(ReservationOver)) == (AgentState.READY, ["settled"], [])
    assert say(acd, "accept") == []
    assert acd.advance(60.0) == []
    row = acd.queue()
    assert (row.offered, row.abandoned + row.withdrawn, row.waiting) == (1, 1, 0)


@pytest.mark.parametrize("gone", [AgentLoggedOut, AgentUnreachable])
def test_the_agent_leaves_while_the_hook_is_asked(gone: type[AgentLoggedOut | AgentUnreachable]) -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    outputs = acd.tell(gone(AgentId("ann")))
    assert RoutingSettled(ReservationId(1), ContactId("c1"), is_late=False) in outputs
    assert (asked(acd).agent_id, asked(acd).reservation_id) == ("bob", 2)
    assert acd.agent("ann").missed == 0


def test_who_begins_a_break_or_a_call_meanwhile_is_not_alerted() -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    acd.tell(AgentPaused(AgentId("ann"), "lunch"))
    say(acd, "accept")
    assert (acd.reserved(), acd.state("ann"), asked(acd).agent_id) == ([], AgentState.NOT_READY, "bob")
    acd.tell(AgentBusy(AgentId("bob"), BusyKind.OUTBOUND))
    acd.advance(0.2)
    assert (acd.reserved(), acd.state("bob")) == ([], AgentState.BUSY)
    assert (acd.contact("c1").position, acd.agent("bob").missed) == (1, 0)
    acd.tell(AgentFree(AgentId("bob")))
    assert asked(acd).agent_id == "bob"


def test_nobody_can_answer_who_is_not_alerted() -> None:
    acd = centre(ANN)
    acd.call("c1")
    assert acd.tell(ReservationAccepted(ReservationId(1))) == []
    assert acd.contact("c1").state is ContactState.ALERTING
    say(acd, "accept")
    assert acd.tell(RoutingAnswered(ReservationId(1), "veto")) == [], "it has been decided"
    acd.answer("c1")
    assert acd.contact("c1").state is ContactState.CONNECTED


def test_several_alerted_at_once_leave_nothing_to_choose() -> None:
    everybody = Queue(queue_id=QueueId("sales"), strategy="ring_all", hook_deadline_s=0.2)
    acd = centre(ANN, BOB, queue=everybody)
    acd.call("c1")
    assert len(acd.reserved()) == 2


@pytest.mark.parametrize("verdict", ["accept", "choose", "late"])
def test_where_all_are_alerted_so_is_who_became_free_while_the_hook_was_asked(
    verdict: HookVerdict | Literal["late"],
) -> None:
    everybody = Queue(queue_id=QueueId("sales"), strategy="ring_all", hook_deadline_s=0.2)
    acd = ScriptedAcd([everybody], [ANN, BOB, CYD])
    acd.ready("ann")
    acd.call("c1")
    acd.ready("bob", "cyd")
    if verdict == "late":
        acd.advance(0.2)
    else:
        say(acd, verdict, "bob")
    assert sorted(acd.reserved()) == [("c1", "ann"), ("c1", "bob"), ("c1", "cyd")]


def test_a_reload_without_the_hook_ends_no_question() -> None:
    acd = centre(ANN)
    acd.call("c1")
    acd.tell(ConfigurationSet([Queue(queue_id=QueueId("sales"))], [ANN]))
    acd.advance(0.2)
    assert (acd.reserved(), outcomes(acd)) == ([("c1", "ann")], ["late"])


def test_a_configuration_without_the_agent_asks_about_another() -> None:
    acd = centre(ANN, BOB)
    acd.call("c1")
    acd.tell(ConfigurationSet([SALES], [BOB]))
    assert (asked(acd).agent_id, outcomes(acd)) == ("bob", ["settled"])


ENGLISH = Queue(queue_id=QueueId("sales"), skills={"en": 5}, wrap_up_s=0.0, hook_deadline_s=0.2)
EN_ANN, EN_BOB = (Agent(agent_id=AgentId(name), skills={"en": 9}) for name in ("ann", "bob"))
HARDER = Queue(queue_id=QueueId("sales"), requirement="ru", wrap_up_s=0.0, hook_deadline_s=0.2)
TRANSFERRED = Agent(agent_id=AgentId("ann"), skills={"en": 9}, queues=(QueueId("support"),))


@pytest.mark.parametrize("verdict", ["accept", "failed", "skipped", "choose", "late"])
def test_who_lost_the_skill_meanwhile_is_not_alerted(verdict: HookVerdict | Literal["late"]) -> None:
    acd = centre(EN_ANN, EN_BOB, queue=ENGLISH)
    acd.call("c1")
    acd.tell(AgentSkillsSet(AgentId("ann"), {"en": 4}, "otto"))
    if verdict == "late":
        acd.advance(0.2)
    else:
        say(acd, verdict, "nobody")
    assert (acd.reserved(), acd.state("ann"), acd.agent("ann").missed) == ([], AgentState.READY, 0)
    assert (asked(acd).agent_id, asked(acd).contact_id) == ("bob", "c1")
    say(acd, "accept")
    assert acd.reserved() == [("c1", "bob")]


@pytest.mark.parametrize(
    ("queue", "ann"), [(ENGLISH, TRANSFERRED), (HARDER, EN_ANN)], ids=["his queues", "its requirement"]
)
def test_who_does_not_serve_the_queue_after_a_reload_is_not_alerted(queue: Queue, ann: Agent) -> None:
    acd = centre(EN_ANN, queue=ENGLISH)
    acd.call("c1")
    acd.tell(ConfigurationSet([queue], [ann]))
    say(acd, "accept")
    assert (acd.reserved(), acd.state("ann"), acd.contact("c1").state) == ([], AgentState.READY, ContactState.WAITING)


def test_a_contact_kept_for_him_is_not_his_any_more_when_the_hook_takes_too_long() -> None:
    acd = centre(EN_BOB, ANN, queue=ENGLISH)
    acd.call("c1", preferred_agent="ann", preferred_for_s=0.1)
    assert asked(acd).agent_id == "ann"
    acd.advance(0.2)
    assert (acd.reserved(), asked(acd).agent_id) == ([], "bob")


def test_a_site_with_fewer_places_after_a_reload_alerts_nobody_too_many() -> None:
    ann, bob = (Agent(agent_id=AgentId(name), site=SiteId("riga")) for name in ("ann", "bob"))
    riga = [RoutingPolicy(sites=(Site(site_id=SiteId("riga"), max_calls=number),)) for number in (1, 2)]
    acd = ScriptedAcd([SALES], [ann, bob], policy=riga[1])
    acd.ready("ann", "bob")
    acd.call("c1")
    say(acd, "accept")
    acd.answer("c1")
    acd.call("c2")
    acd.tell(ConfigurationSet([SALES], [ann, bob], riga[0]))
    say(acd, "accept")
    assert (acd.reserved(), acd.state("bob")) == ([("c1", "ann")], AgentState.READY)
    acd.finish("c1")
    assert asked(acd).contact_id == "c2"
