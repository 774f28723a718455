"""The newest events for many readers: numbers with gaps, bounds, who has to look elsewhere."""

from softswitch.base.ids import CallId
from softswitch.calls.told.call_events import CallAnswered
from softswitch.calls.told.events import Numbered
from softswitch.web.recent_events import RecentEvents


def rows(*numbers: int) -> list[Numbered]:
    return [Numbered(number, 1.0, CallAnswered(1.0, CallId("c"))) for number in numbers]


def test_a_reader_gets_each_event_once_over_gaps() -> None:
    recent = RecentEvents(10)
    assert recent.after(0, 5).is_behind
    recent.take([], 7, is_incomplete=False)
    recent.take(rows(8, 9), 9, is_incomplete=False)
    recent.take(rows(9, 1_000_010), 1_000_010, is_incomplete=False)
    seen, cursor = list[int](), 7
    while (part := recent.after(cursor, 2)).events:
        seen += [each.number for each in part.events]
        cursor = part.cursor
    assert seen == [8, 9, 1_000_010]
    assert recent.after(cursor, 2) == ([], 1_000_010, False)
    assert recent.after(6, 2).is_behind
    assert not recent.after(7, 2).is_behind


def test_what_is_filtered_moves_the_cursor_all_the_same() -> None:
    recent = RecentEvents(10)
    recent.take(rows(3), 3, is_incomplete=False)
    recent.take([], 50, is_incomplete=False)
    assert recent.after(3, 10).cursor == 50


def test_it_keeps_the_newest_and_begins_anew_after_a_hole() -> None:
    recent = RecentEvents(10)
    for number in range(1, 1000):
        recent.take(rows(number), number, is_incomplete=False)
    assert recent.since is not None
    assert 978 <= recent.since < 990
    assert recent.after(recent.since, 100).events[0].number == recent.since + 1
    assert recent.after(recent.since - 1, 100).is_behind
    recent.take(rows(5000), 5000, is_incomplete=True)
    assert recent.after(4998, 10).is_behind
    assert [each.number for each in recent.after(4999, 10).events] == [5000]
