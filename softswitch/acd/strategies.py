"""Which of several free agents are alerted for the contact: one pure function per strategy.

They choose among those who come first for the contact, in the order of the configuration; the rest has been decided by
skills, steps and preferences. Where a strategy finds several equal, the one idle for the longest time is chosen.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from softswitch.acd.limits import RING_ALL_MAX
from softswitch.acd.model import StrategyName
from softswitch.acd.skills import Mask, Roster, Rows


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the contact and its queue. Row numbers are -1 for nobody."""

    now: float = 0.0
    skills: Collection[str] = ()
    """What it requires or prefers, beyond what is in `levels`."""
    levels: NDArray[np.uint16] | None = None
    """uint16[agents]: the levels of skills it requires or prefers, added up."""
    weights: NDArray[np.float64] | None = None
    """float64[agents]: how often each is to be drawn, in proportion; None: all the same."""
    chance: float = 0.0
    """A number drawn for this choice, at least 0 and less than 1."""
    previous_row: int = -1
    """Who got the queue's last contact."""
    last_agent_row: int = -1
    """With whom the caller talked last."""


NOTHING = Choice()

_JUST_HERE_S = 1e-9
"""Whoever has been there for no time at all was at work for no part of it."""

Since: TypeAlias = NDArray[np.float64]


class Strategy(Protocol):
    """Chooses of `rows`, the available agents that come first for the contact, at least one, ascending.

    `since` float64[rows] says since when each is available. One, or several at once: then the first to answer gets the
    contact.
    """

    def __call__(self, roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]: ...


def _longest_idle_of(rows: Rows, since: Since, is_equal: Mask) -> list[int]:
    equal = is_equal.nonzero()[0]
    return [rows.item(equal.item(since[equal].argmin() if equal.size > 1 else 0))]


def _at_least(least: float, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """These values, smaller ones raised; whether there are any is seen in less time than it takes to do it."""
    return values if values.item(values.argmin()) >= least else np.maximum(values, least)


def longest_idle(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The agent free for the longest time; of several equally long, the first in the configuration.

    Who is not available at all (`since` infinity) does no harm among `rows`.
    """
    return [rows.item(since.argmin())]


def least_occupied(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The agent who was at work for the smallest part of the time since he logged in, breaks left out."""
    busy_s, total_s = roster.workload.busy_s[rows], roster.workload.idle_s[rows]
    total_s += _at_least(0.0, choice.now - since)
    total_s += busy_s
    occupancy = busy_s / _at_least(_JUST_HERE_S, total_s)
    least = int(occupancy.argmin())  # of equal ones the first
    behind = occupancy[least + 1 :]
    if not behind.size or behind.item(behind.argmin()) > occupancy.item(least):
        return [rows.item(least)]
    return _longest_idle_of(rows, since, occupancy == occupancy[least])


def fewest_contacts(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The agent who answered the fewest since he logged in; newcomers count as many as the others on average."""
    contacts = roster.workload.contacts[rows]
    return _longest_idle_of(rows, since, contacts == contacts[contacts.argmin()])


def most_skilled(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The agent with the highest levels, added up, of the skills the contact requires or prefers."""
    levels = np.zeros(len(rows), np.uint16) if choice.levels is None else choice.levels[rows]
    for skill in choice.skills:
        levels += roster.level(skill)[rows]
    return _longest_idle_of(rows, since, levels == levels[levels.argmax()])


def linear(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The first in the configuration."""
    return [rows.item(0)]


def round_robin(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The next in the configuration after the agent who got the queue's last contact."""
    following = bisect_right(rows.data, choice.previous_row)
    return [rows.item(following if following < len(rows) else 0)]


def random(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """Anybody, all as likely."""
    return [rows.item(min(int(choice.chance * len(rows)), len(rows) - 1))]


def weighted_random(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """Anybody, as likely as his weight says."""
    if choice.weights is None:
        return random(roster, rows, since, choice)
    sums = choice.weights[rows].cumsum()
    drawn = int(sums.searchsorted(choice.chance * float(sums[-1]), "right"))
    return [rows.item(min(drawn, len(rows) - 1))]


def last_agent_first(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """The agent with whom the caller talked last if he is among them, else the longest idle."""
    if choice.last_agent_row >= 0 and (rows == choice.last_agent_row).any():
        return [choice.last_agent_row]
    return longest_idle(roster, rows, since, choice)


def ring_all(roster: Roster, rows: Rows, since: Since, choice: Choice) -> list[int]:
    """Everybody, the longest idle first, within `RING_ALL_MAX`."""
    chosen: list[int] = rows[since.argsort(kind="stable")[:RING_ALL_MAX]].tolist()
    return chosen


STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType({
    "longest_idle": longest_idle,
    "least_occupied": least_occupied,
    "fewest_contacts": fewest_contacts,
    "most_skilled": most_skilled,
    "linear": linear,
    "round_robin": round_robin,
    "random": random,
    "weighted_random": weighted_random,
    "last_agent_first": last_agent_first,
    "ring_all": ring_all,
})  # fmt: skip
