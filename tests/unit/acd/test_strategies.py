"""Which of several free agents are alerted for a contact."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.acd.chance import Chance
from softswitch.acd.limits import RING_ALL_MAX
from softswitch.acd.model import Agent, Channel, StrategyName
from softswitch.acd.skills import Roster
from softswitch.acd.strategies import (
    NOTHING,
    STRATEGIES,
    Choice,
    Strategy,
    fewest_contacts,
    last_agent_first,
    least_occupied,
    linear,
    longest_idle,
    most_skilled,
    random,
    ring_all,
    round_robin,
    weighted_random,
)
from softswitch.base.ids import AgentId


def roster(*available_since: float) -> Roster:
    made = Roster([Agent(agent_id=AgentId(str(row))) for row in range(len(available_since))])
    made.available_since[Channel.VOICE.row][:] = available_since
    return made


def choose(strategy: Strategy, agents: Roster, among: NDArray[np.intp], choice: Choice) -> list[int]:
    return strategy(agents, among, agents.available_since[Channel.VOICE.row][among], choice)


def rows(*numbers: int) -> NDArray[np.intp]:
    return np.array(numbers, np.intp)


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_chooses_the_only_one_there_is(name: StrategyName) -> None:
    assert choose(
        STRATEGIES[name], roster(5.0, 1.0), rows(0), Choice(chance=0.999, previous_row=1, last_agent_row=1)
    ) == [0]


def test_longest_idle_is_the_one_free_since_the_earliest() -> None:
    assert choose(longest_idle, roster(30.0, 10.0, 20.0), rows(0, 1, 2), NOTHING) == [1]
    assert choose(longest_idle, roster(30.0, 10.0, 20.0), rows(0, 2), NOTHING) == [2]


def test_equally_long_goes_by_the_configuration() -> None:
    assert choose(longest_idle, roster(9.0, 5.0, 5.0), rows(0, 1, 2), NOTHING) == [1]


def test_longest_idle_may_be_shown_who_is_not_free() -> None:
    assert choose(longest_idle, roster(np.inf, 10.0, np.inf), rows(0, 1, 2), NOTHING) == [1]


def test_least_occupied_is_a_share_of_the_time_and_the_present_idling_counts() -> None:
    made = roster(90.0, 40.0, 99.0)
    made.workload.busy_s[:] = (300.0, 600.0, 30.0)
    made.workload.idle_s[:] = (290.0, 1140.0, 0.0)
    assert choose(least_occupied, made, rows(0, 1, 2), Choice(now=100.0)) == [1], "1/2, 1/3 and 30/31"
    assert choose(least_occupied, made, rows(0, 2), Choice(now=100.0)) == [0]


def test_who_has_not_worked_at_all_is_least_occupied_and_of_two_the_longest_idle() -> None:
    made = roster(100.0, 100.0, 50.0)
    made.workload.busy_s[0] = 1.0
    assert choose(least_occupied, made, rows(0, 1, 2), Choice(now=100.0)) == [2]


def test_fewest_contacts_then_longest_idle() -> None:
    made = roster(10.0, 30.0, 20.0)
    made.workload.contacts[:] = (5, 3, 3)
    assert choose(fewest_contacts, made, rows(0, 1, 2), NOTHING) == [2]


def test_most_skilled_adds_up_what_is_asked_for() -> None:
    skills = [{"billing": 9}, {"billing": 5, "en": 6}, {"billing": 5, "en": 6}, {"other": 10}]
    made = Roster([Agent(agent_id=AgentId(str(row)), skills=each) for row, each in enumerate(skills)])
    made.available_since[Channel.VOICE.row][:] = (1.0, 3.0, 2.0, 0.0)
    assert choose(most_skilled, made, rows(0, 1, 2, 3), Choice(skills=("billing", "en"))) == [2]
    assert choose(most_skilled, made, rows(0, 1, 2, 3), Choice(skills=("billing",))) == [0]
    assert choose(most_skilled, made, rows(0, 1, 2, 3), NOTHING) == [3]


def test_linear_is_the_first() -> None:
    assert choose(linear, roster(9.0, 1.0, 2.0), rows(1, 2), NOTHING) == [1]


@pytest.mark.parametrize(("previous", "expected"), [(-1, 1), (0, 1), (1, 3), (2, 3), (3, 5), (5, 1), (9, 1)])
def test_round_robin_goes_on_after_the_previous_one(previous: int, expected: int) -> None:
    assert choose(round_robin, roster(*range(6)), rows(1, 3, 5), Choice(previous_row=previous)) == [expected]


def test_random_reaches_everybody_and_nobody_else() -> None:
    made = roster(1.0, 2.0, 3.0)
    chances = [0.0, 0.3, 0.4, 0.6, 0.7, 1 - 2**-53]
    assert [choose(random, made, rows(0, 1, 2), Choice(chance=chance))[0] for chance in chances] == [0, 0, 1, 1, 2, 2]


def test_weighted_random_goes_by_the_weights() -> None:
    made = roster(1.0, 2.0, 3.0)
    weights = np.array([1.0, 50.0, 3.0])
    dice = Chance(7)
    drawn = Counter(
        choose(weighted_random, made, rows(0, 2), Choice(weights=weights, chance=dice.draw()))[0] for _ in range(4000)
    )
    assert set(drawn) == {0, 2}
    assert 0.72 < drawn[2] / 4000 < 0.78
    assert choose(weighted_random, made, rows(0, 2), Choice(weights=weights, chance=1 - 2**-53)) == [2]
    assert choose(weighted_random, made, rows(0, 2), Choice(chance=0.4)) == [0], "without weights all are alike"


def test_the_last_agent_comes_first_if_he_is_free() -> None:
    made = roster(1.0, 2.0, 3.0)
    assert choose(last_agent_first, made, rows(0, 2), Choice(last_agent_row=2)) == [2]
    assert choose(last_agent_first, made, rows(0, 2), Choice(last_agent_row=1)) == [0]
    assert choose(last_agent_first, made, rows(0, 2), NOTHING) == [0]


def test_ring_all_rings_everybody_within_a_bound() -> None:
    assert choose(ring_all, roster(30.0, 5.0, 10.0, 20.0), rows(0, 2), NOTHING) == [2, 0]
    many = roster(*(float(RING_ALL_MAX + 5 - number) for number in range(RING_ALL_MAX + 5)))
    chosen = choose(ring_all, many, np.arange(RING_ALL_MAX + 5), NOTHING)
    assert chosen == list(range(RING_ALL_MAX + 4, 4, -1))
