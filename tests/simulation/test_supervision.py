"""Supervisors in calls: who hears whom, what their keys do, how it begins and ends, what is noted."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId, StreamId
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.settings import Extension
from softswitch.calls.supervision import SupervisionMode
from softswitch.calls.told.call_events import CallSupervised
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import DtmfReceived, MediaCommand, PutStream, StreamTimedOut
from softswitch.sip.messages.message import Response
from softswitch.sip.messages.parser import parse
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded, LegFailed, ReinviteAnswered
from softswitch.testing.runtime.centre import FEW_PORTS, SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

HOTLINE = "+18005550100"
LISTEN, WHISPER, BARGE = SupervisionMode.LISTEN, SupervisionMode.WHISPER, SupervisionMode.BARGE

Scenario = Callable[[SimulatedCentre], Awaitable[None]]


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Scenario], None]:
    def run(scenario: Scenario) -> None:
        SimulatedCentre(
            tmp_path,
            flows={"support": support, "colleague": colleague},
            routes={HOTLINE: "support", "1xx": "colleague"},
            queues=[Queue(queue_id=QueueId("support"), skills={"support": 3}, wrap_up_s=10.0)],
            agents=[Agent(agent_id=AgentId("ann"), skills={"support": 5}), Agent(agent_id=AgentId("eve"), skills={})],
            phones=[Extension(username="carl", number="110"), Extension(username="dora", number="111")],
            ports=FEW_PORTS,
        ).run(scenario)

    return run


class Stage:
    """A caller who talks to ann, and what the worker was told of who hears whom."""

    def __init__(self, centre: SimulatedCentre, call: ActiveCall, caller: SimulatedPhone) -> None:
        self.centre = centre
        self.call = call
        self.caller = caller
        self.ann = centre.phone("ann")

    def extension(self, username: str) -> Extension:
        return self.centre.settings.extensions[username]

    async def supervise(self, username: str, mode: SupervisionMode = LISTEN) -> Supervision:
        """Ring a supervisor's phone, and wait until it is answered."""
        supervision = Supervision(self.call, self.extension(username), mode)
        await supervision.begin()
        await self.centre.until(lambda: self.centre.phone(username).is_answered)
        await self.centre.sleep(0.1)
        return supervision

    def hears(self) -> dict[str, set[str]]:
        """Whom each party hears, by name; those who hear a playback or nothing are left out."""
        conversation = self.call.conversation
        assert conversation is not None
        names: dict[StreamId, str] = {}
        supervisors = [(each.extension.username, each.party) for each in self.call.supervisions]
        for name, party in [("caller", conversation.near), ("ann", conversation.far), *supervisors]:
            if party is not None and party.stream is not None:
                names[party.stream.stream_id] = name
        description = self.centre.worker.description
        return {
            names.get(hearing.stream_id, "gone"): {names.get(source, "gone") for source in hearing.sources}
            for hearing in description.hearings.values()
        }

    def music(self) -> int:
        """How many hear music."""
        return len(self.centre.worker.description.playbacks)

    async def until_hears(self, expected: dict[str, set[str]]) -> None:
        await self.centre.until(lambda: self.hears() == expected, within_s=2.0)

    async def end(self) -> None:
        self.caller.hang_up()
        await self.centre.all_over()


async def talking(centre: SimulatedCentre) -> Stage:
    await centre.log_in("ann")
    for name in ("carl", "dora", "eve"):
        assert await centre.phone(name).register() == 200
    caller = centre.caller("+15550123")
    caller.call(HOTLINE)
    await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
    (call,) = centre.controller.calls.values()
    return Stage(centre, call, caller)


LISTENING = {"caller": {"ann"}, "ann": {"caller"}, "carl": {"caller", "ann"}}
WHISPERING = {"caller": {"ann"}, "ann": {"caller", "carl"}, "carl": {"caller", "ann"}}
BARGING = {"caller": {"ann", "carl"}, "ann": {"caller", "carl"}, "carl": {"caller", "ann"}}


