"""What callers are in when the switch process is killed is what they are in afterwards: slots, lines, rooms, boxes."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.call_state import CallState
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.programs import Program
from softswitch.calls.runtime.commanding import park
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.voice_box import VoiceBox
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.media.protocol import DtmfReceived, StartPlay, StartRecording, TalkersChanged
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
SECRET = "Secret-123"
HOTLINE = "+18005550100"

Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@flow
async def waits_parked(call: Call) -> None:
    outcome = await call.park(timeout_s=40.0)
    call.tag("parked", f"{outcome.reason.value} {outcome.retrieved_by} {outcome.wait_s:.1f} {outcome.talk_s:.1f}")
    await call.play("nobody-came")


@flow
async def message(call: Call) -> None:
    taken = await call.record(limit_s=60.0)
    call.tag("message", f"{taken.ended_by} {taken.duration_s:.1f} {taken.path}")
    await call.play("thanks")


@flow
async def room(call: Call) -> None:
    await call.conference("board")


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def paused(call: Call) -> None:
    await call.answer()
    await call.pause(30.0)
    await call.play("over")


@flow
async def analysed(call: Call) -> None:
    await call.start_stream("notes", side="mixed", rate_hz=16000, values={"order": "4711"})
    await call.start_stream("gone")
    await call.pause(20.0)
    await call.stop_stream("notes")
    await call.pause(20.0)


@pytest.fixture
def flows() -> dict[str, Flow]:
    shipped, _ = load_flows([DIALPLANS])
    own = {each.__name__: each for each in (waits_parked, message, room, support, paused, analysed)}
    return {**shipped, **own}


@pytest.fixture
def centre(tmp_path: Path, flows: dict[str, Flow]) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows=flows,
        routes={
            HOTLINE: "support",
            "800": "waits_parked",
            "801": "message",
            "802": "room",
            "803": "paused",
            "804": "analysed",
            "7xx": "retrieve",
            "101": "extension",
            "*88": "agent_line",
            "*51!": "supervise_listen",
            "1xx": "extension",
        },
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=5.0)],
        agents=[Agent(agent_id=AgentId("ann"))],
        phones=[
            Extension(username="carl", number="110", teams=frozenset({"west"})),
            Extension(username="dora", number="111", supervises=frozenset({"west"})),
            Extension(username="anna", number="101"),
        ],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            voicemail_directory=str(tmp_path / "voicemail"),
            ring_s=5.0,
            parking_slots=("701", "702"),
            programs={name: Program(url=f"wss://{name}.example.com") for name in ("notes", "gone")},
            voice_boxes={"anna": VoiceBox(box="anna", number="101", owner="anna", pin="4711")},
            conferences={"board": RoomTerms(room_id="board", name="Board", number="802", announces="nothing")},
        ),
        outlives=True,
    )


def played(centre: SimulatedCentre, since: int = 0) -> list[str]:
    return [
        sound for each in centre.media_commands[since:] if isinstance(each, StartPlay) for sound in each.playback.sounds
    ]


def tag(centre: SimulatedCentre, name: str) -> str:
    """What a flow has noted in the record of its call: not what flows of switches that died would have noted."""
    (value,) = [cdr.tags[name] for cdr in centre.cdrs() if name in cdr.tags]
    return value


def state(centre: SimulatedCentre) -> AgentState:
    (ann,) = centre.acd.agent_summaries()
    return ann.state


async def caller(centre: SimulatedCentre, number: str, who: str = "+15551234") -> SimulatedPhone:
    phone = centre.caller(who)
    phone.call(number)
    await centre.until(lambda: phone.is_answered)
    await centre.sleep(5.0)
    return phone


def test_who_is_parked_is_in_his_slot_and_can_be_fetched(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("carl").register() == 200
        phone = await caller(centre, "800")
        before = len(centre.media_commands)
        await centre.restart()
        await centre.sleep(5.0)
        assert list(centre.parking.taken) == ["701"]
        assert played(centre, before) == []
        centre.phone("carl").call("701", password=SECRET)
        await centre.until(lambda: any(each.conversation for each in centre.controller.calls.values()))
        assert not centre.parking.taken
        await centre.sleep(5.0)
        await centre.restart()
        await centre.sleep(5.0)
        assert phone.is_answered
        centre.phone("carl").hang_up()
        await centre.all_over()
        reason, by, wait_s, talk_s = tag(centre, "parked").split()
        assert (reason, by) == ("retrieved", "carl")
        assert float(wait_s) == pytest.approx(10.3, abs=0.4)
        assert float(talk_s) == pytest.approx(10.3, abs=0.4)

    centre.run(scenario)


def test_and_goes_back_to_his_flow_when_his_time_is_over(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        began_at = centre.clock.now()
        await caller(centre, "800")
        await centre.restart()
        await centre.until(lambda: "nobody-came" in played(centre))
        assert centre.clock.now() - began_at == pytest.approx(40.0, abs=0.5)
        await centre.all_over()
        assert tag(centre, "parked").startswith("timed_out")

    centre.run(scenario)


def test_a_pause_is_as_long_as_it_was(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        began_at = centre.clock.now()
        await caller(centre, "803")
        await centre.restart()
        await centre.until(lambda: "over" in played(centre))
        assert centre.clock.now() - began_at == pytest.approx(30.0, abs=0.5)
        await centre.all_over()

    centre.run(scenario)


def test_an_open_line_stays_open_and_its_agent_ready(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password=SECRET)
        await centre.until(lambda: state(centre) is AgentState.READY)
        await centre.sleep(5.0)
        await centre.restart()
        await centre.sleep(1.0)
        assert state(centre) is AgentState.READY
        first = await caller(centre, HOTLINE)
        assert state(centre) is AgentState.BUSY
        await centre.restart()
        await centre.sleep(3.0)
        first.hang_up()
        await centre.until(lambda: state(centre) is AgentState.WRAP_UP)
        await centre.until(lambda: state(centre) is AgentState.READY)
        assert ann.is_answered, "the line is still the call he has made"
        second = await caller(centre, HOTLINE, "+15559999")
        assert state(centre) is AgentState.BUSY
        second.hang_up()
        await centre.sleep(2.0)
        ann.hang_up()
        await centre.until(lambda: state(centre) is AgentState.LOGGED_OUT)
        await centre.all_over()

    centre.run(scenario)


def test_a_key_of_somebody_who_came_from_another_call_is_heard_after_a_restart(centre: SimulatedCentre) -> None:
    """The media worker has his stream in the name of that call: he is an agent on an open line, and done."""

    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password=SECRET)
        await centre.until(lambda: state(centre) is AgentState.READY)
        phone = await caller(centre, HOTLINE)
        await centre.restart()
        await centre.sleep(1.0)
        (call,) = centre.controller.calls.values()
        assert call.conversation is not None
        stream = call.conversation.far.stream
        assert stream is not None
        assert stream.call_id != call.call_id
        centre.worker.emit(DtmfReceived(stream.call_id, stream.stream_id, "*"))
        await centre.until(lambda: not phone.is_answered, within_s=5.0)
        assert ann.is_answered
        ann.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_an_open_line_stays_open_while_its_agent_is_told_about_a_caller(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        hears = {"support": QueueTreatment(agent_hears=("queue/support",))}
        centre.settings = msgspec.structs.replace(centre.settings, queues=hears)
        ann = centre.phone("ann")
        ann.call("*88", password=SECRET)
        await centre.until(lambda: state(centre) is AgentState.READY)
        phone = centre.caller("+15551234")
        phone.call(HOTLINE)
        await centre.until(lambda: "queue/support" in played(centre))
        await centre.sleep(0.5)
        await centre.restart()
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()), within_s=10.0)
        assert state(centre) is AgentState.BUSY
        assert not ann.seen(InviteReceived), "her phone does not ring"
        await centre.sleep(5.0)
        phone.hang_up()
        await centre.until(lambda: state(centre) is AgentState.READY, within_s=10.0)
        assert ann.is_answered, "the line is still the call she has made"
        ann.hang_up()
        await centre.until(lambda: state(centre) is AgentState.LOGGED_OUT)
        await centre.all_over()

    centre.run(scenario)


def test_an_agent_who_leaves_his_desk_during_a_contact_keeps_no_line_afterwards(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        ann = centre.phone("ann")
        ann.call("*88", password=SECRET)
        await centre.until(lambda: state(centre) is AgentState.READY)
        phone = await caller(centre, HOTLINE)
        desk = centre.settings.extension_of_agent(AgentId("ann"))
        assert desk is not None
        assert centre.desks.log_out(desk)
        await centre.sleep(0.1)
        assert ann.is_answered, "until he is done with the caller"
        await centre.restart()
        await centre.sleep(3.0)
        phone.hang_up()
        await centre.sleep(1.0)
        assert not ann.is_answered
        await centre.all_over()

    centre.run(scenario)


def test_a_message_goes_on_in_its_file(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await caller(centre, "801")
        await centre.restart()
        await centre.sleep(5.0)
        phone.press("#")
        await centre.until(lambda: "thanks" in played(centre))
        await centre.all_over()
        ended_by, duration_s, path = tag(centre, "message").split()
        assert ended_by == "#"
        assert float(duration_s) == pytest.approx(8.3, abs=0.6)
        files = {each.recording.path for each in centre.media_commands if isinstance(each, StartRecording)}
        assert files == {path}

    centre.run(scenario)


@pytest.mark.parametrize("has_flow", [True, False])
def test_a_voice_message_is_left_once_and_whole(centre: SimulatedCentre, has_flow: bool) -> None:
    """Even if the flow is there no more."""

    async def scenario(centre: SimulatedCentre) -> None:
        phone = centre.caller("+15551234")
        phone.call("101")
        await centre.until(lambda: bool(centre.worker.description.recordings))
        await centre.sleep(5.0)
        if not has_flow:
            centre.use_flows({"support": support})
        await centre.restart()
        assert centre.voicemail.of("anna") == [], "he is still talking"
        await centre.sleep(5.0)
        phone.hang_up()
        await centre.all_over()
        (left,) = centre.voicemail.of("anna")
        assert left.state == "new"
        assert left.duration_s == pytest.approx(10.3, abs=0.3)

    centre.run(scenario)


def test_nobody_leaves_a_conference(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phones = [await caller(centre, "802", f"+1555000{number}") for number in range(3)]
        await centre.sleep(5.0)
        await centre.restart()
        await centre.restart(away_s=0.02)
        await centre.sleep(5.0)
        assert all(phone.is_answered for phone in phones)
        (conference,) = centre.conferences.all_running()
        assert len(conference.room.participants) == 3
        fourth = await caller(centre, "802", "+15550009")
        assert len(conference.room.participants) == 4
        for phone in (*phones, fourth):
            phone.hang_up()
            await centre.sleep(0.5)
        await centre.sleep(310.0)  # the room is kept for whoever comes back
        await centre.all_over()
        (minutes,) = centre.store.minutes.ascending()
        assert len(minutes.stays) == 4
        assert min(stay.left_at - stay.joined_at for stay in minutes.stays[:3]) > 15.0
        assert [cdr.conference for cdr in centre.cdrs()] == ["board"] * 4

    centre.run(scenario)


def test_how_long_each_has_talked_in_a_conference_is_in_its_minutes(centre: SimulatedCentre) -> None:
    """Nothing else happens meanwhile, and who talks is not written each time it changes."""

    async def scenario(centre: SimulatedCentre) -> None:
        first = await caller(centre, "802", "+15550001")
        second = await caller(centre, "802", "+15550002")
        streams = [call.caller_stream.stream_id for call in centre.controller.calls.values()]
        (room,) = centre.worker.description.rooms

        async def talks(*stream_ids: StreamId, seconds: float) -> None:
            centre.worker.emit(TalkersChanged(room, list(stream_ids)))
            await centre.sleep(seconds)

        await talks(streams[0], seconds=30.0)
        await talks(streams[1], seconds=20.0)
        await talks(seconds=10.0)
        await centre.restart()
        await centre.sleep(100.0)
        await talks(streams[1], seconds=4.0)
        await talks(seconds=1.0)
        for phone in (first, second):
            phone.hang_up()
        await centre.sleep(310.0)
        await centre.all_over()
        (minutes,) = centre.store.minutes.ascending()
        assert {stay.number: round(stay.talk_s) for stay in minutes.stays} == {"+15550001": 30, "+15550002": 24}

    centre.run(scenario)


def test_who_has_dialled_in_to_supervise_hears_on(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        phone = await caller(centre, "110")
        dora = centre.phone("dora")
        dora.call("*51110", password=SECRET)
        await centre.until(
            lambda: any(each.state is CallState.SUPERVISING for each in centre.controller.calls.values())
        )
        await centre.sleep(2.0)
        dora.press("6")
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(2.0)
        (talk,) = [each for each in centre.controller.calls.values() if each.conversation is not None]
        (supervision,) = talk.supervisions
        assert supervision.mode.value == "barge", "as he had chosen"
        phone.hang_up()
        await centre.sleep(2.0)
        dora.hang_up()
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("follows", [True, False])
def test_who_was_called_to_supervise_hears_on(centre: SimulatedCentre, follows: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        phone = await caller(centre, "110")
        dora, extensions = centre.phone("dora"), centre.settings.extensions
        centre.controller.call_supervisor(
            extensions["dora"], extensions["carl"], SupervisionMode.LISTEN, is_following=follows
        )
        await centre.until(lambda: dora.is_answered)
        await centre.sleep(2.0)
        dora.press("5")
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(2.0)
        assert dora.is_answered
        (talk,) = [each for each in centre.controller.calls.values() if each.conversation is not None]
        (supervision,) = talk.supervisions
        assert supervision.mode.value == "whisper", "as she had chosen"
        phone.hang_up()
        await centre.sleep(2.0)
        assert dora.is_answered == follows
        if follows:
            phone.call("110")
            await centre.until(
                lambda: any(call.supervisions for call in centre.controller.calls.values()), within_s=10.0
            )
            dora.hang_up()
            phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_programs_that_hear_a_call_are_connected_anew(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone = await caller(centre, "804")
        programs = {name: program for name, program in centre.settings.programs.items() if name != "gone"}
        centre.settings = msgspec.structs.replace(centre.settings, programs=programs)
        await centre.restart()
        await centre.sleep(1.0)
        (dialled,) = centre.streamer.dials()
        assert (dialled.url, dialled.side, dialled.rate_hz) == ("wss://notes.example.com", "mixed", 16000)
        assert dialled.start["values"] == {"order": "4711"}
        assert len(centre.worker.description.feeds) == 1
        await centre.sleep(15.0)
        assert len(centre.streamer.leaves()) == 1, "the flow needs it no more"
        await centre.restart()
        await centre.sleep(1.0)
        assert not centre.streamer.dials()
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("is_fetched", [True, False])
def test_who_was_parked_by_command_stays_and_is_fetched_or_goes_back(centre: SimulatedCentre, is_fetched: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        phone = await caller(centre, "110")
        (call,) = centre.controller.calls.values()
        call = park(call, "", 20.0, "operator")
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(2.0)
        assert list(centre.parking.taken) == ["701"]
        if is_fetched:
            centre.phone("dora").call("701", password=SECRET)
        who = centre.phone("dora" if is_fetched else "carl")
        await centre.until(lambda: any(each.conversation for each in centre.controller.calls.values()))
        await centre.sleep(2.0)
        await centre.restart()
        await centre.sleep(2.0)
        assert who.is_answered
        phone.hang_up()
        await centre.all_over()
        assert not who.is_answered
        assert [cdr.fault for cdr in centre.cdrs() if cdr.fault] == []

    centre.run(scenario)


def test_music_comes_again_after_an_announcement_that_was_heard_when_the_switch_died(centre: SimulatedCentre) -> None:
    """Nothing is written when an announcement begins."""

    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        await centre.sleep(3.0)
        (call,) = centre.controller.calls.values()
        assert call.waits_in is not None
        call.waits_in.say(["/sounds/told.wav"])
        announcement = call.caller_stream.playing
        await centre.sleep(0.1)
        await centre.restart()
        (call,) = centre.controller.calls.values()
        assert call.caller_stream.playing == announcement, "it is heard to its end"
        await centre.sleep(20.0)
        assert call.caller_stream.playing not in (announcement, None)
        caller.hang_up()
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("number", ["800", "802"], ids=["parking", "conference"])
@pytest.mark.parametrize("away_s", [0.3, 5.0])
def test_who_was_told_something_before_he_hears_music_hears_it_afterwards(
    centre: SimulatedCentre, number: str, away_s: float
) -> None:
    """The number of his slot, or that he is the first in the conference; also if that ends while no switch is there."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        assert await carl.register() == 200
        carl.call(number, password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(0.5)
        (call,) = centre.controller.calls.values()
        told = call.caller_stream.playing
        assert told is not None
        assert not call.caller_stream.is_in_loop
        await centre.restart(away_s=away_s)
        (call,) = centre.controller.calls.values()
        if away_s < 1.0:
            assert call.caller_stream.playing == told, "it is heard to its end"
        await centre.sleep(5.0)
        assert call.caller_stream.is_in_loop, "music"
        carl.hang_up()
        await centre.sleep(310.0)
        await centre.all_over()

    centre.run(scenario)


def test_who_is_put_into_a_slot_after_a_restart_hears_music(centre: SimulatedCentre) -> None:
    """His place was kept by a phone that was just being told the slot's number."""

    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        phone = await caller(centre, "110")
        carl = centre.phone("carl")
        with_caller = carl.leg
        carl.call("800", password=SECRET)
        await centre.until(lambda: bool(centre.parking.taken))
        await centre.sleep(0.5)
        at_slot = carl.leg
        await centre.restart()
        carl.refer("800", leg=with_caller, replaces=at_slot)
        await centre.sleep(1.0)
        (call,) = centre.controller.calls.values()
        assert list(centre.parking.taken) == ["701"]
        assert call.caller_stream.is_in_loop, "music"
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("away_s", [0.3, 5.0])
def test_who_has_parked_a_caller_hears_the_slot_s_number_to_its_end_and_is_done(
    centre: SimulatedCentre, away_s: float
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        phone = await caller(centre, "110")
        carl = centre.phone("carl")
        carl.refer("800")
        await centre.until(lambda: bool(centre.parking.taken))
        await centre.sleep(0.5)
        assert carl.is_answered
        await centre.restart(away_s=away_s)
        await centre.sleep(0.2)
        assert carl.is_answered == (away_s < 1.0)
        await centre.until(lambda: not carl.is_answered, within_s=5.0)
        (call,) = centre.controller.calls.values()
        assert call.caller_stream.is_in_loop, "music"
        assert call.transfer is None
        phone.hang_up()
        await centre.all_over()

    centre.run(scenario)
