"""Routing steps: who may serve a contact in which stage, and who comes before whom."""

import numpy as np
import pytest

from softswitch.acd.doing import IN_USE, PAUSED
from softswitch.acd.limits import DELAYS_MAX, STEPS_MAX
from softswitch.acd.model import Agent, Queue, RoutingStep, Serving, Skills
from softswitch.acd.skills import Roster
from softswitch.acd.steps import NO_WISHES, Plan, asked_for, concerns, next_opening, plan, wished_for
from softswitch.base.ids import AgentId, QueueId

SALES = QueueId("sales")


def agent(name: str, *, delay_s: float = 0.0, **skills: int) -> Agent:
    profile = {SALES: Serving(delay_s=delay_s)} if delay_s else {}
    return Agent(agent_id=AgentId(name), skills=skills, profile=profile)


ROSTER = Roster([agent("two", billing=2), agent("five", billing=5), agent("nine", billing=9), agent("none")])
STEPS = (RoutingStep(requirement="billing >= 8", for_s=20.0), RoutingStep(skills={"billing": 5}, for_s=20.0))
QUEUE = Queue(queue_id=SALES, requirement="billing", steps=(*STEPS, RoutingStep()))


def names(roster: Roster, followed: Plan, step: int, delays_passed: int = 0) -> list[str]:
    return [roster.agent_ids[row] for row in followed.opened(step, delays_passed)[0]]


def test_steps_widen_and_who_was_there_first_comes_first() -> None:
    followed = plan(ROSTER, QUEUE)
    assert [names(ROSTER, followed, step) for step in range(3)] == [["nine"], ["nine", "five"], ["nine", "five", "two"]]
    assert len(set(followed.ranks.tolist())) == 3


def test_a_queue_without_steps_has_one() -> None:
    followed = plan(ROSTER, Queue(queue_id=SALES))
    assert names(ROSTER, followed, 0) == ["two", "five", "nine", "none"]
    assert followed.last_step == 0
    assert set(followed.ranks.tolist()) == {0}


@pytest.mark.parametrize(("in_queue", "in_step"), [({"billing": 5, "en": 3}, {}), ({"billing": 5}, {"en": 3})])
def test_who_has_more_of_the_preferred_skills_comes_first_within_a_step(in_queue: Skills, in_step: Skills) -> None:
    people = [agent("neither"), agent("en", en=3), agent("both", billing=7, en=9), agent("weak", billing=4)]
    roster = Roster(people)
    queue = Queue(queue_id=SALES, preferred=in_queue, steps=(RoutingStep(preferred=in_step),))
    assert names(roster, plan(roster, queue), 0) == ["both", "en", "neither", "weak"]


def test_a_preference_does_not_count_more_than_a_step() -> None:
    roster = Roster([agent("general", en=10), agent("special", billing=8)])
    queue = Queue(
        queue_id=SALES, preferred={"en": 1}, steps=(RoutingStep(skills={"billing": 8}, for_s=0), RoutingStep())
    )
    assert names(roster, plan(roster, queue), 1) == ["special", "general"]


def test_wishes_narrow_every_step() -> None:
    followed = plan(ROSTER, QUEUE).narrowed(ROSTER, (frozenset({("billing", 3)}), "not billing = 5", ""))
    assert [names(ROSTER, followed, step) for step in range(3)] == [["nine"], ["nine"], ["nine"]]


def test_a_delay_keeps_an_agent_out_until_it_has_passed() -> None:
    people = [agent("late", delay_s=60.0), agent("now"), agent("soon", delay_s=15.5, billing=9)]
    roster = Roster(people)
    queue = Queue(queue_id=SALES, steps=(RoutingStep(skills={"billing": 1}, for_s=30.0), RoutingStep()))
    followed = plan(roster, queue)
    assert followed.delays_s == (15.5, 60.0)
    assert names(roster, followed, 0, 0) == []
    assert names(roster, followed, 0, 1) == ["soon"]
    assert names(roster, followed, 1, 1) == ["soon", "now"]
    assert names(roster, followed, 1, 2) == ["soon", "late", "now"]
    assert [followed.delays_passed(100.0, now) for now in (115.4, 115.5, 159.9, 160.0)] == [0, 1, 1, 2]


