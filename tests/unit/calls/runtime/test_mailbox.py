"""The mailbox: order, waiting, and the end that overtakes everything."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from softswitch.calls.outcomes import CallEnded, FaxCame
from softswitch.calls.runtime.mailbox import EVENTS_MAX, Mailbox
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop


def play(scenario: Callable[[Mailbox[str], ManualClock], Awaitable[None]]) -> None:
    clock = ManualClock()
    loop = VirtualLoop(clock)

    async def run() -> None:
        await scenario(Mailbox(loop), clock)

    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_events_come_in_order() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        box.put("one")
        box.put("two")
        assert [await box.next(), await box.next()] == ["one", "two"]

    play(scenario)


def test_whoever_waits_is_woken_or_gets_none_when_the_time_is_over() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        asyncio.get_running_loop().call_later(1.0, box.put, "late")
        began_at = clock.now()
        assert await box.next(5.0) == "late"
        assert clock.now() - began_at == pytest.approx(1.0)
        assert await box.next(5.0) is None
        assert clock.now() - began_at == pytest.approx(6.0)

    play(scenario)


def test_the_end_overtakes_what_is_in_the_box() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        box.put("one")
        box.close("the caller hung up")
        box.close("said twice")
        for _ in range(2):
            with pytest.raises(CallEnded, match="the caller hung up"):
                await box.next()

    play(scenario)


def test_the_end_wakes_whoever_waits_and_tells_those_who_asked() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        told: list[bool] = []
        box.when_closed(lambda: told.append(box.is_closed))
        asyncio.get_running_loop().call_later(1.0, box.close, "gone")
        with pytest.raises(CallEnded):
            await box.next()
        assert told == [True]

    play(scenario)


def test_what_comes_after_the_end_can_be_waited_for() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        box.close("gone")
        asyncio.get_running_loop().call_later(1.0, box.put, "the file is closed")
        assert await box.next_after_end(5.0) == "the file is closed"
        assert await box.next_after_end(5.0) is None

    play(scenario)


def test_a_loop_that_ignores_the_end_lets_others_have_their_turn() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        box.close("gone")
        turns: list[str] = []

        async def ignore_the_end() -> None:
            while len(turns) < 3:
                with contextlib.suppress(CallEnded):
                    await box.check()

        async def other() -> None:
            for _ in range(3):
                turns.append("mine")
                await asyncio.sleep(0)

        await asyncio.gather(ignore_the_end(), other())

    play(scenario)


def test_the_box_has_a_bottom_and_can_be_emptied() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        for number in range(EVENTS_MAX + 1):
            box.put(str(number))
        assert await box.next() == "1"
        box.clear()
        assert await box.next(1.0) is None

    play(scenario)


def test_a_flow_that_is_interrupted_gets_nothing_more_until_another_one_goes_on() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        asyncio.get_running_loop().call_later(1.0, box.interrupt)
        with pytest.raises(FaxCame):
            await box.next()
        box.put("late")
        for _ in range(2):
            with pytest.raises(FaxCame):
                await box.next()
            with pytest.raises(FaxCame):
                await box.check()
        box.resume()
        box.put("new")
        assert await box.next() == "new"

    play(scenario)


def test_who_is_gone_is_gone_also_while_interrupted() -> None:
    async def scenario(box: Mailbox[str], clock: ManualClock) -> None:
        box.interrupt()
        box.close("the caller hung up")
        with pytest.raises(CallEnded, match="hung up"):
            await box.next()

    play(scenario)
