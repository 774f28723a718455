"""Calls in which two things happen at once, or in the order nobody wishes for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentLoggedIn, AgentLoggedOut
from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import AgentReserved
from softswitch.base.ids import AgentId, LegId, QueueId
from softswitch.calls.settings import Extension
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import PutStream, StartRecording
from softswitch.sip.outputs import InfoReceived, InviteReceived, LegAnswered, LegEnded, LegFailed, ReinviteAnswered
from softswitch.testing.runtime.centre import FEW_PORTS, SimulatedCentre

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
async def menu(call: Call) -> None:
    choice = await call.menu("menu/sales-or-support", digits="12", default="2")
    call.tag("digit", choice.digit + ("" if not choice.is_default else " by default"))


@flow
async def refusing(call: Call) -> None:
    await call.reject(486)


FLOWS = {each.__name__: each for each in (support, colleague, menu, refusing)}


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(**changes: object) -> SimulatedCentre:
        settings: dict[str, object] = {
            "flows": FLOWS,
            "routes": {HOTLINE: "support", "1xx": "colleague", "700": "menu", "600": "refusing"},
            "queues": [Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=5.0, ring_timeout_s=15.0)],
            "agents": [Agent(agent_id=AgentId(name), skills={"support": 5}) for name in ("ann", "bob")],
            "phones": [Extension(username="carl", number="110")],
        }
        return SimulatedCentre(tmp_path, **{**settings, **changes})  # pyright: ignore[reportArgumentType]

    return make


def streams_opened(centre: SimulatedCentre) -> int:
    return len({c.stream.stream_id for c in centre.media_commands if isinstance(c, PutStream)})


def test_a_caller_who_leaves_while_his_stream_is_opened(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.worker.answers = False
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: streams_opened(centre) == 1)
        caller.hang_up()
        await centre.until(lambda: not centre.network.next_arrival())
        centre.worker_dies()
        centre.worker_returns()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.ended_by, cdr.end_reason, cdr.sip_status, cdr.answered_at) == ("caller", "abandoned", 487, None)
        assert cdr.fault == ""

    centre(ports=FEW_PORTS).run(scenario)


def test_no_phone_rings_for_a_caller_who_left_while_its_stream_was_opened(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        centre.worker.answers = False
        await centre.log_in("ann")
        await centre.until(lambda: streams_opened(centre) == 2)
        caller.hang_up()
        await centre.sleep(0.5)
        centre.worker_dies()
        centre.worker_returns()
        await centre.all_over()
        assert not centre.phone("ann").seen(InviteReceived)
        (ann, _) = centre.acd.agent_summaries()
        assert ann.state is AgentState.READY

    centre(ports=FEW_PORTS).run(scenario)


def test_the_agent_answers_in_the_instant_in_which_the_caller_hangs_up(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        ann = centre.phone("ann")
        ann.answer_after_s = 2.0
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        centre.loop.call_later(2.0, caller.hang_up)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.ended_by, cdr.talk_s) == ("abandoned", "caller", 0.0)
        assert len([e for e in ann.events if isinstance(e, (LegEnded, LegFailed))]) == 1, "no dead call on his phone"
        (support,) = centre.acd.queue_summaries()
        assert (support.offered, support.answered, support.abandoned) == (1, 0, 1)

    centre().run(scenario)


def test_an_answer_that_crosses_the_end_of_the_ring_time(centre: Make) -> None:
    """Whoever wins, the agent's phone and the router agree afterwards."""

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob")
        centre.phone("ann").answer_after_s = 14.9999
        centre.phone("bob").answer_after_s = 14.9999
        for phone in ("ann", "bob"):
            centre.phone(phone).talk_s = 5.0
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.sleep(60)
        caller.hang_up()
        await centre.all_over()
        for phone in ("ann", "bob"):
            invites = centre.phone(phone).seen(InviteReceived)
            ends = [e for e in centre.phone(phone).events if isinstance(e, (LegEnded, LegFailed))]
            assert len(invites) == len(ends)
        (cdr,) = centre.cdrs()
        assert cdr.fault == ""
        assert (cdr.agent is None) == (cdr.talk_s == 0.0)

    centre().run(scenario)


