"""The switch process is killed in the middle of calls, and its successor goes on with them: in virtual time."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.address import Flow as SipFlow
from softswitch.base.address import TransportKind
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, StreamId
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.kept.kept_call import KeptCall
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.adopting import decode, read_kept
from softswitch.calls.runtime.keeping import encode
from softswitch.calls.runtime.succession import Succession
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.settings import CallSettings, Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.told.call_events import CallEnded
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.media.protocol import DropStream
from softswitch.sip.kept import KeptSession
from softswitch.sip.outputs import InfoReceived, LegEnded, ReinviteAnswered
from softswitch.store import memory_store
from softswitch.store.memory import MemoryRows
from softswitch.store.schema import END_REASON_RESTARTED, Cdr
from softswitch.testing.records import check_records
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SWITCH, SimulatedPhone

HOTLINE = "+18005550100"

Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def menu(call: Call) -> None:
    await call.play("greeting/welcome")
    choice = await call.menu("menu/main", digits="12", timeout_s=30.0)
    call.tag("choice", choice.digit)
    await call.queue("support")
    await call.play("greeting/goodbye")
    call.tag("end", "reached")


@flow
async def meeting(call: Call) -> None:
    await call.conference("meeting")


FLOWS: Mapping[str, Flow] = {"support": support, "colleague": colleague, "menu": menu, "meeting": meeting}
ROUTES = {HOTLINE: "support", "1xx": "colleague", "700": "menu", "800": "meeting"}


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    def run(scenario: Scenario) -> None:
        SimulatedCentre(
            tmp_path,
            flows=FLOWS,
            routes=ROUTES,
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=10.0)],
            agents=[
                Agent(agent_id=AgentId("ann"), skills={"support": 5}),
                Agent(agent_id=AgentId("bob"), skills={"support": 4}),
            ],
            phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
            settings=CallSettings(
                domain=DOMAIN,
                media_ip="10.0.0.1",
                recordings_directory=str(tmp_path),
                conferences={"meeting": RoomTerms(room_id="meeting", number="800", records="always")},
            ),
            outlives=True,
        ).run(scenario)

    return run


def only_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = centre.controller.calls.values()
    return call


def only_cdr(centre: SimulatedCentre) -> Cdr:
    (cdr,) = centre.cdrs()
    return cdr


async def talking(centre: SimulatedCentre, caller: SimulatedPhone) -> ActiveCall:
    await centre.until(lambda: any(call.conversation is not None for call in centre.controller.calls.values()))
    await centre.sleep(5.0)
    return only_call(centre)


async def extensions_that_talk(centre: SimulatedCentre) -> SimulatedPhone:
    assert await centre.phone("carl").register() == 200
    assert await centre.phone("dora").register() == 200
    carl = centre.phone("carl")
    carl.call("111", password="Secret-123")
    await talking(centre, carl)
    return carl


def test_two_who_talk_go_on(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        told, before = len(centre.media_commands), only_call(centre).call_id
        await centre.restart()
        await centre.sleep(20.0)
        call = only_call(centre)
        assert call.call_id == before
        assert call.conversation is not None
        assert carl.is_answered, "nobody was hung up"
        assert centre.phone("dora").is_answered
        assert not [each for each in centre.media_commands[told:] if isinstance(each, DropStream)]
        carl.hang_up()
        await centre.all_over()
        cdr = only_cdr(centre)
        assert cdr.end_reason == "completed"
        assert cdr.ended_by == "caller"
        assert cdr.talk_s == pytest.approx(25.3, abs=0.5), "the time without a switch is time they talked"
        assert not centre.phone("dora").is_answered

    play(scenario)


def test_what_changed_of_a_leg_without_a_word_is_written_again(play: Callable[[Scenario], None]) -> None:
    """So many requests of ours that the next process would use their numbers a second time, and be refused."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        leg_id = only_call(centre).caller.leg.leg_id
        for _ in range(130):
            centre.around.sip.send_info(leg_id, "application/dtmf", b"1")
        await centre.sleep(1.0)
        assert len(carl.seen(InfoReceived)) == 130
        await centre.restart()
        centre.around.sip.send_info(leg_id, "application/dtmf", b"2")
        await centre.sleep(1.0)
        assert len(carl.seen(InfoReceived)) == 131
        carl.hang_up()
        await centre.all_over()

    play(scenario)


