"""Flows go on when the switch process is killed in the midst of their verbs: in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import pytest
import structlog

from softswitch.acd.model import Agent, AgentState, ContactState, Queue
from softswitch.acd.outputs import ContactForgotten
from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.calls.limits import JOURNAL_ENTRIES_MAX
from softswitch.calls.outcomes import DialOutcome, QueueOutcome
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import project_at_work
from softswitch.calls.settings import CallSettings, Extension, Project
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.dialplan.numbers import NumberPlan, Route
from softswitch.media.protocol import FaxDetected, StartPlay
from softswitch.sip.outputs import InviteReceived, LegEnded
from softswitch.store.limits import KEPT_CALL_BYTES_MAX
from softswitch.store.schema import Cdr
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE = "+18005550100"

Scenario = Callable[[SimulatedCentre], Awaitable[None]]

queued: list[QueueOutcome] = []
dialled: list[DialOutcome] = []
"""What flows got from their verbs."""


@flow
async def hotline(call: Call) -> None:
    await call.play("welcome")
    choice = await call.menu("menu", digits="12", default="1")
    call.tag("choice", choice.digit)
    queued[:] = [await call.queue("support")]
    call.tag("score", str(await call.survey("satisfaction", "survey/question")))
    await call.play("goodbye")


@flow
async def colleague(call: Call) -> None:
    dialled[:] = [await call.dial(call.called_number, ring_s=30.0)]
    await call.play("not-there")


@flow
async def limited(call: Call) -> None:
    dialled[:] = [await call.dial("110", limit_s=60.0, warn_s=10.0)]
    await call.play("time-is-over")


@flow
async def both(call: Call) -> None:
    await call.dial("110", "111", ring_s=30.0)


@flow
async def recorded(call: Call) -> None:
    await call.queue("support")


@flow
async def screened(call: Call) -> None:
    dialled[:] = [await call.dial("111", screened=True, ring_s=30.0)]


@flow
async def thoughtful(call: Call) -> None:
    await call.pause(5.0)
    await call.play("welcome")


@flow
async def number(call: Call) -> None:
    typed = await call.gather("number", maximum=8, timeout_s=60.0, between_s=10.0)
    call.tag("number", typed.digits)


@flow
async def account(call: Call) -> None:
    await call.play("welcome")
    typed = await call.gather("number", maximum=8, timeout_s=60.0, between_s=10.0)
    await asyncio.sleep(3.0)  # it asks somebody
    call.tag("number", typed.digits)
    call.tag("is_complete", str(typed.is_complete))


@flow
async def listening(call: Call) -> None:
    await call.play("first", "first", "first")
    played = await call.play_recorded("second", stop_digits="*")
    call.tag("cut", f"{played.digit} {played.at_s:.1f}")


@flow
async def talkative(call: Call) -> None:
    for name in ("first", "second", "third"):
        await call.play(name)
    await call.pause(5.0)


@flow
async def restless(call: Call) -> None:
    for _ in range(JOURNAL_ENTRIES_MAX + 1):
        await call.pause(0.01)
    await call.queue("support")


FLOWS: Mapping[str, Flow] = {
    "restless": restless,
    "talkative": talkative,
    "number": number,
    "listening": listening,
    "hotline": hotline,
    "colleague": colleague,
    "limited": limited,
    "screened": screened,
    "thoughtful": thoughtful,
    "account": account,
    "both": both,
}
ROUTES = {
    "900": "number",
    "901": "listening",
    "902": "restless",
    "903": "talkative",
    HOTLINE: "hotline",
    "1xx": "colleague",
    "+18005550101": "limited",
    "904": "screened",
    "905": "thoughtful",
    "906": "account",
    "907": "both",
}


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    queued.clear()
    dialled.clear()
    return SimulatedCentre(
        tmp_path,
        flows=FLOWS,
        routes=ROUTES,
        queues=[Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=10.0)],
        agents=[
            Agent(agent_id=AgentId("ann"), skills={"support": 5}),
            Agent(agent_id=AgentId("bob"), skills={"support": 4}),
        ],
        phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
        outlives=True,
    )


def only_call(centre: SimulatedCentre) -> ActiveCall:
    (call,) = centre.controller.calls.values()
    return call


def only_cdr(centre: SimulatedCentre) -> Cdr:
    (cdr,) = centre.cdrs()
    return cdr


def played(centre: SimulatedCentre, since: int = 0) -> list[str]:
    """What was begun to be played, from this command on."""
    return [
        sound for each in centre.media_commands[since:] if isinstance(each, StartPlay) for sound in each.playback.sounds
    ]


async def calling(centre: SimulatedCentre, number: str = HOTLINE) -> SimulatedPhone:
    caller = centre.caller("+15551234")
    caller.call(number)
    await centre.until(lambda: bool(centre.controller.calls))
    return caller


async def waiting(centre: SimulatedCentre) -> SimulatedPhone:
    """He has chosen 2, and waits for ten seconds since."""
    caller = await calling(centre)
    await centre.sleep(3.0)
    caller.press("2")
    await centre.until(lambda: only_call(centre).queue_stay is not None)
    await centre.sleep(10.0)
    return caller


def test_a_caller_hears_the_question_to_its_end_and_goes_on(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre)
        await centre.sleep(3.0)
        assert played(centre) == ["welcome", "menu"]
        before = len(centre.media_commands)
        await centre.restart()
        await centre.sleep(3.0)
        assert played(centre, before) == [], "nothing is heard twice"
        caller.press("2")
        await centre.until(lambda: only_call(centre).queue_stay is not None)
        assert only_call(centre).record.tags["choice"] == "2"
        caller.hang_up()
        await centre.all_over()
        assert only_cdr(centre).end_reason == "abandoned"

    centre.run(scenario)


@pytest.mark.parametrize("after_s", [0.1, 4.0])
def test_a_caller_whose_flow_takes_its_time_before_it_does_anything_is_answered_by_the_next_switch(
    centre: SimulatedCentre, after_s: float
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre, "905")
        began_at = centre.clock.now()
        await centre.sleep(after_s)
        await centre.restart()
        await centre.until(lambda: caller.is_answered)
        assert centre.clock.now() - began_at == pytest.approx(5.0, abs=0.2)
        await centre.all_over()
        assert only_cdr(centre).end_reason == "completed"

    centre.run(scenario)


def test_what_was_typed_before_counts(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre, "900")
        await centre.sleep(1.0)
        for digits in ("47", "11"):
            for digit in digits:
                caller.press(digit)
                await centre.sleep(0.5)
            await centre.restart()
        await centre.sleep(0.1)
        caller.press("#")
        await centre.all_over()
        assert only_cdr(centre).tags["number"] == "4711"

    centre.run(scenario)


def test_what_was_typed_ahead_counts(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre, "906")
        await centre.sleep(0.5)
        caller.press("4")
        await centre.sleep(0.2)
        caller.press("7")
        await centre.sleep(0.2)
        await centre.restart()
        for digit in "11#":
            caller.press(digit)
            await centre.sleep(0.5)
        await centre.all_over()
        assert only_cdr(centre).tags["number"] == "4711"

    centre.run(scenario)


def test_who_had_typed_all_is_not_waited_for_again(centre: SimulatedCentre) -> None:
    """His flow was asking somebody, and had not come to its next verb."""

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre, "906")
        await centre.sleep(3.0)
        for digit in "4711#":
            caller.press(digit)
            await centre.sleep(0.5)
        await centre.restart()
        await centre.until(lambda: not centre.controller.calls, within_s=5.0)
        assert only_cdr(centre).tags == {"number": "4711", "is_complete": "True"}
        await centre.all_over()

    centre.run(scenario)


def centre_of_acme(tmp_path: Path, acme: Project) -> SimulatedCentre:
    return SimulatedCentre(
        tmp_path,
        flows={"recorded": recorded},
        routes={HOTLINE: "recorded"},
        projects={HOTLINE: "acme"},
        queues=[Queue(queue_id=QueueId("support"))],
        agents=[Agent(agent_id=AgentId("ann"))],
        settings=CallSettings(
            domain=DOMAIN, media_ip="10.0.0.1", recordings_directory=str(tmp_path), projects={"acme": acme}
        ),
        outlives=True,
    )


@pytest.mark.parametrize("away_s", [0.3, 5.0])
def test_who_is_just_told_that_he_is_recorded_hears_that_to_its_end(tmp_path: Path, away_s: float) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre)
        await centre.sleep(0.5)
        assert played(centre) == ["notice"]
        before = len(centre.media_commands)
        await centre.restart(away_s=away_s)
        await centre.sleep(0.5)
        assert played(centre, before) == ([] if away_s < 1.0 else ["music default"])
        await centre.sleep(2.0)
        assert played(centre, before) == ["music default"], "the notice comes once"
        caller.hang_up()
        await centre.all_over()

    centre_of_acme(tmp_path, Project(id="acme", recording_notice="notice")).run(scenario)


def test_what_an_agent_does_for_a_client_s_caller_is_the_client_s_after_a_restart_too(tmp_path: Path) -> None:
    """As a call in which she asks somebody. The queue is everybody's."""

    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = await calling(centre)
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(1.0)
        await centre.restart()
        await centre.sleep(1.0)
        ann = centre.settings.extension_of_agent(AgentId("ann"))
        assert ann is not None
        assert project_at_work(centre.around, ann) == "acme"
        caller.hang_up()
        await centre.all_over()

    centre_of_acme(tmp_path, Project(id="acme")).run(scenario)


