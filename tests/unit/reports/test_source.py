"""Blocks of facts: nothing is counted twice or left out at their bounds."""

import msgspec
import pytest

from softswitch.acd.events import ContactQueued, Stamped
from softswitch.base.ids import ContactId, QueueId
from softswitch.reports.runtime.source import BLOCK_S
from softswitch.store.schema import StoredEvents
from softswitch.testing.stored_day import StoredDay
from tests.unit.reports.centre import MIDNIGHT, report

EVERY_S = 50.0


def queued(number: int) -> Stamped:
    at = number * EVERY_S
    return Stamped(MIDNIGHT + at, ContactQueued(at, ContactId(f"c{number}"), QueueId("sales"), at), "")


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_a_record_that_reaches_over_a_bound_is_read_for_both_blocks(batch: int) -> None:
    events = [queued(number) for number in range(600)]
    day = StoredDay()
    for begin in range(0, len(events), batch):
        part = events[begin : begin + batch]
        record = StoredEvents(
            at_wall=part[0].at_wall,
            number=begin,
            count=len(part),
            stamped=msgspec.Raw(msgspec.msgpack.encode(part)),
        )
        day.store.put_events(record, ())
    made = report(day, "service_level")
    assert made.table("queues").column("offered") == [600]
    by_hour = made.table("intervals").column("offered")
    assert by_hour == [72] * 8 + [24]
    assert len(by_hour) * 3600 > 2 * BLOCK_S


def test_an_event_at_the_very_bound_is_the_later_blocks() -> None:
    day = StoredDay()
    day.put_events([queued(int(BLOCK_S / EVERY_S)), queued(int(2 * BLOCK_S / EVERY_S))])
    made = report(day, "service_level", since=MIDNIGHT + BLOCK_S, until=MIDNIGHT + 2 * BLOCK_S)
    assert made.table("queues").column("offered") == [1]
