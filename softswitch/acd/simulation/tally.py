"""What happened in a simulation, counted: by queue and interval, and by agent.

A call counts in the interval in which it came into the queue, whatever became of it later, so that in every line
`offered = answered + abandoned + overflowed + waiting`, as the formulas are about. A call moved to another queue has
overflowed from the first and is offered to the second.
"""

from collections.abc import Mapping

from softswitch.acd.model import AgentState
from softswitch.acd.outputs import (
    AcdOutput,
    AgentStateChanged,
    ContactConnected,
    ContactMoved,
    ContactOverflowed,
    ContactRefused,
)
from softswitch.acd.simulation.arrivals import Arrival
from softswitch.acd.simulation.simulator import NS
from softswitch.base.ids import AgentId, ContactId, QueueId


class Cell:
    """One queue in one interval. Waits are seconds in the queue."""

    __slots__ = (
        "abandoned",
        "abandoned_within",
        "answered",
        "answered_at_once",
        "answered_s",
        "answered_within",
        "longest_s",
        "offered",
        "overflowed",
        "refused",
        "waited_s",
    )

    def __init__(self) -> None:
        self.offered = 0
        self.answered = 0
        self.answered_within = 0
        self.answered_at_once = 0
        self.abandoned = 0
        self.abandoned_within = 0
        self.overflowed = 0
        self.refused = 0
        """Never let in, so not offered."""
        self.answered_s = 0.0
        """The waits of the answered."""
        self.waited_s = 0.0
        """The waits of all who wait no more."""
        self.longest_s = 0.0

    def add(self, other: "Cell") -> None:
        """Take another cell's calls in."""
        for name in self.__slots__:
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(self, name, max(mine, theirs) if name == "longest_s" else mine + theirs)

    @property
    def waiting(self) -> int:
        """Calls that nothing has become of."""
        return self.offered - self.answered - self.abandoned - self.overflowed


class AgentTime:
    """One agent: seconds in each state, and calls answered."""

    __slots__ = ("_since_ns", "_state", "answered", "spent_s")

    def __init__(self) -> None:
        self.answered = 0
        self.spent_s = dict.fromkeys(AgentState, 0.0)
        self._state = AgentState.LOGGED_OUT
        self._since_ns = 0

    def becomes(self, state: AgentState, now_ns: int) -> None:
        self.spent_s[self._state] += (now_ns - self._since_ns) / NS
        self._state, self._since_ns = state, now_ns


class Tally:
    """Listens to a `Simulation`. `within_s` are the service levels of the queues."""

    def __init__(self, *, interval_s: float, within_s: Mapping[QueueId, float]) -> None:
        self.cells: dict[tuple[QueueId, int], Cell] = {}
        """By queue and number of the interval, from 0."""
        self.agents: dict[AgentId, AgentTime] = {}
        self._interval_ns = round(interval_s * NS)
        self._within_s = within_s
        self._there: dict[ContactId, tuple[Cell, QueueId, int]] = {}
        """Who waits: where he counts, in which queue, since when."""

    def came(self, contact_id: ContactId, arrival: Arrival, now_ns: int) -> None:
        self._enter(contact_id, arrival.queue_id, now_ns)

    def gave_up(self, contact_id: ContactId, now_ns: int) -> None:
        cell, queue_id, waited_s = self._leave(contact_id, now_ns)
        cell.abandoned += 1
        cell.abandoned_within += waited_s <= self._within_s[queue_id]

    def said(self, output: AcdOutput, now_ns: int) -> None:
        match output:
            case AgentStateChanged():
                self._agent(output.agent_id).becomes(output.new, now_ns)
            case ContactConnected():
                self._agent(output.agent_id).answered += 1
                self._answered(output.contact_id, now_ns)
            case ContactMoved():
                cell, _, _ = self._leave(output.contact_id, now_ns)
                cell.overflowed += 1
                self._enter(output.contact_id, output.queue_id, now_ns)
            case ContactOverflowed():
                cell, _, _ = self._leave(output.contact_id, now_ns)
                cell.overflowed += 1
            case ContactRefused():
                cell, _, _ = self._there.pop(output.contact_id)
                cell.offered -= 1
                cell.refused += 1
            case _:
                pass

    def finish(self, now_ns: int) -> None:
        """The run is over: whoever still waits has waited until now, agents are left in the state they are in."""
        for cell, _, since_ns in self._there.values():
            cell.longest_s = max(cell.longest_s, (now_ns - since_ns) / NS)
        for agent in self.agents.values():
            agent.becomes(AgentState.LOGGED_OUT, now_ns)

    def _enter(self, contact_id: ContactId, queue_id: QueueId, now_ns: int) -> None:
        place = (queue_id, now_ns // self._interval_ns)
        cell = self.cells.get(place)
        if cell is None:
            cell = self.cells[place] = Cell()
        cell.offered += 1
        self._there[contact_id] = (cell, queue_id, now_ns)

    def _answered(self, contact_id: ContactId, now_ns: int) -> None:
        cell, queue_id, waited_s = self._leave(contact_id, now_ns)
        cell.answered += 1
        cell.answered_within += waited_s <= self._within_s[queue_id]
        cell.answered_at_once += waited_s == 0
        cell.answered_s += waited_s

    def _leave(self, contact_id: ContactId, now_ns: int) -> tuple[Cell, QueueId, float]:
        cell, queue_id, since_ns = self._there.pop(contact_id)
        waited_s = (now_ns - since_ns) / NS
        cell.waited_s += waited_s
        cell.longest_s = max(cell.longest_s, waited_s)
        return cell, queue_id, waited_s

    def _agent(self, agent_id: AgentId) -> AgentTime:
        agent = self.agents.get(agent_id)
        if agent is None:
            agent = self.agents[agent_id] = AgentTime()
        return agent
