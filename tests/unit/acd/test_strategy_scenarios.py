"""Each strategy in a queue, told as a day on the floor."""

from collections import Counter

import pytest

from softswitch.acd.inputs import (
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentPaused,
    AgentResumed,
    AgentSkillsSet,
    ConfigurationSet,
)
from softswitch.acd.model import Agent, BusyKind, Queue, RoutingStep, Serving, Skills, StrategyName
from softswitch.base.ids import AgentId, QueueId
from softswitch.testing.acd import ScriptedAcd

SALES = QueueId("sales")


def agent(name: str, skills: Skills | None = None, *, weight: int = 1) -> Agent:
    return Agent(agent_id=AgentId(name), skills=skills or {}, profile={SALES: Serving(weight=weight)})


ANN, BOB, CYD = agent("ann"), agent("bob"), agent("cyd")


class Centre(ScriptedAcd):
    """One queue without wrap-up, whose calls are answered and finished one at a time."""

    def __init__(self, strategy: StrategyName, *agents: Agent, steps: tuple[RoutingStep, ...] = ()) -> None:
        self.sales = Queue(queue_id=SALES, strategy=strategy, wrap_up_s=0.0, steps=steps)
        super().__init__([self.sales], agents)
        self.calls = 0

    def begin(self, preferred_agent: str | None = None) -> str:
        """A call is answered; returns by whom."""
        self.calls += 1
        self.call(f"c{self.calls}", preferred_agent=preferred_agent)
        self.answer(f"c{self.calls}")
        return self.reserved()[-1][1]

    def serve(self, talk_s: float = 10.0) -> str:
        """A call is answered and talks; returns to whom."""
        who = self.begin()
        self.advance(talk_s)
        self.finish(f"c{self.calls}")
        return who


def test_least_occupied_shares_out_the_work_not_the_calls() -> None:
    centre = Centre("least_occupied", ANN, BOB)
    centre.ready("ann", "bob")
    assert centre.serve(talk_s=300.0) == "ann"
    assert [centre.serve(talk_s=30.0) for _ in range(5)] == ["bob"] * 5


def test_fewest_contacts_evens_out_whatever_was_idle() -> None:
    centre = Centre("fewest_contacts", ANN, BOB, CYD)
    centre.ready("ann", "bob", "cyd")
    assert Counter(centre.serve() for _ in range(9)) == {"ann": 3, "bob": 3, "cyd": 3}
    centre.tell(AgentBusy(AgentId("ann"), BusyKind.DIRECT_IN), AgentFree(AgentId("ann")))
    assert centre.serve() == "bob", "nobody has fewer, and ann has just talked"


@pytest.mark.parametrize("away", ["logged out", "break"])
def test_who_comes_later_is_not_flooded(away: str) -> None:
    centre = Centre("fewest_contacts", ANN, BOB, CYD)
    centre.ready("ann", "bob")
    if away == "break":
        centre.ready("cyd")
        centre.tell(AgentPaused(AgentId("cyd"), "meeting"))
    for _ in range(40):
        centre.serve()
    centre.tell(AgentResumed(AgentId("cyd")))
    centre.ready("cyd")
    assert Counter(centre.serve() for _ in range(9)) == {"ann": 3, "bob": 3, "cyd": 3}


def test_who_logs_out_and_in_again_is_not_flooded_either() -> None:
    centre = Centre("fewest_contacts", ANN, BOB)
    centre.ready("ann", "bob")
    for _ in range(20):
        centre.serve()
    centre.tell(AgentLoggedOut(AgentId("ann")))
    centre.ready("ann")
    assert Counter(centre.serve() for _ in range(6)) == {"ann": 3, "bob": 3}


def test_the_counts_survive_a_reload() -> None:
    centre = Centre("fewest_contacts", ANN, BOB)
    centre.ready("ann")
    assert [centre.serve() for _ in range(3)] == ["ann"] * 3
    centre.tell(ConfigurationSet([centre.sales], [BOB, ANN, CYD]))
    centre.ready("bob")
    centre.begin()
    assert [centre.serve() for _ in range(2)] == ["ann", "ann"]