def test_an_agent_who_answers_and_hangs_up_while_his_other_phone_is_still_being_rung(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, mobile = centre.phone("ann"), centre.phone("ann", place="/mobile")
        desk.answer_after_s, desk.talk_s = 0.01, 0.01
        mobile.answer_after_s = None
        assert await mobile.register() == 200
        await centre.log_in("ann", "bob")
        centre.phone("bob").talk_s = 5.0
        caller = centre.caller("+15550123")

        def stop_replying_after_first(command: object) -> None:
            if isinstance(command, PutStream) and streams_opened(centre) == 3:
                centre.worker.answers = False
                centre.loop.call_later(0.5, come_back)

        def come_back() -> None:
            centre.worker_dies()
            centre.worker_returns()

        refuse = centre.worker.refuse

        def watch(command: object) -> str:
            reason = refuse(command)  # pyright: ignore[reportArgumentType]
            stop_replying_after_first(command)
            return reason

        centre.worker.refuse = watch
        caller.call(HOTLINE)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.agent) == ("", "bob")

    centre(ports=FEW_PORTS).run(scenario)


def test_the_first_of_an_agents_phones_wins_and_the_other_is_told(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, mobile = centre.phone("ann"), centre.phone("ann", place="/mobile")
        desk.answer_after_s, desk.talk_s = 1.0, 5.0
        mobile.answer_after_s = 20.0
        assert await mobile.register() == 200
        await centre.log_in("ann")
        centre.caller("+15550123").call(HOTLINE)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.agent, cdr.talk_s, cdr.ended_by) == ("ann", pytest.approx(5, abs=0.2), "agent")
        (ended,) = mobile.seen(LegEnded)
        assert isinstance(ended, LegEnded)
        assert (ended.by, ended.reason) == ("remote", "cancelled")
        cancels = [p.message for p in centre.network.transcript if p.message.startswith(b"CANCEL")]
        assert any(b"Call completed elsewhere" in cancel for cancel in cancels)

    centre().run(scenario)


