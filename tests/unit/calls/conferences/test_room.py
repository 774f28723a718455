"""A conference as it goes: who comes in, who waits, what is left of it."""

import pytest

from softswitch.calls.conferences.limits import FORMER_MAX, STAYS_MAX
from softswitch.calls.conferences.outputs import MinutesChanged, RecordingWanted
from softswitch.calls.conferences.participant import Newcomer
from softswitch.calls.conferences.room import JOIN_TONE, LEAVE_TONE
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason, Role
from tests.unit.calls.conferences.conference import WALL_OFFSET, Conference, terms


def test_guests_wait_with_music_until_a_host_comes() -> None:
    conference = Conference()
    conference.join("a", "b")
    assert conference.told("a") == ["conference/wait-for-host"]
    assert conference.placed["a"].background == conference.placed["b"].background == "music"
    assert conference.heard_by("a") == set()
    conference.host("h")
    assert conference.heard_by("a") == {"b", "h"}
    assert conference.heard_by("h") == {"a", "b"}
    assert conference.placed["a"].background == ""
    assert "conference/host-has-joined" in conference.told("b")


def test_where_nobody_is_host_everybody_is_and_nobody_waits() -> None:
    conference = Conference(terms(host_pin="", guest_pin="2222"))
    conference.host("a", "b")
    assert conference.heard_by("a") == {"b"}


def test_one_who_is_alone_hears_music_until_another_comes() -> None:
    conference = Conference(terms(waits_for_host=False))
    conference.join("a")
    assert conference.told("a") == ["conference/you-are-first"]
    assert conference.placed["a"].background == "music"
    conference.join("b")
    assert conference.placed["a"].background == ""
    conference.leave("b")
    assert conference.placed["a"].background == "music"


def test_the_sixteenth_does_not_come_in() -> None:
    conference = Conference(terms(waits_for_host=False))
    assert conference.join(*"abcdefghijklmno") is None
    assert conference.join("p") is JoinRefusal.FULL
    assert conference.host("h") is JoinRefusal.FULL
    conference.leave("a")
    assert conference.join("p") is None


@pytest.mark.parametrize(
    ("announces", "coming", "going"),
    [
        ("nothing", [], []),
        ("tones", [JOIN_TONE], [LEAVE_TONE]),
        (
            "names",
            [JOIN_TONE, "/b.wav", "conference/has-joined"],
            [LEAVE_TONE, "/b.wav", "conference/has-left"],
        ),
    ],
)
def test_who_comes_and_goes_is_announced_to_the_others(announces: str, coming: list[str], going: list[str]) -> None:
    conference = Conference(terms(waits_for_host=False, announces=announces))
    conference.join("a")
    conference.forget()
    conference.join("b", name_sound="/b.wav")
    assert conference.told("a") == coming
    assert not conference.told("b")
    conference.forget()
    conference.leave("b")
    assert conference.told("a") == going


def test_without_a_recorded_name_the_number_of_the_roll_call_is_announced() -> None:
    conference = Conference(terms(waits_for_host=False, announces="names"))
    conference.join("a", "b")
    assert conference.told("a")[-4:] == [JOIN_TONE, "conference/participant", 2, "conference/has-joined"]


def test_who_was_cut_off_has_his_number_and_may_pass_the_lock() -> None:
    conference = Conference()
    conference.host("h")
    conference.join("a", "b")
    conference.press("h", "*#1")
    conference.leave("a")
    assert conference.join("c") is JoinRefusal.LOCKED
    former = conference.room.former("a", conference.now)
    assert former is not None
    assert former.role is Role.GUEST
    assert conference.join("a") is None
    assert conference.room.by_seat(2) is not None
    assert [stay.seat for stay in conference.room.minutes(conference.now).stays if stay.number == "a"] == [2, 2]


def test_after_the_time_to_rejoin_he_is_a_stranger() -> None:
    conference = Conference(terms(rejoin_s=300.0))
    conference.host("h")
    conference.join("a")
    conference.leave("a")
    conference.wait(300.0)
    assert conference.room.former("a", conference.now) is None


def test_who_was_removed_is_a_stranger_at_once() -> None:
    conference = Conference()
    conference.host("h")
    conference.join("a")
    conference.press("h", "*7 2#")
    assert conference.room.former("a", conference.now) is None
    assert conference.dismissed() == {"a": LeaveReason.REMOVED}


def test_callers_who_show_no_number_are_never_known_again() -> None:
    conference = Conference(terms(waits_for_host=False))
    conference.join("")
    conference.leave("")
    assert conference.room.former("", conference.now) is None


def test_it_ends_with_the_host_if_he_does_not_come_back() -> None:
    conference = Conference(terms(ends_with_host=True, host_grace_s=60.0))
    conference.host("h")
    conference.join("a", "b")
    conference.leave("h")
    assert "conference/host-has-left" in conference.told("a")
    conference.wait(59.0)
    assert not conference.dismissed()
    conference.host("h")
    conference.wait(100.0)
    assert not conference.dismissed()
    conference.leave("h")
    conference.wait(60.0)
    assert conference.dismissed() == {"a": LeaveReason.HOST_LEFT, "b": LeaveReason.HOST_LEFT}
    assert conference.is_closed
    assert conference.room.minutes(conference.now).end_reason == "host left"


