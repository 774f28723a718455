"""Whatever is missing in a store, every report can be made, its shares are shares, and its sums are the ACD's own."""

import random
from typing import Any

import pytest

from softswitch.acd.events import Stamped
from softswitch.acd.reporting.intervals import Intervals, fold_all
from softswitch.reports.catalogue import CATALOGUE
from softswitch.reports.report import ReportKind
from softswitch.reports.tables import Report
from softswitch.testing.stored_day import StoredDay
from tests.unit.reports.busy_day import busy_day
from tests.unit.reports.centre import DAY_S, MIDNIGHT, report
from tests.unit.reports.test_calls import ANSWERED, BUSY, FULL, came_in, went_out


def damaged(seed: int) -> tuple[StoredDay, list[Stamped]]:
    """Half an evening and a day of which anything may be missing, as after pruning, crashes and lost writes."""
    chance = random.Random(seed)
    kept = [each for each in busy_day() if chance.random() < chance.choice((0.3, 0.9, 0.99))]
    begin = chance.randrange(len(kept))
    kept = kept[begin:] if chance.random() < 0.3 else kept[: begin + 1] if chance.random() < 0.3 else kept
    day = StoredDay()
    day.put_events(kept)
    for number in range(chance.randrange(60)):
        at = MIDNIGHT + chance.uniform(-7200.0, DAY_S)
        length_s = chance.choice((0.0, 1.0, 300.0, 50_000.0))
        if chance.random() < 0.5:
            day.put_cdrs([came_in(number, at, length_s, answered=chance.random() < 0.7)])
        else:
            tries = chance.choices((ANSWERED, BUSY, FULL), k=chance.randrange(1, 4))
            day.put_cdrs([went_out(number, at, *tries, talk_s=length_s)])
    return day, kept


@pytest.mark.parametrize("seed", range(6))
def test_any_report_of_any_store(seed: int) -> None:
    day, kept = damaged(seed)
    chance = random.Random(seed)
    for kind in CATALOGUE:
        since = MIDNIGHT + chance.choice((0.0, 3600.0, 12_345.6))
        until = since + chance.choice((900.0, 1000.0, 50_000.0))
        made = report(day, kind.name, since=since, until=until, now=MIDNIGHT + DAY_S, **_filters(kind, chance))
        _check(made)
        if kind.name == "service_level" and not made.filters:
            _compare(made, kept)


def _filters(kind: ReportKind, chance: random.Random) -> dict[str, Any]:
    known = {"queue": "sales", "agent": "ann", "interval": chance.choice((15, 30, 60, 1440))}
    chosen: dict[str, Any] = {name: known[name] for name in kind.filters if chance.random() < 0.4}
    if "interval" in chosen:
        chosen["interval_min"] = chosen.pop("interval")
    if kind.is_for_projects and chance.random() < 0.3:
        chosen["project"] = "acme"
    return chosen


def _check(made: Report) -> None:
    for table in made.tables:
        for row in table.rows:
            assert len(row) == len(table.columns)
            for value, column in zip(row, table.columns, strict=True):
                if column.kind == "ratio" and isinstance(value, float):
                    # A contact that came before may be answered in the time of the report.
                    assert value >= 0.0, (made.name, table.name, column.name)
                if column.kind in ("seconds", "minutes", "count") and isinstance(value, int | float):
                    assert value >= 0 or "position" in column.name, (made.name, table.name, column.name, value)


def _compare(made: Report, kept: list[Stamped]) -> None:
    (interval,) = fold_all(kept, Intervals(made.since, made.until), made.until) or [None]
    offered = 0 if interval is None else sum(tally.offered for tally in interval.queues)
    told = made.table("queues").column("offered")
    assert int(told[-1] or 0) == offered if told else offered == 0
