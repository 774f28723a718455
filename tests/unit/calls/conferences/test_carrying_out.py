"""Orders by keys and from outside: who is heard afterwards, who is told, who may not."""

import pytest

from softswitch.base.ids import CallId
from softswitch.calls.conferences.carrying_out import DONE_TONE
from softswitch.calls.conferences.limits import EVENTS_MAX, SOUNDS_SPOKEN_MAX
from softswitch.calls.conferences.orders import (
    CallIn,
    End,
    Fetch,
    Lecture,
    Lock,
    MuteAll,
    MuteOne,
    Record,
    Remove,
)
from softswitch.calls.conferences.outputs import CallWanted, FetchDropped, RecordingWanted
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason
from tests.unit.calls.conferences.conference import Conference, terms


@pytest.fixture
def conference() -> Conference:
    """A host, whose number is 1, and three guests."""
    conference = Conference(terms(participants=("a", "x", "y")))
    conference.host("h")
    conference.join("a", "b", "c")
    conference.forget()
    return conference


def test_everybody_mutes_himself(conference: Conference) -> None:
    conference.press("a", "*1")
    assert conference.heard_by("b") == {"h", "c"}
    assert conference.told("a") == ["conference/muted"]
    conference.press("a", "*1")
    assert conference.heard_by("b") == {"h", "a", "c"}


def test_a_host_mutes_all_guests_and_those_who_come_later(conference: Conference) -> None:
    conference.press("h", "*2")
    conference.join("d")
    assert conference.heard_by("a") == {"h"}
    assert "conference/listen-only" in conference.told("d")
    conference.press("a", "*1")
    conference.press("a", "*1")
    assert conference.told("a")[-1] == "conference/listen-only"
    conference.press("h", "*2")
    assert conference.heard_by("a") == {"h", "b", "c", "d"}


def test_a_host_mutes_one_and_lets_him_speak_again(conference: Conference) -> None:
    conference.press("h", "*3 2#")
    assert conference.heard_by("b") == {"h", "c"}
    assert conference.told("a") == ["conference/muted-by-host"]
    conference.press("h", "*3 2#")
    assert conference.heard_by("b") == {"h", "a", "c"}
    assert conference.press("h", "*3 9#") == "there is no participant 9"


def test_in_a_lecture_only_hosts_are_heard_and_those_who_are_given_the_word(conference: Conference) -> None:
    conference.press("h", "*#2")
    assert conference.heard_by("a") == {"h"}
    conference.press("h", "*3 3#")
    assert conference.heard_by("a") == {"h", "b"}
    conference.press("h", "*3 3#")
    assert conference.heard_by("a") == {"h"}
    conference.press("h", "*#2")
    assert conference.heard_by("a") == {"h", "b", "c"} - {"b"}, "who was muted by name stays so"


def test_a_room_can_be_a_lecture_from_the_beginning() -> None:
    conference = Conference(terms(is_lecture=True))
    conference.host("h")
    conference.join("a", "b")
    assert conference.heard_by("a") == {"h"}
    assert conference.heard_by("h") == set()


def test_a_locked_room_lets_hosts_in_and_nobody_else(conference: Conference) -> None:
    conference.press("h", "*#1")
    assert conference.told("h") == ["conference/is-locked"]
    assert conference.join("d") is JoinRefusal.LOCKED
    assert conference.host("i") is None
    conference.press("h", "*#1")
    assert conference.join("d") is None


def test_two_talk_in_private_and_come_back(conference: Conference) -> None:
    conference.press("h", "*#2")
    conference.press("h", "*5 2#")
    assert conference.heard_by("h") == {"a"}
    assert conference.heard_by("a") == {"h"}, "no lecture in private"
    assert conference.heard_by("b") == set()
    conference.press("h", "*5 3#")
    assert conference.heard_by("h") == {"a", "b"}
    assert conference.press("h", "*5 3#") != ""
    conference.press("h", "*5#")
    assert conference.heard_by("c") == {"h"}
    assert conference.told("a")[-1] == "conference/back"
    assert conference.press("h", "*5#") == "nobody talks in private"


def test_who_is_left_alone_in_private_comes_back(conference: Conference) -> None:
    conference.press("h", "*5 2#")
    conference.leave("a")
    assert conference.heard_by("h") == {"b", "c"}


def test_a_host_removes_one_or_whoever_came_last_but_not_himself(conference: Conference) -> None:
    conference.press("h", "*7 2#")
    conference.press("h", "*7#")
    assert conference.dismissed() == {"a": LeaveReason.REMOVED, "c": LeaveReason.REMOVED}
    assert conference.press("h", "*7 1#") != ""
    assert conference.heard_by("h") == {"b"}


def test_a_host_ends_it_for_all(conference: Conference) -> None:
    conference.press("h", "*#9")
    assert set(conference.dismissed().values()) == {LeaveReason.ENDED}
    assert conference.is_closed


def test_voices_become_louder_and_softer_within_bounds(conference: Conference) -> None:
    conference.press("a", "*6")
    assert conference.placed["a"].gain_db == 3.0
    conference.press("a", "*4" * 20)
    assert conference.placed["a"].gain_db == -12.0
    conference.press("b", "*#4")
    assert (conference.placed["b"].hearing_gain_db, conference.placed["b"].gain_db) == (-3.0, 0.0)
    conference.press("b", "*#6" * 20)
    assert conference.placed["b"].hearing_gain_db == 12.0
    assert set(conference.told("a")) == {DONE_TONE}


