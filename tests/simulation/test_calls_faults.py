"""Calls in which something is wrong: sounds, media workers, flows, phones and limits. No other call may notice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.events import ContactQueued, ReservationEnded
from softswitch.acd.model import Agent, AgentState, HangUp, Queue
from softswitch.base.address import HostPort, TransportKind
from softswitch.base.errors import Fault
from softswitch.base.ids import AgentId, LegId, QueueId
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, CallEnded, flow
from softswitch.media.protocol import StartRecording
from softswitch.prompts.errors import PromptError
from softswitch.sip.description.offer_answer import Answer, MediaCapabilities, answer_offer
from softswitch.sip.outputs import (
    InviteReceived,
    InviteSource,
    LegAnswered,
    LegConfirmed,
    LegEnded,
    LegFailed,
    ReinviteAnswered,
)
from softswitch.testing.call import FakeSounds
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

HOTLINE = "+18005550100"

Make = Callable[..., SimulatedCentre]


@flow
async def support(call: Call) -> None:
    outcome = await call.queue("support")
    call.tag("reason", outcome.reason.value)


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    call.tag("reason", outcome.reason.value)


@flow
async def misspelt(call: Call) -> None:
    await call.queue("suport")


@flow
async def greedy(call: Call) -> None:
    """Swallows everything and does not end for a long time."""
    for _ in range(50):
        try:
            await call.play("greeting/welcome")
        except (CallEnded, asyncio.CancelledError):
            await asyncio.sleep(1.0)


@flow
async def catches_errors(call: Call) -> None:
    while True:
        try:
            await call.play("greeting/welcome")
        except Exception:  # what authors write around a server that fails now and then
            continue


@flow
async def exits(call: Call) -> None:
    raise SystemExit(3)


@flow
async def cancels(call: Call) -> None:
    raise asyncio.CancelledError


@flow
async def message(call: Call) -> None:
    left = await call.record(limit_s=30)
    call.tag("left", f"{left.is_caller_gone} {left.duration_s:.0f} {left.size_bytes > 0}")


@flow
async def polite(call: Call) -> None:
    await call.play("greeting/closed")
    await call.hang_up()
    call.tag("never", "reached")


@flow
async def forever(call: Call) -> None:
    await call.answer()
    await call.pause(3600)


@flow
async def does_two_things(call: Call) -> None:
    async with asyncio.TaskGroup() as both:
        both.create_task(call.play("greeting/welcome"))
        both.create_task(asyncio.sleep(5))


EACH = (
    support,
    colleague,
    misspelt,
    greedy,
    catches_errors,
    exits,
    cancels,
    message,
    polite,
    forever,
    does_two_things,
)
FLOWS = {each.__name__: each for each in EACH}
NUMBERS = {str(700 + number): each.__name__ for number, each in enumerate(EACH)}
NUMBER_OF = {name: number for number, name in NUMBERS.items()}


class MissingSounds(FakeSounds):
    """Music, tones and announcements cannot be read."""

    def _missing(self) -> PromptError:
        return PromptError(Fault("sounds", "music", "cannot be read", "Mend it"))

    def music(self, name: str) -> str:
        raise self._missing()

    def tone(self, name: str) -> str:
        raise self._missing()

    def announce_position(self, position: int, language: str) -> list[str]:
        raise self._missing()


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(**changes: object) -> SimulatedCentre:
        settings: dict[str, object] = {
            "flows": FLOWS,
            "routes": {HOTLINE: "support", "1xx": "colleague", "+7!": "colleague", **NUMBERS},
            "queues": [Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=5.0, ring_timeout_s=15.0)],
            "agents": [Agent(agent_id=AgentId(name), skills={"support": 5}) for name in ("ann", "bob")],
            "phones": [Extension(username="carl", number="110"), Extension(username="dora", number="111")],
        }
        return SimulatedCentre(tmp_path, **{**settings, **changes})  # pyright: ignore[reportArgumentType]

    return make


def settings(**changes: object) -> CallSettings:
    values: dict[str, object] = {"domain": DOMAIN, "media_ip": "10.0.0.1", "recordings_directory": "/nowhere"}
    return CallSettings(**{**values, **changes})  # pyright: ignore[reportArgumentType]


def call_number(name: str) -> str:
    return NUMBER_OF[name]


# Sounds


def test_a_queue_without_music_still_has_its_agent_and_a_hold_without_music_is_silent(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.sleep(40)
        await centre.log_in("ann")
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        ann = centre.phone("ann")
        ann.hold("sendonly")
        await centre.until(lambda: bool(ann.seen(ReinviteAnswered)))
        await centre.sleep(5)
        ann.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.agent, cdr.hold_s) == ("", "ann", pytest.approx(5, abs=0.1))

    centre(sounds=MissingSounds()).run(scenario)


# Media workers


def test_a_worker_that_is_away_for_long_makes_no_agent_unavailable(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        centre.worker_dies()
        await centre.log_in("ann", "bob")
        await centre.sleep(7)
        centre.worker_returns()
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.talk_s = bob.talk_s = 10.0
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.agent in ("ann", "bob")
        assert cdr.queue_wait_s == pytest.approx(9, abs=2), "he kept his time"
        rows = [each.event for each in centre.diary]
        assert len([each for each in rows if isinstance(each, ContactQueued)]) == 1, "and his place"
        *failed, answered = [each.cause for each in rows if isinstance(each, ReservationEnded)]
        assert (set(failed), answered) == ({"no_media"}, "answered")
        assert [agent.state for agent in centre.acd.agent_summaries()] == [AgentState.READY] * 2

    centre().run(scenario)


def test_a_worker_that_never_comes_back_ends_the_wait_with_one_clear_line(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        centre.worker_dies()
        await centre.log_in("ann")
        await centre.until(lambda: bool(centre.cdrs()))
        (cdr,) = centre.cdrs()
        assert cdr.end_reason == "failed"
        assert "media worker media-0" in cdr.fault
        assert "Traceback" not in cdr.fault
        assert caller.seen(LegEnded)

    centre().run(scenario)


def test_without_any_worker_a_caller_is_refused_for_now(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.worker_dies()
        await centre.sleep(1)
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        (failed,) = caller.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert (failed.status, failed.retry_after) == (503, 5)
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["failed"]

    centre().run(scenario)


def test_both_parties_of_a_call_are_on_one_worker(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        centre.phone("dora").talk_s = 5.0
        centre.caller("+15550123").call(call_number("forever"))  # so that the next stream would be on the other worker
        await centre.sleep(1)
        centre.phone("carl").call("111", password="Secret-123")
        await centre.sleep(20)
        assert [cdr.fault for cdr in centre.cdrs()] == [""]
        assert [cdr.talk_s for cdr in centre.cdrs()] == [pytest.approx(5, abs=0.1)]
        centre.controller.end_all()
        await centre.all_over()

    centre(workers=2).run(scenario)


# Flows


def test_a_queue_that_does_not_exist_is_the_flows_fault_and_the_known_ones_are_named(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550123").call(call_number("misspelt"))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.fault == 'there is no queue "suport"; known: support'
        assert cdr.end_reason == "failed"

    centre().run(scenario)


@pytest.mark.parametrize("name", ["greedy", "catches_errors"])
def test_a_flow_that_swallows_everything_keeps_neither_its_call_nor_the_switch(centre: Make, name: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(call_number(name))
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        await centre.sleep(3)
        caller.hang_up()
        await centre.sleep(11)
        centre.check_nothing_left()
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["completed"]

    centre().run(scenario)


@pytest.mark.parametrize("name", ["exits", "cancels"])
def test_a_flow_that_exits_or_is_cancelled_fails_alone(centre: Make, name: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(call_number(name))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.sip_status) == ("failed", 500)
        assert "Traceback" in cdr.fault

    centre().run(scenario)


def test_a_caller_who_hangs_up_amid_two_tasks_of_his_flow_is_no_fault(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(call_number("does_two_things"))
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        caller.hang_up()
        await centre.all_over()
        assert [(cdr.fault, cdr.end_reason) for cdr in centre.cdrs()] == [("", "completed")]

    centre().run(scenario)


def test_nothing_of_a_flow_runs_after_hang_up(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(call_number("polite"))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.tags, cdr.end_reason, cdr.ended_by, cdr.sip_status) == ({}, "completed", "switch", 200)

    centre().run(scenario)


def test_a_message_ended_by_hanging_up_can_be_passed_on(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(call_number("message"))
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        await centre.sleep(7)
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"left": "True 7 True"}

    centre().run(scenario)


# Phones and peers


def test_a_caller_without_a_common_codec_is_refused_before_any_phone_rings(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        carl = centre.phone("carl")
        carl.call("111", password="Secret-123", capabilities=MediaCapabilities(codecs=("G722",)))
        await centre.all_over()
        assert [each.status for each in carl.seen(LegFailed) if isinstance(each, LegFailed)] == [488]
        assert not centre.phone("dora").seen(InviteReceived)
        assert [(cdr.end_reason, cdr.sip_status) for cdr in centre.cdrs()] == [("rejected", 488)]

    centre().run(scenario)


@pytest.mark.parametrize(("codec", "offered"), [("PCMU", b"RTP/AVP 0 8 101"), ("PCMA", b"RTP/AVP 8 0 101")])
def test_the_called_phone_is_offered_the_callers_codec_first(centre: Make, codec: str, offered: bytes) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora"):
            assert await centre.phone(name).register() == 200
        carl, dora = centre.phone("carl"), centre.phone("dora")
        carl.call("111", password="Secret-123", capabilities=MediaCapabilities(codecs=(codec,)))
        await centre.sleep(1)
        (invited,) = [each for each in dora.seen(InviteReceived) if isinstance(each, InviteReceived)]
        assert offered in invited.sdp
        carl.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_call_that_comes_back_to_us_again_and_again_ends(centre: Make) -> None:
    """The trunk leads to ourselves; Max-Forwards is carried across, so the loop has an end."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        assert await carl.register() == 200
        assert await centre.phone("dora").register() == 200
        dora = centre.phone("dora")
        carl.call("111", password="Secret-123", max_forwards=20)
        await centre.until(lambda: bool(dora.seen(InviteReceived)))
        (invite,) = [
            p.message for p in centre.network.transcript if p.destination == "dora" and b"INVITE" in p.message[:6]
        ]
        assert b"Max-Forwards: 19\r\n" in invite
        carl.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_an_odd_calling_number_harms_nobody(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        centre.phone("ann").talk_s = 2.0
        caller = centre.caller('"evil"@x>;tag=1 ')
        caller.name = "%22evil%22%40x%3E%3Btag=1%0D%0AX-Header: y"
        caller.call(HOTLINE)
        await centre.all_over()
        assert [(cdr.agent, cdr.fault) for cdr in centre.cdrs()] in ([("ann", "")], [])

    centre().run(scenario)


def test_a_trunk_is_for_permitted_phones_alone(centre: Make) -> None:
    trunk = TrunkRoute(name="provider", host="10.0.9.9", prefix="+")

    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = centre.phone("carl"), centre.phone("dora")
        for phone in (carl, dora):
            assert await phone.register() == 200
            phone.call("+74951234567", password="Secret-123")
        centre.caller("+15550123").call("+74951234567")
        await centre.sleep(60)
        tags = {cdr.calling_number: cdr.tags["reason"] for cdr in centre.cdrs()}
        assert tags == {"110": "no_answer", "111": "forbidden", "+15550123": "forbidden"}
        sent = [
            p for p in centre.network.transcript if p.source == "switch" and p.message.startswith(b"INVITE sip:+7495")
        ]
        assert sent
        assert all(b"sip:110@" in passage.message for passage in sent)

    made = centre(settings=settings(trunks=(trunk,)))
    made.settings.extensions["carl"] = Extension(username="carl", number="110", trunks=frozenset({"provider"}))
    made.run(scenario)


# Limits and stopping


def test_calls_beyond_the_limit_are_asked_to_come_again(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        callers = [centre.caller(f"+1555000{number}") for number in range(3)]
        for caller in callers:
            caller.call(call_number("forever"))
        await centre.sleep(1)
        refused = [each for caller in callers for each in caller.seen(LegFailed)]
        assert [(each.status, each.retry_after) for each in refused if isinstance(each, LegFailed)] == [(503, 5)]
        centre.controller.end_all()
        await centre.all_over()
        assert len(centre.cdrs()) == 2

    centre(settings=settings(calls_max=2)).run(scenario)


def test_a_stopping_switch_leaves_a_record_and_a_recording_of_every_call(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        for number, wanted in enumerate((HOTLINE, HOTLINE, call_number("greedy"), call_number("forever"))):
            centre.caller(f"+1555000{number}").call(wanted)
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        centre.endpoint.drain(True)
        await centre.controller.drain(5.0)
        assert len(centre.cdrs()) == 4
        assert {cdr.end_reason for cdr in centre.cdrs()} == {"stopped"}
        assert len(list(centre.store.recordings.ascending())) == 1
        await centre.sleep(0.1)
        centre.check_nothing_left()
        await centre.sleep(20)
        assert len(centre.cdrs()) == 4, "a flow that goes on regardless writes no second record"

    centre().run(scenario)


def test_who_nobody_served_is_told_apart_from_who_gave_up(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.caller("+15550001").call(HOTLINE)
        impatient = centre.caller("+15550002")
        impatient.call(HOTLINE)
        await centre.sleep(5)
        impatient.hang_up()
        await centre.all_over()
        ends = {cdr.calling_number: (cdr.end_reason, cdr.ended_by, cdr.tags.get("reason")) for cdr in centre.cdrs()}
        assert ends == {
            "+15550001": ("overflowed", "switch", "timed_out"),
            "+15550002": ("abandoned", "caller", None),
        }
        waits = {cdr.calling_number: cdr.queue_wait_s for cdr in centre.cdrs()}
        assert waits == {"+15550001": pytest.approx(20, abs=0.1), "+15550002": pytest.approx(5, abs=0.1)}

    support = Queue(queue_id=QueueId("support"), skills={"support": 3}, max_wait_s=20.0, overflow=HangUp())
    centre(queues=[support]).run(scenario)


def test_a_late_offer_is_heard_as_soon_as_the_ack_says_where(centre: Make) -> None:
    """An INVITE without SDP (Genesys, CUCM): our offer is in the 200, the answer in the ACK."""

    async def scenario(centre: SimulatedCentre) -> None:
        remote = HostPort("10.0.9.1", 4000)
        leg_id = LegId("late")
        invite = InviteReceived(
            leg_id=leg_id,
            flow=centre.endpoint.flow_to(TransportKind.UDP, HostPort("10.0.9.1", 5060)),
            source=InviteSource("trunk", "provider"),
            calling_number="+15550123",
            calling_name="",
            called_number=call_number("forever"),
            request_uri="sip:709@centre.test",
            sip_call_id="late@10.0.9.1",
            sdp=b"",
            headers={},
        )
        centre.controller.receive_sip(invite)
        await centre.sleep(0.1)
        (stream,) = centre.worker.description.streams.values()
        assert stream.remote is None
        offer = centre.controller.legs[leg_id].caller.leg.offer()
        answer = answer_offer(offer, MediaCapabilities(codecs=("PCMU",)), remote, session_id=1, version=1)
        assert isinstance(answer, Answer)
        centre.controller.receive_sip(LegConfirmed(leg_id, answer.sdp))
        await centre.sleep(0.1)
        (stream,) = centre.worker.description.streams.values()
        assert (stream.remote, stream.codec) == (remote, "PCMU")
        centre.controller.receive_sip(LegEnded(leg_id, "remote", "bye", 200))
        await centre.all_over()
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["completed"]

    centre().run(scenario)