def test_a_supervisor_listens_whispers_and_barges_in(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        supervision = await stage.supervise("carl")
        (invite,) = centre.phone("carl").seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        assert invite.calling_name == "listen: ann"
        await stage.until_hears(LISTENING)
        supervision.switch_to(WHISPER)
        await stage.until_hears(WHISPERING)
        supervision.switch_to(BARGE)
        await stage.until_hears(BARGING)
        supervision.switch_to(LISTEN)
        await stage.until_hears(LISTENING)
        centre.phone("carl").hang_up()
        await stage.until_hears({"caller": {"ann"}, "ann": {"caller"}})
        assert stage.call.conversation is not None
        await stage.end()
        (cdr,) = centre.cdrs()
        told = [each for each in centre.happened("call.supervised") if isinstance(each, CallSupervised)]
        assert [(each.by, each.mode) for each in told] == [(each.by, each.mode) for each in cdr.supervisions]
        assert [(each.by, each.mode) for each in cdr.supervisions] == [
            ("carl", mode) for mode in ("listen", "whisper", "barge", "listen", "end")
        ]
        assert cdr.ring_s < 1.5  # the agent's phone; the supervisor's rang for somebody else

    play(scenario)


def test_his_keys_switch_and_nobody_else_s_do(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl", WHISPER)
        await stage.until_hears(WHISPERING)
        for key, expected in (("6", BARGING), ("4", LISTENING), ("9", LISTENING), ("5", WHISPERING)):
            centre.phone("carl").press(key)
            await centre.sleep(0.2)
            assert stage.hears() == expected
        stage.ann.press("6")
        stage.caller.press("6")
        await centre.sleep(0.2)
        assert stage.hears() == WHISPERING
        party = stage.call.supervisions[0].party
        assert party is not None
        assert party.stream is not None
        centre.worker.emit(DtmfReceived(stage.call.call_id, party.stream.stream_id, "6"))
        await stage.until_hears(BARGING)
        centre.worker.emit(StreamTimedOut(stage.call.call_id, party.stream.stream_id, 30.0))
        await centre.sleep(1)
        assert stage.hears() == BARGING  # he says nothing, which is no fault
        await stage.end()
        (cdr,) = centre.cdrs()
        assert cdr.fault == ""

    play(scenario)


def test_it_ends_with_the_conversation(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl")
        await stage.supervise("eve", BARGE)
        eve = next(each for each in centre.acd.agent_summaries() if each.agent_id == "eve")
        assert eve.state is not AgentState.READY
        stage.ann.hang_up()
        await centre.all_over()
        assert centre.phone("carl").seen(LegEnded)
        assert centre.phone("eve").seen(LegEnded)
        (cdr,) = centre.cdrs()
        assert [(each.by, each.mode) for each in cdr.supervisions] == [
            ("carl", "listen"),
            ("eve", "barge"),
            ("carl", "end"),
            ("eve", "end"),
        ]
        assert cdr.ended_by == "agent"

    play(scenario)


def test_two_supervisors_and_a_whisper_that_only_the_agent_hears(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl", WHISPER)
        dora = await stage.supervise("dora")
        await stage.until_hears({**WHISPERING, "dora": {"caller", "ann"}})
        dora.switch_to(BARGE)
        await stage.until_hears(
            {
                "caller": {"ann", "dora"},
                "ann": {"caller", "carl", "dora"},
                "carl": {"caller", "ann", "dora"},
                "dora": {"caller", "ann"},
            }
        )
        await stage.end()

    play(scenario)


def test_while_the_agent_holds_the_supervisor_hears_the_music(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl", BARGE)
        stage.ann.hold("sendonly")
        await centre.until(lambda: bool(stage.ann.seen(ReinviteAnswered)))
        await centre.sleep(1)
        assert stage.hears() == {}
        assert stage.music() == 2
        stage.ann.hold("sendrecv")
        await stage.until_hears(BARGING)
        assert stage.music() == 0
        carl = centre.phone("carl")
        carl.hold("sendonly")
        await stage.until_hears({"caller": {"ann", "carl"}, "ann": {"caller", "carl"}})
        carl.hold("sendrecv")
        await stage.until_hears(BARGING)
        await stage.end()

    play(scenario)


def test_while_the_recording_is_masked_a_supervisor_hears_nothing(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl", WHISPER)
        deaf = {name: sources for name, sources in WHISPERING.items() if name != "carl"}
        stage.call.recordings.mask(20.0, "flow")
        await stage.until_hears(deaf)
        stage.call.recordings.unmask()
        await stage.until_hears(WHISPERING)
        stage.call.recordings.mask(5.0, "flow")
        await stage.until_hears(deaf)
        await centre.sleep(5)
        await stage.until_hears(WHISPERING)
        stage.call.recordings.mask(5.0, "flow")
        await stage.supervise("dora")
        assert "dora" not in stage.hears()
        await centre.sleep(5)
        await stage.until_hears({**WHISPERING, "dora": {"caller", "ann"}})
        await stage.end()

    play(scenario)


def test_a_phone_that_is_not_answered_stops_ringing(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        centre.phone("carl").answer_after_s = None
        await Supervision(stage.call, stage.extension("carl"), LISTEN).begin()
        assert [each.extension.username for each in stage.call.supervisions] == ["carl"]
        await centre.sleep(centre.settings.ring_s + 1)
        assert stage.call.supervisions == []
        assert centre.phone("carl").seen(LegEnded)
        centre.phone("dora").busy_status = 486
        await Supervision(stage.call, stage.extension("dora"), LISTEN).begin()
        await centre.until(lambda: not stage.call.supervisions)
        assert stage.hears() == {"caller": {"ann"}, "ann": {"caller"}}
        await stage.end()
        (cdr,) = centre.cdrs()
        assert cdr.supervisions == ()

    play(scenario)


def test_the_conversation_ends_while_the_phone_rings(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        centre.phone("carl").answer_after_s = 3.0
        supervision = Supervision(stage.call, stage.extension("carl"), LISTEN)
        await supervision.begin()
        supervision.switch_to(WHISPER)
        await centre.sleep(1)
        stage.ann.hang_up()
        await centre.all_over()
        assert not centre.phone("carl").is_answered
        (cdr,) = centre.cdrs()
        assert cdr.supervisions == ()

    play(scenario)


def test_what_cannot_be_is_refused_in_words(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl")

        async def refusal(username: str) -> str:
            with pytest.raises(LocalError) as refused:
                await Supervision(stage.call, stage.extension(username), LISTEN).begin()
            return str(refused.value)

        assert await refusal("carl") == "carl supervises this call already: `softswitch calls mode` changes how"
        assert await refusal("ann") == "ann is in this call already"
        centre.phone("dora").send_register(expires=0)
        await centre.sleep(1)
        assert await refusal("dora") == "no phone is registered for dora, or none can be reached"
        assert not centre.lines.in_use
        stage.ann.hang_up()
        await centre.until(lambda: stage.call.conversation is None)
        assert (await refusal("carl")).startswith("nobody talks in this call now")
        await centre.all_over()

    play(scenario)


def test_of_two_colleagues_the_one_who_was_called_hears_the_whisper(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("carl", "dora", "ann"):
            assert await centre.phone(name).register() == 200
        dora = centre.phone("dora")
        dora.call("110", password="Secret-123")
        await centre.until(lambda: bool(dora.seen(LegAnswered)))
        (call,) = centre.controller.calls.values()
        await centre.until(lambda: call.conversation is not None)
        await Supervision(call, centre.settings.extensions["ann"], WHISPER).begin()
        await centre.until(lambda: centre.phone("ann").is_answered)
        await centre.sleep(0.2)
        assert call.conversation is not None
        assert call.conversation.agent is call.conversation.far
        sources = sorted(len(hearing.sources) for hearing in centre.worker.description.hearings.values())
        assert sources == [1, 2, 2]
        dora.hang_up()
        await centre.all_over()
        assert not centre.phone("carl").seen(LegFailed)

    play(scenario)


def away_between_two_phones(centre: SimulatedCentre) -> None:
    """The worker dies when it is to open the second stream from now on, and is back a second later."""
    worker = centre.worker
    carry_out, streams = worker.refuse, 0

    def refuse(command: MediaCommand) -> str:
        nonlocal streams
        streams += isinstance(command, PutStream)
        if streams == 2:
            streams, worker.answers = 3, False
            centre.loop.call_soon(centre.worker_dies)
            centre.loop.call_later(1.0, centre.worker_returns)
        return carry_out(command)

    worker.refuse = refuse


async def with_two_phones(centre: SimulatedCentre) -> tuple[Stage, list[SimulatedPhone]]:
    stage = await talking(centre)
    phones = [centre.phone("carl"), centre.phone("carl", place="@home")]
    assert await phones[1].register() == 200
    return stage, phones


def test_of_his_phones_the_first_answers_before_the_second_is_rung(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage, phones = await with_two_phones(centre)
        for phone in phones:
            phone.answer_after_s = 0.0
        away_between_two_phones(centre)
        await Supervision(stage.call, stage.extension("carl"), LISTEN).begin()
        await centre.sleep(3)
        assert [phone.is_answered for phone in phones].count(True) == 1
        await stage.until_hears(LISTENING)
        await stage.end()

    play(scenario)


def test_of_his_phones_the_first_refuses_before_the_second_is_rung(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage, phones = await with_two_phones(centre)
        (first, *_) = centre.endpoint.bindings(f"carl@{DOMAIN}")
        for phone in phones:
            if phone.address == first.flow.remote:
                phone.busy_status = 486
        away_between_two_phones(centre)
        await Supervision(stage.call, stage.extension("carl"), LISTEN).begin()
        await centre.sleep(5)
        await stage.until_hears(LISTENING)
        await stage.end()

    play(scenario)


def test_no_phone_takes_the_place_of_a_supervisor(play: Callable[[Scenario], None]) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        stage = await talking(centre)
        await stage.supervise("carl")
        answers = [parse(p.message) for p in centre.network.transcript if p.source == "carl"]
        last = [each for each in answers if isinstance(each, Response) and each.cseq.method == "INVITE"][-1]
        replaces = f"{last.call_id};to-tag={last.from_.tag};from-tag={last.to.tag}"
        desk = centre.phone("carl", place=" at home")
        desk.call("110", password="Secret-123", headers=[("replaces", replaces)])
        await centre.sleep(2)
        assert [each.status for each in desk.seen(LegFailed) if isinstance(each, LegFailed)] == [481]
        assert stage.hears() == LISTENING, "the caller talks to ann, and carl listens"
        await stage.end()

    play(scenario)
