"""A report from the store: its facts one block after another, its tables, and what its reader must know."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from softswitch.reports.call_list import CallList, ListedCdr
from softswitch.reports.catalogue import find_report
from softswitch.reports.facts.call_facts import CallFacts
from softswitch.reports.facts.event_facts import EventFacts
from softswitch.reports.limits import INTERVALS_MAX, TABLE_ROWS_MAX
from softswitch.reports.report import Builder, GoingOn, Now, ReportKind, Source
from softswitch.reports.runtime.fact_cache import FactCache
from softswitch.reports.runtime.source import FactSource
from softswitch.reports.tables import Report, Table
from softswitch.reports.terms import ReportRefused, Terms
from softswitch.store import StoreReader


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What a running switch says of itself, beside what is stored."""

    trunks: dict[str, tuple[int, int]] = {}
    """Channels held by calls that came in and that went out."""


def make_report(
    store: StoreReader,
    name: str,
    terms: Terms,
    now: float,
    *,
    is_running: bool,
    live: Live | None = None,
    cache: FactCache | None = None,
    is_known: Callable[[str, str], bool] | None = None,
) -> Report:
    """`now` is epoch seconds: what goes on is counted until then, if the switch runs. Raises ReportRefused.

    `is_known` says of "queue", "agent" and "project" whether there is one of that id. A report of one there is not,
    and was not in this time, is refused; without it, it is empty.
    """
    kind = find_report(name, terms)
    check_span(terms, now)
    terms = msgspec.structs.replace(terms, until=min(terms.until, now))
    builder = kind.make(terms)
    strangers = _strangers(terms, is_known)
    for facts in _facts(store, kind, terms, FactSource(store, now, is_running=is_running, cache=cache)):
        builder.add(facts)
        strangers = [each for each in strangers if not _tells_of(facts, *each)] if strangers else strangers
        if isinstance(builder, CallList) and builder.is_full:
            break
    for field, word in strangers:
        raise ReportRefused(f'there is no {field} "{word}", and there was none in this time')
    tables = builder.tables(None if live is None else _now(store, terms, now, live))
    return Report(
        name=kind.name,
        title=kind.title,
        since=terms.since,
        until=terms.until,
        zone=terms.zone,
        made_at=now,
        filters=terms.filters(),
        is_live=live is not None,
        tables=tuple(_cut(table) for table in tables),
        notes=(*_notes(store, kind, terms, builder), *(_too_long(table) for table in tables if _is_too_long(table))),
    )


def _strangers(terms: Terms, is_known: Callable[[str, str], bool] | None) -> list[tuple[str, str]]:
    asked = [("project", terms.project), ("queue", terms.queue), ("agent", terms.agent)]
    return [] if is_known is None else [each for each in asked if each[1] and not is_known(*each)]


def _tells_of(facts: Any, field: str, word: str) -> bool:
    """Facts have the names of all they are about, records what they are of."""
    if isinstance(facts, EventFacts | CallFacts):
        return word in facts.names.texts
    return getattr(facts, field, None) == word


def _is_too_long(table: Table) -> bool:
    return len(table.rows) > TABLE_ROWS_MAX


def _cut(table: Table) -> Table:
    return msgspec.structs.replace(table, rows=table.rows[:TABLE_ROWS_MAX], sums=0) if _is_too_long(table) else table


def _too_long(table: Table) -> str:
    return f"{table.title}: {len(table.rows)} rows are too many; these are the first {TABLE_ROWS_MAX}."


def check_span(terms: Terms, now: float) -> None:
    """Raises ReportRefused for a span of time that is none, or of too many intervals."""
    if terms.until <= terms.since:
        raise ReportRefused("the end must be after the beginning")
    if terms.since >= now:
        raise ReportRefused("the beginning must be in the past")
    if (terms.until - terms.since) / (terms.interval_min * 60) > INTERVALS_MAX:
        raise ReportRefused(f"these are more than {INTERVALS_MAX} intervals: choose a later beginning")


def _facts(store: StoreReader, kind: ReportKind, terms: Terms, source: FactSource) -> Iterator[Any]:
    since, until = (terms.since, ""), (terms.until, "")
    match kind.source:
        case Source.EVENTS:
            return source.event_facts(terms.since, terms.until)
        case Source.CALLS:
            return source.call_facts(max(0.0, terms.since - kind.look_back_s), terms.until)
        case Source.LIST:
            return store.cdrs.narrow(ListedCdr).descending(since, until)
        case Source.CONFERENCES:
            return store.minutes.ascending(since, until)


def _now(store: StoreReader, terms: Terms, now: float, live: Live) -> Now:
    return Now(
        at=now,
        trunks=live.trunks,
        calls=tuple(
            GoingOn(
                call_id=call.call_id,
                started_at=call.started_at,
                calling_number=call.calling_number,
                called_number=call.called_number,
                project=call.project,
            )
            for call in store.active_calls.ascending()
            if terms.project in ("", call.project)
        ),
    )


def _notes(store: StoreReader, kind: ReportKind, terms: Terms, builder: Builder) -> tuple[str, ...]:
    """That the store begins later than the report, or that a list is not whole."""
    notes: list[str] = []
    match kind.source:
        case Source.EVENTS:
            began = [events.at_wall for events in store.events.oldest(1)]
        case Source.CONFERENCES:
            began = [0.0]  # none for months is nothing unusual
        case _:
            began = [cdr.started_at for cdr in store.cdrs.oldest(1)]
    if not began:
        notes.append(f"The store has no {kind.source.value} yet.")
    elif began[0] > terms.since:
        text = terms.local.text(began[0])
        notes.append(f"The store has {kind.source.value} from {text} on; before, nothing is known.")
    if isinstance(builder, CallList) and builder.is_full:
        notes.append(f"There are more calls than the {terms.limit} newest that are listed.")
    return tuple(notes)