@pytest.mark.parametrize("by", ["carl", "dora"])
def test_who_hangs_up_while_there_is_no_switch_has_hung_up(play: Callable[[Scenario], None], by: str) -> None:
    """His BYE is repeated until somebody answers it (RFC 3261, timer E)."""

    async def scenario(centre: SimulatedCentre) -> None:
        await extensions_that_talk(centre)
        centre.loop.call_later(0.1, centre.phone(by).hang_up)
        await centre.restart(away_s=1.2)
        await centre.all_over()
        assert only_cdr(centre).ended_by == ("caller" if by == "carl" else "agent")
        assert not centre.phone("carl").is_answered
        assert not centre.phone("dora").is_answered

    play(scenario)


def test_hold_and_resume_over_a_restart(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        carl.hold("sendonly")
        await centre.sleep(10.0)
        await centre.restart()
        call = only_call(centre)
        assert call.conversation is not None
        assert call.conversation.is_on_hold
        await centre.sleep(5.0)
        carl.hold("sendrecv")
        await centre.until(lambda: len(carl.seen(ReinviteAnswered)) == 2)
        await centre.sleep(1.0)
        assert call.conversation is not None
        assert not call.conversation.is_on_hold
        carl.hang_up()
        await centre.all_over()
        assert only_cdr(centre).hold_s == pytest.approx(15.3, abs=0.5)

    play(scenario)


def test_again_and_again(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        for _ in range(5):
            await centre.restart()
            await centre.sleep(3.0)
            assert only_call(centre).conversation is not None
        centre.phone("dora").hang_up()
        await centre.all_over()
        assert not carl.is_answered
        assert only_cdr(centre).ended_by == "agent"

    play(scenario)


def test_an_agent_and_his_caller_go_on_and_he_wraps_up_afterwards(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        call = await talking(centre, caller)
        contact = ContactId(call.call_id)
        await centre.restart()
        await centre.sleep(5.0)
        assert centre.acd.state_of(contact) is not None, "the router knows him"
        caller.hang_up()
        await centre.sleep(1.0)
        (ann,) = [each for each in centre.acd.agent_summaries() if each.agent_id == "ann"]
        assert ann.state is AgentState.WRAP_UP
        await centre.all_over()
        cdr = only_cdr(centre)
        assert (cdr.agent, cdr.queue, cdr.ended_by) == ("ann", "support", "caller")
        (stay,) = cdr.stays
        assert stay.outcome == "answered"
        assert stay.talk_s == pytest.approx(cdr.talk_s, abs=0.1)

    play(scenario)


def test_who_waits_keeps_his_place_and_his_time(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        first, second = centre.caller("+15550001"), centre.caller("+15550002")
        first.call(HOTLINE)
        await centre.sleep(10.0)
        second.call(HOTLINE)
        await centre.sleep(20.0)
        before = centre.acd.contact_summaries()
        assert len(before) == 2
        await centre.restart()
        after = centre.acd.contact_summaries()
        assert [each.contact_id for each in after] == [each.contact_id for each in before]
        assert first.is_answered
        assert second.is_answered
        await centre.log_in("ann")
        await centre.until(lambda: centre.phone("ann").is_answered)
        await centre.sleep(2.0)
        talking_now = [call for call in centre.controller.calls.values() if call.conversation is not None]
        assert [call.record.calling_number for call in talking_now] == ["+15550001"]
        assert talking_now[0].record.queue_wait_s == pytest.approx(31.3, abs=1.0)
        first.hang_up()
        await centre.sleep(15.0)
        second.hang_up()
        await centre.all_over()
        assert sorted(cdr.calling_number for cdr in centre.cdrs()) == ["+15550001", "+15550002"]

    play(scenario)


def test_a_phone_that_rings_stops_and_the_next_rings(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        ann = centre.phone("ann")
        ann.answer_after_s = None
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        await centre.until(lambda: ann.leg is not None)
        await centre.sleep(2.0)
        ann.answer_after_s = 1.0
        await centre.restart()
        await centre.sleep(0.2)
        assert ann.seen(LegEnded), "the INVITE of the dead process was cancelled"
        await centre.until(lambda: ann.is_answered, within_s=30.0)
        await centre.sleep(3.0)
        assert only_call(centre).conversation is not None
        caller.hang_up()
        await centre.all_over()
        assert only_cdr(centre).agent == "ann"

    play(scenario)


def test_a_supervisor_is_still_there(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        await centre.log_in("bob")
        call = only_call(centre)
        supervision = Supervision(call, centre.settings.extensions["bob"], SupervisionMode.WHISPER)
        await supervision.begin()
        await centre.until(lambda: centre.phone("bob").is_answered)
        await centre.sleep(3.0)
        await centre.restart()
        await centre.sleep(3.0)
        (supervision,) = only_call(centre).supervisions
        assert supervision.mode is SupervisionMode.WHISPER
        assert centre.phone("bob").is_answered
        centre.phone("bob").press("6")
        await centre.sleep(1.0)
        assert supervision.mode is SupervisionMode.BARGE
        carl.hang_up()
        await centre.all_over()
        assert not centre.phone("bob").is_answered
        assert [each.mode for each in only_cdr(centre).supervisions] == ["whisper", "barge", "end"]

    play(scenario)


def test_what_is_recorded_is_one_file(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        await talking(centre, caller)
        await centre.restart()
        await centre.sleep(5.0)
        caller.hang_up()
        await centre.all_over()
        (recording,) = centre.store.recordings.ascending()
        assert only_cdr(centre).recordings == (recording.path,)
        assert recording.duration_s == pytest.approx(only_cdr(centre).talk_s, abs=0.2)
        assert recording.agent == "ann"

    play(scenario)


def test_a_plain_call_is_written_twice(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        assert centre.around.keeping.written == 2
        carl.hang_up()
        await centre.all_over()
        assert centre.around.keeping.written == 2
        assert centre.store.kept_calls.count() == 0

    play(scenario)


def test_a_call_that_cannot_be_read_ends_and_no_other(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await extensions_that_talk(centre)
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        await centre.sleep(5.0)
        (waiting,) = [call.call_id for call in centre.controller.calls.values() if call.conversation is None]
        centre.store.keep_calls([(CallId(waiting), b"\xc1")])
        await centre.restart()
        assert waiting not in centre.controller.calls
        assert only_call(centre).conversation is not None
        assert [cdr.end_reason for cdr in centre.cdrs()] == ["switch restarted"]
        told_since = [each.event for each in centre.events.after(centre.events.oldest - 1, 1000).events]
        (told,) = [event for event in told_since if isinstance(event, CallEnded)]
        assert (told.call_id, told.end_reason) == (waiting, "switch restarted")
        centre.phone("carl").hang_up()
        await centre.sleep(60.0)

    play(scenario)


def test_a_call_that_cannot_go_on_leaves_its_agent_and_no_other_call(play: Callable[[Scenario], None]) -> None:
    """A fault of ours in going on with it."""

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15551234")
        caller.call(HOTLINE)
        call = await talking(centre, caller)
        assert call.record.agent == "ann"

        def fails(call: ActiveCall, kept: KeptCall) -> None:
            raise RuntimeError(f"{call.call_id} of {kept.kept_at}")

        (kept,) = read_kept(centre.records.kept_calls())
        Succession(centre.controller).resume([(call, kept)], fails)
        await centre.sleep(20.0)
        assert not caller.is_answered
        assert centre.acd.agent_summaries()[0].state is AgentState.READY
        await centre.all_over()
        assert "RuntimeError" in only_cdr(centre).fault

    play(scenario)


def test_who_is_in_a_menu_hears_it_again_and_his_flow_goes_on_to_its_end(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15551234")
        caller.call("700")
        await centre.until(lambda: caller.is_answered)
        await centre.sleep(6.0)
        await centre.restart()
        await centre.sleep(3.0)
        caller.press("1")
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(0.1)
        await centre.restart()
        await centre.sleep(5.0)
        centre.phone("ann").hang_up()
        await centre.sleep(1.0)
        assert caller.is_answered, "his flow has more to say"
        await centre.all_over()
        cdr = only_cdr(centre)
        assert cdr.tags == {"choice": "1", "end": "reached"}
        assert cdr.ended_by == "agent"

    play(scenario)


def test_a_caller_who_hears_it_ring_is_answered_by_the_next_switch(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("carl").register() == 200
        assert await centre.phone("dora").register() == 200
        carl, dora = centre.phone("carl"), centre.phone("dora")
        dora.answer_after_s = None
        carl.call("111", password="Secret-123")
        await centre.until(lambda: dora.leg is not None)
        await centre.sleep(3.0)
        dora.answer_after_s = 1.0
        await centre.restart()
        await centre.until(lambda: carl.is_answered, within_s=20.0)
        await centre.sleep(2.0)
        assert only_call(centre).conversation is not None
        carl.hang_up()
        await centre.all_over()
        assert only_cdr(centre).end_reason == "completed"

    play(scenario)


def test_a_conference_goes_on(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        callers = [centre.caller(f"+1555000{number}") for number in range(5)]
        for caller in callers:
            caller.call("800")
        await centre.until(lambda: all(caller.is_answered for caller in callers))
        await centre.sleep(10.0)
        (before,) = centre.conferences.all_running()
        members = (
            len(centre.worker.description.rooms),
            {tuple(sorted(room.members)) for room in centre.worker.description.rooms.values()},
        )
        await centre.restart()
        (after,) = centre.conferences.all_running()
        assert after.conference_id == before.conference_id
        assert members == (
            len(centre.worker.description.rooms),
            {tuple(sorted(room.members)) for room in centre.worker.description.rooms.values()},
        )
        await centre.sleep(10.0)
        callers[0].hang_up()
        await centre.sleep(1.0)
        assert len(after.members) == 4
        for caller in callers[1:]:
            caller.hang_up()
        await centre.sleep(400.0)
        await centre.all_over()
        (minutes,) = centre.store.minutes.ascending()
        assert [stay.reason for stay in minutes.stays] == ["hung up"] * 5
        assert len(minutes.recordings) == 1
        (recording,) = centre.store.recordings.ascending()
        assert recording.duration_s == pytest.approx(minutes.ended_at - minutes.started_at, abs=1.5)
        assert all(cdr.conference_s == pytest.approx(20.0, abs=3.0) for cdr in centre.cdrs())

    play(scenario)


def test_whoever_hangs_up_before_his_flow_goes_on_leaves_his_agent(play: Callable[[Scenario], None]) -> None:
    """What was sent while no switch was there is read at once, before any flow has had its turn."""

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550001")
        caller.call(HOTLINE)
        await talking(centre, caller)
        centre.loop.call_later(0.1, caller.hang_up)
        await centre.restart(away_s=0.3)
        bye = next(each for each in reversed(centre.network.transcript) if each.message.startswith(b"BYE"))
        flow = SipFlow(TransportKind.UDP, SWITCH, caller.address)
        centre.endpoint.receive_datagram(bye.message, flow, centre.clock.now())
        centre.flush()
        await centre.until(lambda: not centre.controller.calls)
        assert [row.state for row in centre.acd.agent_summaries() if row.agent_id == "ann"] == [AgentState.WRAP_UP]
        await centre.all_over()
        cdr = only_cdr(centre)
        assert (cdr.end_reason, cdr.ended_by, cdr.agent) == ("completed", "caller", "ann")
        assert [stay.outcome for stay in cdr.stays] == ["answered"]

    play(scenario)


def of_a_dead_worker(content: bytes) -> bytes:
    """The call, when nobody can tell what its worker was told last."""
    kept = decode(content)
    parties = [
        replace(each, stream=None if each.stream is None else replace(each.stream, worker_pid=0))
        for each in (kept.caller, *kept.others)
    ]
    return encode(replace(kept, caller=parties[0], others=tuple(parties[1:])))


@pytest.mark.parametrize("by", ["carl", "dora"])
def test_who_hung_up_in_the_last_moment_is_not_thought_to_be_there(play: Callable[[Scenario], None], by: str) -> None:
    """What the dead process had answered, and not written: the phones are asked whether they are there."""

    async def scenario(centre: SimulatedCentre) -> None:
        await extensions_that_talk(centre)
        kept = centre.store.kept_calls.ascending()
        rows = [(CallId(row.call_id), of_a_dead_worker(bytes(row.content))) for row in kept]
        active = list(centre.store.active_calls.ascending())
        centre.phone(by).hang_up()
        await centre.sleep(1.0)
        assert not centre.controller.calls
        for row in active:
            centre.store.begin_call(row)
        centre.store.keep_calls(rows)
        await centre.restart()
        assert only_call(centre).conversation is not None, "it is thought to go on"
        await centre.sleep(3.0)
        assert not centre.controller.calls

    play(scenario)


def test_a_call_that_cannot_be_adopted_has_all_in_its_record_that_is_known(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550100")
        caller.call(HOTLINE)
        call_id = (await talking(centre, caller)).call_id
        await centre.sleep(20.0)

        def spoil(rows: MemoryRows) -> None:
            """What is kept of the caller's leg is not what the SIP endpoint can use."""
            left = memory_store(rows)
            row = left.kept_calls.get(call_id)
            assert row is not None
            kept = decode(bytes(row.content))
            left.keep_calls([(call_id, encode(replace(kept, caller=replace(kept.caller, sip=None))))])

        await centre.restart(rewrite=spoil)
        await centre.sleep(1.0)
        assert not centre.controller.calls
        cdr = only_cdr(centre)
        assert (cdr.end_reason, cdr.ended_by, cdr.agent) == (END_REASON_RESTARTED, "switch", "ann")
        assert cdr.talk_s == pytest.approx(25.0, abs=1.0)
        check_records([cdr])

    play(scenario)


def test_a_call_of_before_the_machine_was_booted_counts_until_the_last_event(
    play: Callable[[Scenario], None],
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller, other = centre.caller("+15550100"), centre.caller("+15550101")
        caller.call(HOTLINE)
        call_id = (await talking(centre, caller)).call_id
        await centre.sleep(55.0)
        other.call(HOTLINE)
        await centre.sleep(10.0)

        def reboot(rows: MemoryRows) -> None:
            left = memory_store(rows)
            for row in list(left.kept_calls.ascending()):
                kept = decode(bytes(row.content))
                left.keep_calls([(row.call_id, encode(replace(kept, boot_id="another")))])

        await centre.restart(away_s=3600.0, rewrite=reboot)
        assert not centre.controller.calls
        talked, waited = sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)
        assert (talked.call_id, talked.end_reason, talked.agent) == (call_id, END_REASON_RESTARTED, "ann")
        assert 60.0 <= talked.talk_s <= 75.0, "nothing proves that they talked for the hour after it"
        assert (waited.end_reason, [stay.outcome for stay in waited.stays]) == (END_REASON_RESTARTED, ["withdrawn"])
        check_records([talked, waited])
        await centre.sleep(60.0)

    play(scenario)


def test_who_is_hung_up_by_the_next_switch_is_told_at_once(play: Callable[[Scenario], None]) -> None:
    """What was written of his leg, when the two began to talk, knows nothing of his ACK."""

    async def scenario(centre: SimulatedCentre) -> None:
        carl = await extensions_that_talk(centre)
        call_id = only_call(centre).call_id
        await centre.sleep(60.0)
        assert carl.is_answered

        def spoil(rows: MemoryRows) -> None:
            """The caller's stream is one that his worker was told to let go."""
            left = memory_store(rows)
            row = left.kept_calls.get(call_id)
            assert row is not None
            kept = decode(bytes(row.content))
            sip, stream = kept.caller.sip, kept.caller.stream
            assert isinstance(sip, KeptSession)
            assert sip.answer is not None, "written before the ACK came"
            assert stream is not None
            stream = replace(stream, description=replace(stream.description, stream_id=StreamId(99_999)))
            left.keep_calls([(call_id, encode(replace(kept, caller=replace(kept.caller, stream=stream))))])

        await centre.restart(rewrite=spoil)
        await centre.sleep(0.1)
        assert not carl.is_answered

    play(scenario)


@pytest.mark.parametrize("hangs_up", ["caller", "agent"])
def test_a_call_whose_end_could_not_be_written_is_over_and_its_agent_is_free(
    play: Callable[[Scenario], None], hangs_up: str
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = centre.caller("+15550100")
        caller.call(HOTLINE)
        call_id = (await talking(centre, caller)).call_id
        await centre.sleep(10.0)
        row, active = centre.store.kept_calls.get(call_id), centre.store.active_calls.get(call_id)
        assert row is not None
        assert active is not None
        (caller if hangs_up == "caller" else centre.phone("ann")).hang_up()
        await centre.until(lambda: not centre.controller.calls)

        def undo(rows: MemoryRows) -> None:
            """The disk was full: it has the call as it was."""
            left = memory_store(rows)
            left.kept_calls.put(call_id, row)
            left.active_calls.put(call_id, active)
            for cdr in list(left.cdrs.ascending()):
                left.cdrs.delete((cdr.started_at, cdr.call_id))

        await centre.restart(rewrite=undo)
        await centre.sleep(1.0)
        assert not centre.controller.calls
        cdr = only_cdr(centre)
        assert (cdr.end_reason, cdr.ended_by, cdr.agent) == ("completed", "caller", "ann")
        assert cdr.answered_at is not None
        assert cdr.talk_s == pytest.approx(15.0, abs=1.0)
        assert [stay.outcome for stay in cdr.stays] == ["answered"]
        check_records([cdr])
        assert not centre.store.kept_calls.count()
        await centre.sleep(15.0)
        summary = centre.acd.agent_summary(AgentId("ann"))
        assert summary is not None
        assert summary.state is AgentState.READY

    play(scenario)
