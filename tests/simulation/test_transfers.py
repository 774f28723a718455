"""Transfers of whole calls in virtual time: blind, attended, failed, by phones, flows and operators."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.acd.outputs import AgentStateChanged
from softswitch.base.ids import AgentId, LegId, QueueId
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StartRecording
from softswitch.sip.messages.message import Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegFailed, ReferReceived, ReinviteReceived
from softswitch.store.schema import Cdr
from softswitch.testing.ladder import render_ladder
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

Scenario = Callable[[SimulatedCentre], Awaitable[None]]
HOTLINE = "+18005550100"
CALLER = "+15550123"
SECRET = "Secret-123"
OFFICE = frozenset({"office"})
GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"


@flow
async def support(call: Call) -> None:
    await call.queue("support")
    await call.play("greeting/goodbye")


@flow
async def colleague(call: Call) -> None:
    outcome = await call.dial(call.called_number)
    if not outcome.is_answered:
        await call.play("connect/busy")


@flow
async def onward(call: Call) -> None:
    await call.play("connect/transfer")
    await call.transfer("120")


@flow
async def away(call: Call) -> None:
    if not await call.send_away("+4930123"):
        await call.dial("120")


FLOWS = {each.__name__: each for each in (support, colleague, onward, away)}


@pytest.fixture
def centre(tmp_path: Path) -> Callable[..., SimulatedCentre]:
    def make(**changes: object) -> SimulatedCentre:
        settings: dict[str, object] = {
            "flows": FLOWS,
            "routes": {HOTLINE: "support", "1xx": "colleague", "+7!": "colleague", "700": "onward", "701": "away"},
            "queues": [Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=10.0)],
            "agents": [Agent(agent_id=AgentId("ann"), skills={"support": 5})],
            "phones": [
                Extension(username="carl", number="110"),
                Extension(username="dora", number="120", trunks=frozenset({"provider"}), pickup_groups=OFFICE),
                Extension(username="eve", number="130", pickup_groups=OFFICE),
                Extension(username="fred", number="140"),
            ],
        }
        return SimulatedCentre(tmp_path, **{**settings, **changes})  # pyright: ignore[reportArgumentType]

    return make


async def registered(centre: SimulatedCentre, *names: str) -> list[SimulatedPhone]:
    phones = [centre.phone(name) for name in names]
    for phone in phones:
        assert await phone.register() == 200
    return phones


async def talking_to_agent(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    """A caller from outside and ann, who got him from the queue."""
    await centre.log_in("ann")
    caller = centre.caller(CALLER)
    caller.call(HOTLINE)
    await centre.until(lambda: centre.phone("ann").is_answered)
    await centre.sleep(5)
    return caller, centre.phone("ann")


async def talking(centre: SimulatedCentre, caller: SimulatedPhone, called: SimulatedPhone, number: str) -> LegId:
    leg_id = caller.call(number, password=SECRET)
    await centre.until(lambda: caller.is_answered and called.is_answered)
    await centre.sleep(5)
    return leg_id


def by_start(centre: SimulatedCentre) -> list[Cdr]:
    return sorted(centre.cdrs(), key=lambda cdr: cdr.started_at)


def check_linked(first: Cdr, second: Cdr, by: str) -> None:
    assert (first.end_reason, first.transferred_by, first.linked_calls) == ("transferred", by, (second.call_id,))
    assert (second.transferred_by, second.linked_calls) == (by, (first.call_id,))
    assert first.fault == second.fault == ""
    assert first.chain_id == second.chain_id, "one caller's experience"
    assert first.chain_id in (first.call_id, second.call_id)


def check_ladder(centre: SimulatedCentre, name: str, *peers: str) -> None:
    """What went between the switch and these, from the first REFER or Replaces on, is as it was reviewed."""
    passages = [p for p in centre.network.transcript if p.source in peers or p.destination in peers]
    first = next(i for i, p in enumerate(passages) if p.message.startswith(b"REFER") or b"Replaces:" in p.message)
    ladder = render_ladder(passages[first:], passages[first].sent_at)
    path = GOLDEN / f"call_{name}.txt"
    if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
        path.write_text(ladder)
    assert ladder == path.read_text()


def hears(centre: SimulatedCentre) -> list[set[int]]:
    """The pairs who hear each other."""
    heard = {h.stream_id: set(h.sources) for w in centre.workers.values() for h in w.description.hearings.values()}
    return [{one, other} for one in heard for other in heard[one] if one < other and one in heard.get(other, set())]


def test_an_agent_sends_the_caller_on(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.talk_s = 20.0
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(1)
        assert ann.told() == [202, 100, 180, 200]
        assert ann.leg is None, "who has transferred is released"
        assert len(hears(centre)) == 1
        await centre.all_over()
        check_ladder(centre, "blind_transfer", CALLER, "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")
        assert (first.agent, first.queue, first.transferred_to) == ("ann", "support", "110")
        assert (second.calling_number, second.called_number) == (CALLER, "110")
        assert (second.end_reason, second.ended_by) == ("completed", "agent")
        assert (first.trunk, second.trunk) == ("provider", "provider")
        assert first.talk_s == pytest.approx(5, abs=0.5)
        assert second.talk_s == pytest.approx(20, abs=0.5)
        assert len(first.recordings) == 1
        assert not second.recordings, "carl is not recorded by his policy"
        states = [o.new for o in centre.acd_outputs if isinstance(o, AgentStateChanged) and o.agent_id == "ann"]
        assert states[-3:] == [AgentState.BUSY, AgentState.WRAP_UP, AgentState.READY]
        assert states.count(AgentState.WRAP_UP) == 1
        (answered,) = caller.seen(LegAnswered)
        assert isinstance(answered, LegAnswered)

    centre().run(scenario)


def test_a_phone_sends_on_whom_it_has_called(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, eve = await registered(centre, "carl", "dora", "eve")
        await talking(centre, carl, dora, "120")
        eve.talk_s = 8.0
        carl.refer("130")
        await centre.until(lambda: eve.is_answered)
        await centre.sleep(1)
        assert carl.told()[-1] == 200
        assert carl.leg is None
        assert dora.is_answered
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "carl")
        assert first.ended_by == "caller"
        assert (second.calling_number, second.called_number) == ("120", "130")

    centre().run(scenario)


def test_the_transferors_phone_hangs_up_at_once(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = 5.0
        carl.talk_s = 5.0
        _, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.sleep(0.5)
        ann.hang_up()
        await centre.until(lambda: carl.is_answered)
        await centre.all_over()
        check_ladder(centre, "transferor_leaves_early", "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")

    centre().run(scenario)


def test_a_target_that_is_busy_gives_the_caller_back_to_who_waits(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.busy_status = 486
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: 486 in ann.told())
        await centre.sleep(5)
        assert ann.is_answered
        assert len(hears(centre)) == 1
        caller.hang_up()
        await centre.all_over()
        check_ladder(centre, "failed_transfer", CALLER, "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")
        assert second.talk_s > 2
        assert ann.leg is None

    centre().run(scenario)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_target_that_does_not_answer_has_the_transferor_rung_again(
    centre: Callable[..., SimulatedCentre], is_answered: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = None
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.sleep(0.5)
        ann.hang_up()
        if not is_answered:
            ann.answer_after_s = None
        await centre.until(lambda: len(ann.seen(InviteReceived)) == 2, within_s=60)
        recall = ann.seen(InviteReceived)[-1]
        assert isinstance(recall, InviteReceived)
        assert recall.calling_name == f"recall: {CALLER}"
        if is_answered:
            await centre.until(lambda: ann.is_answered)
            await centre.sleep(3)
            assert len(hears(centre)) == 1
            ann.hang_up()
        await centre.all_over()
        if is_answered:
            check_ladder(centre, "failed_transfer_with_recall", CALLER, "ann", "carl")
        assert caller.seen(LegEnded), "never lost silently"
        first, second = by_start(centre)
        check_linked(first, second, "ann")

    centre().run(scenario)


def test_the_caller_hangs_up_while_he_is_transferred(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = None
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.sleep(2)
        caller.hang_up()
        await centre.sleep(1)
        assert ann.told()[-1] == 487
        await centre.all_over()
        assert by_start(centre)[1].end_reason == "abandoned"

    centre().run(scenario)


def test_nobody_is_transferred_to_where_nothing_is(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, ann = await talking_to_agent(centre)
        ann.refer("999999")
        await centre.sleep(1)
        assert ann.told() == [603]
        assert len(hears(centre)) == 1, "they talk on"
        caller.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.end_reason == "completed"

    centre().run(scenario)


@pytest.mark.parametrize(("transferor", "is_permitted"), [("carl", False), ("dora", True), ("outside", False)])
def test_a_transfer_to_the_outside_is_paid_for_by_who_wants_it(
    centre: Callable[..., SimulatedCentre], transferor: str, is_permitted: bool
) -> None:
    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory="/tmp",
        trunks=(TrunkRoute(name="provider", host="10.0.9.9", prefix="+7"),),
    )

    async def scenario(centre: SimulatedCentre) -> None:
        await registered(centre, "eve", "carl", "dora")
        eve = centre.phone("eve")
        if transferor == "outside":
            outside = centre.caller(CALLER)
            outside.call("130")
            await centre.until(lambda: outside.is_answered)
            who = outside
        else:
            who = centre.phone(transferor)
            await talking(centre, who, eve, "130")
        await centre.sleep(1)
        who.refer("+74951234567")
        await centre.sleep(5)
        sent = [p for p in centre.network.transcript if p.message.startswith(b"INVITE sip:+74951234567@10.0.9.9")]
        assert bool(sent) == is_permitted
        if not is_permitted:
            assert 403 in who.told()
            assert len(hears(centre)) == 1, "they talk again"
        eve.hang_up()
        await centre.all_over()

    centre(settings=settings).run(scenario)


def test_who_was_asked_before_gets_the_caller(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        caller, ann = await talking_to_agent(centre)
        first_leg = ann.leg
        assert first_leg is not None
        ann.hold("sendonly")
        await centre.sleep(1)
        second_leg = ann.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(3)
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.sleep(1)
        assert ann.told() == [202, 100, 200]
        ended = {event.leg_id for event in ann.seen(LegEnded) if isinstance(event, LegEnded)}
        assert ended == {first_leg, second_leg}
        assert len(hears(centre)) == 1
        assert caller.leg is not None
        await centre.sleep(10)
        carl.hang_up()
        await centre.all_over()
        check_ladder(centre, "attended_transfer", CALLER, "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")
        assert (first.transferred_to, first.talk_s) == ("110", pytest.approx(10, abs=1.5))
        assert (second.calling_number, second.called_number, second.ended_by) == ("ann", "110", "agent")
        assert (second.consult_s, second.talk_s) == (pytest.approx(4, abs=1.5), pytest.approx(10, abs=1.5))

    centre().run(scenario)


def test_the_times_of_an_attended_transfer_add_up_to_the_wall_clock(centre: Callable[..., SimulatedCentre]) -> None:
    """From a queue to an agent, who asks an expert and gives him the caller: no time is lost or counted twice."""

    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = 4.0
        caller, ann = await talking_to_agent(centre)
        await centre.sleep(7)
        first_leg = ann.leg
        ann.hold("sendonly")
        held_at = centre.clock.now()
        second_leg = ann.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(20)
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.until(lambda: len(ann.seen(LegEnded)) == 2)
        hold_s = centre.clock.now() - held_at
        await centre.sleep(30)
        caller.hang_up()
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "ann")
        exactly = pytest.approx
        assert first.answered_at is not None
        of_the_caller = (first.answered_at - first.started_at) + first.queue_wait_s + first.talk_s + second.talk_s
        assert of_the_caller == exactly(second.ended_at - first.started_at, abs=0.3)
        assert first.hold_s == exactly(hold_s, abs=0.3)
        assert first.hold_s == exactly(second.ring_s + second.consult_s, abs=0.5), "the agent asked all the while"
        assert second.ring_s + second.consult_s + second.talk_s == exactly(second.ended_at - second.started_at, abs=0.3)
        assert second.consult_s == exactly(20, abs=0.6)

    centre().run(scenario)


def test_two_who_have_called_the_same_phone_are_joined(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, eve = await registered(centre, "carl", "dora", "eve")
        await talking(centre, carl, eve, "130")
        first_leg, eve.leg = eve.leg, None
        assert first_leg is not None
        await talking(centre, dora, eve, "130")
        second_leg = eve.leg
        eve.refer("120", leg=first_leg, replaces=second_leg)
        await centre.sleep(1)
        assert eve.told() == [202, 100, 200]
        assert carl.is_answered
        assert dora.is_answered
        assert len(hears(centre)) == 1
        carl.hang_up()
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "eve")

    centre().run(scenario)


def test_who_still_rings_gets_the_caller_when_he_answers(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = 10.0
        carl.talk_s = 10.0
        caller, ann = await talking_to_agent(centre)
        first_leg = ann.leg
        assert first_leg is not None
        second_leg = ann.call("110", password=SECRET)
        await centre.sleep(3)
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.sleep(1)
        assert ann.told() == [202, 100, 180]
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(1)
        assert ann.told()[-1] == 200
        assert len(hears(centre)) == 1
        assert caller.leg is not None
        await centre.all_over()
        check_ladder(centre, "semi_attended_transfer", CALLER, "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")

    centre().run(scenario)


def test_who_waits_in_a_queue_for_another_gives_him_his_place(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = await registered(centre, "carl", "dora")
        first_leg = await talking(centre, carl, dora, "120")
        await centre.log_in("ann")
        ann = centre.phone("ann")
        ann.answer_after_s = 6.0
        second_leg = carl.call(HOTLINE, password=SECRET)
        await centre.sleep(3)
        carl.refer(HOTLINE, leg=first_leg, replaces=second_leg)
        await centre.sleep(1)
        assert carl.told() == [202, 100, 200]
        waiting = next(iter(centre.controller.calls.values()))
        assert waiting.caller_stream.has_sound, "the music plays on"
        await centre.until(lambda: ann.is_answered)
        await centre.sleep(2)
        assert len(hears(centre)) == 1
        assert dora.is_answered
        ann.hang_up()
        await centre.sleep(4)
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "carl")
        assert (second.agent, second.queue) == ("ann", "support")

    centre().run(scenario)


def test_an_operator_takes_a_caller_out_of_a_queue(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (dora,) = await registered(centre, "dora")
        dora.talk_s = 5.0
        await centre.log_in("ann")
        centre.phone("ann").answer_after_s = None
        centre.caller(CALLER).call(HOTLINE)
        await centre.sleep(3)
        (call,) = centre.controller.calls.values()
        transfer_by_command(call, "120")
        await centre.until(lambda: dora.is_answered)
        assert centre.phone("ann").leg is None, "it rings there no more"
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "operator")
        assert first.agent is None

    centre().run(scenario)


@pytest.mark.parametrize("workers", [1, 2])
def test_who_does_not_answer_after_all_gives_the_caller_back(
    centre: Callable[..., SimulatedCentre], workers: int
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.answer_after_s = None
        caller, ann = await talking_to_agent(centre)
        first_leg = ann.leg
        assert first_leg is not None
        second_leg = ann.call("110", password=SECRET)
        await centre.sleep(3)
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.until(lambda: 480 in ann.told(), within_s=60)
        await centre.sleep(2)
        assert len(hears(centre)) == 1
        caller.hang_up()
        await centre.all_over()

    centre(workers=workers).run(scenario)


def test_somebody_elses_leg_is_not_given_away(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, _ = await registered(centre, "carl", "dora", "eve")
        caller, ann = await talking_to_agent(centre)
        await talking(centre, carl, dora, "120")
        assert ann.leg is not None
        theirs = f"sip:110@{DOMAIN}?Replaces={replaces_of(centre, carl)}"
        ann.endpoint.refer(ann.leg, theirs, centre.clock.now(), referred_by=f"sip:ann@{DOMAIN}")
        centre.flush()
        await centre.sleep(1)
        assert ann.told() == [603]
        carl.hang_up()
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def replaces_of(centre: SimulatedCentre, phone: SimulatedPhone, *, is_quoted: bool = True) -> str:
    """What names the last dialog with a phone, as the switch sees it."""
    messages = [parse(p.message) for p in centre.network.transcript if phone.name in (p.source, p.destination)]
    invites = [m for m in messages if isinstance(m, Response) and m.cseq.method == "INVITE" and m.status >= 180]
    last = invites[-1]
    ours, theirs = last.to.tag, last.from_.tag
    if not any(p.source == phone.name and p.message.startswith(b"INVITE") for p in centre.network.transcript):
        ours, theirs = theirs, ours
    text = f"{last.call_id};to-tag={ours};from-tag={theirs}"
    return text.replace(";", "%3B").replace("=", "%3D") if is_quoted else text


def test_a_ringing_phone_is_answered_at_another(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, eve = await registered(centre, "carl", "dora", "eve")
        dora.answer_after_s = None
        carl.call("120", password=SECRET)
        await centre.until(lambda: bool(dora.seen(InviteReceived)))
        await centre.sleep(1)
        eve.call("120", password=SECRET, headers=[("replaces", replaces_of(centre, dora, is_quoted=False))])
        await centre.until(lambda: carl.is_answered and eve.is_answered)
        await centre.sleep(3)
        assert dora.leg is None
        assert len(hears(centre)) == 1
        eve.hang_up()
        await centre.all_over()
        check_ladder(centre, "replaces_of_a_ringing_phone", "carl", "dora", "eve")
        first, second = by_start(centre)
        check_linked(second, first, "eve")
        assert first.end_reason == "completed"

    centre().run(scenario)


def test_a_ringing_phone_is_not_answered_by_a_stranger_to_its_group(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, fred = await registered(centre, "carl", "dora", "fred")
        dora.answer_after_s = None
        carl.call("120", password=SECRET)
        await centre.until(lambda: bool(dora.seen(InviteReceived)))
        await centre.sleep(1)
        fred.call("120", password=SECRET, headers=[("replaces", replaces_of(centre, dora, is_quoted=False))])
        await centre.until(lambda: bool(fred.seen(LegFailed)))
        (failed,) = fred.seen(LegFailed)
        assert isinstance(failed, LegFailed)
        assert failed.status == 403
        assert dora.leg is not None, "it rings on"
        carl.hang_up()
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize(("name", "is_permitted"), [("dora", True), ("eve", False)])
def test_a_call_in_progress_is_taken_by_another_phone_of_the_same_account(
    centre: Callable[..., SimulatedCentre], name: str, is_permitted: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora, _ = await registered(centre, "carl", "dora", "eve")
        other = centre.phone(name, place=" at home")
        await talking(centre, carl, dora, "120")
        replaces = replaces_of(centre, dora, is_quoted=False)
        other.call("120", password=SECRET, headers=[("replaces", replaces)])
        await centre.sleep(2)
        assert (dora.leg is None) == is_permitted
        assert other.is_answered == is_permitted
        assert [e.status for e in other.seen(LegFailed) if isinstance(e, LegFailed)] == ([] if is_permitted else [403])
        assert len(hears(centre)) == 1
        carl.hang_up()
        await centre.all_over()
        if is_permitted:
            check_ladder(centre, "replaces_of_an_answered_phone", "carl", "dora", "dora at home")

    centre().run(scenario)


def test_parties_on_different_media_workers_are_joined(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        caller, ann = await talking_to_agent(centre)
        first_leg = ann.leg
        assert first_leg is not None
        second_leg = ann.call("110", password=SECRET)
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(1)
        assert all(worker.description.streams for worker in centre.workers.values())
        ann.refer("110", leg=first_leg, replaces=second_leg)
        await centre.sleep(1)
        assert len(hears(centre)) == 1
        assert len(caller.seen(ReinviteReceived)) == 1
        busy = [worker for worker in centre.workers.values() if worker.description.streams]
        assert len(busy) == 1
        connected = [stream for stream in busy[0].description.streams.values() if stream.remote is not None]
        assert len(connected) == 2
        carl.hang_up()
        await centre.all_over()
        check_ladder(centre, "attended_transfer_between_workers", CALLER, "ann", "carl")
        first, second = by_start(centre)
        check_linked(first, second, "ann")

    centre(workers=2).run(scenario)


def test_a_flow_sends_its_caller_on(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (dora,) = await registered(centre, "dora")
        dora.talk_s = 5.0
        centre.caller(CALLER).call("700")
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "flow")
        assert second.talk_s == pytest.approx(5, abs=0.5)

    centre().run(scenario)


@pytest.mark.parametrize("outcome", [200, 486, 403, "BYE"])
def test_a_caller_is_sent_away_by_his_own_network(centre: Callable[..., SimulatedCentre], outcome: int | str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (dora,) = await registered(centre, "dora")
        dora.talk_s = 3.0
        caller = centre.caller(CALLER)
        caller.call("701")
        await centre.until(lambda: bool(caller.seen(ReferReceived)))
        (asked,) = caller.seen(ReferReceived)
        assert isinstance(asked, ReferReceived)
        assert asked.target == "+4930123"
        assert asked.target_uri == f"sip:+4930123@{caller.address.host}"
        now = centre.clock.now()
        if outcome == 403:
            caller.endpoint.refuse_refer(asked.refer_id, 403, now)
        else:
            caller.endpoint.accept_refer(asked.refer_id, now)
        if outcome == "BYE":
            caller.hang_up()
        elif isinstance(outcome, int):
            caller.endpoint.notify_refer(asked.refer_id, outcome, now)
        centre.flush()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        if outcome in (200, "BYE"):
            assert (cdr.end_reason, cdr.transferred_to, cdr.transferred_by) == ("transferred", "+4930123", "flow")
            assert not dora.seen(InviteReceived)
        else:
            assert (cdr.end_reason, cdr.transferred_to) == ("completed", "")
            assert cdr.talk_s == pytest.approx(3, abs=0.5)

    centre().run(scenario)


@pytest.mark.parametrize("outcome", [200, 486, "BYE"])
def test_a_caller_who_is_being_sent_away_is_not_sent_again_by_the_next_switch(
    centre: Callable[..., SimulatedCentre], outcome: int | str
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (dora,) = await registered(centre, "dora")
        dora.talk_s = 3.0
        caller = centre.caller(CALLER)
        caller.call("701")
        await centre.until(lambda: bool(caller.seen(ReferReceived)))
        (asked,) = caller.seen(ReferReceived)
        assert isinstance(asked, ReferReceived)
        caller.endpoint.accept_refer(asked.refer_id, centre.clock.now())
        await centre.sleep(2.0)
        await centre.restart()
        await centre.sleep(3.0)
        assert caller.seen(ReferReceived) == [asked]
        if outcome == "BYE":
            caller.hang_up()
        elif isinstance(outcome, int):
            caller.endpoint.notify_refer(asked.refer_id, outcome, centre.clock.now())
        centre.flush()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        if outcome == 486:
            assert (cdr.end_reason, cdr.transferred_to) == ("completed", "")
            assert cdr.talk_s == pytest.approx(3, abs=0.5)
        else:
            assert (cdr.end_reason, cdr.transferred_to, cdr.transferred_by) == ("transferred", "+4930123", "flow")
            assert not dora.seen(InviteReceived)

    centre(outlives=True).run(scenario)


def test_an_operator_sends_a_caller_on(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (dora,) = await registered(centre, "dora")
        dora.talk_s = 5.0
        _, ann = await talking_to_agent(centre)
        (call,) = centre.controller.calls.values()
        transfer_by_command(call, "120")
        await centre.until(lambda: dora.is_answered)
        assert ann.leg is None
        await centre.all_over()
        first, second = by_start(centre)
        check_linked(first, second, "operator")
        assert first.agent == "ann"

    centre().run(scenario)


def test_who_is_transferred_may_be_transferred_again(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        carl, dora = await registered(centre, "carl", "dora")
        caller, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: carl.is_answered)
        await centre.sleep(2)
        carl.refer("120")
        await centre.until(lambda: dora.is_answered)
        await centre.sleep(2)
        assert carl.leg is None
        caller.hang_up()
        await centre.all_over()
        first, second, third = by_start(centre)
        assert first.linked_calls == (second.call_id,)
        assert second.linked_calls == (first.call_id, third.call_id)
        assert (third.calling_number, third.end_reason) == (CALLER, "completed")

    centre().run(scenario)


def test_the_recording_of_the_next_conversation_begins_by_its_policy(centre: Callable[..., SimulatedCentre]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        (carl,) = await registered(centre, "carl")
        carl.talk_s = 5.0
        _, ann = await talking_to_agent(centre)
        ann.refer("110")
        await centre.until(lambda: carl.is_answered)
        await centre.all_over()
        first, second = by_start(centre)
        assert (len(first.recordings), len(second.recordings)) == (1, 1)
        started = [command for command in centre.media_commands if isinstance(command, StartRecording)]
        assert len({command.recording.path for command in started}) == 2

    centre(record="always").run(scenario)
