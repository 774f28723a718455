"""What became of a contact, told from its events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import pytest

from softswitch.acd.doing import Condition
from softswitch.acd.events import (
    AcdEvent,
    ContactRated,
    ContactReprioritised,
    DispositionSet,
    HookOutcome,
    Stamped,
    StepReason,
)
from softswitch.acd.inputs import (
    AgentPaused,
    ContactAbandoned,
    ContactConsulted,
    ContactExited,
    ContactFinished,
    ContactTransferred,
    RoutingAnswered,
)
from softswitch.acd.model import (
    Agent,
    Announcements,
    OverflowReason,
    Queue,
    RoutingStep,
    StrategyName,
    ToFlow,
    ToQueue,
)
from softswitch.acd.outputs import EndCause, RefusalReason
from softswitch.acd.reporting import story as story_module
from softswitch.acd.reporting.story import about, seconds, tell
from softswitch.base.ids import AgentId, ContactId, QueueId, ReservationId
from softswitch.testing.acd import ScriptedAcd

SALES, SUPPORT = QueueId("sales"), QueueId("support")
C1 = ContactId("c1")


def story(acd: ScriptedAcd, contact_id: str = "c1") -> list[tuple[float, str]]:
    return [(line.at, line.text) for line in tell(about((Stamped(e.at, e) for e in acd.diary), contact_id))]


def test_from_waiting_to_the_end_of_the_wrap_up() -> None:
    acd = ScriptedAcd(
        [Queue(queue_id=SALES, no_answer_limit=9, wrap_up_s=30.0)],
        [Agent(agent_id=AgentId(name)) for name in ("ann", "bob", "eve")],
    )
    acd.ready("ann", "bob")
    acd.tell(AgentPaused(AgentId("bob"), "lunch"))
    acd.advance(60)
    acd.call("c1", boost_s=30.0)
    acd.advance(15)
    acd.advance(5)
    acd.ready("eve")
    acd.advance(2.5)
    acd.answer("c1")
    acd.advance(100)
    acd.tell(
        ContactConsulted(C1, "bob"), ContactTransferred(C1, "attended", "bob", by="eve"), ContactFinished(C1, "agent")
    )
    acd.advance(30)
    assert story(acd) == [
        (60.0, "queued in sales, place 1 of 1; counts as 30 s older"),
        (
            60.0,
            "ann was chosen among 1 free agent of 3 who may serve it: idle for the longest time (60 s); reservation 1",
        ),
        (75.0, "ann did not answer, after 15 s"),
        (
            75.0,
            "nobody free of 3 agents who may serve it: 1 not logged in, 1 not ready; ann has just not taken it",
        ),
        (
            80.0,
            "eve became free, and of all contacts he serves it was the one that had waited longest, boosts counted; "
            "reservation 2",
        ),
        (82.5, "eve answered after 2.5 s of ringing; it had waited 22 s"),
        (182.5, "bob was asked meanwhile"),
        (182.5, "transferred to bob after asking there by eve"),
        (182.5, "given to somebody else, after 100 s of talk"),
        (212.5, "eve wrote it up for 30 s"),
    ]


def test_steps_announcements_and_an_overflow() -> None:
    acd = ScriptedAcd(
        [
            Queue(
                queue_id=SALES,
                steps=(RoutingStep(skills={"sales": 9}, for_s=20.0), RoutingStep()),
                max_wait_s=60.0,
                overflow=ToQueue(SUPPORT),
                announcements=Announcements(first_after_s=30.0, every_s=0),
            ),
            Queue(queue_id=SUPPORT, max_wait_s=10.0, overflow=ToFlow("sorry")),
        ],
        [Agent(agent_id=AgentId("ann"))],
    )
    acd.call("c1")
    acd.advance(100)
    assert story(acd) == [
        (0.0, "queued in sales, place 1 of 1"),
        (0.0, "step 1: no agent may serve it"),
        (20.0, "step 2 began because its time had come: 1 agent may serve it"),
        (30.0, "told: place 1"),
        (60.0, "moved from sales to support, place 1, because it had waited too long"),
        (60.0, "nobody free of 1 agent who may serve it: 1 not logged in"),
        (70.0, "left support to flow sorry after 70 s, because it had waited too long"),
    ]


def test_ways_of_leaving() -> None:
    acd = ScriptedAcd([Queue(queue_id=SALES, max_length=2)], [])
    acd.call("c1")
    acd.advance(12)
    acd.call("c2")
    acd.call("c3")
    acd.tell(ContactAbandoned(C1), ContactExited(ContactId("c2"), "2"))
    assert story(acd)[-1] == (12.0, "hung up at place 1 after 12 s")
    assert story(acd, "c2")[-1] == (12.0, "left by key 2 at place 1 after 0.0 s")
    assert story(acd, "c3") == [(12.0, "refused by sales: no room")]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (ContactReprioritised(1.0, C1, SALES, 0.0, 60.0, 2, "sue"), "boost 0 s -> 60 s by sue; now at place 2"),
        (
            ContactRated(1.0, C1, SALES, AgentId("ann"), "csat", "solved", 1),
            "the caller answered 1 (survey csat, solved)",
        ),
        (ContactRated(1.0, C1, SALES, AgentId("ann"), "csat", "", 4), "the caller answered 4 (survey csat)"),
        (DispositionSet(1.0, C1, SALES, AgentId("ann"), "sold", by="ann"), "disposition sold by ann"),
    ],
)
def test_what_people_do_names_them(event: AcdEvent, text: str) -> None:
    assert [line.text for line in tell([Stamped(1.0, event)])] == [text]


def test_durations_are_exact_where_it_matters() -> None:
    assert [seconds(value) for value in (0.04, 2.5, 12.4, 119.0, 185.0)] == [
        "0.0 s",
        "2.5 s",
        "12 s",
        "119 s",
        "3:05 min",
    ]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ([*get_args(StrategyName), "preferred_agent", "routing_hook"], story_module.RULES),
        ([reason for part in get_args(OverflowReason) for reason in get_args(part) or (part,)], story_module.SENT_AWAY),
        (get_args(EndCause), story_module.ENDED),
        (get_args(RefusalReason), story_module.REFUSED),
        (get_args(StepReason), story_module.WHY_STEP),
        (get_args(HookOutcome), story_module.HOOK_SAID),
        (list(Condition), story_module.DOING),
    ],
)
def test_everything_that_can_be_told_has_words(known: Sequence[str], words: Mapping[str, str]) -> None:
    assert set(words) == set(known)


def test_every_event_of_a_contact_is_in_its_story_but_the_answer_which_is_told_by_the_conversation() -> None:
    of_contacts = [kind for kind in get_args(AcdEvent) if "contact_id" in kind.__struct_fields__]
    source = Path(story_module.__file__).read_text("utf-8")
    assert len(of_contacts) > 10
    assert [kind for kind in of_contacts if f"{kind.__name__}()" not in source] == []


def test_what_the_routing_hook_said_comes_before_who_was_alerted() -> None:
    queue = Queue(queue_id=SALES, hook_deadline_s=0.2)
    acd = ScriptedAcd([queue], [Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))])
    acd.ready("ann", "bob")
    acd.call("c1")
    acd.advance(0.05)
    acd.tell(RoutingAnswered(ReservationId(1), "choose", AgentId("bob"), "knows her"))
    assert [text for _, text in story(acd)][1:] == [
        "the routing hook chose bob instead of ann: knows her, after 50 ms; reservation 1",
        "bob was chosen among 2 free agents of 2 who may serve it: named by the routing hook; ann was free as well; "
        "reservation 2",
    ]
