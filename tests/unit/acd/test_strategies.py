"""Which of several free agents are alerted for a contact."""

import numpy as np

from softswitch.acd.limits import RING_ALL_MAX
from softswitch.acd.model import Agent, Channel
from softswitch.acd.skills import Roster
from softswitch.acd.strategies import longest_idle, ring_all
from softswitch.base.ids import AgentId


def roster(*available_since: float) -> Roster:
    made = Roster([Agent(agent_id=AgentId(str(row))) for row in range(len(available_since))])
    made.available_since[Channel.VOICE.row] = available_since
    return made


def test_longest_idle_is_the_one_free_since_the_earliest() -> None:
    assert longest_idle(roster(30.0, 10.0, 20.0), np.array([0, 1, 2]), Channel.VOICE) == [1]


def test_only_the_rows_given_are_considered() -> None:
    assert longest_idle(roster(30.0, 10.0, 20.0), np.array([0, 2]), Channel.VOICE) == [2]


def test_equally_long_goes_by_the_configuration() -> None:
    assert longest_idle(roster(np.inf, 5.0, 5.0), np.array([0, 1, 2]), Channel.VOICE) == [1]


def test_free_is_by_channel() -> None:
    made = roster(30.0, 10.0)
    made.available_since[Channel.CHAT.row] = (5.0, np.inf)
    assert longest_idle(made, np.array([0, 1]), Channel.VOICE) == [1]
    assert longest_idle(made, np.array([0, 1]), Channel.CHAT) == [0]


def test_ring_all_rings_everybody_who_is_free_within_a_bound() -> None:
    assert ring_all(roster(30.0, np.inf, 10.0, 20.0), np.array([0, 2]), Channel.VOICE) == [2, 0]
    many = roster(*(float(RING_ALL_MAX + 5 - number) for number in range(RING_ALL_MAX + 5)))
    chosen = ring_all(many, np.arange(RING_ALL_MAX + 5), Channel.VOICE)
    assert chosen == list(range(RING_ALL_MAX + 4, 4, -1))
