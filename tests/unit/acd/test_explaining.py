"""Why a contact that waits now has its place and no agent, agent by agent."""

from collections import Counter

from softswitch.acd.explanation import ContactExplanation
from softswitch.acd.inputs import AgentBusy, AgentLoggedIn, AgentPaused, AgentUnreachable, ContactQueued
from softswitch.acd.limits import AGENTS_EXPLAINED_MAX
from softswitch.acd.model import Agent, BusyKind, ContactState, Queue, RoutingStep, Serving, ToQueue
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")


def explained(acd: ScriptedAcd, contact_id: str) -> ContactExplanation:
    explanation = acd.router.explain(ContactId(contact_id), acd.now)
    assert explanation is not None
    return explanation


def reasons(explanation: ContactExplanation) -> dict[str, tuple[str, str]]:
    return {agent.agent_id: (agent.verdict, agent.why) for agent in explanation.agents}


def test_each_agent_who_might_serve_it_has_his_reason() -> None:
    names = ("out", "pause", "talk", "call", "notes", "lost", "novice", "other")
    agents = [Agent(agent_id=AgentId(name), skills={"sales": 2 if name == "novice" else 5}) for name in names]
    agents[-1] = Agent(agent_id=AgentId("other"), skills={"sales": 9}, queues=(QueueId("else"),))
    acd = ScriptedAcd([Queue(queue_id=SALES, skills={"sales": 3}, wrap_up_s=30.0)], agents)
    acd.ready("pause", "talk")
    acd.tell(AgentPaused(AgentId("pause"), "lunch"))
    acd.call("c1")
    acd.answer("c1")
    acd.ready("notes")
    acd.call("c2")
    acd.answer("c2")
    acd.finish("c2")
    acd.ready("call", "lost")
    acd.tell(AgentBusy(AgentId("call"), BusyKind.OUTBOUND), AgentUnreachable(AgentId("lost")))
    acd.call("c3")
    acd.advance(7)
    explanation = explained(acd, "c3")
    assert reasons(explanation) == {
        "out": ("logged_out", "is not logged in"),
        "pause": ("not_ready", "is not ready: lunch"),
        "talk": ("on_contact", "talks to another contact"),
        "call": ("on_outbound_call", "is in a call he made"),
        "notes": ("wrap_up", "writes up his last contact"),
        "lost": ("no_phone", "his phone is not registered"),
        "novice": ("lacks_skill", "has sales 2, not 3"),
        "other": ("not_listed", "his list of queues, or the queue's of agents, leaves him out"),
    }
    assert sum(explanation.verdicts.values()) == len(agents)
    assert explanation.requires == "sales >= 3"
    assert {agent.since_s for agent in explanation.agents if agent.agent_id == "talk"} == {7.0}


def test_a_place_is_explained_by_who_came_earlier_and_who_has_more_boost() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    acd.call("c1")
    acd.advance(10)
    acd.call("c2")
    acd.advance(10)
    acd.call("vip", boost_s=60.0)
    acd.advance(5)
    explanation = explained(acd, "c2")
    assert (explanation.position, explanation.waiting) == (3, 3)
    assert (explanation.ahead_older, explanation.ahead_boosted) == (1, 1)
    assert (explanation.waited_s, explanation.boost_s, explanation.counts_as_s) == (15.0, 0.0, 15.0)
    first = explained(acd, "vip")
    assert (first.position, first.waited_s, first.boost_s, first.counts_as_s) == (1, 5.0, 60.0, 65.0)


def test_what_comes_next_by_itself_in_order() -> None:
    steps = (
        RoutingStep(skills={"billing": 8}, for_s=20.0),
        RoutingStep(skills={"billing": 5}, for_s=20.0),
        RoutingStep(),
    )
    acd = ScriptedAcd(
        [
            Queue(queue_id=SALES, steps=steps, max_wait_s=300.0, overflow=ToQueue(QueueId("rest"))),
            Queue(queue_id=QueueId("rest")),
        ],
        [
            Agent(agent_id=AgentId("eight"), skills={"billing": 8}),
            Agent(agent_id=AgentId("five"), skills={"billing": 5}),
        ],
    )
    acd.tell(AgentLoggedIn(AgentId("eight")), AgentLoggedIn(AgentId("five")))
    acd.call("c1")
    acd.advance(12)
    explanation = explained(acd, "c1")
    assert (explanation.step, explanation.steps, explanation.requires) == (1, 3, "billing >= 8")
    assert [(thing.in_s, thing.what.split(":")[0]) for thing in explanation.next] == [
        (8.0, "more agents may serve it"),
        (288.0, "it has waited too long"),
    ]
    assert reasons(explanation)["five"] == ("later_step", "may serve it from step 2 on")
    acd.advance(10)
    assert reasons(explained(acd, "c1"))["five"] == ("no_phone", "his phone is not registered")


