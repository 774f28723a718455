"""Agents who talk outside the ACD: their own calls and calls to their extension, counted, so that the router knows.

An agent may have several such calls at once (one on hold, one ringing); he is busy from the first to the last.
"""

from typing import Protocol

from softswitch.acd.inputs import AcdInput, AgentBusy, AgentFree
from softswitch.acd.model import BusyKind
from softswitch.base.ids import AgentId


class Acd(Protocol):
    def apply(self, fact: AcdInput) -> None: ...


class AgentLines:
    """How many calls outside the ACD each agent has."""

    __slots__ = ("_acd", "_counts", "_kinds")

    def __init__(self, acd: Acd) -> None:
        self._acd = acd
        self._counts: dict[AgentId, int] = {}
        self._kinds: dict[AgentId, BusyKind] = {}
        """Of the first call of each, as the router was told."""

    @property
    def in_use(self) -> dict[AgentId, int]:
        """Who is on the phone outside the ACD, and in how many calls."""
        return dict(self._counts)

    def taken(self, agent_id: AgentId | None, kind: BusyKind) -> None:
        """One more call; None (not an agent) is of no interest."""
        if agent_id is None:
            return
        self._counts[agent_id] = self._counts.get(agent_id, 0) + 1
        if self._counts[agent_id] == 1:
            self._kinds[agent_id] = kind
            self._acd.apply(AgentBusy(agent_id, kind))

    def released(self, agent_id: AgentId | None) -> None:
        """One call less."""
        if agent_id is None or agent_id not in self._counts:
            return
        self._counts[agent_id] -= 1
        if not self._counts[agent_id]:
            del self._counts[agent_id], self._kinds[agent_id]
            self._acd.apply(AgentFree(agent_id))

    def kind_of(self, agent_id: AgentId) -> BusyKind | None:
        """As the router was told; None: he is in no such call."""
        return self._kinds.get(agent_id)

    def forget(self, agent_id: AgentId) -> None:
        """The router has found out that he is in no such call, though nobody has said so."""
        self._counts.pop(agent_id, None)
        self._kinds.pop(agent_id, None)

    def repeat(self) -> None:
        """Say again who is busy, to a router that may have learnt of an agent only now."""
        for agent_id, kind in self._kinds.items():
            self._acd.apply(AgentBusy(agent_id, kind))
