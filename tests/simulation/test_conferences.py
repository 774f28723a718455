"""Conferences in whole calls: the door, every key, who comes and goes, what dies."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from softswitch.app.conference_operations import ConferenceOperations
from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.calls.conferences.limits import ANNOUNCEMENTS_MAX
from softswitch.calls.conferences.pins import WRONG_MAX
from softswitch.calls.conferences.room import JOIN_TONE
from softswitch.calls.outcomes import ConferenceReason
from softswitch.calls.runtime import commanding
from softswitch.calls.runtime.transferring import transfer_caller
from softswitch.control.protocol.replies import ConferenceSet, Refused
from softswitch.control.protocol.requests import ConferenceAction, OrderConference
from softswitch.media.protocol import StartRecording, StreamTimedOut, TalkersChanged
from softswitch.sip.outputs import LegEnded, ReinviteReceived
from tests.simulation.conferring import BOARD, GUEST_PIN, HOST_PIN, ConferenceCentre, board, outcomes

Make = Callable[..., ConferenceCentre]


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(**changes: object) -> ConferenceCentre:
        workers = changes.pop("workers", 1)
        assert isinstance(workers, int)
        return ConferenceCentre(tmp_path, board(**changes), workers=workers)

    return make


# The door


def test_guests_wait_for_the_host_with_music_and_then_all_hear_each_other(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        guest = await centre.dial_in("+1")
        await centre.settled()
        assert centre.told(guest) == ["conference/enter-pin", "conference/wait-for-host"]
        assert centre.background_of(guest) == ["music default"]
        host = await centre.dial_in("+2", HOST_PIN)
        await centre.settled()
        assert centre.heard_by(host) == {"+1"}
        assert centre.heard_by(guest) == {"+2"}
        assert centre.background_of(guest) == []
        assert "conference/host-has-joined" in centre.told(guest)
        host.hang_up()
        guest.hang_up()
        await centre.all_over()
        assert {cdr.conference for cdr in centre.cdrs()} == {"board"}
        assert all(cdr.talk_s > 5.0 for cdr in centre.cdrs())

    centre(rejoin_s=0.0).hold(scenario)


def test_a_wrong_pin_is_told_and_after_three_the_flow_goes_on(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phone = await centre.dial_in("+1", "9999#")
        await centre.sleep(4.5)
        await centre.type(phone, "9998#")
        await centre.sleep(4.5)
        await centre.type(phone, "9997#")
        await centre.all_over()
        assert [outcome.reason for outcome in outcomes] == [ConferenceReason.WRONG_PIN]
        assert not centre.minutes()

    centre().hold(scenario)


def test_who_guesses_is_asked_no_more_and_others_are(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        for _ in range(WRONG_MAX // 3):
            phone = await centre.dial_in("+1", "9999#")
            for _ in range(2):
                await centre.sleep(4.5)
                await centre.type(phone, "9999#")
            await centre.until(lambda: phone.leg is None)  # noqa: B023
        phone = centre.phones["+1"]
        phone.call(BOARD)
        await centre.until(lambda: phone.is_answered)
        await centre.sleep(0.5)
        assert centre.told(phone) == ["conference/pin-blocked"]
        other = await centre.dial_in("+2")
        await centre.settled()
        assert "conference/wait-for-host" in centre.told(other)
        other.hang_up()
        await centre.all_over()

    centre(rejoin_s=0.0).hold(scenario)


def test_the_phone_of_a_host_needs_no_pin_and_who_was_cut_off_neither(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        anna = centre.phone("anna")
        assert await anna.register() == 200
        anna.call(BOARD, password="Secret-123")
        await centre.until(lambda: anna.is_answered)
        guest = await centre.dial_in("+1")
        await centre.settled()
        assert centre.heard_by(anna) == {"+1"}
        guest.hang_up()
        await centre.sleep(60)
        guest.call(BOARD)
        await centre.until(lambda: guest.is_answered)
        await centre.settled()
        assert centre.heard_by(anna) == {"+1"}
        assert "conference/enter-pin" not in centre.told(guest)
        guest.hang_up()
        anna.hang_up()
        await centre.sleep(301)
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert [(stay.number, stay.seat) for stay in minutes.stays] == [("+1", 2), ("+1", 2), ("201", 1)]

    centre(hosts=frozenset({"anna"}), rejoin_s=300.0).hold(scenario)


def test_the_sixteenth_is_refused_with_a_prompt(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phones = await centre.join(*(f"+{number}" for number in range(1, 16)))
        assert centre.heard_by(phones[3]) == {f"+{number}" for number in range(1, 16)} - {"+4"}
        late = await centre.dial_in("+16")
        await centre.sleep(0.5)
        assert centre.told(late)[-1] == "conference/is-full"
        await centre.until(lambda: late.leg is None)
        assert outcomes[-1].reason is ConferenceReason.FULL
        phones[5].hang_up()
        await centre.sleep(0.5)
        late = await centre.dial_in("+16")
        await centre.settled()
        assert "+16" in centre.heard_by(phones[0])
        await centre.type(phones[0], "*#9")
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert len(minutes.stays) == 16
        assert minutes.end_reason == "ended"

    centre().hold(scenario)


def test_names_are_asked_for_at_the_door_and_announced(centre: Make, tmp_path: Path) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host = await centre.dial_in("+1", HOST_PIN)
        await centre.sleep(10.0)
        guest = await centre.dial_in("+2")
        await centre.sleep(10.0)
        recordings = [each for each in centre.media_commands if isinstance(each, StartRecording)]
        assert len(recordings) == 2
        assert "conference/say-name" in centre.told(guest)
        name = recordings[1].recording.path
        assert centre.told(host)[-3:] == [JOIN_TONE, name, "conference/has-joined"]
        await centre.type(host, "*8")
        await centre.sleep(0.5)
        assert name in centre.told(host)[-4:]
        host.hang_up()
        guest.hang_up()
        await centre.all_over()
        assert not list(centre.store.recordings.ascending()), "names are no recordings"

    centre(announces="names", rejoin_s=0.0).hold(scenario)


def test_a_number_without_a_room_asks_for_the_pin_that_tells_which(tmp_path: Path) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phone = await centre.dial_in("+1", "4444#", number="900")
        await centre.settled()
        assert {each.key for each in centre.conferences.all_running()} == {"sales"}
        phone.hang_up()
        await centre.all_over()

    rooms = (
        board(room_id="board", number=""),
        board(room_id="sales", number="", host_pin="4444", guest_pin="5555", rejoin_s=0.0),
    )
    ConferenceCentre(tmp_path, *rooms).hold(scenario)


def test_a_range_of_numbers_is_a_room_each_and_whoever_dials_is_a_host(tmp_path: Path) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phones = [await centre.dial_in(f"+{number}", "", number=f"881{number % 2}") for number in range(4)]
        await centre.settled()
        assert centre.heard_by(phones[0]) == {"+2"}
        assert centre.heard_by(phones[1]) == {"+3"}
        assert {each.key for each in centre.conferences.all_running()} == {"meet-8810", "meet-8811"}
        await centre.type(phones[0], "*#9")
        await centre.type(phones[3], "*#9")
        await centre.all_over()

    ConferenceCentre(tmp_path, board(room_id="meet", number="88xx", host_pin="", guest_pin="")).hold(scenario)


def test_a_flow_that_names_a_room_there_is_not_is_at_fault(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phone = centre.caller("+1")
        phone.call("901")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert "conferences.toml" in cdr.fault

    centre().hold(scenario)


# Keys


def test_mute_oneself_all_and_one(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        await centre.type(first, "*1")
        assert centre.heard_by(host) == {"+3"}
        await centre.type(first, "*1")
        await centre.type(host, "*2")
        assert centre.heard_by(second) == {"+1"}
        await centre.type(host, "*2")
        await centre.type(host, "*3 3#")
        assert centre.heard_by(first) == {"+1"}
        await centre.type(host, "*3 3#")
        assert centre.heard_by(first) == {"+1", "+3"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_lecture_lock_and_count(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        await centre.type(host, "*#2")
        assert centre.heard_by(first) == {"+1"}
        await centre.type(host, "*3 2#")
        assert centre.heard_by(second) == {"+1", "+2"}
        await centre.type(host, "*#2")
        await centre.type(host, "*#1")
        await centre.settled()
        late = await centre.dial_in("+4")
        await centre.sleep(0.5)
        assert centre.told(late)[-1] == "conference/is-locked-to-you"
        await centre.type(first, "*9")
        await centre.sleep(0.5)
        assert centre.told(first)[-2:] == ["number 3", "conference/participants"]
        await centre.type(host, "*8")
        await centre.settled()
        assert centre.told(host).count("conference/number") == 3
        await centre.type(second, "**")
        await centre.settled()
        assert centre.told(second)[-1] == "conference/help-guest"
        await centre.type(second, "*2")
        await centre.settled()
        assert centre.told(second)[-1] == "conference/unknown-keys"
        await centre.type(host, "*#9")
        await centre.all_over()
        assert outcomes[-1].reason is ConferenceReason.ENDED

    centre().hold(scenario)


def test_a_private_talk_and_back(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second, third = await centre.join("+1", "+2", "+3", "+4")
        await centre.type(host, "*5 2#")
        assert centre.heard_by(host) == {"+2"}
        assert centre.heard_by(second) == {"+4"}
        await centre.type(host, "*5 3#")
        assert centre.heard_by(first) == {"+1", "+3"}
        assert centre.heard_by(third) == set()
        assert centre.background_of(third) == ["music default"]
        await centre.type(host, "*5#")
        assert centre.heard_by(third) == {"+1", "+2", "+3"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_louder_softer_remove_and_leave(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second, third = await centre.join("+1", "+2", "+3", "+4")
        await centre.type(first, "*6*6")
        stream = centre.worker.description.streams[centre.stream_of(first).stream_id]
        assert stream.gain_db == 6.0
        await centre.type(first, "*4")
        assert centre.worker.description.streams[centre.stream_of(first).stream_id].gain_db == 3.0
        await centre.type(second, "*#4*#4*#6")
        stream = centre.worker.description.streams[centre.stream_of(second).stream_id]
        assert (stream.hearing_gain_db, stream.gain_db) == (-3.0, 0.0)
        await centre.type(host, "*7 2#")
        await centre.until(lambda: first.leg is None)
        assert outcomes[-1].reason is ConferenceReason.REMOVED
        await centre.type(host, "*7#")
        await centre.until(lambda: third.leg is None)
        await centre.type(second, "*0")
        await centre.until(lambda: second.leg is None)
        assert outcomes[-1].reason is ConferenceReason.LEFT
        assert centre.background_of(host) == ["music default"]
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_recording_of_the_room_by_key(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+1", "+2")
        await centre.type(host, "*#3")
        await centre.settled()
        assert "conference/recording-on" in centre.told(guest)
        (recording,) = centre.worker.description.recordings.values()
        assert recording.room in centre.worker.description.rooms
        await centre.type(host, "*#3")
        await centre.sleep(0.5)
        (stored,) = centre.store.recordings.ascending()
        await centre.type(host, "*#9")
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert minutes.recordings == (stored.path,)
        assert stored.duration_s > 8.0
        assert stored.call_id == minutes.conference_id

    centre().hold(scenario)


# Who comes and goes otherwise


def test_it_ends_when_the_host_has_dropped_and_does_not_come_back(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        host.hang_up()
        await centre.sleep(30)
        assert "conference/host-has-left" in centre.told(first)
        await centre.dial_in("+1", "")
        await centre.sleep(100)
        assert centre.heard_by(second) == {"+1", "+2"}, "he came back in time, and was not asked for a PIN"
        host.hang_up()
        await centre.sleep(70)
        assert first.leg is None
        assert second.leg is None
        assert outcomes[-1].reason is ConferenceReason.HOST_LEFT
        await centre.all_over()

    centre(ends_with_host=True, host_grace_s=60.0).hold(scenario)


def test_whoever_holds_is_not_heard_and_nothing_else_changes(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        first.hold("sendonly")
        await centre.sleep(1)
        assert centre.heard_by(host) == {"+3"}
        first.hold("sendrecv")
        await centre.sleep(1)
        assert centre.heard_by(host) == {"+2", "+3"}
        await centre.type(host, "*#9")
        await centre.all_over()
        assert second.leg is None

    centre().hold(scenario)


def test_a_dead_phone_is_hung_up_and_the_others_go_on(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        call = centre.call_of(first)
        centre.worker.emit(StreamTimedOut(call.call_id, call.caller_stream.stream_id, 10.0))
        await centre.until(lambda: first.leg is None)
        assert centre.heard_by(second) == {"+1"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_after_the_death_of_its_worker_everything_is_as_it_was(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        await centre.type(host, "*#3")
        await centre.type(host, "*3 2#")
        await centre.settled()
        before = (
            dict(centre.worker.description.rooms),
            dict(centre.worker.description.recordings),
            dict(centre.worker.description.streams),
        )
        centre.worker_dies()
        await centre.sleep(1)
        centre.worker_returns()
        await centre.until(lambda: bool(centre.worker.description.streams))
        after = (
            dict(centre.worker.description.rooms),
            dict(centre.worker.description.recordings),
            dict(centre.worker.description.streams),
        )
        assert after == before
        await centre.type(host, "*5 3#")
        assert centre.heard_by(second) == {"+1"}
        assert centre.heard_by(first) == set()
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_all_are_on_one_worker_wherever_they_began(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        phones = await centre.join(*(f"+{number}" for number in range(1, 7)))
        assert len({centre.stream_of(phone).worker for phone in phones}) == 1
        assert any(phone.seen(ReinviteReceived) for phone in phones), "some had to move"
        for phone in phones:
            assert centre.heard_by(phone) == {each.name for each in phones} - {phone.name}
        await centre.type(phones[0], "*#9")
        await centre.all_over()

    # A number for all rooms: where a caller belongs is known after his stream was opened.
    centre(number="", workers=3).hold(scenario)


def test_talk_time_is_what_the_worker_says_of_who_talks(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+1", "+2")
        (room,) = centre.worker.description.rooms
        centre.worker.emit(TalkersChanged(room, [centre.stream_of(guest).stream_id]))
        await centre.sleep(7)
        centre.worker.emit(TalkersChanged(room, []))
        await centre.sleep(1)
        await centre.type(host, "*#9")
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert {stay.number: round(stay.talk_s) for stay in minutes.stays} == {"+1": 0, "+2": 7}

    centre().hold(scenario)


def test_who_is_transferred_away_is_himself_again_and_the_others_go_on(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, first, second = await centre.join("+1", "+2", "+3")
        await centre.type(first, "*1*6")
        transfer_caller(centre.call_of(first), "902", by="operator")
        await centre.sleep(3)
        assert centre.heard_by(second) == {"+1"}
        stream = centre.worker.description.streams[centre.stream_of(first).stream_id]
        assert not stream.is_muted
        assert stream.gain_db == 0.0
        first.hang_up()
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_callers_who_hang_up_at_the_door_leave_nothing_behind(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        for number, wait_s in enumerate((0.0, 0.5, 1.9, 2.1, 2.5)):
            phone = centre.caller(f"+{number}")
            phone.call(BOARD)
            await centre.until(lambda: phone.is_answered)  # noqa: B023
            await centre.sleep(wait_s)
            phone.hang_up()
        await centre.all_over()
        assert not centre.minutes()

    centre().hold(scenario)


def test_the_switch_stops_in_the_middle_of_it(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+1", "+2")
        await centre.type(host, "*#3")
        await centre.controller.drain(0.0)
        centre.conferences.stop()
        await centre.sleep(1)
        assert host.leg is None
        assert guest.leg is None
        assert host.seen(LegEnded)
        (minutes,) = centre.minutes()
        assert minutes.ended_at
        assert all(stay.left_at for stay in minutes.stays)
        assert not centre.conferences.all_running()

    centre().hold(scenario)


def test_who_is_known_by_pin_only_has_no_number_to_come_back_with(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+1", "+2")
        await centre.type(host, "*7 2#")
        await centre.until(lambda: guest.leg is None)
        again = await centre.dial_in("+2", GUEST_PIN)
        await centre.settled()
        assert "conference/enter-pin" in centre.told(again), "who was removed is asked again"
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_an_operator_sees_the_conference_and_runs_it(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        operations = ConferenceOperations(cast("Parts", centre))
        assert await operations.order_conference(OrderConference("board", "lock")) == Refused(
            "not_possible", 'nobody is in the room "board" now'
        )
        (row,) = operations.conferences()
        assert (row.room, row.number, row.participants) == ("board", BOARD, [])
        host, first, second = await centre.join("+1", "+2", "+3")
        mutes: list[tuple[ConferenceAction, set[str]]] = [("mute", {"+1", "+3"}), ("unmute", {"+1", "+2", "+3"})]
        for action, heard in mutes:
            answer = await operations.order_conference(OrderConference("board", action, 2, by="kim"))
            assert isinstance(answer, ConferenceSet)
            await centre.sleep(0.1)
            assert centre.heard_by(second) == heard - {"+3"}
        actions: list[ConferenceAction] = ["lecture", "discuss", "lock", "unlock", "record", "stop_recording"]
        for action in actions:
            answer = await operations.order_conference(OrderConference("board", action, by="kim"))
            assert isinstance(answer, ConferenceSet)
        await operations.order_conference(OrderConference("board", "remove", 2, by="kim"))
        await centre.until(lambda: first.leg is None)
        (row,) = operations.conferences()
        assert [(each.seat, each.role, each.place, each.is_heard) for each in row.participants] == [
            (1, "host", "main", True),
            (3, "guest", "main", True),
        ]
        refused = await operations.order_conference(OrderConference("board", "remove", 9))
        assert refused == Refused("not_possible", "there is no participant 9")
        assert isinstance(await operations.order_conference(OrderConference("nowhere", "end")), Refused)
        assert await operations.order_conference(OrderConference("board", "end", by="kim")) == ConferenceSet(None)
        await centre.until(lambda: host.leg is None)
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert {event.by for event in minutes.events} == {"operator kim"}

    centre().hold(scenario)


def test_recordings_that_are_archived_are_found_by_the_minutes(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*#3 *#3")
        await centre.sleep(1)
        (recording,) = centre.store.recordings.ascending()
        assert centre.records.is_in_progress(recording.call_id), "it is left alone while the conference goes on"
        await centre.type(host, "*#9")
        await centre.all_over()
        assert not centre.records.is_in_progress(recording.call_id)
        archived = replace(recording, path=recording.path.replace(".wav", ".flac"))
        centre.store.move_recording(archived, recording.path)
        (minutes,) = centre.minutes()
        assert minutes.recordings == (archived.path,)

    centre().hold(scenario)


def test_nobody_is_called_while_the_switch_stops(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, _ = await centre.join("+1", "+2")
        centre.conferences.stop_calling()
        await centre.type(host, "*0 201#")
        await centre.settled()
        assert centre.told(host)[-1] == "conference/not-possible"
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


@pytest.mark.parametrize("on_leg", ["conference", "consultation"])
def test_a_colleague_is_given_the_place_of_who_transfers_to_him(centre: Make, on_leg: str) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        anna, bert = centre.phone("anna"), centre.phone("bert")
        assert await anna.register() == await bert.register() == 200
        conference = anna.call(BOARD, password="Secret-123")
        await centre.until(lambda: anna.is_answered)
        guest = await centre.dial_in("+2")
        await centre.settled()
        assert centre.heard_by(guest) == {"anna"}
        consultation = anna.call("202", password="Secret-123")
        await centre.until(lambda: bert.is_answered)
        await centre.sleep(1)
        if on_leg == "conference":
            anna.refer("202", leg=conference, replaces=consultation)
        else:
            anna.refer(BOARD, leg=consultation, replaces=conference)
        await centre.sleep(2)
        anna.hang_up_all(conference, consultation)
        await centre.sleep(2)
        anna.is_answered = False
        assert centre.heard_by(guest) == {"bert"}
        assert centre.heard_by(bert) == {"+2"}
        await centre.type(bert, "*#9")
        await centre.all_over()
        (minutes,) = centre.minutes()
        stays = {stay.number: (stay.seat, stay.role, stay.reason) for stay in minutes.stays}
        assert stays["201"] == (1, "host", "gave his place")
        assert stays["202"] == (1, "host", "ended")

    centre(hosts=frozenset({"anna"})).hold(scenario)


def test_one_of_them_is_told_something_by_command_and_the_others_hear_nothing_of_it(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        host, guest = await centre.join("+101", "+102")
        call = centre.call_of(guest)
        before = len(centre.told(host))
        await commanding.play(call, ["caller", "called"], ["notice/line"], is_over=False)
        await centre.sleep(0.1)
        assert centre.told(guest)[-1] == "notice/line"
        assert "+101" in centre.heard_by(guest), "beside the others"
        commanding.stop_playing(call, ["caller"])
        await centre.sleep(0.1)
        for _ in range(ANNOUNCEMENTS_MAX + 1):
            await commanding.play(call, ["caller"], ["notice/line"], is_over=True)
        with pytest.raises(LocalError, match="too much is to be said"):
            await commanding.play(call, ["caller"], ["notice/line"], is_over=False)
        commanding.stop_playing(call, ["caller"])
        await centre.sleep(0.1)
        assert not centre.worker.description.playbacks
        assert len(centre.told(host)) == before
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)
