"""The switch's events in the store: numbers over restarts, bounds, those of the ACD among them."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from softswitch.acd.events import ContactQueued, Stamped, SwitchStopped
from softswitch.app.switch_events import BATCH_EVENTS_MAX, BATCH_S, CRASH_GAP, PRUNE_EVERY_S, SwitchEvents
from softswitch.base.ids import CallId, ContactId, QueueId
from softswitch.calls.limits import EVENTS_IN_MEMORY
from softswitch.calls.told.call_events import CallAnswered
from softswitch.calls.told.events import Numbered, kind_of
from softswitch.calls.told.stored import events_in, stored_records
from softswitch.config.settings import EventsSection
from softswitch.store import Store, memory_store
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

SETTINGS = EventsSection()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[VirtualLoop]:
    loop = VirtualLoop(clock)
    yield loop
    loop.close()


@pytest.fixture
def store() -> Store:
    return memory_store()


def tell(events: SwitchEvents, clock: ManualClock, count: int = 1) -> None:
    for number in range(count):
        events.tell(CallAnswered(clock.now(), CallId(f"c{number}")), "acme")


def stored(store: Store, after: int = 0) -> list[Numbered]:
    return [event for record in stored_records(store, after) for event in events_in(record, after)]


def run(loop: VirtualLoop, seconds: float) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def test_one_sequence_of_calls_and_contacts_with_the_time_of_day(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    events = SwitchEvents(store, clock, loop, SETTINGS)
    tell(events, clock)
    queued = ContactQueued(clock.now(), ContactId("c0"), QueueId("sales"), clock.now())
    events.take([Stamped(clock.wall(), queued, "acme")])
    tell(events, clock)
    assert stored(store) == []
    run(loop, BATCH_S)
    rows = stored(store)
    assert [(row.number, kind_of(row.event)) for row in rows] == [
        (1, "call.answered"),
        (2, "contact.queued"),
        (3, "call.answered"),
    ]
    assert {(row.project, round(row.at_wall, 6)) for row in rows} == {("acme", round(clock.wall() - BATCH_S, 6))}
    assert store.switch_events.count() == 1, "what comes together is one record"


@pytest.mark.parametrize("after", [0, 1, BATCH_EVENTS_MAX - 1, BATCH_EVENTS_MAX, BATCH_EVENTS_MAX + 1, 649, 650, 9999])
def test_a_reader_goes_on_anywhere(store: Store, clock: ManualClock, loop: VirtualLoop, after: int) -> None:
    events = SwitchEvents(store, clock, loop, SETTINGS)
    tell(events, clock, 650)
    events.stop()
    assert [row.number for row in stored(store, after)] == list(range(after + 1, 651))


def test_numbers_go_on_after_a_stop_and_leave_a_gap_after_a_crash(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    events = SwitchEvents(store, clock, loop, SETTINGS)
    tell(events, clock, 5)
    events.take([Stamped(clock.wall(), SwitchStopped(clock.now()))])
    events.stop()
    successor = SwitchEvents(store, clock, loop, SETTINGS)
    assert successor.newest == 6
    tell(successor, clock, 2)
    run(loop, BATCH_S)
    tell(successor, clock, 3)  # told to followers, and lost with the switch
    after_crash = SwitchEvents(store, clock, loop, SETTINGS)
    assert after_crash.newest + 1 == 8 + CRASH_GAP > successor.newest + 1
    tell(after_crash, clock)
    after_crash.stop()
    assert [row.number for row in stored(store, 7)] == [8, 8 + CRASH_GAP]


def test_old_events_go_by_number_and_by_time(store: Store, clock: ManualClock, loop: VirtualLoop) -> None:
    events = SwitchEvents(store, clock, loop, replace(SETTINGS, replay_max=10_000))
    events.start()
    tell(events, clock, 30_000)
    run(loop, PRUNE_EVERY_S + 10.0)
    assert [row.number for row in stored(store)] == list(range(20_001, 30_001))
    assert events.oldest_known == 20_001
    run(loop, SETTINGS.replay_days * 86400 + PRUNE_EVERY_S)
    assert stored(store) == []
    tell(events, clock)
    assert events.newest == 30_001


def test_crashes_leave_out_numbers_and_cost_no_event_its_place(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    """Three switches in a row are killed: ten times as many numbers are left out as events may be kept."""
    settings = replace(SETTINGS, replay_max=10_000)
    events = SwitchEvents(store, clock, loop, settings)
    for _ in range(3):
        events = SwitchEvents(store, clock, loop, settings)
        events.start()
        tell(events, clock, 3_000)
        run(loop, PRUNE_EVERY_S + 10.0)
    assert len(stored(store)) == 9_000
    tell(events, clock, 3_000)
    run(loop, PRUNE_EVERY_S + 10.0)
    assert len(stored(store)) == 10_000, "and the oldest go when there are too many"


def test_memory_is_bounded_and_the_store_has_what_it_has_not(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    events = SwitchEvents(store, clock, loop, SETTINGS)
    tell(events, clock, 4 * EVENTS_IN_MEMORY)
    assert events.after(0, 10).is_behind
    assert events.newest - events.oldest < 2 * EVENTS_IN_MEMORY
    assert [each.number for each in events.stored_after(0, 2).events][:3] == [1, 2, 3]
    following = events.stored_after(events.newest, 2)
    assert following.events == []
    assert following.cursor == events.oldest - 1
