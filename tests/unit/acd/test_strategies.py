"""Which of several free agents gets the contact."""

import numpy as np

from softswitch.acd.model import Agent
from softswitch.acd.skills import Roster
from softswitch.acd.strategies import longest_idle
from softswitch.base.ids import AgentId


def roster(*available_since: float) -> Roster:
    made = Roster([Agent(agent_id=AgentId(str(row))) for row in range(len(available_since))])
    made.available_since[:] = available_since
    return made


def test_longest_idle_is_the_one_free_since_the_earliest() -> None:
    assert longest_idle(roster(30.0, 10.0, 20.0), np.array([0, 1, 2])) == 1


def test_only_the_rows_given_are_considered() -> None:
    assert longest_idle(roster(30.0, 10.0, 20.0), np.array([0, 2])) == 2


def test_nobody_free_is_nobody() -> None:
    assert longest_idle(roster(np.inf, np.inf), np.array([0, 1])) is None
    assert longest_idle(roster(1.0), np.array([], dtype=np.intp)) is None


def test_equally_long_goes_by_the_configuration() -> None:
    assert longest_idle(roster(np.inf, 5.0, 5.0), np.array([0, 1, 2])) == 1
