"""People who are called for a conference: by a host's keys, by command, by the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from softswitch.calls.conferences.orders import CallIn, CallList
from softswitch.calls.conferences.times import ConferenceTime
from softswitch.calls.runtime.conferences.keeper import Conferences
from softswitch.sip.outputs import InviteReceived, LegEnded, ReinviteReceived
from softswitch.store.conference_schema import StoredConferenceClock
from softswitch.testing.clock import ManualClock
from softswitch.testing.runtime.simulated_phone import SimulatedPhone
from tests.simulation.conferring import ConferenceCentre, board

Make = Callable[..., ConferenceCentre]
PROVIDER = "+4930555"
"""Calls to the outside ring at the phone that was made first."""


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(*, workers: int = 1, **changes: object) -> ConferenceCentre:
        return ConferenceCentre(tmp_path, board(**changes), workers=workers)

    return make


async def registered(centre: ConferenceCentre, *names: str) -> list[SimulatedPhone]:
    phones = [centre.phone(name) for name in names]
    for phone in phones:
        assert await phone.register() == 200
    return phones


def test_a_host_calls_somebody_in_who_joins_with_one(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        outside = centre.caller(PROVIDER)
        host, guest = await centre.join("+1", "+2")
        await centre.type(host, "*0 201#")
        assert centre.told(host)[-1] == "conference/calling"
        (anna,) = await registered(centre, "anna")
        await centre.sleep(70)
        await centre.until(lambda: anna.is_answered)
        await centre.sleep(1)
        assert centre.told(anna)[:4] == [
            "conference/invitation",
            "conference/invited-by",
            "digit/1",
            "conference/invitation-keys",
        ]
        await centre.type(anna, "1")
        assert centre.heard_by(anna) == {"+1", "+2"}
        anna.hold("sendonly")
        await centre.sleep(1)
        anna.hold("sendrecv")
        await centre.sleep(1)
        assert centre.heard_by(guest) == {"+1", "anna"}
        await centre.type(host, "*#9")
        await centre.all_over()
        (minutes,) = centre.minutes()
        assert [(stay.number, stay.is_called, stay.role) for stay in minutes.stays if stay.is_called] == [
            ("201", True, "guest")
        ]
        assert not outside.events
        assert guest.leg is None
        called = [cdr for cdr in centre.cdrs() if cdr.called_number == "201"]
        assert [event.what for event in minutes.events if "201" in event.what] == ["calls 201", "201 was not reached"]
        assert {cdr.conference for cdr in called} == {"board"}, "who was not there was called again"
        assert len(called) == 2

    centre(attempts=2, retry_s=60.0).hold(scenario)


@pytest.mark.parametrize("keys", ["*0 201#", "*#0 201#"])
def test_a_locked_room_is_open_to_those_who_are_called(centre: Make, keys: str) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*#1")
        await centre.type(host, keys)
        await centre.until(lambda: anna.is_answered)
        await centre.sleep(0.5)
        if keys == "*0 201#":
            await centre.type(anna, "1")
        else:
            await centre.type(host, "*5#")
        await centre.sleep(0.5)
        assert centre.heard_by(anna) == {"+1", "+2"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_who_refuses_with_two_is_not_called_again_and_the_host_is_told(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*0 201#")
        await centre.until(lambda: anna.is_answered)
        await centre.sleep(0.5)
        await centre.type(anna, "2")
        await centre.until(lambda: anna.leg is None)
        await centre.settled()
        assert centre.told(host)[-1] == "conference/not-reached"
        await centre.sleep(200)
        assert len(anna.seen(InviteReceived)) == 1
        await centre.type(host, "*#9")
        await centre.all_over()

    centre(attempts=3, retry_s=60.0).hold(scenario)


def test_a_machine_that_answers_does_not_join(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        machine = centre.caller(PROVIDER)
        host, guest = await centre.join("+1", "+2")
        await centre.type(host, "*0 004930123#")
        await centre.sleep(120)
        assert len(machine.seen(InviteReceived)) == 2
        assert machine.leg is None
        assert centre.heard_by(guest) == {"+1"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre(attempts=2, retry_s=10.0).hold(scenario)


def test_a_host_fetches_somebody_talks_to_him_alone_and_brings_him_back(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        anna.answer_after_s = 5.0
        host, guest, other = await centre.join("+1", "+2", "+3")
        await centre.type(host, "*#0 201#")
        assert centre.background_of(host) == ["tone ringback"]
        assert centre.heard_by(guest) == {"+3"}
        await centre.until(lambda: anna.is_answered)
        await centre.sleep(1)
        assert centre.heard_by(anna) == {"+1"}
        assert centre.heard_by(host) == {"anna"}
        assert "conference/invitation" not in centre.told(anna)
        await centre.type(host, "*5#")
        assert centre.heard_by(other) == {"+1", "+2", "anna"}
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


@pytest.mark.parametrize("ending", ["busy", "returns", "hangs up"])
def test_who_is_fetched_in_vain(centre: Make, ending: str) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        anna.answer_after_s = None
        anna.busy_status = 486 if ending == "busy" else None
        host, guest, _ = await centre.join("+1", "+2", "+3")
        await centre.type(host, "*#0 201#")
        await centre.sleep(1)
        if ending == "returns":
            await centre.type(host, "*5#")
        elif ending == "hangs up":
            host.hang_up()
        await centre.settled()
        assert anna.leg is None, "it rings no more"
        if ending == "hangs up":
            assert centre.heard_by(guest) == {"+3"}
            await centre.dial_in("+1", "1111#")
            await centre.settled()
        assert centre.heard_by(guest) == {"+1", "+3"}
        assert ("conference/not-reached" in centre.told(host)) == (ending == "busy")
        await centre.type(host, "*#9")
        await centre.all_over()

    centre().hold(scenario)


def test_the_list_is_called_at_one_key_and_who_is_here_is_not(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        anna, bert = await registered(centre, "anna", "bert")
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*0#")
        await centre.until(lambda: anna.is_answered and bert.is_answered)
        await centre.sleep(0.5)
        await centre.type(anna, "1")
        await centre.type(bert, "1")
        assert centre.heard_by(bert) == {"+1", "+2", "anna"}
        await centre.type(host, "*0#")
        await centre.settled()
        assert len(anna.seen(InviteReceived)) == 1
        assert centre.told(host)[-1] == "conference/not-possible"
        await centre.type(host, "*#9")
        await centre.all_over()

    centre(participants=("201", "202")).hold(scenario)


def test_a_command_begins_a_conference_and_calls(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        anna, bert = await registered(centre, "anna", "bert")
        assert centre.conferences.order("board", CallList(), "kim") == ""
        await centre.until(lambda: anna.is_answered and bert.is_answered)
        await centre.sleep(0.5)
        assert centre.told(anna) == ["conference/invitation", "conference/invitation-keys"]
        await centre.type(anna, "1")
        await centre.type(bert, "1")
        assert centre.heard_by(anna) == {"bert"}
        assert len({centre.stream_of(phone).worker for phone in (anna, bert)}) == 1
        assert not anna.seen(ReinviteReceived), "it was known where to open its stream"
        anna.hang_up()
        bert.hang_up()
        await centre.all_over()

    centre(participants=("201", "202"), hosts=frozenset({"anna"}), rejoin_s=0.0, workers=3).hold(scenario)


def test_nothing_is_left_of_calls_to_which_nobody_came(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        assert centre.conferences.order("board", CallIn("201"), "kim") == ""
        assert centre.conferences.order("nowhere", CallIn("201"), "kim") is None
        refused = centre.conferences.order("board", CallIn("999"), "kim")
        assert refused == 'no extension has the number "999", and no trunk carries it'
        assert "999" not in centre.conferences.all_running()[0].invitations.waiting
        await centre.sleep(200)
        assert not centre.minutes()
        await centre.all_over()

    centre(attempts=2, retry_s=30.0).hold(scenario)


def test_a_number_that_may_not_be_called_is_not(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        outside = centre.caller(PROVIDER)
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*0 004930123#")
        await centre.settled()
        assert centre.told(host)[-1] == "conference/not-possible"
        assert not outside.seen(InviteReceived)
        await centre.type(host, "*#9")
        await centre.all_over()

    centre(through="", attempts=3).hold(scenario)


def test_the_list_is_called_when_it_is_time_and_each_week(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        for wait_s in (1700.0, 7 * 86_400 - 60.0):
            await centre.sleep(wait_s)
            assert anna.leg is None
            assert await anna.register() == 200
            began = len(anna.seen(InviteReceived))
            await centre.until(lambda: len(anna.seen(InviteReceived)) > began)  # noqa: B023
            await centre.until(lambda: anna.is_answered)
            at = datetime.fromtimestamp(centre.clock.wall(), UTC)
            assert (at.hour, at.minute) == (when.hour, when.minute)
            await centre.sleep(0.5)
            await centre.type(anna, "1 *0")
            await centre.until(lambda: anna.leg is None)
        await centre.all_over()

    when = datetime.fromtimestamp(ManualClock().wall(), UTC) + timedelta(minutes=30)
    time = ConferenceTime(days=frozenset({when.weekday()}), minute=when.hour * 60 + when.minute, timezone="UTC")
    centre(participants=("201",), times=(time,), rejoin_s=0.0, waits_for_host=False).hold(scenario)


@pytest.mark.parametrize(("late_s", "is_called"), [(600.0, True), (2000.0, False)])
def test_a_time_while_the_switch_was_down(centre: Make, late_s: float, is_called: bool) -> None:
    """Made up for within a quarter of an hour; later it is in the minutes as missed."""

    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        centre.conferences.stop_calling()
        looked_at_wall = centre.clock.wall()
        await centre.sleep(1800 + late_s)
        assert anna.leg is None
        assert await anna.register() == 200

        # The next switch looks up to when the former had.
        centre.store.conference_clock.put("looked", StoredConferenceClock(looked_at_wall=looked_at_wall))
        successor = Conferences(centre.store, centre.loop)
        successor.connect(centre.around, centre.controller)
        successor.start()
        await centre.sleep(5)
        assert bool(anna.seen(InviteReceived)) is is_called
        missed = [each for each in centre.minutes() if each.end_reason == "missed"]
        assert [(each.room_id, each.started_at) for each in missed] == (
            [] if is_called else [("board", due.timestamp())]
        )
        await centre.sleep(60)
        successor.stop()
        await centre.all_over()

    due = datetime.fromtimestamp(ManualClock().wall(), UTC).replace(second=0, microsecond=0) + timedelta(minutes=30)
    time = ConferenceTime(on=due.date(), minute=due.hour * 60 + due.minute, timezone="UTC")
    centre(participants=("201",), times=(time,), attempts=1, ring_s=5.0, waits_for_host=False).hold(scenario)


def test_the_called_party_hangs_up_while_he_is_asked(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        anna.talk_s = 1.0
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*0 201#")
        await centre.settled()
        assert anna.leg is None
        assert centre.told(host)[-1] == "conference/not-reached"
        await centre.type(host, "*#9")
        await centre.all_over()

    centre(attempts=1).hold(scenario)


def test_it_ends_while_somebody_is_being_called(centre: Make) -> None:
    async def scenario(centre: ConferenceCentre) -> None:
        (anna,) = await registered(centre, "anna")
        anna.answer_after_s = None
        host, _ = await centre.join("+1", "+2")
        await centre.type(host, "*0 201#")
        await centre.sleep(1)
        assert anna.leg is not None
        await centre.type(host, "*#9")
        await centre.sleep(1)
        assert anna.leg is None
        assert anna.seen(LegEnded)
        await centre.all_over()

    centre().hold(scenario)
