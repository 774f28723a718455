"""A switch as its store sees it, as fast as the disk allows: calls begin, are kept, and get their records.

`python -m tests.survival.store_program DIRECTORY` until it is killed. In each turn of its loop the call with the next
number begins, with what is kept of it and an input in the router's journal, and one that began a while ago ends. So
whatever state of the disk is found, it is that after some turn: `check` says what is wrong with it.
"""

import asyncio
import random
import sys

import msgspec

from softswitch.base.ids import CallId
from softswitch.store import open_store
from softswitch.store.schema import ActiveCall, Cdr, StoredRouterPart
from softswitch.store.store import Store

AT = 1_700_000_000.0
AT_ONCE = 20
"""Calls in progress."""
RECORDS_KEPT = 300
"""Older ones are deleted, so that their pages are used again."""


def call_id(number: int) -> CallId:
    return CallId(f"call-{number:09}")


def number_of(key: str) -> int:
    return int(key.removeprefix("call-"))


def turn(store: Store, number: int, noise: random.Random) -> None:
    """Everything that belongs together, in several transactions."""
    begun = call_id(number)
    store.begin_call(
        ActiveCall(call_id=begun, started_at=AT + number, calling_number="+7495", called_number=str(number))
    )
    content = {"number": number, "noise": noise.randbytes(noise.choice([10, 1000, 9000]))}
    store.keep_calls([(begun, msgspec.msgpack.encode(content))])
    if number >= AT_ONCE:
        ended = number - AT_ONCE
        store.end_call(
            Cdr(
                call_id=call_id(ended),
                started_at=AT + ended,
                ended_at=AT + number,
                calling_number="+7495",
                called_number=str(ended),
                end_reason="completed",
                ended_by="caller",
                tags={"noise": noise.randbytes(noise.choice([5, 50, 2000])).hex()},
            )
        )
    old = number - AT_ONCE - RECORDS_KEPT
    if old >= 0:
        store.cdrs.delete((AT + old, call_id(old)))
        store.router_journal.delete(old)
    store.router_journal.put(
        number, StoredRouterPart(number=number, content=msgspec.Raw(msgspec.msgpack.encode(number)))
    )


def check(store: Store, at_least: int) -> int:
    """How many calls had begun; raises AssertionError for a state that was never the store's, or is older than that."""
    journal = [row.number for row in store.router_journal.ascending()]
    begun = journal[-1] + 1 if journal else 0
    assert begun >= at_least, "what was on the disk is not there any more"
    ended = max(0, begun - AT_ONCE)
    oldest = max(0, ended - RECORDS_KEPT)
    assert journal == list(range(oldest, begun))
    assert [number_of(call.call_id) for call in store.active_calls.ascending()] == list(range(ended, begun))
    assert [number_of(cdr.call_id) for cdr in store.cdrs.ascending()] == list(range(oldest, ended))
    kept = store.leftover_calls()
    assert [number_of(each) for each in kept] == list(range(ended, begun))
    assert store.kept_calls.count() == len(kept)
    for each, content in kept.items():
        assert msgspec.msgpack.decode(content)["number"] == number_of(each)
    return begun


async def write(directory: str) -> None:
    store = open_store(directory, map_size_mb=64, report=sys.exit)
    store.take_between_turns(asyncio.get_running_loop().call_soon_threadsafe)
    number, noise = check(store, 0), random.Random(1)
    while True:
        turn(store, number, noise)
        number += 1
        if noise.random() < 0.3:
            await asyncio.wrap_future(store.commit())
            print(number, flush=True)  # so many are on the disk: whoever runs this holds it to that
        else:
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
