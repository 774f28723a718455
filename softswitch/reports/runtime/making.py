"""A report from the store: its facts one block after another, its tables, and what its reader must know."""

from collections.abc import Iterator
from typing import Any

from softswitch.reports.catalogue import find_report
from softswitch.reports.limits import INTERVALS_MAX
from softswitch.reports.report import GoingOn, Now, ReportKind, Source
from softswitch.reports.runtime.source import FactSource
from softswitch.reports.tables import Report
from softswitch.reports.terms import ReportRefused, Terms
from softswitch.store import StoreReader


def make_report(
    store: StoreReader, name: str, terms: Terms, now: float, *, is_running: bool, is_live: bool = False
) -> Report:
    """`now` is epoch seconds: what goes on is counted until then, if the switch runs. Raises ReportRefused."""
    kind = find_report(name, terms)
    check_span(terms, now)
    source = FactSource(store, now, is_running=is_running)
    builder = kind.make(terms)
    for facts in _facts(source, kind, terms):
        builder.add(facts)
    return Report(
        name=kind.name,
        title=kind.title,
        since=terms.since,
        until=terms.until,
        zone=terms.zone,
        made_at=now,
        filters=terms.filters(),
        is_live=is_live,
        tables=builder.tables(_now(store, terms, now) if is_live else None),
        notes=(*kind.notes, *_missing(store, kind, terms)),
    )


def check_span(terms: Terms, now: float) -> None:
    """Raises ReportRefused for a span of time that is none, or of too many intervals."""
    if terms.until <= terms.since:
        raise ReportRefused("the end must be after the beginning")
    if terms.since >= now:
        raise ReportRefused("the beginning must be in the past")
    if (terms.until - terms.since) / (terms.interval_min * 60) > INTERVALS_MAX:
        raise ReportRefused(f"these are more than {INTERVALS_MAX} intervals: choose a later beginning")


def _facts(source: FactSource, kind: ReportKind, terms: Terms) -> Iterator[Any]:
    match kind.source:
        case Source.EVENTS:
            yield from source.event_facts(terms.since, terms.until)
        case Source.CALLS:
            yield from source.call_facts(terms.since, terms.until)
        case _:
            pass


def _now(store: StoreReader, terms: Terms, now: float) -> Now:
    return Now(
        at=now,
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


def _missing(store: StoreReader, kind: ReportKind, terms: Terms) -> tuple[str, ...]:
    """That the store begins later than the report, if it does."""
    if kind.source is Source.EVENTS:
        began = [events.at_wall for events in store.events.oldest(1)]
    else:
        began = [cdr.started_at for cdr in store.cdrs.oldest(1)]
    if not began:
        return (f"The store has no {kind.source.value} yet.",)
    if began[0] <= terms.since:
        return ()
    return (f"The store has {kind.source.value} from {terms.local.text(began[0])} on; before, nothing is known.",)
