"""Which records fit what somebody asks for."""

import msgspec
import pytest

from softswitch.records.finding import Wanted
from softswitch.store import memory_store
from softswitch.store.schema import Cdr
from tests.unit.records.made import AT, cdr, outbound

LOST = cdr("lost", talk_s=0.0, agent=None, sip_legs=(), end_reason="abandoned")


@pytest.mark.parametrize(
    ("asked", "call", "fits"),
    [
        ({}, cdr(), True),
        ({"project": "acme"}, cdr(), True),
        ({"project": "other"}, cdr(), False),
        ({"number": "442071838750"}, cdr(), True),
        ({"number": "+442071838750"}, cdr(), True),
        ({"number": "44207*"}, cdr(), True),
        ({"number": "44208*"}, cdr(), False),
        ({"number": "100"}, cdr(), True),
        ({"number": "201"}, cdr(), True),
        ({"number": "4420"}, cdr(), False),
        ({"number": "*"}, cdr(), True),
        ({"queue": "support"}, cdr(queue="sales"), True),
        ({"queue": "sales"}, cdr(queue="sales", stays=()), True),
        ({"queue": "sales"}, cdr(), False),
        ({"agent": "ann"}, cdr(agent=None), True),
        ({"agent": "ben"}, cdr(), False),
        ({"trunk": "provider"}, cdr(), True),
        ({"trunk": "provider"}, outbound(), True),
        ({"trunk": "other"}, outbound(), False),
        ({"outcome": "answered"}, cdr(), True),
        ({"outcome": "unanswered"}, cdr(), False),
        ({"outcome": "unanswered"}, cdr(answered_at=None), True),
        ({"outcome": "talked"}, cdr(), True),
        ({"outcome": "lost"}, cdr(), False),
        ({"outcome": "lost"}, LOST, True),
        ({"outcome": "abandoned"}, LOST, True),
        ({"outcome": "abandoned"}, cdr(), False),
        ({"outcome": "abandoned", "project": "other"}, LOST, False),
    ],
)
def test_a_record_fits_or_not(asked: dict[str, str], call: Cdr, fits: bool) -> None:
    assert msgspec.convert(asked, Wanted).fits(call) is fits


def test_a_span_has_its_beginning_and_not_its_end() -> None:
    store = memory_store()
    for number in range(5):
        store.end_call(cdr(f"c{number}", AT + number))
    wanted = Wanted(since=AT + 1, until=AT + 3)
    assert [row.call_id for row in wanted.oldest_first(store.cdrs)] == ["c1", "c2"]
    assert [row.call_id for row in wanted.newest_first(store.cdrs)] == ["c2", "c1"]
    assert [row.call_id for row in Wanted(since=AT + 3).oldest_first(store.cdrs)] == ["c3", "c4"]
    assert [row.call_id for row in Wanted(until=AT + 1, agent="ann").newest_first(store.cdrs)] == ["c0"]
    assert not list(Wanted(agent="ben").newest_first(store.cdrs))
