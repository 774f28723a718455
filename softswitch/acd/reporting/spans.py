"""What each agent did from when to when, read off the changes of his state."""

from collections.abc import Iterable

import msgspec

from softswitch.acd.events import AgentStateChanged, Stamped, SwitchStarted, SwitchStopped
from softswitch.acd.model import AgentState, BusyKind
from softswitch.base.ids import AgentId


class Span(msgspec.Struct, frozen=True, gc=False):
    """One agent in one state, `from_wall` to `until_wall` (epoch seconds)."""

    agent_id: AgentId
    state: AgentState
    busy_kind: BusyKind | None
    reason: str
    from_wall: float
    until_wall: float


class AgentSpans:
    """Give it every event in order; it returns what has just ended, and knows what goes on."""

    __slots__ = ("_last_wall", "_open")

    def __init__(self, going_on: Iterable[Span] = (), last_wall: float = 0.0) -> None:
        """`going_on` is what former events, the last of them at `last_wall`, have left open."""
        self._open: dict[AgentId, Span] = {span.agent_id: span for span in going_on}
        self._last_wall = last_wall

    def seen(self, at_wall: float) -> None:
        """Something has happened then that changes nobody's state: as good as `take` of it, and quicker."""
        self._last_wall = at_wall

    def take(self, stamped: Stamped) -> list[Span]:
        """The spans that this event ends.

        A former switch that ended without a word did so at its last event, as far as is known.
        """
        event, at_wall, last_wall = stamped.event, stamped.at_wall, self._last_wall
        self._last_wall = at_wall
        if isinstance(event, SwitchStarted | SwitchStopped):
            ended = self.going_on(last_wall if isinstance(event, SwitchStarted) else at_wall)
            self._open.clear()
            return ended
        if not isinstance(event, AgentStateChanged):
            return []
        opened = self._open.get(event.agent_id)
        self._open[event.agent_id] = Span(event.agent_id, event.new, event.busy_kind, event.reason, at_wall, at_wall)
        if event.source == "restart" or event.old is AgentState.LOGGED_OUT:
            return []
        began = at_wall - event.lasted_s if opened is None else opened.from_wall
        return [Span(event.agent_id, event.old, event.old_busy_kind, event.old_reason, began, at_wall)]

    def going_on(self, until_wall: float) -> list[Span]:
        """What has not ended, up to then."""
        return [
            msgspec.structs.replace(span, until_wall=until_wall)
            for span in self._open.values()
            if span.state is not AgentState.LOGGED_OUT and span.from_wall < until_wall
        ]
