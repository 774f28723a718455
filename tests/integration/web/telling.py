"""A switch with real events, in a store on disk, behind a real control socket; and the API over it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.app.event_operations import EventOperations
from softswitch.app.switch_events import SwitchEvents
from softswitch.base.clock import SystemClock
from softswitch.base.ids import CallId
from softswitch.calls.told.call_events import CallAnswered
from softswitch.calls.told.events import SwitchEvent
from softswitch.config.settings import EventsSection
from softswitch.control.protocol.replies import EventRows, Refused
from softswitch.control.protocol.requests import WatchEvents
from softswitch.control.protocol.rows import AgentRow
from softswitch.store import Store, StoreReader
from softswitch.store.environment import Environment, open_for_writing
from softswitch.store.store import TABLES
from softswitch.store.writer import GroupCommitWriter
from softswitch.testing.operations import FixedOperations
from tests.integration.control.conftest import RunningServer


class TellingSwitch(FixedOperations):
    """`run_in` a directory, then `tell` it what happens, from any thread."""

    def __init__(self) -> None:
        super().__init__()
        rows = self.agent_rows
        self.agent_rows = [_in_team(row) for row in rows]
        self.clock = SystemClock()
        self.server: RunningServer
        self.switch_events: SwitchEvents
        self.store: Store
        self.rows: Environment
        self._operations: EventOperations

    def run_in(self, directory: Path) -> None:
        self.server = RunningServer(self, str(directory / "run" / "control.sock"))
        self.server.start()
        self.server.do(lambda: self._begin(directory))

    def end(self) -> None:
        self.server.do(self.switch_events.stop)
        self.server.stop()
        self.store.close()

    def _begin(self, directory: Path) -> None:
        self.rows = open_for_writing(str(directory / "store"), TABLES, map_size_mb=64)
        self.store = Store(self.rows, GroupCommitWriter(self.rows, report=pytest.fail), self.rows.close)
        self.switch_events = SwitchEvents(self.store, self.clock, asyncio.get_running_loop(), EventsSection())
        self._operations = EventOperations(self)

    async def watch_events(self, request: WatchEvents) -> AsyncGenerator[EventRows | Refused, None]:
        async for frame in self._operations.watch_events(request):
            yield frame

    def tell(self, *events: tuple[SwitchEvent, str]) -> None:
        def tell() -> None:
            for event, project in events:
                self.switch_events.tell(event, project)

        self.server.do(tell)

    def tell_calls(self, count: int, project: str = "acme") -> None:
        self.tell(*((CallAnswered(self.clock.now(), CallId(f"c{number}")), project) for number in range(count)))


def wait_until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _in_team(row: AgentRow) -> AgentRow:
    return replace(row, teams=["first"] if row.agent_id == "anna" else [])


def share_store(switch: TellingSwitch, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process may open a store once; here switch and web process are one."""

    def open_reader(directory: str, *, recordings: str) -> StoreReader:
        return StoreReader(switch.rows, lambda: None, recordings=recordings)

    monkeypatch.setattr("softswitch.web.runtime.history.open_reader", open_reader)
