"""The same tallies for each interval of a day: a row a quarter of an hour, half an hour, an hour, or all in one."""

from collections.abc import Iterable, Iterator
from math import floor

import msgspec

from softswitch.acd.events import QueueConfigured, Stamped
from softswitch.acd.reporting.fold import Tallies
from softswitch.acd.reporting.spans import AgentSpans, Span
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.ids import ContactId

INTERVALS_MAX = 20_000
"""A report of more rows than this is asked for by mistake: 200 days in quarters of an hour."""


class Interval(msgspec.Struct, frozen=True):
    """What happened from `from_wall` until before `until_wall` (epoch seconds)."""

    from_wall: float
    until_wall: float
    queues: list[QueueTally]
    agents: list[AgentTally]


class Intervals:
    """Give it the events of `from_wall` to `until_wall` in order, and some before, so that it knows who is logged in.

    `length_s` None makes it one interval, `short_abandon_s` None is for each queue what it was then. Intervals in which
    nothing happened have no rows.
    """

    def __init__(
        self,
        from_wall: float,
        until_wall: float,
        length_s: float | None = None,
        *,
        short_abandon_s: float | None = None,
    ) -> None:
        self._from_wall = from_wall
        self._until_wall = until_wall
        self._length_s = until_wall - from_wall if length_s is None else length_s
        self._short_abandon_s = short_abandon_s
        self._spans = AgentSpans()
        self._promises: dict[ContactId, tuple[float, float]] = {}
        self._configured: dict[str, QueueConfigured] = {}
        self._tallies: dict[int, Tallies] = {}

    def take(self, stamped: Stamped) -> None:
        for span in self._spans.take(stamped):
            self._add(span)
        if isinstance(stamped.event, QueueConfigured):
            self._configured[stamped.event.queue_id] = stamped.event
        elif self._from_wall <= stamped.at_wall < self._until_wall:
            self._of(self._number(stamped.at_wall)).take(stamped)

    def result(self, now_wall: float) -> list[Interval]:
        """What goes on is counted up to now."""
        for span in self._spans.going_on(min(now_wall, self._until_wall)):
            self._add(span)
        return [self._interval(number, tallies) for number, tallies in sorted(self._tallies.items())]

    def _interval(self, number: int, tallies: Tallies) -> Interval:
        for queue in tallies.queues.values():
            configured = self._configured.get(queue.queue_id)
            if configured is not None:
                queue.name, queue.project = configured.name, configured.project
                queue.level_s = queue.level_s or configured.level_s
        from_wall = self._from_wall + number * self._length_s
        until_wall = min(from_wall + self._length_s, self._until_wall)
        queues = sorted(tallies.queues.values(), key=lambda tally: tally.queue_id)
        agents = sorted(tallies.agents.values(), key=lambda tally: tally.agent_id)
        return Interval(from_wall, until_wall, queues, agents)

    def _add(self, span: Span) -> None:
        for part in self._cut(span):
            self._of(self._number(part.from_wall)).add_span(part)

    def _cut(self, span: Span) -> Iterator[Span]:
        """The span in parts that lie in one interval each; what is outside of all is left out."""
        began, until = max(span.from_wall, self._from_wall), min(span.until_wall, self._until_wall)
        while began < until:
            bound = self._from_wall + (self._number(began) + 1) * self._length_s
            ended = min(until, bound)
            yield msgspec.structs.replace(span, from_wall=began, until_wall=ended)
            began = ended

    def _number(self, at_wall: float) -> int:
        return floor((at_wall - self._from_wall) / self._length_s)

    def _of(self, number: int) -> Tallies:
        tallies = self._tallies.get(number)
        if tallies is None:
            tallies = Tallies(short_abandon_s=self._short_abandon_s, promises=self._promises)
            self._tallies[number] = tallies
        return tallies


def fold_all(events: Iterable[Stamped], intervals: Intervals, now_wall: float) -> list[Interval]:
    """All events through the intervals."""
    for stamped in events:
        intervals.take(stamped)
    return intervals.result(now_wall)
