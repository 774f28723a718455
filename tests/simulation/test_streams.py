"""Programs that hear a call, and talk to its caller, in virtual time: who hears whom, and what the flow makes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.programs import Program
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Project, QueueTreatment
from softswitch.dialplan import Call, StreamOutcome, StreamReason, flow
from softswitch.media.feeds.feed import Feed
from softswitch.media.feeds.orders import Pressed, ProgramKeys, ProgramLost, Tell
from softswitch.media.protocol import SendDigits
from softswitch.store.schema import Streamed
from softswitch.testing.runtime.centre import SimulatedCentre

Make = Callable[..., SimulatedCentre]

OUTCOMES: list[StreamOutcome] = []


@flow
async def bot(call: Call) -> None:
    outcome = await call.stream("bot", record=True, timeout_s=30, values={"order": "4711"})
    OUTCOMES.append(outcome)
    if outcome.result == {"wants": "agent"}:
        await call.queue("support")


@flow
async def heard(call: Call) -> None:
    assert await call.start_stream("notes", side="mixed", rate_hz=16000)
    await call.queue("support")
    await call.stop_stream("notes")
    await call.pause(3)


@flow
async def anywhere(call: Call) -> None:
    await call.start_stream("wss://bot.example.com/x?key=secret")
    with pytest.raises(LocalError, match="no program"):
        await call.start_stream("nobody")
    with pytest.raises(LocalError, match="no ws:// or wss:// URL"):
        await call.start_stream("http://bot.example.com")
    await call.pause(20)


@flow
async def many(call: Call) -> None:
    call.tag("begun", " ".join([str(await call.start_stream("notes")) for _ in range(5)]))


@flow
async def acme(call: Call) -> None:
    try:
        await call.start_stream("bot")
    except LocalError as error:
        call.tag("refused", str(error))
    await call.start_stream("own")


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    OUTCOMES.clear()

    def make(**changes: object) -> SimulatedCentre:
        settings = CallSettings(
            domain="centre.test",
            media_ip="10.0.0.1",
            recordings_directory="/nowhere",
            queues={"support": QueueTreatment()},
            projects={"acme": Project(id="acme")},
            programs={
                "bot": Program(url="wss://bot.example.com", headers={"X-Key": "k"}, project="bolt"),
                "notes": Program(url="ws://127.0.0.1:9"),
                "acme.own": Program(url="ws://127.0.0.1:8", project="acme"),
            },
            **changes,  # type: ignore[arg-type]
        )
        flows = {each.__name__: each for each in (bot, heard, anywhere, many, acme)}
        return SimulatedCentre(
            tmp_path,
            flows=flows,
            routes={"100": "bot", "200": "heard", "300": "anywhere", "400": "many", "500": "acme"},
            projects={"500": "acme"},
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3})],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5})],
            settings=settings,
        )

    return make


async def called(centre: SimulatedCentre, number: str) -> ActiveCall:
    centre.caller("+15550123").call(number)
    await centre.until(lambda: any(call.streams.facts() for call in centre.controller.calls.values()))
    await centre.sleep(0.2)  # the worker is told
    (call,) = centre.controller.calls.values()
    return call


def feed_of(centre: SimulatedCentre) -> Feed:
    (feed,) = centre.worker.description.feeds.values()
    return feed


def test_a_bot_talks_to_the_caller_and_the_flow_goes_on_with_its_result(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 5
        call = await called(centre, "100")
        dial, feed = centre.streamer.dials()[0], feed_of(centre)
        assert (dial.url, dial.headers, dial.talks, dial.returns) == (
            "wss://bot.example.com",
            {"X-Key": "k"},
            True,
            False,
        )
        assert dial.start["calling_number"] == "+15550123"
        assert dial.start["values"] == {"order": "4711"}
        caller = call.caller_stream.stream_id
        assert feed.left == caller
        assert feed.voice is not None
        assert centre.worker.description.streams[feed.voice].is_program
        assert centre.worker.description.hearings[caller].sources == [feed.voice]
        (recording,) = centre.worker.description.recordings.values()
        assert (recording.left, recording.right) == (caller, feed.voice)
        (facts,) = call.streams.facts()
        assert facts.is_connected
        call.caller_stream.send_digits("5")
        centre.around.programs.receive(ProgramKeys(dial.feed_id, "12#"))
        await centre.sleep(0.2)
        assert SendDigits(caller, "12#") in centre.media_commands
        call.streams.pressed("7")
        assert centre.streamer.orders[-1] == Pressed(dial.feed_id, "7")
        call.recordings.mask(5, by="flow")
        call.streams.pressed("8")
        await centre.sleep(0.2)
        assert centre.streamer.orders[-1] == Pressed(dial.feed_id, "7"), "keys are masked as well"
        assert feed_of(centre).masked_until > centre.clock.now()
        centre.streamer.ends(dial.feed_id, result={"wants": "agent"})
        await centre.until(lambda: call.conversation is not None)
        assert not centre.worker.description.feeds
        assert feed.voice not in centre.worker.description.streams
        await centre.all_over()
        assert [StreamOutcome(reason=StreamReason.STOPPED, program="bot", result={"wants": "agent"})] == OUTCOMES
        row = Streamed(program="bot", side="caller", talks=True, sent=50, dropped=2, end_reason="stopped")
        assert centre.cdrs()[0].streams == (row,)

    centre().run(scenario)


def test_a_bot_that_is_not_there_is_lost_or_says_nothing_ends_the_verb_with_a_reason(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.streamer.refuses = "it answers 403"
        centre.caller("+15550123").call("100")
        await centre.until(lambda: len(OUTCOMES) == 1)
        await centre.all_over()
        centre.streamer.refuses = ""
        await called(centre, "100")
        centre.around.programs.streamer_lost()
        await centre.all_over()
        await called(centre, "100")
        await centre.all_over()
        assert [(outcome.reason, outcome.fault) for outcome in OUTCOMES] == [
            (StreamReason.REFUSED, "it answers 403"),
            (StreamReason.LOST, "the streamer died"),
            (StreamReason.TIMED_OUT, ""),
        ]
        assert [leave.reason for leave in centre.streamer.leaves()] == ["the flow goes on"]
        rows = [row for cdr in centre.cdrs() for row in cdr.streams]
        assert [(row.end_reason, row.fault) for row in rows] == [
            ("refused", "it answers 403"),
            ("lost", "the streamer died"),
            ("closed", ""),
        ]

    centre().run(scenario)


def test_a_caller_who_hangs_up_ends_his_bot(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await called(centre, "100")
        centre.phones["+15550123"].hang_up()
        await centre.all_over()
        assert [leave.reason for leave in centre.streamer.leaves()] == ["the call is over"]
        assert not OUTCOMES

    centre().run(scenario)


def test_a_program_hears_whoever_the_caller_talks_to(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await called(centre, "200")
        caller = call.caller_stream.stream_id
        (dial,) = centre.streamer.dials()
        assert (dial.side, dial.rate_hz, dial.talks, dial.returns) == ("mixed", 16000, False, True)
        assert (feed_of(centre).left, feed_of(centre).right, feed_of(centre).voice) == (caller, None, None)
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 20
        await centre.until(lambda: call.conversation is not None)
        await centre.sleep(0.2)
        assert call.conversation is not None
        assert call.conversation.far.stream is not None
        assert feed_of(centre).right == call.conversation.far.stream.stream_id
        centre.around.programs.receive(ProgramLost(dial.feed_id, "the connection broke", 0.5))
        (facts,) = call.streams.facts()
        assert (facts.is_connected, facts.fault) == (False, "the connection broke")
        centre.around.programs.streamer_lost()
        assert centre.streamer.dials() == [dial, dial], "it is dialled again by the next one"
        await centre.until(lambda: call.conversation is None)
        await centre.until(lambda: not centre.worker.description.feeds)
        await centre.all_over()
        assert [leave.reason for leave in centre.streamer.leaves()] == ["the flow has no more need of it"]

    centre().run(scenario)


def test_it_goes_along_when_the_caller_is_transferred(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await called(centre, "300")
        (dial,) = centre.streamer.dials()
        assert (dial.url, dial.headers) == ("wss://bot.example.com/x?key=secret", {})
        assert call.streams.facts()[0].program == "wss://bot.example.com/x", "a key in it is shown to nobody"
        transferred = centre.transfer(call, "300")
        await centre.sleep(0.2)
        assert transferred.streams.facts()[0].stream_id == str(dial.feed_id)
        tell = next(order for order in centre.streamer.orders if isinstance(order, Tell))
        assert tell.changes["call_id"] == transferred.call_id
        await centre.all_over()

    centre().run(scenario)


def test_a_call_has_few_streams_and_the_switch_not_too_many(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550123").call("400")
        await centre.all_over()
        assert centre.cdrs()[0].tags["begun"] == "True True True True False"

    centre().run(scenario)

    async def scarce(centre: SimulatedCentre) -> None:
        centre.caller("+15550123").call("400")
        await centre.all_over()
        assert centre.cdrs()[0].tags["begun"] == "True False False False False"

    centre(streams_max=1).run(scarce)


def test_a_project_has_its_own_programs(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550123").call("500")
        await centre.all_over()
        assert (
            centre.cdrs()[0].tags["refused"] == 'the program "bot" belongs to project bolt, and this call is for acme'
        )
        assert [dial.url for dial in centre.streamer.dials()] == ["ws://127.0.0.1:8"]

    centre().run(scenario)


def test_streams_outlive_a_media_worker(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await called(centre, "100")
        feed = feed_of(centre)
        centre.worker_dies()
        await centre.sleep(0.2)
        centre.worker_returns()
        await centre.until(lambda: bool(centre.worker.description.feeds))
        assert feed_of(centre) == feed
        assert feed.voice in centre.worker.description.streams
        centre.streamer.ends(feed.feed_id)
        await centre.all_over()

    centre().run(scenario)
