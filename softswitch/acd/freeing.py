"""Several agents become free at once: each takes whom he would take by himself."""

from heapq import heapify, heappop, heapreplace
from typing import TypeAlias

from softswitch.acd.agent_fsm import AgentMachine
from softswitch.acd.floor import Floor

_Turn: TypeAlias = tuple[bool, tuple[float, int]]
"""Smaller comes first: whether others may be alerted too, and the contact's own order."""


def serve_all(floor: Floor, free: list[AgentMachine], now: float) -> None:
    """Give these agents, who may be free, whom they take next: the oldest contact first, and each to the first of them
    in the list who takes him.

    One by one would not do: where all who are free are alerted for a contact, the first would take the others away
    from those that are theirs. So such contacts come last. Whom an agent takes next only becomes younger by what others
    take, hence a look at the first is enough.
    """
    if len(free) > 1:
        turns = [(turn, place) for place, agent in enumerate(free) if (turn := _turn(floor, agent)) is not None]
        heapify(turns)
        while turns:
            known, place = turns[0]
            turn = _turn(floor, free[place])
            if turn is None:
                heappop(turns)
            elif turn > known:
                heapreplace(turns, (turn, place))
            else:
                heappop(turns)
                floor.serve_agent(free[place], now)
    for agent in free:
        floor.serve_agent(agent, now)  # who takes nobody may be alerted with others for somebody for whom all are


def _turn(floor: Floor, agent: AgentMachine) -> _Turn | None:
    """That of whom he takes next, if there is anybody."""
    if not agent.takes_contacts or agent.is_removed:
        return None
    contact = floor.matching.contact_for(agent.agent_id)
    if contact is None or contact.line is None:
        return None
    return contact.line.strategy == "ring_all" and not contact.line.is_assigned, contact.order
