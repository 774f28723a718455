"""Which agents keep their line open, and in which call each of them waits (agent_line.py)."""

from typing import TYPE_CHECKING

from softswitch.base.ids import AgentId

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall


class OpenLines:
    """By agent."""

    __slots__ = ("_agents", "_free")

    def __init__(self) -> None:
        self._agents: set[AgentId] = set()
        self._free: dict[AgentId, ActiveCall] = {}

    def has(self, agent_id: AgentId) -> bool:
        """Whether his line is open, with a contact or free."""
        return agent_id in self._agents

    def free_line(self, agent_id: AgentId) -> "ActiveCall | None":
        """The call in which he waits for the next contact."""
        return self._free.get(agent_id)

    def opened(self, agent_id: AgentId, call: "ActiveCall") -> None:
        """He waits in this call from now on."""
        self._agents.add(agent_id)
        self._free[agent_id] = call

    def left(self, agent_id: AgentId, call: "ActiveCall") -> None:
        """He waits there no more: a contact has come, or he has hung up."""
        if self._free.get(agent_id) is call:
            del self._free[agent_id]

    def closed(self, agent_id: AgentId) -> None:
        """He has hung up, whatever he was in."""
        self._agents.discard(agent_id)
        self._free.pop(agent_id, None)