def test_who_has_just_failed_it_may_be_given_it_again() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, no_answer_limit=9)], [Agent(agent_id=AgentId("ann"))])
    acd.ready("ann")
    acd.call("c1")
    ringing = explained(acd, "c1")
    assert (ringing.state, ringing.position, ringing.agent_id) == (ContactState.ALERTING, None, "ann")
    assert reasons(ringing) == {"ann": ("alerted", "is alerted for it")}
    assert [(thing.in_s, thing.what) for thing in ringing.next] == [(15.0, "ann has rung for long enough")]
    acd.fail("c1")
    waiting = explained(acd, "c1")
    assert reasons(waiting) == {"ann": ("failed_it", "did not take it a moment ago")}
    assert "ann may be given it again" in [thing.what for thing in waiting.next]


def test_a_contact_in_conversation_waits_for_nothing() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [Agent(agent_id=AgentId("ann"))])
    acd.call("c1")
    acd.advance(9)
    acd.ready("ann")
    acd.answer("c1")
    acd.advance(100)
    talking = explained(acd, "c1")
    assert (talking.state, talking.agent_id, talking.waited_s) == (ContactState.CONNECTED, "ann", 9.0)
    assert (talking.next, talking.agents) == ([], [])


def test_of_very_many_agents_the_nearest_are_named_and_all_counted() -> None:
    agents = [Agent(agent_id=AgentId(f"a{number}")) for number in range(AGENTS_EXPLAINED_MAX + 50)]
    acd = ScriptedAcd([Queue(queue_id=SALES)], agents)
    acd.call("c1")
    explanation = explained(acd, "c1")
    assert len(explanation.agents) == AGENTS_EXPLAINED_MAX
    assert explanation.verdicts == {"logged_out": AGENTS_EXPLAINED_MAX + 50}


def test_nobody_who_is_not_known_is_explained() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES)], [])
    assert acd.router.explain(ContactId("c9"), 0.0) is None
    acd.call("c1")
    assert acd.router.contact_ids() == ["c1"]


def test_who_makes_contacts_of_the_queue_wait_and_for_whom_it_is_kept() -> None:
    agents = [
        Agent(agent_id=AgentId("late"), profile={SALES: Serving(delay_s=30.0)}),
        Agent(agent_id=AgentId("own")),
        Agent(agent_id=AgentId("other")),
    ]
    acd = ScriptedAcd([Queue(queue_id=SALES)], agents)
    acd.ready("late")
    acd.tell(AgentLoggedIn(AgentId("own")))
    acd.call("c1")
    explanation = explained(acd, "c1")
    assert reasons(explanation)["late"] == ("delayed", "takes contacts of this queue only after 30 s")
    assert explanation.verdicts == {"delayed": 1, "no_phone": 1, "logged_out": 1}
    acd.tell(ContactQueued(ContactId("c2"), SALES, preferred_agent=AgentId("own"), preferred_for_s=20.0))
    kept = explained(acd, "c2")
    assert reasons(kept) == {
        "own": ("no_phone", "his phone is not registered"),
        "late": ("kept", "it is kept for own"),
        "other": ("kept", "it is kept for own"),
    }
    assert kept.verdicts == {"no_phone": 1, "kept": 2}
    assert kept.next[0].what == "it is kept for its preferred agent no longer"


def test_what_is_counted_is_what_is_named() -> None:
    agents = [
        Agent(agent_id=AgentId(f"a{number}"), skills={"en": number % 10 + 1}, queues=(SALES,) if number % 7 else ())
        for number in range(60)
    ]
    steps = (RoutingStep(skills={"en": 8}, for_s=20.0), RoutingStep(skills={"en": 4}))
    acd = ScriptedAcd([Queue(queue_id=SALES, steps=steps, no_answer_limit=9)], agents)
    acd.ready("a9")
    acd.call("c1")
    acd.fail("c1")
    for _ in range(2):
        explanation = explained(acd, "c1")
        assert explanation.verdicts == dict(Counter(agent.verdict for agent in explanation.agents))
        assert sum(explanation.verdicts.values()) == len(agents)
        acd.advance(21)
