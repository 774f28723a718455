"""Who is able and who is free: the agents as columns, one row each.

Whether an agent may serve a queue depends on his skills and on two lists, all of them configuration; whether he is free
changes with every call. The first is computed for all agents at once (`able`), the second is one number per agent and
channel (`available_since`). A requirement no contact had before costs a few array operations, no walk over all agents.
"""

from collections.abc import Iterable
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softswitch.acd import columns
from softswitch.acd.channels import FreeFor
from softswitch.acd.doing import ABSENT, conditions_in
from softswitch.acd.model import LEVEL_MAX, ORDER_MIN, Agent, Channel, Queue, Site, Skills
from softswitch.acd.requirement_columns import who_holds
from softswitch.acd.requirements import Requirement, from_skills, parse
from softswitch.acd.sites import limited
from softswitch.acd.workload import Workload
from softswitch.base.ids import AgentId, QueueId

Mask: TypeAlias = NDArray[np.bool_]
"""bool[agents]"""

Rows: TypeAlias = NDArray[np.intp]
"""Row numbers."""

_LEVELS = [np.uint8(level) for level in range(LEVEL_MAX + 1)]
"""An array is compared with one of its own kind in less time than with a number of Python's."""


class Roster:
    """The configured agents, in the order of the configuration; a new configuration makes a new roster.

    `available_since` float64[agents] of each channel: since when he is free for the next contact of it (monotonic
    seconds), infinity while he is not. `doing` uint16[agents]: what he is doing, see there; `condition` is part of it.
    They mirror the agents' machines: written an agent at a time, by `show_free` and into `doing_of`, and read many at a
    time. `sites` are those that carry a limited number of calls; None where there are none.
    """

    __slots__ = (
        "_delays",
        "_levels",
        "_listed",
        "_lists_all",
        "_no_level",
        "_orders",
        "_since",
        "_site_levels",
        "_weights",
        "agent_ids",
        "available_since",
        "condition",
        "doing",
        "doing_of",
        "free_for",
        "has_orders",
        "row_of",
        "sites",
        "workload",
    )

    def __init__(self, agents: Iterable[Agent], sites: Iterable[Site] = ()) -> None:
        configured = list(agents)
        size = len(configured)
        self.agent_ids: list[AgentId] = [agent.agent_id for agent in configured]
        self.row_of: dict[AgentId, int] = {agent_id: row for row, agent_id in enumerate(self.agent_ids)}
        self.available_since: list[NDArray[np.float64]] = [np.full(size, np.inf) for _ in Channel]
        self.free_for: list[FreeFor] = [()] * size
        """The same by agent: in which of these columns he has a number."""
        self.doing: NDArray[np.uint16] = np.full(size, ABSENT, np.uint16)
        self.condition = conditions_in(self.doing)
        self.doing_of = columns.integers(self.doing)
        self._since = [columns.floats(column) for column in self.available_since]
        self.has_orders: Mask = np.zeros(size, np.bool_)
        """Who serves one queue before another."""
        self.workload = Workload(size)
        self.sites = limited(sites, configured, self.available_since)
        self._levels: dict[str, NDArray[np.uint8]] = {}
        self._site_levels: dict[str, NDArray[np.uint8]] = {}
        """The same of where they sit, which nobody changes while they work."""
        self._no_level: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self._listed: dict[QueueId, Mask] = {}
        self._lists_all: Mask = np.array([agent.queues is None for agent in configured], np.bool_)
        self._orders: dict[QueueId, NDArray[np.uint8]] = {}
        self._delays: dict[QueueId, NDArray[np.float64]] = {}
        self._weights: dict[QueueId, NDArray[np.float64]] = {}
        for row, agent in enumerate(configured):
            self._read(row, agent)

    def _read(self, row: int, agent: Agent) -> None:
        size = len(self)
        for skill, level in agent.skills.items():
            self._levels.setdefault(skill, np.zeros(size, np.uint8))[row] = level
        for skill, level in agent.site_skill.items():
            self._site_levels.setdefault(skill, np.zeros(size, np.uint8))[row] = level
        for queue_id in agent.queues or ():
            self._listed.setdefault(queue_id, np.zeros(size, np.bool_))[row] = True
        for queue_id, serving in agent.profile.items():
            if serving.order != ORDER_MIN:
                self.has_orders[row] = True
                self._orders.setdefault(queue_id, np.full(size, ORDER_MIN, np.uint8))[row] = serving.order
            if serving.delay_s > 0:
                self._delays.setdefault(queue_id, np.zeros(size))[row] = serving.delay_s
            if serving.weight != 1:
                self._weights.setdefault(queue_id, np.ones(size))[row] = serving.weight

    def __len__(self) -> int:
        return len(self.agent_ids)

    def show_free(self, row: int, channels: FreeFor, since: float) -> None:
        """An agent is free for these channels since then, and for no others."""
        for channel in self.free_for[row]:
            self._since[channel][row] = inf
        for channel in channels:
            self._since[channel][row] = since
        self.free_for[row] = channels

    def able(self, queue: Queue, *, with_reserve: bool = False) -> Mask:
        """Who may serve the queue, whatever its steps say, with its reserve agents or without: bool[agents]."""
        able = self._lists_all.copy()
        listed = self._listed.get(queue.queue_id)
        if listed is not None:
            able |= listed
        if queue.agents is not None:
            named = np.zeros(len(self), np.bool_)
            named[[self.row_of[agent_id] for agent_id in queue.agents if agent_id in self.row_of]] = True
            able &= named
        for agent_id in () if queue.rescue is None else queue.rescue.agents:
            if agent_id in self.row_of:
                able[self.row_of[agent_id]] = with_reserve
        return able & self.meets(queue.skills, queue.requirement)

    def meets(self, skills: Skills, requirement: str) -> Mask:
        """Who has these skills and meets the expression: bool[agents]."""
        met = self._who_holds(from_skills(skills))
        return met & self._who_holds(parse(requirement)) if requirement else met

    def _who_holds(self, requirement: Requirement) -> Mask:
        return who_holds(requirement, self.level, len(self))

    def narrowed(self, rows: Rows, skills: Iterable[tuple[str, int]], requirement: str) -> Mask:
        """Which of `rows` also have these skills and meet the expression: bool[rows]."""
        met: Mask | None = None
        for skill, level in skills:
            holds = self.level(skill)[rows] >= _LEVELS[level]
            met = holds if met is None else met & holds
        if requirement:
            meets = who_holds(parse(requirement), lambda skill: self.level(skill)[rows], len(rows))
            met = meets if met is None else met & meets
        return np.ones(len(rows), np.bool_) if met is None else met

    def level(self, skill: str) -> NDArray[np.uint8]:
        """Everybody's level of a skill, 0 for those who do not have it."""
        of_site = self._site_levels.get(skill)
        return self._levels.get(skill, self._no_level) if of_site is None else of_site

    def levels(self, skills: Iterable[str]) -> NDArray[np.uint16]:
        """Everybody's levels of these skills, added up."""
        levels = np.zeros(len(self), np.uint16)
        for skill in skills:
            levels += self.level(skill)
        return levels

    def orders(self, queue_id: QueueId) -> NDArray[np.uint8] | int:
        """In what order each serves the queue among his others; one number when that of all is the same."""
        return self._orders.get(queue_id, ORDER_MIN)

    def delays(self, queue_id: QueueId) -> NDArray[np.float64] | None:
        """How long a contact of the queue must have waited for each; None when nobody makes it wait."""
        return self._delays.get(queue_id)

    def weights(self, queue_id: QueueId) -> NDArray[np.float64] | None:
        """How often each is drawn for the queue, in proportion; None when all are alike."""
        return self._weights.get(queue_id)

    def set_skills(self, row: int, skills: Skills) -> None:
        """One agent has these skills from now on, and no others."""
        for levels in self._levels.values():
            levels[row] = 0
        for skill, level in skills.items():
            self._levels.setdefault(skill, np.zeros(len(self), np.uint8))[row] = level
