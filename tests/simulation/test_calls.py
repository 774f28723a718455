"""Whole calls in virtual time: real SIP, ACD, calls and flows; a scripted media worker; memory for a store."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue, ToFlow
from softswitch.acd.outputs import AgentStateChanged
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.outcomes import DialReason, QueueReason
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import SetHearing, StartPlay, StartRecording
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegFailed, ReinviteAnswered
from softswitch.testing.runtime.centre import SimulatedCentre

Scenario = Callable[[SimulatedCentre], Awaitable[None]]
HOTLINE = "+18005550100"


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)
    if outcome.reason is QueueReason.ANSWERED:
        await call.survey("satisfaction")


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    call.tag("reason", outcome.reason.value)


@flow
async def broken(call: Call) -> None:
    await call.answer()
    raise RuntimeError("the CRM's answer made no sense")


@flow
async def message(call: Call) -> None:
    left = await call.record(limit_s=30)
    call.tag("ended_by", left.ended_by)


@flow
async def sorry(call: Call) -> None:
    await call.play("greeting/closed")


FLOWS = {each.__name__: each for each in (support, colleague, broken, message, sorry)}


def queue(**changes: object) -> Queue:
    settings: dict[str, object] = {"queue_id": QueueId("support"), "skills": {"support": 3}, "wrap_up_s": 10.0}
    return Queue(**{**settings, **changes})  # pyright: ignore[reportArgumentType]


def agents(*names: str) -> list[Agent]:
    return [Agent(agent_id=AgentId(name), skills={"support": 5}) for name in names]


@pytest.fixture
def centre(tmp_path: Path) -> Callable[..., SimulatedCentre]:
    def make(**changes: object) -> SimulatedCentre:
        settings: dict[str, object] = {
            "flows": FLOWS,
            "routes": {HOTLINE: "support", "1xx": "colleague", "+7!": "colleague", "900": "broken", "800": "message"},
            "queues": [queue()],
            "agents": agents("ann", "bob"),
            "phones": [Extension(username="carl", number="110")],
        }
        return SimulatedCentre(tmp_path, **{**settings, **changes})  # pyright: ignore[reportArgumentType]

    return make


def test_a_caller_waits_talks_is_recorded_and_rates(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 30.0
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.controller.calls) and bool(centre.phone("ann").seen(InviteReceived)))
        await centre.until(lambda: centre.phone("ann").leg is None, within_s=60)
        await centre.sleep(3)
        caller.press("4")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.agent, cdr.queue, cdr.calling_number, cdr.scores) == (
            "ann",
            "support",
            "+15550123",
            {"satisfaction": 4},
        )
        assert cdr.talk_s == pytest.approx(30, abs=0.5)
        assert cdr.tags == {"reason": "answered"}
        assert cdr.fault == ""
        (recording,) = centre.store.recordings.ascending()
        assert recording.path in cdr.recordings
        assert recording.duration_s == pytest.approx(30, abs=0.5)
        states = [o.new for o in centre.acd_outputs if isinstance(o, AgentStateChanged)]
        assert states[-4:] == [AgentState.RESERVED, AgentState.BUSY, AgentState.WRAP_UP, AgentState.READY]

    centre().run(scenario)


def test_both_hear_each_other_only_after_the_agent_has_answered(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        kinds = [type(command) for command in centre.media_commands]
        assert kinds.index(StartPlay) < kinds.index(SetHearing) < kinds.index(StartRecording)
        heard = {tuple(h.sources) for h in centre.worker.description.hearings.values()}
        assert len(heard) == 2
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.ended_by == "caller"
        assert any(isinstance(e, LegEnded) for e in centre.phone("ann").events)

    centre().run(scenario)


def test_an_agent_who_does_not_answer_is_passed_over_and_the_caller_keeps_his_place(
    centre: Callable[..., SimulatedCentre],
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob")
        centre.phone("ann").answer_after_s = None
        centre.phone("bob").talk_s = 5.0
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.phone("bob").seen(InviteReceived)))
        await centre.until(lambda: centre.phone("ann").leg is None)
        ann = next(each for each in centre.acd.agent_summaries() if each.agent_id == "ann")
        assert (ann.state, ann.reason) == (AgentState.NOT_READY, "no answer")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.agent == "bob"
        assert cdr.queue_wait_s == pytest.approx(16, abs=1.0)

    centre(queues=[queue(ring_timeout_s=15.0)]).run(scenario)


def test_an_agent_who_declines_makes_way_at_once(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob")
        centre.phone("ann").busy_status = 486
        centre.phone("bob").talk_s = 5.0
        centre.caller("+15550123").call(HOTLINE)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.agent == "bob"
        assert cdr.queue_wait_s < 2.0

    centre().run(scenario)


def test_a_caller_who_gives_up_leaves_no_trace_but_his_record(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").answer_after_s = None
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(centre.phone("ann").seen(InviteReceived)))
        await centre.sleep(4)
        caller.hang_up()
        await centre.all_over()
        assert [type(e) for e in centre.phone("ann").events if isinstance(e, (LegEnded, LegFailed))] == [LegEnded]
        (cdr,) = centre.cdrs()
        assert (cdr.ended_by, cdr.agent, cdr.talk_s) == ("caller", None, 0.0)
        assert cdr.queue_wait_s == pytest.approx(4, abs=0.5)
        (summary,) = centre.acd.queue_summaries()
        assert (summary.abandoned, summary.waiting) == (1, 0)

    centre().run(scenario)


def test_who_has_waited_too_long_goes_to_the_overflow_flow(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"reason": "overflowed"}
        assert any(isinstance(c, StartPlay) and c.playback.sounds == ["greeting/closed"] for c in centre.media_commands)
        assert [type(e) for e in caller.events if isinstance(e, (LegAnswered, LegEnded))] == [LegAnswered, LegEnded]

    centre(queues=[queue(max_wait_s=20.0, overflow=ToFlow("sorry"))]).run(scenario)


def test_hold_gives_music_to_the_other_side(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        ann = centre.phone("ann")
        ann.hold("sendonly")
        await centre.until(lambda: bool(ann.seen(ReinviteAnswered)))
        await centre.sleep(10)
        (playing,) = centre.worker.description.playbacks.values()
        assert playing.sounds == ["music default"]
        assert not any(h.sources for h in centre.worker.description.hearings.values())
        ann.hold("sendrecv")
        await centre.until(lambda: len(ann.seen(ReinviteAnswered)) == 2)
        await centre.sleep(1)
        assert not centre.worker.description.playbacks
        assert len(centre.worker.description.hearings) == 2
        ann.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.hold_s == pytest.approx(10, abs=0.5)

    centre().run(scenario)


def test_a_flow_that_fails_ends_its_call_and_no_other(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 20.0
        centre.caller("+15550001").call(HOTLINE)
        centre.caller("+15550002").call("900")
        await centre.all_over()
        failed = next(cdr for cdr in centre.cdrs() if cdr.called_number == "900")
        served = next(cdr for cdr in centre.cdrs() if cdr.called_number == HOTLINE)
        assert "the CRM's answer made no sense" in failed.fault
        assert (failed.end_reason, failed.sip_status) == ("failed", 200)
        assert (served.fault, served.agent) == ("", "ann")

    centre().run(scenario)


def test_an_unknown_number_is_refused(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("555")
        await centre.all_over()
        (failed,) = caller.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 404
        assert [(cdr.end_reason, cdr.sip_status) for cdr in centre.cdrs()] == [("rejected", 404)]

    centre().run(scenario)


def test_colleagues_talk_and_the_agent_is_not_offered_calls_meanwhile(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        assert await centre.phone("carl").register() == 200
        ann = centre.phone("ann")
        ann.call("110", password="Secret-123")
        await centre.until(lambda: bool(ann.seen(LegAnswered)))
        centre.caller("+15550123").call(HOTLINE)
        await centre.sleep(5)
        assert not ann.seen(InviteReceived)
        ann.hang_up()
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        ann.talk_s = 1.0
        await centre.all_over()

    centre(agents=agents("ann")).run(scenario)


def test_nobody_calls_outside_without_permission(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").call("+74951234567", password="Secret-123")
        centre.caller("+15550123").call("+74951234567")
        await centre.all_over()
        assert {cdr.tags["reason"] for cdr in centre.cdrs()} <= {
            DialReason.FORBIDDEN.value,
            DialReason.UNREACHABLE.value,
        }

    trunk = TrunkRoute(name="provider", host="10.0.9.9", prefix="+")
    settings = CallSettings(domain="centre.test", media_ip="10.0.0.1", recordings_directory="/nowhere", trunks=(trunk,))
    centre(settings=settings).run(scenario)


def test_a_message_is_recorded_until_the_pound_key(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("800")
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        await centre.sleep(5)
        caller.press("#")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"ended_by": "#"}
        (recording,) = centre.store.recordings.ascending()
        assert recording.duration_s == pytest.approx(5, abs=0.5)

    centre().run(scenario)


def test_a_switch_that_stops_waits_for_calls_and_then_ends_them(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        centre.endpoint.drain(True)
        late = centre.caller("+15550124")
        late.call(HOTLINE)
        began_at = centre.clock.now()
        await centre.controller.drain(20.0)
        assert centre.clock.now() - began_at == pytest.approx(20, abs=1)
        (failed,) = late.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 503
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.ended_by, cdr.end_reason) == ("switch", "stopped")
        assert caller.seen(LegEnded)

    centre().run(scenario)
