"""The store as any other process than its switch reads it, at any time and in any number: the command line, reports."""

from collections.abc import Callable

from softswitch.store.conference_schema import MINUTES, StoredMinutes
from softswitch.store.environment import open_for_reading
from softswitch.store.event_schema import SWITCH_EVENTS, StoredSwitchEvents
from softswitch.store.layout import BindingKey, TimedKey
from softswitch.store.schema import (
    ACTIVE_CALLS,
    AGENT_STATES,
    BINDINGS,
    CDRS,
    CONTACT_SPANS,
    EVENTS,
    RECORDINGS,
    ROUTER_JOURNAL,
    ROUTER_SNAPSHOT,
    TRACES,
    ActiveCall,
    Cdr,
    StoredAgentState,
    StoredBinding,
    StoredContactSpan,
    StoredEvents,
    StoredRecording,
    StoredRouterPart,
    StoredTrace,
)
from softswitch.store.tables import ReadableRows, TableReader

READ_BY_ALL = tuple(
    layout.name
    for layout in (
        BINDINGS,
        AGENT_STATES,
        ACTIVE_CALLS,
        CDRS,
        RECORDINGS,
        TRACES,
        EVENTS,
        CONTACT_SPANS,
        MINUTES,
        SWITCH_EVENTS,
    )
)


class StoreReader:
    """The tables that others than the switch read, from any process. A context manager."""

    __slots__ = (
        "_close_rows",
        "active_calls",
        "agent_states",
        "bindings",
        "cdrs",
        "contact_spans",
        "events",
        "minutes",
        "recordings",
        "switch_events",
        "traces",
    )

    def __init__(self, rows: ReadableRows, close_rows: Callable[[], None], *, recordings: str = "") -> None:
        """`recordings` is the directory of the files; without it their paths are as they are stored, below it."""
        self._close_rows = close_rows
        self.bindings: TableReader[BindingKey, StoredBinding] = TableReader(BINDINGS, rows)
        self.agent_states: TableReader[str, StoredAgentState] = TableReader(AGENT_STATES, rows)
        self.active_calls: TableReader[str, ActiveCall] = TableReader(ACTIVE_CALLS, rows)
        self.cdrs: TableReader[TimedKey, Cdr] = TableReader(CDRS, rows, recordings)
        self.recordings: TableReader[TimedKey, StoredRecording] = TableReader(RECORDINGS, rows, recordings)
        self.minutes: TableReader[TimedKey, StoredMinutes] = TableReader(MINUTES, rows, recordings)
        self.traces: TableReader[TimedKey, StoredTrace] = TableReader(TRACES, rows)
        self.events: TableReader[TimedKey, StoredEvents] = TableReader(EVENTS, rows)
        self.contact_spans: TableReader[str, StoredContactSpan] = TableReader(CONTACT_SPANS, rows)
        self.switch_events: TableReader[int, StoredSwitchEvents] = TableReader(SWITCH_EVENTS, rows)

    def __enter__(self) -> "StoreReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._close_rows()


class RouterReader:
    """What is kept of the ACD's router, for a process beside its switch. A context manager."""

    __slots__ = ("_close_rows", "router_journal", "router_snapshot")

    def __init__(self, rows: ReadableRows, close_rows: Callable[[], None]) -> None:
        self._close_rows = close_rows
        self.router_snapshot: TableReader[int, StoredRouterPart] = TableReader(ROUTER_SNAPSHOT, rows)
        self.router_journal: TableReader[int, StoredRouterPart] = TableReader(ROUTER_JOURNAL, rows)

    def __enter__(self) -> "RouterReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._close_rows()


def open_reader(directory: str, *, recordings: str = "") -> StoreReader:
    """Open a store for reading while its switch runs, or after. Raises `StartError` (also: there is none yet).

    `recordings` is the directory of the files; without it their paths are as they are stored.
    """
    environment = open_for_reading(directory, READ_BY_ALL)
    return StoreReader(environment, environment.close, recordings=recordings)


def open_router_reader(directory: str) -> RouterReader:
    """The same, of the tables of the router."""
    environment = open_for_reading(directory, (ROUTER_SNAPSHOT.name, ROUTER_JOURNAL.name))
    return RouterReader(environment, environment.close)
