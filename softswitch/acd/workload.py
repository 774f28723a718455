"""How much each agent has done since he logged in, for the strategies that share work out.

Who comes later must not be given everything until he has caught up: an agent who has just become ready, after his login
or a break, is a newcomer until he is first considered for a contact, and then counts at least as many contacts as the
others have on average (`welcome`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from softswitch.acd import columns
from softswitch.acd.doing import OFF_DUTY
from softswitch.acd.model import AgentState
from softswitch.base.ids import AgentId

_LOGGED_OUT, _READY = AgentState.LOGGED_OUT, AgentState.READY
_AWAY = (_LOGGED_OUT, AgentState.NOT_READY)


class Workload:
    """Columns over the agents of a roster: `contacts` answered, `busy_s` at work and `idle_s` waiting for it."""

    __slots__ = ("_busy_s", "_contacts", "_idle_s", "busy_s", "contacts", "idle_s", "is_newcomer")

    def __init__(self, size: int) -> None:
        self.contacts: NDArray[np.float64] = np.zeros(size)
        self.busy_s: NDArray[np.float64] = np.zeros(size)
        self.idle_s: NDArray[np.float64] = np.zeros(size)
        self.is_newcomer: NDArray[np.bool_] = np.zeros(size, np.bool_)
        self._contacts = columns.floats(self.contacts)
        self._busy_s = columns.floats(self.busy_s)
        self._idle_s = columns.floats(self.idle_s)

    def take_over(self, former: "Workload", row_of: Mapping[AgentId, int], agent_ids: Sequence[AgentId]) -> None:
        """After a new configuration: what is known of those who were there. `row_of` is that of the former roster."""
        for row, agent_id in enumerate(agent_ids):
            before = row_of.get(agent_id)
            if before is not None:
                self.contacts[row] = former.contacts[before]
                self.busy_s[row] = former.busy_s[before]
                self.idle_s[row] = former.idle_s[before]
                self.is_newcomer[row] = former.is_newcomer[before]

    def count_contact(self, row: int) -> None:
        """An agent answered a contact."""
        self._contacts[row] += 1.0

    def count_state(self, row: int, old: AgentState, new: AgentState, seconds: float) -> None:
        """An agent goes from one state to another after `seconds` in it."""
        if old is _READY:
            self._idle_s[row] += seconds
        elif old not in _AWAY:
            self._busy_s[row] += seconds
        else:
            if old is _LOGGED_OUT:
                self.contacts[row] = self.busy_s[row] = self.idle_s[row] = 0.0
            if new not in _AWAY:
                self.is_newcomer[row] = True

    def welcome(self, rows: NDArray[np.intp], doing: NDArray[np.uint16]) -> None:
        """Newcomers among `rows` who are on duty count as many contacts as the others have on average."""
        is_newcomer = self.is_newcomer[rows]
        if not is_newcomer.tobytes().count(1):  # known in less time than by numpy
            return
        is_present = (doing[rows] & OFF_DUTY) == 0
        is_newcomer &= is_present
        if not np.count_nonzero(is_newcomer):
            return
        newcomers, others = rows[is_newcomer], rows[is_present & ~is_newcomer]
        if others.size:
            self.contacts[newcomers] = np.maximum(self.contacts[newcomers], self.contacts[others].mean())
        self.is_newcomer[newcomers] = False