def test_most_skilled_of_the_skills_asked_for() -> None:
    people = [agent("weak", {"billing": 5, "sport": 10}), agent("strong", {"billing": 8}), agent("none", {"sport": 9})]
    centre = Centre("most_skilled", *people)
    centre.ready("weak", "none", "strong")
    for contact_id, requirement in (("c1", "billing >= 3"), ("c2", "sport or billing")):
        centre.call(contact_id, requirement=requirement)
    assert centre.reserved() == [("c1", "strong"), ("c2", "weak")]


def test_most_skilled_goes_by_the_skills_of_now() -> None:
    billing = (RoutingStep(skills={"billing": 1}),)
    centre = Centre("most_skilled", agent("ann", {"billing": 5}), agent("bob", {"billing": 8}), steps=billing)
    centre.ready("ann", "bob")
    assert centre.serve() == "bob"
    centre.tell(AgentSkillsSet(AgentId("ann"), {"billing": 9}))
    assert centre.serve() == "ann"


def test_a_skill_asked_for_by_queue_and_contact_counts_once() -> None:
    people = [agent("ann", {"billing": 8, "en": 1}), agent("bob", {"billing": 6, "en": 4})]
    centre = Centre("most_skilled", *people, steps=(RoutingStep(skills={"billing": 1}),))
    centre.ready("ann", "bob")
    centre.call("c1", skills={"billing": 2, "en": 1})
    assert centre.reserved() == [("c1", "bob")]


def test_linear_always_begins_with_the_first() -> None:
    centre = Centre("linear", ANN, BOB)
    centre.ready("bob", "ann")
    assert [centre.serve() for _ in range(3)] == ["ann"] * 3
    centre.begin()
    assert centre.serve() == "bob"


def test_round_robin_remembers_where_it_was_also_after_a_reload() -> None:
    centre = Centre("round_robin", ANN, BOB, CYD)
    centre.ready("cyd", "bob", "ann")
    assert [centre.serve() for _ in range(4)] == ["ann", "bob", "cyd", "ann"]
    centre.tell(ConfigurationSet([centre.sales], [CYD, ANN, BOB]))
    assert [centre.serve() for _ in range(3)] == ["bob", "cyd", "ann"]


def test_random_is_even_and_the_same_in_every_replay() -> None:
    days: list[list[str]] = []
    for _ in range(2):
        centre = Centre("random", ANN, BOB, CYD)
        centre.ready("ann", "bob", "cyd")
        days.append([centre.serve() for _ in range(300)])
    assert days[0] == days[1]
    assert all(70 <= count <= 130 for count in Counter(days[0]).values())


def test_weighted_random_goes_by_the_profile() -> None:
    centre = Centre("weighted_random", agent("ann", weight=9), agent("bob"))
    centre.ready("ann", "bob")
    counts = Counter(centre.serve() for _ in range(300))
    assert 250 <= counts["ann"] <= 290


def test_the_last_agent_comes_first_and_is_not_waited_for() -> None:
    centre = Centre("last_agent_first", ANN, BOB)
    centre.ready("ann", "bob")
    centre.advance(10.0)
    assert centre.begin(preferred_agent="bob") == "bob"
    assert centre.begin(preferred_agent="bob") == "ann"


def test_a_step_may_have_a_strategy_of_its_own() -> None:
    steps = (RoutingStep(skills={"billing": 1}, strategy="linear", for_s=30.0), RoutingStep())
    people = [agent("first", {"billing": 1}), agent("second", {"billing": 1}), agent("third")]
    centre = Centre("longest_idle", *people, steps=steps)
    centre.ready("second", "first", "third")
    assert [centre.serve() for _ in range(2)] == ["first", "first"]
