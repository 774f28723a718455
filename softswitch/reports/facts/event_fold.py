"""Events in, their facts out."""

from collections.abc import Callable, Iterable
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from softswitch.acd.events import (
    AcdEvent,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentStateChanged,
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactRefused,
    ContactWithdrawn,
    DispositionSet,
    QueueConfigured,
    Stamped,
    SwitchStarted,
    SwitchStopped,
    WrapUpEnded,
)
from softswitch.acd.model import AgentState
from softswitch.acd.reporting.fold import SHORT_ABANDON_S, Tallies
from softswitch.acd.reporting.spans import AgentSpans, Span
from softswitch.acd.reporting.tallies import QUEUE_SUMS, AgentTally, QueueTally, add_agent
from softswitch.reports.facts import event_facts as facts
from softswitch.reports.facts.event_facts import Carried, Disposed, EventFacts, WaitingContact
from softswitch.reports.facts.names import Names
from softswitch.reports.local_time import HOUR_S, QUARTER_S

DISPOSED_REMEMBERED_MAX = 20_000
"""Contacts whose disposition may still be changed: those of an hour's wrap-ups of the largest centre."""
TALLIED = frozenset(Tallies().kinds) - {QueueConfigured}
SPAN_KINDS = frozenset((AgentStateChanged, SwitchStarted, SwitchStopped))


