"""What reports are made of is counted before anybody asks for a report."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from softswitch.app.due_work import RETRY_S
from softswitch.app.facts_ahead import SETTLED_S, FactsAhead
from softswitch.reports.runtime.source import BLOCK_S
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

MIDNIGHT = datetime(2026, 11, 9, tzinfo=UTC).timestamp()


class Switch:
    """A switch with nothing but facts, in virtual time; `fault` is what becomes of the next counts."""

    def __init__(self) -> None:
        self.clock = ManualClock(wall=MIDNIGHT + 1000)
        self.loop = VirtualLoop(self.clock)
        self.counted_at: list[float] = []
        self.takes_s = 1.0
        self.fault: Exception | None = None
        self.facts = FactsAhead(self.clock, self.loop, store_directory="/var/lib/switch", count=self.count)
        self.facts.start()

    async def count(self, store_directory: str, now: float) -> int:
        assert (store_directory, now) == ("/var/lib/switch", self.clock.wall())
        self.counted_at.append(now - MIDNIGHT)
        await asyncio.sleep(self.takes_s)
        if self.fault is not None:
            raise self.fault
        return 1

    def until(self, seconds: float) -> None:
        """After midnight."""
        self.loop.run_until_complete(asyncio.sleep(MIDNIGHT + seconds - self.clock.wall()))


@pytest.fixture
def switch() -> Iterator[Switch]:
    made = Switch()
    yield made
    made.loop.run_until_complete(made.facts.stop())
    made.loop.close()


def test_soon_after_the_start_and_then_after_each_block(switch: Switch) -> None:
    switch.until(3 * BLOCK_S)
    expected = [1000 + SETTLED_S, BLOCK_S + SETTLED_S, 2 * BLOCK_S + SETTLED_S]
    assert switch.counted_at == pytest.approx(expected)


def test_one_that_takes_longer_than_a_block_is_given_up_and_goes_on_later(switch: Switch) -> None:
    switch.takes_s = 10 * BLOCK_S
    switch.until(2.5 * BLOCK_S)
    assert len(switch.counted_at) == 2
    assert switch.counted_at[1] - switch.counted_at[0] == pytest.approx(BLOCK_S + RETRY_S)


def test_after_a_fault_it_is_tried_again(switch: Switch) -> None:
    switch.fault = OSError("its process ended with -9")
    switch.until(BLOCK_S)
    switch.fault = None
    switch.until(2 * BLOCK_S)
    gaps = [after - before for before, after in zip(switch.counted_at, switch.counted_at[1:], strict=False)]
    assert gaps[:2] == pytest.approx([RETRY_S + 1.0] * 2)
    assert switch.counted_at[-1] == pytest.approx(BLOCK_S + SETTLED_S, abs=RETRY_S)
