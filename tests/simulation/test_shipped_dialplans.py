"""Dialplans that ship, in whole calls: through the trunk and back, past specialists to general agents."""

from pathlib import Path

import pytest

from softswitch.acd.inputs import AgentBusy
from softswitch.acd.model import Agent, BusyKind, Queue, RoutingStep
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.boosts import number_list
from softswitch.calls.caller_lists import CallerList
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.settings import CallSettings, Extension, Project, RingGroup, TrunkRoute
from softswitch.calls.voice_box import VoiceBox
from softswitch.config.rows import ScheduleRow
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.dialplan.schedule import Schedule, compile_schedule
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
SECRETARY, DESK, FORWARD = "+18005550144", "+18005550133", "+18005550166"
CONTEST, OFFICE = "+18005550122", "+18005550100"
MOBILE, EVA = "+15550155", "+15550100"
CODE = "48151623"
outcomes: list[DialOutcome] = []


def always() -> Schedule:
    compiled = compile_schedule(ScheduleRow(id="office", hours={"daily": ("00:00-24:00",)}))
    assert isinstance(compiled, Schedule)
    return compiled


@flow
async def forward(call: Call) -> None:
    outcomes.append(await call.dial(MOBILE, ring_s=5, through="" if call.calling_number == EVA else "acme.line"))


@flow
async def forward_by_nobody(call: Call) -> None:
    await call.dial(MOBILE, through="nobody")


@pytest.fixture
def centre(tmp_path: Path) -> SimulatedCentre:
    outcomes.clear()
    flows, faults = load_flows([DIALPLANS])
    assert faults == []
    return SimulatedCentre(
        tmp_path,
        flows={**flows, "forward": forward, "forward_by_nobody": forward_by_nobody},
        routes={
            SECRETARY: "virtual_secretary",
            DESK: "order_desk",
            FORWARD: "forward",
            "900": "forward_by_nobody",
            CONTEST: "contest",
            OFFICE: "office",
        },
        projects={SECRETARY: "acme"},
        queues=[
            Queue(
                queue_id=QueueId("orders"),
                max_wait_s=60.0,
                steps=(RoutingStep(requirement="orders >= 8", for_s=20.0), RoutingStep(requirement="orders >= 1")),
            ),
            Queue(queue_id=QueueId("general")),
        ],
        agents=[
            Agent(agent_id=AgentId("sue"), skills={"orders": 9}),
            Agent(agent_id=AgentId("joe"), skills={"orders": 1}),
            Agent(agent_id=AgentId("ann"), queues=(QueueId("general"),)),
        ],
        phones=[
            Extension(username="acme.line", trunks=frozenset({"provider"})),
            Extension(username="dora", number="104"),
            Extension(username="desk", number="100"),
        ],
        schedules={"office": always()},
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            voicemail_directory=str(tmp_path / "voicemail"),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            projects={"acme": Project(id="acme", name="Acme Ltd", hours="acme.day")},
            groups={
                "acme.mobile": RingGroup(name="acme.mobile", members=(MOBILE,)),
                "reception": RingGroup(name="reception", members=("desk",)),
            },
            caller_lists={
                "acme.important": CallerList(name="important", notes={}),
                "acme.unwanted": CallerList(name="unwanted"),
                "contest-codes": CallerList(name="codes", numbers=number_list([CODE]), notes={CODE: "a red bicycle"}),
                "contest-used": CallerList(name="used"),
                "contest-guesses": CallerList(name="guesses"),
            },
            voice_boxes={
                "acme.secretary": VoiceBox(box="acme.secretary", project="acme"),
                "dora": VoiceBox(box="dora", number="104", owner="dora"),
            },
        ),
    )


def mobile(centre: SimulatedCentre) -> SimulatedPhone:
    """Where the provider is, so that calls to the outside arrive there: make it first."""
    return centre.phones.get(MOBILE) or centre.caller(MOBILE)


def has_heard(centre: SimulatedCentre, prompt: str) -> bool:
    return any(isinstance(each, StartPlay) and prompt in each.playback.sounds for each in centre.media_commands)


async def say_who(centre: SimulatedCentre, caller: SimulatedPhone) -> None:
    """After the tone, ended with the pound key."""
    await centre.until(lambda: bool(centre.worker.description.recordings))
    await centre.sleep(3)
    caller.press("#")


async def asks_the_client(centre: SimulatedCentre) -> tuple[SimulatedPhone, SimulatedPhone]:
    """The client's mobile, where he is told of an important caller, and her phone."""
    phone, eva = mobile(centre), centre.caller(EVA)
    await centre.lists.add("acme.important", EVA, by="anna")
    eva.call(SECRETARY)
    await say_who(centre, eva)
    await centre.until(lambda: phone.is_answered)
    await centre.until(lambda: has_heard(centre, "secretary/call-for"))
    return phone, eva