def test_roll_call_count_and_help(conference: Conference) -> None:
    conference.press("h", "*8")
    numbers = [word for seat in (1, 2, 3, 4) for word in ("conference/number", seat)]
    numbers.insert(2, "conference/host")
    assert conference.told("h") == [4, "conference/participants", *numbers]
    conference.forget()
    conference.press("a", "*9")
    assert conference.told("a") == [4, "conference/participants"]
    conference.press("a", "**")
    conference.press("h", "**")
    assert conference.told("a")[-1] == "conference/help-guest"
    assert conference.told("h")[-1] == "conference/help-host"


def test_the_roll_call_of_a_large_room_is_cut() -> None:
    conference = Conference(terms(maximum=200))
    conference.host("h")
    conference.join(*(f"n{number}" for number in range(150)))
    conference.forget()
    conference.press("h", "*8")
    assert len(conference.told("h")) == SOUNDS_SPOKEN_MAX


def test_recording_begins_and_ends_by_key_and_all_are_told(conference: Conference) -> None:
    conference.press("h", "*#3")
    assert RecordingWanted(True) in conference.outputs
    assert conference.told("a") == ["conference/recording-on"]
    conference.press("h", "*#3")
    assert RecordingWanted(False) in conference.outputs


def test_a_room_that_is_never_recorded_is_not() -> None:
    conference = Conference(terms(records="never"))
    conference.host("h")
    assert "never recorded" in conference.press("h", "*#3")
    assert conference.told("h")[-1] == "conference/not-possible"
    assert not conference.room.is_recording


def test_a_host_calls_somebody_in_or_the_whole_list(conference: Conference) -> None:
    conference.press("h", "*0 4930123#")
    conference.press("h", "*0#")
    wanted = [each for each in conference.outputs if isinstance(each, CallWanted)]
    assert [each.number for each in wanted] == ["4930123", "x", "y"], "a is here"
    assert {each.by for each in wanted} == {"h"}


def test_a_host_fetches_somebody_in_private_and_both_come_back(conference: Conference) -> None:
    conference.press("h", "*#0 4930123#")
    (wanted,) = [each for each in conference.outputs if isinstance(each, CallWanted)]
    assert conference.placed["h"].background == "ringback"
    assert conference.press("h", "*#0 4930124#") == "somebody is being called already"
    assert conference.join("x", aside=wanted.aside) is None
    assert conference.heard_by("h") == {"x"}
    assert conference.heard_by("a") == {"b", "c"}
    conference.press("h", "*5#")
    assert conference.heard_by("x") == {"h", "a", "b", "c"}


def test_whoever_fetches_in_vain_is_told_and_comes_back(conference: Conference) -> None:
    conference.press("h", "*#0 4930123#")
    aside = conference.placed["h"].place
    assert aside is not None
    conference.room.fetch_failed(aside, "conference/not-reached")
    conference.wait(0.0)
    assert conference.told("h") == ["conference/not-reached", "conference/back"]
    assert conference.heard_by("h") == {"a", "b", "c"}


@pytest.mark.parametrize("ending", ["*5#", "hang up"])
def test_who_is_being_fetched_is_called_no_more_when_nobody_waits_for_him(conference: Conference, ending: str) -> None:
    conference.press("h", "*#0 4930123#")
    aside = conference.placed["h"].place
    assert aside is not None
    if ending == "hang up":
        conference.leave("h")
    else:
        conference.press("h", ending)
    assert FetchDropped(aside) in conference.outputs


def test_guests_may_mute_themselves_and_leave_and_nothing_that_concerns_others(conference: Conference) -> None:
    assert conference.press("a", "*2") == "wrong keys"
    assert conference.press("a", "*#9") == "wrong keys"
    assert conference.press("a", "*7 1#") == "wrong keys"
    conference.press("a", "*0")
    assert conference.dismissed() == {"a": LeaveReason.LEFT}


def test_an_operator_orders_what_hosts_do_but_what_needs_somebody_there(conference: Conference) -> None:
    assert conference.order(MuteAll(True)) == ""
    assert conference.order(MuteOne(2, False)) == ""
    assert conference.heard_by("b") == {"h", "a"}
    assert conference.order(Lock(True)) == conference.order(Lecture(False)) == conference.order(Record(True)) == ""
    assert conference.order(CallIn("123")) == ""
    assert conference.order(Fetch("123")) != ""
    assert conference.order(Remove(3)) == ""
    assert conference.order(End()) == ""
    events = conference.room.minutes(conference.now).events
    assert {event.by for event in events} == {"operator kim"}
    assert events[0].what == "all muted"


def test_an_order_of_somebody_who_has_just_left_does_nothing(conference: Conference) -> None:
    conference.leave("h")
    assert conference.press("h", "*2") != ""
    assert conference.heard_by("a") == {"b", "c"}


def test_orders_without_end_do_not_make_the_minutes_grow(conference: Conference) -> None:
    for _ in range(EVENTS_MAX + 10):
        conference.press("h", "*2")
    assert len(conference.room.minutes(conference.now).events) == EVENTS_MAX


def test_nobody_is_fetched_twice_into_one_private_talk(conference: Conference) -> None:
    conference.press("h", "*5 2#")
    conference.press("h", "*#0 123#")
    place = conference.placed["h"].place
    assert place is not None
    assert conference.room.is_fetching(place)
    conference.join("x", aside=place)
    assert conference.heard_by("a") == {"h", "x"}
    assert CallId("x") in conference.room.participants
