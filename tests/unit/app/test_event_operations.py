"""Who follows the switch's events: from where, how far, and how he is cut off."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from softswitch.app.event_operations import EVENTS_A_TURN, FOLLOWERS_MAX, SIGN_OF_LIFE_S, EventOperations
from softswitch.app.switch_events import SwitchEvents
from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.calls.limits import EVENTS_IN_MEMORY
from softswitch.calls.told.call_events import CallAnswered, CallBridged
from softswitch.calls.told.events import TrunkUp
from softswitch.config.settings import EventsSection
from softswitch.control.protocol.replies import EventRows, Refused
from softswitch.control.protocol.requests import WatchEvents
from softswitch.store import memory_store
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop


class Place:
    """What followers need."""

    def __init__(self, clock: ManualClock, loop: VirtualLoop) -> None:
        self.clock = clock
        self.loop = loop
        self.store = memory_store()
        self.switch_events = SwitchEvents(self.store, clock, loop, EventsSection())
        self.operations = EventOperations(self)

    def tell(self, count: int) -> None:
        for _ in range(count):
            self.switch_events.tell(CallAnswered(self.clock.now(), CallId("c1")), "acme")


def run(scenario: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    clock = ManualClock()
    loop = VirtualLoop(clock)
    try:
        loop.run_until_complete(scenario(Place(clock, loop)))
    finally:
        loop.close()


async def read(place: Place, request: WatchEvents, *, until: int) -> list[EventRows]:
    """Frames until the cursor is there."""
    frames: list[EventRows] = []
    async for frame in place.operations.watch_events(request):
        assert isinstance(frame, EventRows)
        frames.append(frame)
        if frame.cursor >= until or frame.is_last:
            break
    return frames


def numbers(frames: list[EventRows]) -> list[int]:
    return [row.number for frame in frames for row in frame.rows]


def test_from_now_on_at_once_and_signs_of_life_in_between() -> None:
    async def scenario(place: Place) -> None:
        place.tell(3)
        began_at = place.clock.now()
        follower = place.operations.watch_events(WatchEvents())
        assert await anext(follower) == EventRows([], 3)
        assert place.clock.now() == began_at
        assert await anext(follower) == EventRows([], 3)
        assert place.clock.now() - began_at == pytest.approx(SIGN_OF_LIFE_S, abs=0.1)
        place.loop.call_later(0.5, place.tell, 2)
        at = place.clock.now()
        frame = await anext(follower)
        assert isinstance(frame, EventRows)
        assert [row.number for row in frame.rows] == [4, 5]
        assert place.clock.now() - at == pytest.approx(0.5, abs=0.03), "no poll delays it"
        await follower.aclose()

    run(scenario)


@pytest.mark.parametrize("after", [0, 1, 3000, 4 * EVENTS_IN_MEMORY - 1])
def test_he_goes_on_after_a_number_from_the_store_and_then_from_memory(after: int) -> None:
    total = 4 * EVENTS_IN_MEMORY

    async def scenario(place: Place) -> None:
        place.tell(total)
        frames = await read(place, WatchEvents(after=after), until=total)
        assert numbers(frames) == list(range(after + 1, total + 1))
        assert not any(frame.is_incomplete for frame in frames)
        assert max(len(frame.rows) for frame in frames) <= 2 * EVENTS_A_TURN

    run(scenario)


def test_what_is_no_longer_stored_is_said_and_so_is_a_number_of_another_switch() -> None:
    async def scenario(place: Place) -> None:
        place.tell(4 * EVENTS_IN_MEMORY)
        oldest = place.switch_events.oldest
        for record in list(place.store.switch_events.ascending(0, oldest)):
            place.store.switch_events.delete(record.number)
        frames = await read(place, WatchEvents(after=5, is_following=False), until=10**9)
        assert frames[0].is_incomplete
        assert not any(each.is_incomplete for each in frames[1:])
        assert numbers(frames)[-1] == 4 * EVENTS_IN_MEMORY
        assert frames[-1].is_last
        (frame,) = await read(place, WatchEvents(after=10**8), until=0)
        assert frame.is_incomplete
        assert frame.cursor == 4 * EVENTS_IN_MEMORY
        (frame, *_) = await read(place, WatchEvents(after=0, is_following=False), until=0)
        assert not frame.is_incomplete, "who wants all there is has missed nothing"

    run(scenario)


def test_kinds_contacts_queues_and_agents_are_chosen_in_the_switch() -> None:
    async def scenario(place: Place) -> None:
        tell = place.switch_events.tell
        for call in ("c1", "c2"):
            tell(CallAnswered(1.0, CallId(call)), "")
            tell(CallBridged(1.0, CallId(call), "ann", AgentId("ann"), QueueId("sales")), "")
        tell(TrunkUp(1.0, "provider", "health"), "")

        async def chosen(**what: object) -> list[int]:
            request = WatchEvents(after=0, is_following=False, **what)  # pyright: ignore[reportArgumentType]
            return numbers(await read(place, request, until=10**9))

        assert await chosen() == [1, 2, 3, 4, 5]
        assert await chosen(kinds=["call.answered", "trunk"]) == [1, 3, 5]
        assert await chosen(contact_id="c2") == [3, 4]
        assert await chosen(agent_id="ann", contact_id="c1") == [2]
        assert await chosen(queue_id="support") == []
        (refusal,) = [each async for each in place.operations.watch_events(WatchEvents(kinds=["cal"]))]
        assert isinstance(refusal, Refused)
        assert refusal.code == "malformed"
        assert "trunk" in refusal.message

    run(scenario)


def test_who_lets_memory_pass_him_is_cut_off_and_goes_on_where_he_was() -> None:
    async def scenario(place: Place) -> None:
        follower = place.operations.watch_events(WatchEvents(after=0))
        place.tell(2)
        first = await anext(follower)
        assert isinstance(first, EventRows)
        assert first.cursor == 2
        place.tell(4 * EVENTS_IN_MEMORY)  # while he does not read
        frames = [each async for each in follower]
        (last,) = frames
        assert isinstance(last, EventRows)
        assert last.is_last
        assert last.cursor == 2
        assert last.end_reason.startswith("too slow")
        again = await read(place, WatchEvents(after=last.cursor), until=place.switch_events.newest)
        assert numbers(again) == list(range(3, place.switch_events.newest + 1))

    run(scenario)


@pytest.mark.parametrize("after", [-1, -(2**63), 2**63])
def test_a_number_that_no_event_has_is_one_before_the_first_or_the_last(after: int) -> None:
    async def scenario(place: Place) -> None:
        place.tell(3)
        frames = await read(place, WatchEvents(after=after, is_following=False), until=10**9)
        assert numbers(frames) == ([1, 2, 3] if after < 0 else [])

    run(scenario)


def test_only_so_many_follow_and_who_has_gone_makes_room() -> None:
    async def scenario(place: Place) -> None:
        place.tell(1)
        followers = [place.operations.watch_events(WatchEvents(after=0)) for _ in range(FOLLOWERS_MAX)]
        for each in followers:
            await anext(each)
        (refusal,) = [each async for each in place.operations.watch_events(WatchEvents())]
        assert isinstance(refusal, Refused)
        assert refusal.code == "busy"
        await followers[0].aclose()
        assert numbers(await read(place, WatchEvents(after=0), until=1)) == [1]
        for each in followers:
            await each.aclose()

    run(scenario)


def test_what_happens_at_once_goes_out_in_few_frames() -> None:
    async def scenario(place: Place) -> None:
        for burst in range(100):
            place.loop.call_later(burst * 0.001, place.tell, 10)
        frames = await read(place, WatchEvents(), until=1000)
        assert numbers(frames) == list(range(1, 1001))
        assert len(frames) < 20

    run(scenario)
