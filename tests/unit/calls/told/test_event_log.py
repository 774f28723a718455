"""The newest events in memory: numbers, bounds, who is behind."""

from softswitch.base.ids import CallId
from softswitch.calls.told.call_events import CallAnswered
from softswitch.calls.told.event_log import EventLog


def filled(events: int, *, keeps: int = 10, first: int = 1) -> EventLog:
    log = EventLog(first, keeps)
    for number in range(events):
        log.append(CallAnswered(float(number), CallId("c")), 1000.0 + number, "")
    return log


def test_a_follower_gets_each_event_once_in_order() -> None:
    log, cursor, seen = filled(9), 0, list[int]()
    while (following := log.after(cursor, 4)).events:
        seen += [each.number for each in following.events]
        cursor = following.cursor
    assert seen == list(range(1, 10))
    assert log.after(cursor, 4).events == []
    assert log.after(cursor, 4).cursor == log.newest == 9


def test_it_keeps_the_newest_and_who_wants_older_ones_is_behind() -> None:
    log = filled(1000)
    assert 10 <= log.newest - log.oldest + 1 < 20
    assert log.after(0, 4).is_behind
    assert log.after(log.oldest - 2, 4).is_behind
    assert not log.after(log.oldest - 1, 4).is_behind
    assert log.after(log.oldest - 1, 1).events[0].number == log.oldest


def test_before_the_first_event_nobody_is_behind_who_knows_the_last_of_a_former_switch() -> None:
    log = filled(0, first=501)
    assert (log.newest, log.oldest) == (500, 501)
    assert log.after(500, 4) == ([], 500, False)
    assert log.after(499, 4).is_behind