def test_of_too_many_delays_the_longest_are_kept() -> None:
    roster = Roster([agent(f"a{number}", delay_s=float(number)) for number in range(1, DELAYS_MAX + 3)])
    followed = plan(roster, Queue(queue_id=SALES))
    assert followed.delays_s == tuple(float(number) for number in range(3, DELAYS_MAX + 3))
    assert names(roster, followed, 0, 0) == []
    assert names(roster, followed, 0, 1) == ["a1", "a2", "a3"]


def test_the_next_opening_is_that_of_a_step_or_of_a_delay() -> None:
    roster = Roster([agent("late", delay_s=25.0), agent("now")])
    followed = plan(roster, Queue(queue_id=SALES, steps=(*STEPS, RoutingStep())))

    def opens(step: int, step_since: float, now: float) -> float | None:
        return next_opening(followed, step=step, step_since=step_since, entered_at=100.0, now=now)

    assert opens(0, 100.0, 100.0) == 120.0
    assert followed.delays_s == (25.0,)
    assert opens(1, 120.0, 120.0) == 125.0
    assert opens(1, 120.0, 125.0) == 140.0
    assert opens(2, 140.0, 140.0) is None


def test_a_step_is_void_while_nobody_is_there() -> None:
    roster = Roster([agent("expert", billing=9), agent("other")])
    steps = (
        RoutingStep(skills={"billing": 8}, for_s=20.0, skip_if="nobody_logged_in"),
        RoutingStep(skills={"billing": 5}, for_s=20.0, skip_if="nobody_ready"),
        RoutingStep(for_s=20.0),
        RoutingStep(skip_if="nobody_logged_in"),
    )
    followed = plan(roster, Queue(queue_id=SALES, steps=steps))
    assert [followed.is_void(roster, step) for step in range(4)] == [True, True, False, False]
    roster.doing[:] = PAUSED
    assert [followed.is_void(roster, step) for step in range(4)] == [False, True, False, False]
    roster.doing_of[1] = 0
    assert followed.is_void(roster, 1), "the other one does not serve that step"
    roster.doing_of[0] = IN_USE
    assert not followed.is_void(roster, 1)


def test_ten_steps_with_all_preferences_fit_a_rank() -> None:
    preferred = {f"s{number}": 1 for number in range(20)}
    steps = tuple(RoutingStep(skills={"level": 10 - number}, preferred=preferred, for_s=1.0) for number in range(10))
    roster = Roster([agent(str(level), level=level) for level in range(1, 11)])
    followed = plan(roster, Queue(queue_id=SALES, steps=steps))
    assert names(roster, followed, STEPS_MAX - 1) == [str(level) for level in range(10, 0, -1)]
    assert np.all(np.diff(followed.ranks.astype(int)) > 0)


def test_which_skills_concern_a_queue_and_which_it_asks_for() -> None:
    queue = Queue(
        queue_id=SALES,
        skills={"sales": 1},
        preferred={"ru": 1},
        steps=(RoutingStep(requirement="not trainee and night > 2", for_s=1), RoutingStep(skills={"de": 1})),
    )
    wishes = (frozenset({("vip", 3)}), "en or fr < 3", "")
    assert concerns(queue, wishes) == {"sales", "ru", "trainee", "night", "de", "vip", "en", "fr"}
    assert asked_for(queue, 0) == {"sales", "ru", "night"}
    assert asked_for(queue, 1) == {"sales", "ru", "de"}
    assert wished_for(wishes) == {"vip", "en"}
    assert wished_for(NO_WISHES) == set()
