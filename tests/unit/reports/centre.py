"""A small centre whose events are stored, for tests of reports."""

from collections.abc import Iterable

from softswitch.acd.events import AcdEvent, Stamped
from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.reports.runtime.making import Live, make_report
from softswitch.reports.tables import Report, Table, Value
from softswitch.reports.terms import Terms
from softswitch.testing.acd import ScriptedAcd
from softswitch.testing.stored_day import StoredDay

MIDNIGHT = 1_764_460_800.0
"""2025-11-30 00:00 UTC, a Sunday."""
NOON = MIDNIGHT + 12 * 3600
DAY_S = 86_400.0
PROJECTS = {"sales": "acme", "support": ""}


def acd(**sales: object) -> ScriptedAcd:
    """Queues sales (of project acme) and support, agents ann and bob; its second 0 is `NOON`."""
    settings = {"queue_id": QueueId("sales"), "wrap_up_s": 10.0, "project": "acme", "name": "Sales", **sales}
    queues = [Queue(**settings), Queue(queue_id=QueueId("support"))]  # type: ignore[arg-type]  # by name
    return ScriptedAcd(queues, [Agent(agent_id=AgentId("ann")), Agent(agent_id=AgentId("bob"))])


def stamped(diary: Iterable[AcdEvent], began: float = NOON) -> list[Stamped]:
    return [Stamped(began + event.at, event, PROJECTS.get(str(getattr(event, "queue_id", "")), "")) for event in diary]


def stored(*days: list[Stamped]) -> StoredDay:
    day = StoredDay()
    for events in days:
        day.put_events(events)
    return day


def terms(**changed: object) -> Terms:
    return Terms(**{"since": MIDNIGHT, "until": MIDNIGHT + DAY_S, **changed})  # type: ignore[arg-type]  # by name


def report(
    day: StoredDay, name: str, *, now: float = MIDNIGHT + DAY_S, live: bool = False, **changed: object
) -> Report:
    """`now` is also the end, of a switch that runs."""
    changed.setdefault("until", min(now, MIDNIGHT + DAY_S))
    return make_report(day.reader, name, terms(**changed), now, is_running=True, live=Live() if live else None)


def rows(table: Table) -> list[dict[str, Value]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]