def test_an_agent_is_not_rung_for_his_own_call_to_the_hotline(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        ann = centre.phone("ann")
        ann.call(HOTLINE, password="Secret-123")
        await centre.sleep(30)
        assert not any(isinstance(output, AgentReserved) for output in centre.acd_outputs)
        ann.hang_up()
        await centre.all_over()
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["abandoned"]
        (ann_now, _) = centre.acd.agent_summaries()
        assert ann_now.state is AgentState.READY

    centre().run(scenario)


def test_an_agent_whom_a_colleague_calls_is_not_offered_calls(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        assert await centre.phone("carl").register() == 200
        ann, carl = centre.phone("ann"), centre.phone("carl")
        ann.answer_after_s = 3.0
        carl.call("101", password="Secret-123")
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        centre.caller("+15550123").call(HOTLINE)
        await centre.sleep(20)
        assert len(ann.seen(InviteReceived)) == 1
        carl.hang_up()
        ann.talk_s = 1.0
        await centre.all_over()
        assert len(ann.seen(InviteReceived)) == 2

    agent = Agent(agent_id=AgentId("ann"), skills={"support": 5})
    ann = Extension(username="ann", number="101", agent_id=AgentId("ann"))
    carl = Extension(username="carl", number="110")
    made = centre(agents=[agent], phones=[carl])
    made.settings.extensions["ann"] = ann
    made.run(scenario)


def test_who_dials_himself_is_busy(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = centre.phone("carl")
        assert await carl.register() == 200
        carl.call("110", password="Secret-123")
        await centre.all_over()
        assert not carl.seen(InviteReceived)
        assert [cdr.tags["reason"] for cdr in centre.cdrs()] == ["busy"]

    centre().run(scenario)


def test_an_agent_who_logs_out_while_his_phone_rings(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann", "bob")
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.answer_after_s, bob.talk_s = None, 2.0
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(ann.seen(InviteReceived)))
        await centre.sleep(3)
        centre.acd.apply(AgentLoggedOut(AgentId("ann")))
        await centre.all_over()
        assert ann.seen(LegEnded)
        (cdr,) = centre.cdrs()
        assert cdr.agent == "bob"
        assert cdr.ring_s == pytest.approx(4, abs=0.3), "the seconds at ann's count as well"

    centre().run(scenario)


def test_a_reload_without_the_queue_and_the_agent_of_a_conversation(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        first, second = centre.caller("+15550001"), centre.caller("+15550002")
        first.call(HOTLINE)
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        second.call(HOTLINE)
        await centre.sleep(2)
        centre.settings.extensions.pop("ann")
        centre.reload(queues=[], agents=[])
        await centre.sleep(10)
        assert len(centre.controller.calls) == 2, "who talks goes on talking, who waits keeps waiting"
        first.hang_up()
        second.hang_up()
        await centre.all_over()
        assert sorted(cdr.end_reason for cdr in centre.cdrs()) == ["abandoned", "completed"]
        assert {cdr.fault for cdr in centre.cdrs()} == {""}

    centre().run(scenario)


def test_an_agent_who_is_configured_again_is_reachable_and_busy_as_he_is(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        assert await centre.phone("carl").register() == 200
        centre.phone("carl").answer_after_s = None
        ann = centre.phone("ann")
        ann.call("110", password="Secret-123")
        await centre.sleep(1)
        queues = [Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=5.0)]
        known = [Agent(agent_id=AgentId("ann"), skills={"support": 5})]
        centre.reload(queues=queues, agents=[])
        centre.reload(queues=queues, agents=known)
        centre.acd.apply(AgentLoggedIn(AgentId("ann")))
        centre.caller("+15550123").call(HOTLINE)
        await centre.sleep(5)
        assert not ann.seen(InviteReceived), "he is still on the phone"
        ann.talk_s = 1.0
        ann.hang_up()
        await centre.until(lambda: bool(ann.seen(InviteReceived)), within_s=1.0)
        await centre.all_over()

    centre().run(scenario)


def test_a_caller_on_hold_in_the_queue_is_connected_when_he_comes_back(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call(HOTLINE)
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        caller.hold("sendonly")
        await centre.until(lambda: bool(caller.seen(ReinviteAnswered)))
        await centre.log_in("ann")
        await centre.until(lambda: any(isinstance(c, StartRecording) for c in centre.media_commands))
        assert not centre.worker.description.hearings
        assert len(centre.worker.description.playbacks) == 1, "the agent hears music"
        caller.hold("sendrecv")
        await centre.until(lambda: len(caller.seen(ReinviteAnswered)) == 2)
        await centre.sleep(0.1)
        assert len(centre.worker.description.hearings) == 2
        assert not centre.worker.description.playbacks
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_digits_typed_during_the_question_and_before_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("700")
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        await centre.sleep(0.5)
        began_at = centre.clock.now()
        caller.press("1")
        await centre.until(lambda: not centre.controller.calls)
        assert centre.clock.now() - began_at < 1.0, "the digit cut the question short"
        await centre.all_over()
        assert [cdr.tags for cdr in centre.cdrs()] == [{"digit": "1"}]

    centre().run(scenario)


def test_a_digit_before_the_answer_breaks_nothing(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.worker.answers = False
        caller = centre.caller("+15550123")
        caller.call("700")
        await centre.until(lambda: bool(centre.controller.legs))
        leg_id: LegId = next(iter(centre.controller.legs))
        centre.controller.receive_sip(InfoReceived(leg_id, "application/dtmf", b"1"))
        caller.hang_up()
        centre.worker_dies()
        centre.worker_returns()
        await centre.all_over()
        assert [cdr.fault for cdr in centre.cdrs()] == [""]

    centre(ports=FEW_PORTS).run(scenario)


def test_a_refused_caller_costs_no_stream(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123")
        caller.call("600")
        await centre.all_over()
        assert [each.status for each in caller.seen(LegFailed) if isinstance(each, LegFailed)] == [486]
        assert streams_opened(centre) == 0
        (cdr,) = centre.cdrs()
        assert (cdr.end_reason, cdr.ended_by, cdr.sip_status) == ("rejected", "switch", 486)

    centre().run(scenario)