class EventFold:
    """Give it the events of [since, until) in order, then take `facts`."""

    def __init__(self, since: float, until: float, carried: Carried) -> None:
        self._since = since
        self._until = until
        self._names = Names()
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in facts.ROWS}
        self._tallies: dict[tuple[int, str, str], Tallies] = {}
        self._spans = AgentSpans(carried.spans, carried.last_wall)
        self._last_wall = carried.last_wall
        self._logged_in = dict(carried.logged_in)
        self._waiting = {contact.contact_id: contact for contact in carried.waiting}
        self._disposed = {each.contact_id: each for each in carried.disposed}
        self._promises = dict(carried.promises)
        self._queue_names = dict(carried.queue_names)
        self._levels_s = dict(carried.levels_s)
        self._folds: dict[type[AcdEvent], Callable[[Stamped, Any], None]] = {
            ContactQueued: self._queued,
            ContactConnected: self._connected,
            ContactAbandoned: self._abandoned,
            ContactOverflowed: self._overflowed,
            ContactWithdrawn: self._withdrawn,
            ContactMoved: self._moved,
            ContactRefused: self._refused,
            ContactEnded: self._ended,
            WrapUpEnded: self._wrapped_up,
            DispositionSet: self._disposition_set,
            ContactRated: self._rated,
            AgentLoggedIn: self._login,
            AgentLoggedOut: self._logout,
            SwitchStarted: self._started,
            QueueConfigured: self._configured,
        }

    def take(self, stamped: Stamped) -> None:
        event = stamped.event
        kind = type(event)
        if kind in SPAN_KINDS:
            self._spans.seen(self._last_wall)
            for span in self._spans.take(stamped):
                self._span_ended(span)
        self._last_wall = stamped.at_wall
        if kind in TALLIED:
            self._of(stamped.at_wall, stamped.project, getattr(event, "queue_id", "")).take(stamped)
        fold = self._folds.get(kind)
        if fold is not None:
            fold(stamped, event)

    def facts(self, seen_until: float) -> EventFacts:
        """What goes on is counted until `seen_until`, the end of what is known: now, or when the switch died."""
        until = min(seen_until, self._until)
        going_on = self._spans.going_on(until)
        for span in going_on:
            self._add_to_quarters(span)
        carried = Carried(
            spans=tuple(going_on),
            last_wall=self._last_wall,
            logged_in=self._logged_in,
            waiting=tuple(self._waiting.values()),
            disposed=tuple(self._disposed.values())[-DISPOSED_REMEMBERED_MAX:],
            promises=dict(self._promises),
            queue_names=self._queue_names,
            levels_s=self._levels_s,
        )
        self._rows["queue_tallies"], queue_sums = self._queue_tallies()
        self._rows["agent_tallies"], agent_sums = self._agent_tallies()
        self._rows["presence"], presence_sums = self._presence()
        return EventFacts(
            since=self._since,
            until=self._until,
            names=self._names,
            rows={name: np.array(rows, facts.ROWS[name]) for name, rows in self._rows.items()},
            queue_sums=queue_sums,
            agent_sums=agent_sums,
            presence_sums=presence_sums,
            carried=carried,
        )

    # Tallies

    def _of(self, wall: float, project: str, queue: str) -> Tallies:
        key = floor(wall / QUARTER_S), project, queue
        tallies = self._tallies.get(key)
        if tallies is None:
            tallies = self._tallies[key] = Tallies(promises=self._promises)
        return tallies

    def _span_ended(self, span: Span) -> None:
        if span.state is AgentState.NOT_READY:
            row = self._names.number(span.agent_id), self._names.number(span.reason), span.from_wall, span.until_wall
            self._rows["pauses"].append(row)
        self._add_to_quarters(span)

    def _add_to_quarters(self, span: Span) -> None:
        """Each quarter of an hour gets its part of the span; what is outside of the block is another's."""
        began, until = max(span.from_wall, self._since), min(span.until_wall, self._until)
        while began < until:
            ended = min(until, (floor(began / QUARTER_S) + 1) * QUARTER_S)
            is_whole = began == span.from_wall and ended == span.until_wall
            self._of(began, "", "").add_span(
                span if is_whole else Span(span.agent_id, span.state, span.busy_kind, span.reason, began, ended)
            )
            began = ended

    def _queue_tallies(self) -> tuple[list[tuple[Any, ...]], NDArray[np.float64]]:
        rows: list[tuple[Any, ...]] = []
        found: list[QueueTally] = []
        number = self._names.number
        for (quarter, project, _), tallies in sorted(self._tallies.items()):
            for tally in tallies.queues.values():
                level_s = tally.level_s or self._levels_s.get(tally.queue_id, 0.0)
                of = quarter * QUARTER_S, number(project), number(tally.queue_id)
                rows.append((*of, level_s, tally.longest_wait_s))
                found.append(tally)
        return rows, _sums(found, QUEUE_SUMS)

    def _agent_tallies(self) -> tuple[list[tuple[Any, ...]], NDArray[np.float64]]:
        """Of contacts, by the hour: there are as many as agents times queues."""
        found: dict[tuple[float, str, str, str], AgentTally] = {}
        for (quarter, project, queue), tallies in sorted(self._tallies.items()):
            began = max(quarter * QUARTER_S // HOUR_S * HOUR_S, self._since)
            for tally in tallies.agents.values() if queue else ():
                key = began, project, queue, tally.agent_id
                if key in found:
                    add_agent(found[key], tally)
                else:
                    found[key] = tally
        number = self._names.number
        rows = [(began, number(project), number(queue), number(agent)) for began, project, queue, agent in found]
        return rows, _sums(found.values(), facts.WORK_SUMS)

    def _presence(self) -> tuple[list[tuple[Any, ...]], NDArray[np.float64]]:
        rows: list[tuple[Any, ...]] = []
        found: list[AgentTally] = []
        for (quarter, _, queue), tallies in sorted(self._tallies.items()):
            for tally in () if queue else tallies.agents.values():
                rows.append((quarter * QUARTER_S, self._names.number(tally.agent_id)))
                found.append(tally)
        return rows, _sums(found, facts.PRESENCE_SUMS)

    # Contacts

    def _queued(self, stamped: Stamped, event: ContactQueued) -> None:
        self._enter(event.contact_id, event.queue_id, stamped, event.position)

    def _enter(self, contact_id: str, queue: str, stamped: Stamped, position: int) -> None:
        self._waiting[contact_id] = WaitingContact(
            contact_id=contact_id, queue=queue, project=stamped.project, since=stamped.at_wall, position=position
        )

    def _connected(self, stamped: Stamped, event: ContactConnected) -> None:
        is_within = event.in_queue_s <= event.level_s
        self._visit(stamped, event, facts.ANSWERED, agent=event.agent_id, is_within=is_within)

    def _abandoned(self, stamped: Stamped, event: ContactAbandoned) -> None:
        short_s = SHORT_ABANDON_S if event.short_s is None else event.short_s
        self._visit(
            stamped,
            event,
            facts.ABANDONED,
            position=event.position,
            is_within=event.in_queue_s <= event.level_s,
            is_short=event.in_queue_s < short_s,
        )

    def _overflowed(self, stamped: Stamped, event: ContactOverflowed) -> None:
        self._visit(stamped, event, facts.OVERFLOWED, reason=event.reason, position=event.position)

    def _withdrawn(self, stamped: Stamped, event: ContactWithdrawn) -> None:
        reason = f"key {event.key}" if event.key else event.reason
        self._visit(stamped, event, facts.WITHDRAWN, reason=reason, position=event.position)

    def _moved(self, stamped: Stamped, event: ContactMoved) -> None:
        reason = f"key {event.key}" if event.key else event.reason
        self._visit(stamped, event, facts.MOVED, queue=event.from_queue_id, reason=reason, position=event.position)
        self._enter(event.contact_id, event.queue_id, stamped, event.new_position)

    def _refused(self, stamped: Stamped, event: ContactRefused) -> None:
        number = self._names.number
        row = number(stamped.project), number(event.queue_id), 0, facts.REFUSED, number(event.reason)
        self._rows["visits"].append((stamped.at_wall, *row, False, False, 0.0, 0, 0))

    def _visit(
        self,
        stamped: Stamped,
        event: ContactConnected | ContactAbandoned | ContactOverflowed | ContactWithdrawn | ContactMoved,
        outcome: int,
        *,
        queue: str = "",
        agent: str = "",
        reason: str = "",
        position: int = 0,
        is_within: bool = False,
        is_short: bool = False,
    ) -> None:
        waiting = self._waiting.pop(event.contact_id, None)
        entered = position if waiting is None else waiting.position
        number = self._names.number
        self._rows["visits"].append(
            (
                stamped.at_wall,
                number(stamped.project),
                number(queue or event.queue_id),
                number(agent),
                outcome,
                number(reason),
                is_within,
                is_short,
                event.in_queue_s,
                entered,
                position,
            )
        )

    def _ended(self, stamped: Stamped, event: ContactEnded) -> None:
        who = self._who(stamped, event.queue_id, event.agent_id)
        row = (*who, event.talk_s, event.hold_s, self._names.number(event.ended_by))
        self._rows["conversations"].append(row)

    def _wrapped_up(self, stamped: Stamped, event: WrapUpEnded) -> None:
        who = self._who(stamped, event.queue_id, event.agent_id)
        self._rows["wrap_ups"].append((*who, event.lasted_s, event.is_disposition_missing))
        self._disposed.pop(event.contact_id, None)

    def _disposition_set(self, stamped: Stamped, event: DispositionSet) -> None:
        number = self._names.number
        former = self._disposed.pop(event.contact_id, None)
        if former is not None:
            who = former.at, number(former.project), number(former.queue), number(former.agent)
            self._rows["dispositions"].append((*who, number(former.disposition), -1))
        who = self._who(stamped, event.queue_id, event.agent_id)
        self._rows["dispositions"].append((*who, number(event.disposition), 1))
        self._disposed[event.contact_id] = Disposed(
            contact_id=event.contact_id,
            at=stamped.at_wall,
            project=stamped.project,
            queue=event.queue_id,
            agent=event.agent_id,
            disposition=event.disposition,
        )
        if len(self._disposed) > DISPOSED_REMEMBERED_MAX:
            del self._disposed[next(iter(self._disposed))]

    def _rated(self, stamped: Stamped, event: ContactRated) -> None:
        number, who = self._names.number, self._who(stamped, event.queue_id, event.agent_id)
        self._rows["ratings"].append((*who, number(event.survey), number(event.question), event.score))

    def _who(self, stamped: Stamped, queue: str, agent: str) -> tuple[float, int, int, int]:
        number = self._names.number
        return stamped.at_wall, number(stamped.project), number(queue), number(agent)

    # Agents and the whole

    def _login(self, stamped: Stamped, event: AgentLoggedIn) -> None:
        if event.source != "restart" or event.agent_id not in self._logged_in:
            self._logged_in[event.agent_id] = stamped.at_wall

    def _logout(self, stamped: Stamped, event: AgentLoggedOut) -> None:
        began = self._logged_in.pop(event.agent_id, 0.0)
        self._rows["sessions"].append((self._names.number(event.agent_id), began, stamped.at_wall))

    def _configured(self, stamped: Stamped, event: QueueConfigured) -> None:
        self._queue_names[event.queue_id] = event.name
        self._levels_s[event.queue_id] = event.level_s

    def _started(self, stamped: Stamped, event: SwitchStarted) -> None:
        """Whoever waited then waits no more, unless what went on goes on: then each whose call is gone is told of."""
        if not event.goes_on:
            self._waiting.clear()
            self._disposed.clear()


def fold_events(events: Iterable[Stamped], fold: EventFold, seen_until: float) -> EventFacts:
    """All events through it."""
    for stamped in events:
        fold.take(stamped)
    return fold.facts(seen_until)


def _sums(tallies: Iterable[QueueTally] | Iterable[AgentTally], names: tuple[str, ...]) -> NDArray[np.float64]:
    """A row each."""
    rows = [[getattr(tally, name) for name in names] for tally in tallies]
    return np.array(rows, np.float64).reshape(len(rows), len(names))
