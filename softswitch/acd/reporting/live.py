"""The tallies since the switch started, at any moment."""

import msgspec

from softswitch.acd.events import Stamped
from softswitch.acd.reporting.fold import Tallies
from softswitch.acd.reporting.spans import AgentSpans
from softswitch.acd.reporting.tallies import AgentTally, QueueTally


class LiveFigures:
    """Give it every event as it comes."""

    def __init__(self, since_wall: float) -> None:
        self.since_wall = since_wall
        self._tallies = Tallies()
        self._spans = AgentSpans()

    def take(self, stamped: Stamped) -> None:
        self._tallies.take(stamped)
        for span in self._spans.take(stamped):
            self._tallies.add_span(span)

    def queues(self) -> list[QueueTally]:
        return [msgspec.structs.replace(tally, ratings=dict(tally.ratings)) for tally in self._tallies.queues.values()]

    def agents(self, now_wall: float) -> list[AgentTally]:
        """What they are in now is counted up to now."""
        until_now = Tallies()
        until_now.agents = {
            agent_id: msgspec.structs.replace(tally, reasons_s=dict(tally.reasons_s), ratings=dict(tally.ratings))
            for agent_id, tally in self._tallies.agents.items()
        }
        for span in self._spans.going_on(now_wall):
            until_now.add_span(span)
        return list(until_now.agents.values())