def test_what_is_played_for_long_is_played_once_and_can_be_cut(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await calling(centre, "901")
        await centre.sleep(1.0)
        before = len(centre.media_commands)
        await centre.restart(away_s=1.5)
        await centre.sleep(0.5)
        assert played(centre, before) == ["second"], "the first came to its end while no switch was there"
        caller.press("*")
        await centre.all_over()
        cut, at_s = only_cdr(centre).tags["cut"].split()
        assert (cut, float(at_s)) == ("*", pytest.approx(0.5, abs=0.2))

    centre.run(scenario)


@pytest.mark.parametrize("away_s", [0.3, 1.5, 5.0])
def test_what_comes_after_a_prompt_is_played_even_if_that_had_ended_meanwhile(
    centre: SimulatedCentre, away_s: float
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await calling(centre, "903")
        await centre.sleep(1.0)
        before = len(centre.media_commands)
        await centre.restart(away_s=away_s)
        await centre.all_over()
        assert played(centre, before) == ["second", "third"]

    centre.run(scenario)


def test_who_waits_keeps_his_place_and_hears_the_music_go_on(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await waiting(centre)
        call = only_call(centre)
        before, queued_at = len(centre.media_commands), call.queue_stay
        await centre.restart()
        await centre.sleep(5.0)
        assert played(centre, before) == [], "the music was never interrupted"
        assert only_call(centre).queue_stay == queued_at
        assert centre.acd.state_of(ContactId(call.call_id)) is ContactState.WAITING
        await centre.log_in("ann")
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(20.0)
        centre.phone("ann").hang_up()
        await centre.until(lambda: "survey/question" in played(centre, before))
        centre.phones["+15551234"].press("4")
        await centre.all_over()
        cdr = only_cdr(centre)
        assert cdr.scores == {"satisfaction": 4}
        assert cdr.tags["score"] == "4"
        assert cdr.queue_wait_s == pytest.approx(16.3, abs=0.3)
        assert (cdr.agent, cdr.end_reason) == ("ann", "completed")

    centre.run(scenario)


def test_who_is_forgotten_by_the_router_is_queued_again_as_old_as_he_is(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await waiting(centre)
        stay = only_call(centre).queue_stay
        assert stay is not None
        for table in (centre.store.router_snapshot, centre.store.router_journal):
            for key, _ in list(table.raw(b"")):
                table.delete(int.from_bytes(key, "big"))
        await centre.restart()
        await centre.sleep(1.0)
        assert any(isinstance(each, ContactForgotten) for each in centre.acd_outputs)
        (contact,) = centre.acd.contact_summaries()
        assert contact.wait_s == pytest.approx(centre.clock.now() - stay.queued_at, abs=0.1)
        await centre.log_in("ann")
        await centre.until(lambda: only_call(centre).conversation is not None)
        centre.phone("ann").hang_up()
        await centre.all_over()
        assert only_cdr(centre).queue_wait_s == pytest.approx(12.3, abs=0.4)

    centre.run(scenario)


def test_an_agent_whose_phone_rang_is_rung_again(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.phone("ann").answer_after_s = None
        await centre.log_in("ann")
        await waiting(centre)
        call = only_call(centre)
        assert centre.acd.state_of(ContactId(call.call_id)) is ContactState.ALERTING
        centre.phone("ann").answer_after_s = 1.0
        await centre.restart()
        await centre.until(lambda: only_call(centre).conversation is not None, within_s=30.0)
        centre.phone("ann").hang_up()
        await centre.all_over()
        assert only_cdr(centre).agent == "ann"

    centre.run(scenario)


def test_after_a_talk_with_an_agent_the_flow_goes_on(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = await waiting(centre)
        assert only_call(centre).conversation is not None
        before = len(centre.media_commands)
        for _ in range(3):
            await centre.restart()
            await centre.sleep(5.0)
        assert only_call(centre).conversation is not None
        assert played(centre, before) == []
        centre.phone("ann").hang_up()
        await centre.until(lambda: "survey/question" in played(centre, before))
        (ann,) = [each for each in centre.acd.agent_summaries() if each.agent_id == "ann"]
        assert ann.state is AgentState.WRAP_UP
        await centre.sleep(0.1)  # what has changed is written
        await centre.restart()
        await centre.sleep(0.5)
        caller.press("5")
        await centre.all_over()
        (outcome,) = queued
        cdr = only_cdr(centre)
        assert outcome.talk_s == pytest.approx(cdr.talk_s, abs=0.1)
        assert cdr.scores == {"satisfaction": 5}
        (stay,) = cdr.stays
        assert stay.talk_s == pytest.approx(cdr.talk_s, abs=0.1)

    centre.run(scenario)


@flow
async def changed_hotline(call: Call) -> None:
    await call.play("another-welcome")
    await call.queue("support")
    await call.play("never")


def test_a_flow_that_was_changed_is_left_and_who_waits_keeps_his_place(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await waiting(centre)
        stay = only_call(centre).queue_stay
        centre.use_flows({**FLOWS, "hotline": changed_hotline})
        before = len(centre.media_commands)
        await centre.restart()
        await centre.sleep(5.0)
        assert played(centre, before) == []
        assert only_call(centre).queue_stay == stay
        await centre.log_in("ann")
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(10.0)
        centre.phone("ann").hang_up()
        await centre.all_over()
        assert "never" not in played(centre)
        cdr = only_cdr(centre)
        assert (cdr.agent, cdr.end_reason) == ("ann", "completed")
        assert 'it uses the verb "files" with other arguments' in cdr.fault

    centre.run(scenario)


def test_a_talk_goes_on_when_its_flow_is_gone(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("dora").register() == 200
        caller = await calling(centre, "111")
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(5.0)
        centre.use_flows({"hotline": hotline, "limited": limited})
        await centre.restart()
        await centre.sleep(5.0)
        assert only_call(centre).conversation is not None
        caller.hang_up()
        await centre.all_over()
        assert only_cdr(centre).end_reason == "completed"
        assert only_cdr(centre).talk_s == pytest.approx(10.3, abs=0.3)

    centre.run(scenario)


def test_who_is_in_a_menu_of_a_flow_that_is_gone_hears_an_apology(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await calling(centre)
        await centre.sleep(3.0)
        before = len(centre.media_commands)
        centre.use_flows({"colleague": colleague, "limited": limited})
        await centre.restart()
        await centre.all_over()
        assert played(centre, before) == ["fault/technical"]
        assert "there is no such flow any more" in only_cdr(centre).fault

    centre.run(scenario)


def test_phones_that_rang_ring_again_for_the_time_that_is_left(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        centre.phone("dora").answer_after_s = None
        assert await centre.phone("dora").register() == 200
        began_at = centre.clock.now()
        await calling(centre, "111")
        await centre.sleep(10.0)
        await centre.restart()
        await centre.until(lambda: "not-there" in played(centre), within_s=60.0)
        assert centre.clock.now() - began_at == pytest.approx(30.0, abs=0.7)
        await centre.all_over()
        (outcome,) = dialled
        assert outcome.reason.value == "no_answer"
        assert only_cdr(centre).ring_s == pytest.approx(30.0, abs=0.7)

    centre.run(scenario)


def test_who_was_dialled_and_talks_goes_on_to_the_limit_of_their_time(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("carl").register() == 200
        await calling(centre, "+18005550101")
        await centre.until(lambda: only_call(centre).conversation is not None)
        began_at = centre.clock.now()
        await centre.sleep(20.0)
        await centre.restart()
        await centre.until(lambda: "time-is-over" in played(centre), within_s=90.0)
        assert centre.clock.now() - began_at == pytest.approx(60.0, abs=0.5)
        assert "dial/time-is-nearly-over" in played(centre)
        await centre.all_over()
        (outcome,) = dialled
        assert outcome.is_time_over
        assert outcome.answered_by == "carl"
        assert outcome.talk_s == pytest.approx(60.0, abs=0.5)

    centre.run(scenario)


def test_who_is_told_that_their_time_is_nearly_over_is_told_once(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("carl").register() == 200
        await calling(centre, "+18005550101")
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(55.0)
        await centre.restart()
        await centre.until(lambda: "time-is-over" in played(centre), within_s=10.0)
        assert played(centre).count("dial/time-is-nearly-over") == 1
        await centre.all_over()

    centre.run(scenario)


def test_who_has_declined_is_not_rung_again_with_the_others(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = centre.phone("carl"), centre.phone("dora")
        for phone in (carl, dora):
            phone.answer_after_s = None
            assert await phone.register() == 200
        await calling(centre, "907")
        await centre.sleep(3.0)
        assert dora.leg is not None
        dora.endpoint.reject(dora.leg, 603, now=centre.clock.now())
        await centre.sleep(3.0)
        await centre.restart()
        await centre.sleep(3.0)
        assert len(carl.seen(InviteReceived)) == 2
        assert len(dora.seen(InviteReceived)) == 1
        await centre.all_over()

    centre.run(scenario)


@pytest.mark.parametrize("rings", [True, False], ids=["180", "no 180"])
def test_who_was_just_asked_whether_he_takes_a_call_is_hung_up_and_asked_again(
    centre: SimulatedCentre, rings: bool
) -> None:
    """He is not left on a line on which there is nobody."""

    async def scenario(centre: SimulatedCentre) -> None:
        dora = centre.phone("dora")
        dora.rings, dora.answer_after_s = rings, 3.0
        assert await dora.register() == 200
        await calling(centre, "904")
        await centre.until(lambda: dora.is_answered)
        await centre.sleep(1.0)
        await centre.restart()
        await centre.until(lambda: bool(dora.seen(LegEnded)), within_s=2.0)
        await centre.until(lambda: dora.is_answered, within_s=20.0)
        await centre.sleep(1.0)
        dora.press("1")
        await centre.until(lambda: only_call(centre).conversation is not None)
        dora.hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_flow_that_another_version_wrote_down_otherwise_costs_no_talk(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("ann")
        caller = await waiting(centre)
        (row,) = centre.store.kept_calls.ascending()
        fields = msgspec.msgpack.decode(bytes(row.content))
        fields["flow"]["verb"] = {"type": "meditate", "until": 1.0}
        fields["aura"] = "unknown to this version"
        centre.store.keep_calls([(row.call_id, msgspec.msgpack.encode(fields))])
        await centre.restart()
        await centre.sleep(5.0)
        assert only_call(centre).conversation is not None
        caller.hang_up()
        await centre.all_over()
        assert (only_cdr(centre).agent, only_cdr(centre).ended_by) == ("ann", "caller")

    centre.run(scenario)


@flow
async def fax(call: Call) -> None:
    call.tag("stage", "fax")
    dialled[:] = [await call.dial("110")]
    call.tag("fax", dialled[0].reason.value)


def test_the_flow_for_fax_machines_goes_on_as_any_other(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        numbers = NumberPlan.compile([Route(HOTLINE, "hotline", fax_flow="fax")])
        assert isinstance(numbers, NumberPlan)
        flows = {**FLOWS, "fax": fax}
        centre.dialplan = msgspec.structs.replace(centre.dialplan, numbers=numbers, flows=flows)
        assert await centre.phone("carl").register() == 200
        caller = await calling(centre)
        await centre.sleep(1.0)
        call = only_call(centre)
        centre.worker.emit(FaxDetected(call.call_id, call.caller_stream.stream_id))
        await centre.until(lambda: only_call(centre).conversation is not None)
        await centre.sleep(5.0)
        kept = only_call(centre).keep_flow()
        assert kept is not None
        assert (kept.name, kept.stage) == ("fax", "fax")
        await centre.restart()
        await centre.sleep(5.0)
        assert only_call(centre).conversation is not None
        centre.phone("carl").hang_up()
        await centre.all_over()
        assert not caller.is_answered
        cdr = only_cdr(centre)
        assert (cdr.flow, cdr.tags["fax"]) == ("fax", "answered")

    centre.run(scenario)


@flow
async def patient_fax(call: Call) -> None:
    await call.pause(10.0)
    await call.dial("110")


def test_a_fax_machine_is_not_back_in_the_menu(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        numbers = NumberPlan.compile([Route(HOTLINE, "hotline", fax_flow="patient_fax")])
        assert isinstance(numbers, NumberPlan)
        flows = {**FLOWS, "patient_fax": patient_fax}
        centre.dialplan = msgspec.structs.replace(centre.dialplan, numbers=numbers, flows=flows)
        assert await centre.phone("carl").register() == 200
        await calling(centre)
        await centre.sleep(3.0)
        call = only_call(centre)
        centre.worker.emit(FaxDetected(call.call_id, call.caller_stream.stream_id))
        await centre.sleep(1.0)
        await centre.restart()
        await centre.until(lambda: only_call(centre).conversation is not None, within_s=15.0)
        centre.phone("carl").hang_up()
        await centre.all_over()
        assert (only_cdr(centre).flow, only_cdr(centre).fault) == ("patient_fax", "")

    centre.run(scenario)


def test_a_flow_that_does_too_much_to_be_noted_says_so_once_and_who_waits_keeps_his_place(
    centre: SimulatedCentre,
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        with structlog.testing.capture_logs() as logs:
            await calling(centre, "902")
            await centre.until(lambda: only_call(centre).queue_stay is not None)
            await centre.sleep(5.0)
            assert [each["flow"] for each in logs if each["event"] == "flow not resumable"] == ["restless"]
            logs.clear()
            await centre.restart()
            await centre.sleep(5.0)
            assert [each["flow"] for each in logs if each["event"] == "flow not resumed"] == ["restless"]
            assert not [each for each in logs if each["event"] == "flow not resumable"]
        await centre.log_in("ann")
        await centre.until(lambda: only_call(centre).conversation is not None)
        centre.phone("ann").hang_up()
        await centre.all_over()

    centre.run(scenario)


def test_a_call_of_which_too_much_is_known_is_named_once(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await calling(centre)
        call = only_call(centre)
        call.variables["story"] = "long" * KEPT_CALL_BYTES_MAX
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                call.changed()
                await centre.sleep(0.5)
        assert [each["call_id"] for each in logs if each["event"] == "call not kept"] == [call.call_id]
        call.hang_up_from_outside("the end of the test")
        await centre.all_over()

    centre.run(scenario)
