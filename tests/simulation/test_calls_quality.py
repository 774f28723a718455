"""What the media workers measure of a call: its end when nothing is heard any more, its record, the operator's view."""

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog.testing

from softswitch.acd.model import Agent, Queue
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.outcomes import QueueReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import (
    Quality,
    StreamReport,
    StreamReports,
    StreamTimedOut,
    VoiceFacts,
)
from softswitch.sip.outputs import LegEnded
from softswitch.testing.runtime.centre import SimulatedCentre

HOTLINE = "+18005550100"
GOOD = Quality(packets_received=250, mos=4.4)
BAD = Quality(packets_received=250, packets_lost=40, mos=2.9, jitter_ms=31.0)

Make = Callable[[], SimulatedCentre]


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    if outcome.reason is QueueReason.ANSWERED:
        call.tag("served", "yes")


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make() -> SimulatedCentre:
        return SimulatedCentre(
            tmp_path,
            flows={"support": support},
            routes={HOTLINE: "support"},
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=1.0)],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5})],
        )

    return make


async def talking(centre: SimulatedCentre) -> ActiveCall:
    """A caller and ann, ten seconds into their conversation."""
    await centre.log_in("ann")
    centre.phone("ann").talk_s = 300.0
    centre.caller("+15550123").call(HOTLINE)
    await centre.until(lambda: any(call.conversation is not None for call in centre.controller.calls.values()))
    await centre.sleep(10)
    (call,) = centre.controller.calls.values()
    return call


def streams(call: ActiveCall) -> tuple[StreamId, StreamId]:
    """The caller's and ann's."""
    assert call.conversation is not None
    near, far = call.conversation.near.stream, call.conversation.far.stream
    assert near is not None
    assert far is not None
    return near.stream_id, far.stream_id


def report(call: ActiveCall, stream_id: StreamId, quality: Quality, *, is_talking: bool = False) -> StreamReports:
    return StreamReports([StreamReport(call.call_id, stream_id, quality, VoiceFacts(is_talking=is_talking))])


def test_a_caller_who_is_heard_no_more_is_hung_up_and_the_record_says_so(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        centre.worker.emit(StreamTimedOut(call.call_id, streams(call)[0], 60.0))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.ended_by) == ("media timeout", "switch")
        assert cdr.fault == "nothing came from trunk:provider for 60 s"
        assert centre.phones["+15550123"].seen(LegEnded)
        assert centre.phone("ann").seen(LegEnded)

    centre().run(scenario)


def test_an_agent_who_is_heard_no_more_is_hung_up_and_the_flow_goes_on(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        centre.worker.emit(StreamTimedOut(call.call_id, streams(call)[1], 60.0))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.ended_by) == ("media timeout", "switch")
        assert cdr.fault.endswith(" for 60 s")
        assert "ann" in cdr.fault
        assert cdr.tags == {"served": "yes"}
        assert cdr.talk_s == pytest.approx(10, abs=1)

    centre().run(scenario)


def test_a_phone_that_still_rings_may_be_silent(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").answer_after_s = 8.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.until(lambda: len(centre.worker.description.streams) == 2)
        (call,) = centre.controller.calls.values()
        for stream_id in list(centre.worker.description.streams):
            party = call.party(call.caller.leg.leg_id)
            assert party is not None
            assert party.stream is not None
            if stream_id != party.stream.stream_id:
                centre.worker.emit(StreamTimedOut(call.call_id, stream_id, 60.0))
        await centre.until(lambda: call.conversation is not None)
        await centre.sleep(1)
        centre.phones["+15550123"].hang_up()
        await centre.all_over()
        assert centre.cdrs()[0].end_reason == "completed"

    centre().run(scenario)


def test_the_streams_are_told_how_long_silence_may_last(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        near, far = streams(call)
        described = centre.worker.description.streams
        assert (described[near].timeout_s, described[far].timeout_s) == (60.0, 60.0)
        centre.phones["+15550123"].hold("inactive")
        await centre.until(lambda: described[near].timeout_s == 3600.0)
        centre.phones["+15550123"].hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_the_record_has_the_facts_of_both_legs(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        near, far = streams(call)
        centre.quality = Quality(
            packets_received=980, packets_lost=20, mos=3.9, remote_mos=4.2, jitter_ms=7.04, round_trip_ms=41.26
        )
        centre.voice = VoiceFacts(talk_s=12.0, overlap_s=1.5, silence_max_s=4.0)
        assert near != far
        centre.phones["+15550123"].hang_up()
        await centre.all_over()
        caller, called = centre.cdrs()[0].legs
        assert (caller.role, caller.party, called.role) == ("caller", "trunk:provider", "called")
        assert (caller.mos, caller.remote_mos, caller.loss_percent) == (3.9, 4.2, 2.0)
        assert (caller.jitter_ms, caller.round_trip_ms) == (7.0, 41.3)
        assert (called.talk_s, called.talk_ratio, called.overlap_s, called.silence_max_s) == (12.0, 0.5, 1.5, 4.0)

    centre().run(scenario)


def test_of_a_worker_that_died_the_last_reports_are_kept(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        centre.worker.emit(report(call, streams(call)[0], GOOD))
        await centre.sleep(0.1)
        centre.worker_dies()
        centre.phones["+15550123"].hang_up()
        await centre.sleep(20)
        (cdr,) = centre.cdrs()
        assert [(leg.role, leg.mos) for leg in cdr.legs] == [("caller", 4.4)]

    centre().run(scenario)


def test_the_operator_sees_the_worst_score_and_who_talks(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        near, far = streams(call)
        measurements = call.record.measurements
        assert measurements.mos is None
        centre.worker.emit(report(call, near, GOOD, is_talking=True), report(call, far, BAD))
        await centre.until(lambda: measurements.mos is not None)
        assert measurements.mos == 2.9
        assert measurements.talking == {"caller"}
        assert call.caller.stream is not None
        assert call.caller.stream.report is not None
        centre.phones["+15550123"].hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_leg_that_sounds_bad_for_fifteen_seconds_is_in_the_log_once(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        near, far = streams(call)
        with structlog.testing.capture_logs() as logs:
            for quality in (BAD, BAD, GOOD, BAD, BAD, BAD, BAD):
                centre.worker.emit(report(call, near, quality), report(call, far, GOOD))
                await centre.sleep(5)
        told = [entry for entry in logs if entry["event"] == "bad sound"]
        assert [(entry["call_id"], entry["leg"], entry["mos"]) for entry in told] == [
            (call.call_id, "trunk:provider", 2.9)
        ]
        centre.phones["+15550123"].hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_the_legs_of_calls_that_a_stop_ends_are_complete(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await talking(centre)
        await centre.controller.drain(0.0)
        (cdr,) = centre.cdrs()
        assert [leg.role for leg in cdr.legs] == ["caller", "called"]
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_a_phone_that_holds_may_be_silent_for_longer(centre: Make, direction: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        call = await talking(centre)
        near, far = streams(call)

        def timeouts() -> tuple[float, float]:
            described = centre.worker.description.streams
            return described[near].timeout_s, described[far].timeout_s

        assert timeouts() == (60.0, 60.0)
        centre.phone("ann").hold(direction)
        await centre.sleep(1)
        assert timeouts() == (60.0, 3600.0)
        centre.phone("ann").hold("sendrecv")
        await centre.sleep(1)
        assert timeouts() == (60.0, 60.0)
        centre.phone("ann").hang_up()
        await centre.all_over()

    centre().run(scenario)
