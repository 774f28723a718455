"""Which agents keep their line open, and in which call each of them waits (agent_line.py)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from softswitch.base.ids import AgentId

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.party import Party


class OpenLines:
    """By agent."""

    __slots__ = ("_free", "_parties", "_told")

    def __init__(self) -> None:
        self._parties: dict[AgentId, Party] = {}
        self._free: dict[AgentId, ActiveCall] = {}
        self._told: Callable[[Party], object] = lambda _: None

    def when_ended(self, told: "Callable[[Party], object]") -> None:
        """Call `told` with who keeps no line open any more, and has a contact."""
        self._told = told

    def has(self, agent_id: AgentId) -> bool:
        """Whether his line is open, with a contact or free."""
        return agent_id in self._parties

    def is_of(self, agent_id: AgentId, party: "Party") -> bool:
        """Whether this is the party whose line is open."""
        return self._parties.get(agent_id) is party

    def free_line(self, agent_id: AgentId) -> "ActiveCall | None":
        """The call in which he waits for the next contact."""
        return self._free.get(agent_id)

    def opened(self, agent_id: AgentId, call: "ActiveCall") -> None:
        """He waits in this call from now on."""
        self._parties[agent_id] = call.caller
        self._free[agent_id] = call

    def taken(self, agent_id: AgentId, party: "Party") -> None:
        """He keeps his line open, and is with a contact."""
        self._parties[agent_id] = party

    def left(self, agent_id: AgentId, call: "ActiveCall") -> None:
        """He waits there no more: a contact has come, or he has hung up."""
        if self._free.get(agent_id) is call:
            del self._free[agent_id]

    def closed(self, agent_id: AgentId) -> None:
        """He has hung up, whatever he was in."""
        self._parties.pop(agent_id, None)
        self._free.pop(agent_id, None)

    def end(self, agent_id: AgentId, reason: str, *, unless_at: str = "") -> None:
        """He keeps no line open any more, unless it comes from this phone: it ends at once, or after his contact."""
        party, waits_in = self._parties.get(agent_id), self._free.get(agent_id)
        if party is None or (party.extension is not None and party.extension.username == unless_at):
            return
        self.closed(agent_id)
        party.open_line = ""
        if waits_in is not None:
            waits_in.hang_up_from_outside(reason)
        else:
            self._told(party)
