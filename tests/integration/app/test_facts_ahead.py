"""The process that counts what reports will ask for."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import ContactQueued, Stamped
from softswitch.app.facts_ahead import counted_beside
from softswitch.base.ids import ContactId, QueueId
from softswitch.reports.runtime.source import BLOCK_S
from softswitch.store import open_store
from softswitch.store.schema import StoredEvents

BEGAN = 80_000 * BLOCK_S


def test_it_keeps_facts_beside_the_store_and_says_of_how_many_blocks(tmp_path: Path) -> None:
    directory = str(tmp_path / "store")
    store = open_store(directory, map_size_mb=16, report=pytest.fail)
    for number in range(3):
        at = float(BEGAN + number * BLOCK_S)
        stamped = Stamped(at, ContactQueued(0.0, ContactId(f"c{number}"), QueueId("sales"), 0.0), "")
        raw = msgspec.Raw(msgspec.msgpack.encode([stamped]))
        store.put_events(StoredEvents(at_wall=at, number=number, count=1, stamped=raw), ())
    store.close()
    now = BEGAN + 3.0 * BLOCK_S
    assert asyncio.run(counted_beside(directory, now)) == 2, "of the last one nobody knows yet that it is whole"
    assert len(list((tmp_path / "store.facts").glob("events-*.facts"))) == 2
    assert asyncio.run(counted_beside(directory, now)) == 0


def test_where_there_is_no_store_it_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="its process ended with 1"):
        asyncio.run(counted_beside(str(tmp_path / "none"), 0.0))
