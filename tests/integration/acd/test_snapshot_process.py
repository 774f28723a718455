"""The process that makes snapshots, of a store that its switch goes on writing."""

import asyncio
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedIn, AgentPaused, ConfigurationSet, ContactQueued
from softswitch.acd.model import Agent, Channel, Queue
from softswitch.acd.router import Router
from softswitch.acd.runtime.journal import RouterJournal
from softswitch.acd.runtime.rebuilding import Compacted, rebuild
from softswitch.app.compaction import main
from softswitch.app.compactor import SnapshotProcess
from softswitch.app.router_journal import StoredRouter
from softswitch.base.clock import SystemClock
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.store import Store, open_store
from softswitch.testing.journal import Turns

CONFIGURATION = ConfigurationSet([Queue(queue_id=QueueId("sales"))], [Agent(agent_id=AgentId("ann"))])


@pytest.fixture
def store(tmp_path: Path) -> Iterable[Store]:
    store = open_store(str(tmp_path), report=lambda _: None)
    yield store
    store.close()


def test_a_snapshot_is_made_beside_the_switch(store: Store, tmp_path: Path) -> None:
    clock, router, table = SystemClock(), Router(), StoredRouter(store)

    async def run() -> None:
        process, turns = _Watched(str(tmp_path)), Turns()
        journal = RouterJournal(table, clock, turns, "boot", process, entries_max=5)
        router.apply(CONFIGURATION, clock.now())
        router.take_outputs()
        journal.begin(router)
        while turns.waiting:
            turns.turn()
        facts = [AgentLoggedIn(AgentId("ann")), AgentPaused(AgentId("ann"), "lunch")]
        tasks = [ContactQueued(ContactId(f"t{n}"), QueueId("sales"), channel=Channel.TASK) for n in range(10)]
        for fact in (*facts, *tasks):
            now = clock.now()
            router.apply(fact, now)
            router.take_outputs()
            journal.note(fact, now)
            turns.turn()
            await asyncio.wrap_future(store.commit())
        made = await asyncio.wait_for(process.made, 60)
        assert made is not None
        assert made.next_entry >= 5
        await asyncio.wrap_future(store.commit())
        process.stop()

    asyncio.run(run())
    rebuilt = rebuild(table.snapshot(), table.journal())
    assert len(list(table.journal())) < 12, "the journal before it is gone"
    at = rebuilt.last_at
    assert rebuilt.router.take_snapshot(at) == router.take_snapshot(at)


class _Watched(SnapshotProcess):
    """Notes the first that was made."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.made: asyncio.Future[Compacted | None] = asyncio.get_running_loop().create_future()

    def begin(self, offset_s: float, done: Callable[[Compacted | None], None]) -> None:
        def noted(compacted: Compacted | None) -> None:
            done(compacted)
            if not self.made.done():
                self.made.set_result(compacted)

        super().begin(offset_s, noted)


def test_where_there_is_nothing_to_make_it_of_the_switch_is_told(tmp_path: Path) -> None:
    async def run() -> Compacted | None:
        told: asyncio.Future[Compacted | None] = asyncio.get_running_loop().create_future()
        SnapshotProcess(str(tmp_path / "nothing")).begin(0.0, told.set_result)
        return await asyncio.wait_for(told, 30)

    assert asyncio.run(run()) is None


def test_another_version_makes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.BytesIO()
    assert main([str(tmp_path), "0.0", "0.0.0.another"], out) == 1
    assert out.getvalue() == b""
    assert "0.0.0.another" in capsys.readouterr().err