def test_a_second_host_keeps_it_going() -> None:
    conference = Conference(terms(ends_with_host=True, host_grace_s=0.0))
    conference.host("h", "i")
    conference.join("a")
    conference.leave("h")
    assert not conference.dismissed()
    conference.leave("i")
    assert conference.dismissed() == {"a": LeaveReason.HOST_LEFT}


def test_without_that_guests_go_on_among_themselves() -> None:
    conference = Conference()
    conference.host("h")
    conference.join("a", "b")
    conference.leave("h")
    conference.wait(3600.0)
    assert conference.heard_by("a") == {"b"}


def test_an_empty_room_waits_for_those_who_were_cut_off_and_begins_anew_for_others() -> None:
    conference = Conference(terms(rejoin_s=300.0))
    conference.host("h")
    conference.press("h", "*#1")
    conference.leave("h")
    assert not conference.is_closed
    conference.wait(200.0)
    assert conference.join("a") is None
    assert conference.placed["a"].place is None, "the host has gone, so it waits for one"
    conference.leave("a")
    conference.wait(299.0)
    assert not conference.is_closed
    conference.wait(1.0)
    assert conference.is_closed
    minutes = conference.room.minutes(conference.now)
    assert minutes.end_reason == "all left"
    assert minutes.ended_at == pytest.approx(100.0 + 200.0 + WALL_OFFSET)


def test_a_room_that_is_recorded_always_is_from_the_first_to_the_last() -> None:
    conference = Conference(terms(records="always"))
    conference.join("a")
    assert not [each for each in conference.outputs if isinstance(each, RecordingWanted)]
    conference.host("h")
    assert conference.outputs.count(RecordingWanted(True)) == 1
    conference.forget()
    conference.join("b")
    assert conference.told("b") == ["conference/is-recorded"]
    for name in ("a", "b", "h"):
        conference.leave(name)
    assert conference.outputs.count(RecordingWanted(False)) == 1


def test_the_minutes_tell_who_when_how_long_and_how_much_he_said() -> None:
    conference = Conference()
    conference.host("h")
    conference.wait(10.0)
    conference.join("a")
    conference.room.talkers(0, {"a"}, conference.now)  # type: ignore[arg-type]
    conference.wait(4.0)
    conference.room.talkers(0, {"h"}, conference.now)  # type: ignore[arg-type]
    conference.wait(2.0)
    conference.leave("a")
    conference.press("h", "*#9")
    minutes = conference.room.minutes(conference.now)
    a, h = minutes.stays
    assert (a.number, a.role, a.joined_at, a.left_at, a.talk_s, a.reason) == (
        "a",
        "guest",
        110.0 + WALL_OFFSET,
        116.0 + WALL_OFFSET,
        4.0,
        "hung up",
    )
    assert (h.role, h.talk_s, h.reason) == ("host", 2.0, "ended")
    assert (minutes.started_at, minutes.ended_at, minutes.end_reason) == (
        100.0 + WALL_OFFSET,
        116.0 + WALL_OFFSET,
        "ended",
    )
    assert [(event.what, event.by) for event in minutes.events] == [("ended", "h")]


def test_minutes_are_to_be_stored_whenever_somebody_comes_or_goes() -> None:
    conference = Conference(terms(waits_for_host=False))
    for change in (lambda: conference.join("a"), lambda: conference.join("b"), lambda: conference.leave("a")):
        conference.forget()
        change()
        assert isinstance(conference.outputs[-1], MinutesChanged)


def test_a_phone_that_redials_all_day_does_not_make_it_grow() -> None:
    conference = Conference(terms(waits_for_host=False))
    conference.join("h")
    for number in range(STAYS_MAX + FORMER_MAX):
        name = f"n{number}"
        conference.room.join(Newcomer(name, Role.GUEST, number=name), conference.now)  # type: ignore[arg-type]
        conference.room.leave(name, LeaveReason.HUNG_UP, conference.now)  # type: ignore[arg-type]
        conference.room.take_outputs()
    minutes = conference.room.minutes(conference.now)
    assert len(minutes.stays) == STAYS_MAX + 1
    assert minutes.stays_left_out == FORMER_MAX
    assert conference.room.former("n0", conference.now) is None


def test_when_the_switch_stops_the_minutes_are_complete() -> None:
    conference = Conference()
    conference.host("h")
    conference.room.stop("switch stopped", conference.now)
    minutes = conference.room.minutes(conference.now)
    assert minutes.ended_at
    assert minutes.end_reason == "switch stopped"
    assert all(stay.left_at for stay in minutes.stays)


def test_who_is_given_a_seat_is_what_the_other_was_and_the_minutes_have_both() -> None:
    conference = Conference()
    conference.host("h")
    conference.join("a")
    conference.room.talkers(0, {"h"}, conference.now)  # type: ignore[arg-type]
    conference.wait(5.0)
    conference.room.rename("h", "i", "Ida", "ida", conference.now)  # type: ignore[arg-type]
    conference.room.rename("h", "i", "Ida", "ida", conference.now)  # type: ignore[arg-type]
    conference.room.rename("nobody", "i", "Ida", "ida", conference.now)  # type: ignore[arg-type]
    conference.wait(2.0)
    conference.press("h", "*#9")
    stays = [each for each in conference.room.minutes(conference.now).stays if each.seat == 1]
    assert [(each.number, each.account, each.role, each.talk_s, each.reason) for each in stays] == [
        ("h", "", "host", 5.0, "gave his place"),
        ("i", "ida", "host", 0.0, "ended"),
    ]
