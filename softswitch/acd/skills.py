"""Who is able and who is free: the agents as columns, one row each.

Whether an agent may serve a queue depends on his skills and on two lists, all of them configuration; whether he is free
changes with every call. The first is computed for all agents at once (`able`), the second is one number per agent and
channel (`available_since`). A requirement no contact had before costs a few array operations, no walk over all agents.
"""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.model import Agent, Channel, Queue, Skills
from softswitch.base.ids import AgentId, QueueId

Mask: TypeAlias = NDArray[np.bool_]
"""bool[agents]"""

Rows: TypeAlias = NDArray[np.intp]
"""Row numbers, ascending."""


class Roster:
    """The configured agents, in the order of the configuration; a new configuration makes a new roster.

    `available_since` float64[channels, agents]: since when he is free for the next contact of a channel (monotonic
    seconds), infinity while he is not. `is_logged_in` bool[agents]. `condition` uint8[agents]: what he is doing, as a
    `decisions.Condition`. All mirror the agents' machines.
    """

    __slots__ = (
        "_levels",
        "_listed",
        "_lists_all",
        "_no_level",
        "agent_ids",
        "available_since",
        "condition",
        "is_logged_in",
        "row_of",
        "state",
    )

    def __init__(self, agents: Iterable[Agent]) -> None:
        configured = list(agents)
        size = len(configured)
        self.agent_ids = [agent.agent_id for agent in configured]
        self.row_of: dict[AgentId, int] = {agent_id: row for row, agent_id in enumerate(self.agent_ids)}
        self.available_since: NDArray[np.float64] = np.full((len(Channel), size), np.inf)
        self.is_logged_in: Mask = np.zeros(size, np.bool_)
        self.condition: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self._levels: dict[str, NDArray[np.uint8]] = {}
        self._no_level: NDArray[np.uint8] = np.zeros(size, np.uint8)
        self._listed: dict[QueueId, Mask] = {}
        self._lists_all: Mask = np.array([agent.queues is None for agent in configured], np.bool_)
        for row, agent in enumerate(configured):
            for skill, level in agent.skills.items():
                self._levels.setdefault(skill, np.zeros(size, np.uint8))[row] = level
            for queue_id in agent.queues or ():
                self._listed.setdefault(queue_id, np.zeros(size, np.bool_))[row] = True

    def __len__(self) -> int:
        return len(self.agent_ids)

    def able(self, queue: Queue) -> Mask:
        """Who may serve the queue: bool[agents]."""
        able = self._lists_all.copy()
        listed = self._listed.get(queue.queue_id)
        if listed is not None:
            able |= listed
        if queue.agents is not None:
            named = np.zeros(len(self), np.bool_)
            named[[self.row_of[agent_id] for agent_id in queue.agents if agent_id in self.row_of]] = True
            able &= named
        for skill, level in queue.skills.items():
            able &= self._level(skill) >= level
        return able

    def most_able(self, rows: Rows, skills: Skills) -> Rows:
        """Those of `rows` who also have these skills."""
        for skill, level in skills.items():
            rows = rows[self._level(skill)[rows] >= level]
        return rows

    def _level(self, skill: str) -> NDArray[np.uint8]:
        """Everybody's level of a skill, 0 for those who do not have it."""
        return self._levels.get(skill, self._no_level)