def test_an_important_caller_talks_to_the_clients_mobile(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, _ = await asks_the_client(centre)
        (invite,) = phone.seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        phone.press("1")
        await centre.sleep(20)
        phone.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.project, cdr.tags["secretary"]) == ("", "acme", "put through")
        assert cdr.talk_s == pytest.approx(20, abs=3)

    centre.run(scenario)


def test_a_client_who_declines_has_a_message_in_his_box(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, eva = await asks_the_client(centre)
        phone.press("2")
        await centre.until(lambda: has_heard(centre, "voicemail/leave-message"))
        await say_who(centre, eva)
        await centre.sleep(1)
        eva.press("1")
        await centre.all_over()
        (message,) = centre.voicemail.of("acme.secretary")
        assert message.calling_number == EVA
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.tags["secretary"]) == ("", "message")

    centre.run(scenario)


def test_a_stranger_is_put_through_by_the_right_of_whom_the_flow_names(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        phone, eva, otto = mobile(centre), centre.caller(EVA), centre.caller("+15550101")
        eva.call(FORWARD)
        await centre.until(lambda: bool(outcomes))
        assert outcomes[0].reason is DialReason.FORBIDDEN, "nobody is named, and he himself has no right"
        otto.call(FORWARD)
        phone.talk_s = 5.0
        await centre.until(lambda: len(outcomes) == 2)
        assert (outcomes[1].reason, outcomes[1].answered_by) == (DialReason.ANSWERED, MOBILE)
        otto.call("900")
        await centre.all_over()
        assert 'through = "nobody" is no extension' in centre.cdrs()[-1].fault

    centre.run(scenario)


def test_specialists_come_first_and_general_agents_when_they_are_busy(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("sue", "joe", "ann"):
            centre.phone(name).talk_s = 5.0
        centre.acd.apply(AgentBusy(AgentId("joe"), BusyKind.OTHER))
        await centre.log_in("sue", "joe")
        eva = centre.caller(EVA)
        eva.call(DESK)
        await centre.until(lambda: bool(centre.cdrs()))
        centre.acd.apply(AgentBusy(AgentId("sue"), BusyKind.OTHER))
        await centre.log_in("ann")
        eva.call(DESK)
        await centre.until(lambda: len(centre.cdrs()) == 2)
        await centre.all_over()
        first, second = centre.cdrs()
        assert (first.agent, first.queue) == ("sue", "orders")
        assert (second.agent, second.queue) == ("ann", "general"), "the specialists were busy for a minute"
        assert not first.fault + second.fault

    centre.run(scenario)


async def typed(centre: SimulatedCentre, phone: SimulatedPhone, digits: str) -> None:
    for digit in digits:
        phone.press(digit)
        await centre.sleep(0.2)


def test_a_code_that_two_type_at_once_wins_once(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        eva, otto = centre.caller(EVA), centre.caller("+15550101")
        for phone in (eva, otto):
            phone.call(CONTEST)
        await centre.until(lambda: has_heard(centre, "contest/enter-code"))
        await centre.sleep(0.5)
        for digit in CODE:
            eva.press(digit)
            otto.press(digit)
            await centre.sleep(0.2)
        await centre.all_over()
        prizes = [cdr.tags.get("prize") for cdr in centre.cdrs()]
        assert sorted(prizes, key=str) == [None, "a red bicycle"]
        assert [row.number for row in centre.lists.added("contest-used")] == [CODE]
        assert not any(cdr.fault for cdr in centre.cdrs())

    centre.run(scenario)


def test_the_office_tries_an_extension_then_takes_a_message_or_has_reception_answer(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        desk, eva = centre.phone("desk"), centre.caller(EVA)
        assert await desk.register() == 200
        desk.talk_s = 5.0
        eva.call(OFFICE)
        await centre.until(lambda: has_heard(centre, "office/menu"))
        await typed(centre, eva, "104")
        await centre.until(lambda: bool(centre.worker.description.recordings))
        await centre.sleep(6)
        eva.hang_up()
        await centre.all_over()
        assert [message.calling_number for message in centre.voicemail.of("dora")] == [EVA]
        eva.call(OFFICE)
        await centre.until(lambda: eva.is_answered)
        await centre.sleep(4)
        await typed(centre, eva, "0")
        await centre.all_over()
        assert centre.cdrs()[-1].talk_s == pytest.approx(5, abs=1)
        assert not any(cdr.fault for cdr in centre.cdrs())

    centre.run(scenario)


def test_a_secretary_without_a_line_takes_a_message(centre: SimulatedCentre) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        del centre.settings.extensions["acme.line"]
        eva = centre.caller(EVA)
        await centre.lists.add("acme.important", EVA, by="anna")
        eva.call(SECRETARY)
        await say_who(centre, eva)
        await centre.until(lambda: has_heard(centre, "voicemail/leave-message"))
        await say_who(centre, eva)
        await centre.sleep(1)
        eva.press("1")
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.tags["secretary"]) == ("", "message")
        assert "acme.line" in cdr.tags["fault"]
        assert len(centre.voicemail.of("acme.secretary")) == 1

    centre.run(scenario)
