"""Where the ACD's events go: the store and its bounds, figures, the queue_log."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.events import (
    AgentLoggedIn,
    ContactAbandoned,
    ContactQueued,
    Stamped,
    SwitchStarted,
    WrapUpEnded,
)
from softswitch.app.acd_events import BATCH_EVENTS_MAX, BATCH_S, PRUNE_AGAIN_S, PRUNED_AT_ONCE_MAX, AcdEvents
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.config.settings import EventsSection
from softswitch.store import Store, memory_store
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.loop import VirtualLoop

SALES = QueueId("sales")


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


def queued(clock: ManualClock, contact_id: str) -> Stamped:
    return Stamped(clock.wall(), ContactQueued(clock.now(), ContactId(contact_id), SALES, clock.now()), "acme")


def abandoned(clock: ManualClock, contact_id: str, wait_s: float) -> Stamped:
    event = ContactAbandoned(clock.now(), ContactId(contact_id), SALES, wait_s, wait_s, 20.0, 1)
    return Stamped(clock.wall(), event, "acme")


def stored(store: Store) -> list[Stamped]:
    return [
        each for row in store.events.ascending() for each in msgspec.msgpack.decode(row.stamped, type=list[Stamped])
    ]


def run(loop: VirtualLoop, seconds: float) -> None:
    loop.call_later(seconds, loop.stop)
    loop.run_forever()


def test_events_are_stored_in_order_also_those_of_one_instant(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    events = AcdEvents(store, clock, loop, EventsSection())
    batch = [queued(clock, f"c{number}") for number in range(BATCH_EVENTS_MAX + 20)]
    for number in range(0, len(batch), 7):
        events.take(batch[number : number + 7])
    run(loop, BATCH_S)
    assert stored(store) == batch
    assert store.events.count() == 2


def test_what_waits_is_stored_when_the_switch_stops(store: Store, clock: ManualClock, loop: VirtualLoop) -> None:
    events = AcdEvents(store, clock, loop, EventsSection())
    events.take([queued(clock, "c1")])
    assert stored(store) == []
    events.stop()
    assert len(stored(store)) == 1


def test_where_a_contacts_events_are_is_found_by_its_id(store: Store, clock: ManualClock, loop: VirtualLoop) -> None:
    events = AcdEvents(store, clock, loop, EventsSection())
    began = clock.wall()
    events.take([queued(clock, "c1")])
    run(loop, 12)
    span = store.contact_spans.get("c1")
    assert span is not None
    assert (span.from_wall, span.until_wall) == (began, 0.0)
    events.take([abandoned(clock, "c1", 12.0)])
    run(loop, 30)
    events.take([queued(clock, "c1")])
    run(loop, 8)
    ended = WrapUpEnded(clock.now(), AgentId("ann"), ContactId("c1"), SALES, 5.0)
    events.take([Stamped(clock.wall(), ended)])
    ended_at = clock.wall()
    run(loop, 1)
    span = store.contact_spans.get("c1")
    assert span is not None
    assert (span.from_wall, span.until_wall) == (began, ended_at)


def test_a_contact_that_comes_back_after_a_restart_keeps_its_beginning(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    began = clock.wall()
    former = AcdEvents(store, clock, loop, EventsSection())
    former.take([queued(clock, "c1")])
    former.stop()
    run(loop, 100)
    later = AcdEvents(store, clock, loop, EventsSection())
    later.take([queued(clock, "c1")])
    later.stop()
    span = store.contact_spans.get("c1")
    assert span is not None
    assert span.from_wall == began
    assert [row.number for row in store.events.ascending()] == [0, 1]


def test_old_events_are_deleted_with_the_spans_of_their_contacts(
    store: Store, clock: ManualClock, loop: VirtualLoop
) -> None:
    events = AcdEvents(store, clock, loop, EventsSection(keep_days=1))
    events.take([queued(clock, "old"), abandoned(clock, "old", 0.0), queued(clock, "long")])
    run(loop, 80_000)
    events.take([queued(clock, "new")])
    run(loop, 10_000)
    events.start()
    assert [getattr(each.event, "contact_id", "") for each in stored(store)] == ["new"]
    assert store.contact_spans.get("old") is None
    assert store.contact_spans.get("long") is not None
    events.stop()


def test_of_too_many_events_the_newest_stay(store: Store, clock: ManualClock, loop: VirtualLoop) -> None:
    """Whole records go, so that there may be some more than `keep_max`, and never fewer."""
    events = AcdEvents(store, clock, loop, EventsSection(keep_max=10))
    records = PRUNED_AT_ONCE_MAX + 30
    for number in range(records):
        events.take([queued(clock, f"c{number}"), queued(clock, f"d{number}")])
        run(loop, 2 * BATCH_S)
    events.start()
    run(loop, 3 * PRUNE_AGAIN_S)
    left = [str(getattr(each.event, "contact_id", "")) for each in stored(store)]
    assert left == [f"{letter}{number}" for number in range(records - 5, records) for letter in "cd"]
    events.stop()


def test_with_nothing_to_be_kept_figures_and_queue_log_still_are(
    store: Store, clock: ManualClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    events = AcdEvents(store, clock, loop, EventsSection(keep_max=0, queue_log=str(path)))
    events.take([Stamped(clock.wall(), SwitchStarted(clock.now())), queued(clock, "c1"), abandoned(clock, "c1", 4.0)])
    run(loop, 1)
    assert stored(store) == []
    (tally,) = events.live.queues()
    assert (tally.offered, tally.abandoned, tally.abandoned_short) == (1, 1, 1)
    assert [line.split("|")[4] for line in path.read_text().splitlines()] == ["QUEUESTART", "ENTERQUEUE", "ABANDON"]
    events.stop()


def test_settings_are_taken_over_and_the_queue_log_is_opened_anew(
    store: Store, clock: ManualClock, loop: VirtualLoop, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    login = Stamped(clock.wall(), AgentLoggedIn(clock.now(), AgentId("ann")))
    events = AcdEvents(store, clock, loop, EventsSection())
    events.take([login])
    events.configure(EventsSection(queue_log=str(first)))
    events.take([login])
    events.configure(EventsSection(queue_log=str(second)))
    events.take([login])
    events.configure(EventsSection())
    events.take([login])
    assert [len(path.read_text().splitlines()) for path in (first, second)] == [1, 1]
