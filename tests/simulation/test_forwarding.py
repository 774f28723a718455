"""Forwards, do not disturb, call waiting and intercom of extensions, in whole calls."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest
import structlog.testing

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.forwarding import REASONS, ForwardReason, with_forward
from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.calls.runtime.phone_settings import PhoneSettings
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.dialplan.runtime.loader import load_flows
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegEnded
from softswitch.store.schema import StoredPhone
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import SimulatedPhone

NAMES = ("ann", "bob", "carl", "dora")
NUMBERS = {"ann": "101", "bob": "102", "carl": "103", "dora": "104"}
OUTSIDE = "+442079460000"
DIALPLANS = Path(__file__).resolve().parents[2] / "dialplans"
Make = Callable[..., SimulatedCentre]

outcomes: list[DialOutcome] = []


@flow
async def extension(call: Call) -> None:
    outcomes.append(await call.dial(call.called_number))


@flow
async def hurried(call: Call) -> None:
    outcomes.append(await call.dial("101", ring_s=5))


@flow
async def announce(call: Call) -> None:
    outcomes.append(await call.dial(call.called_number.removeprefix("7"), intercom=True))


@flow
async def support(call: Call) -> None:
    await call.queue("support")


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    outcomes.clear()
    shipped, _ = load_flows([DIALPLANS])
    flows = {each.__name__: each for each in (extension, hurried, announce, support)}

    def make(**changes: object) -> SimulatedCentre:
        trunk = TrunkRoute(name="provider", host="10.1.9.1", prefix="+")
        settings = CallSettings(
            domain="centre.test", media_ip="10.0.0.1", recordings_directory=str(tmp_path), trunks=(trunk,)
        )
        return SimulatedCentre(
            tmp_path,
            flows={**shipped, **flows},
            routes={
                "1xx": "extension",
                "+!": "extension",
                "7xxx": "announce",
                "500": "hurried",
                "600": "support",
                "*!": "star_codes",
                "#!": "star_codes",
            },
            queues=[Queue(queue_id=QueueId("support"), wrap_up_s=1.0)],
            agents=[Agent(agent_id=AgentId("eve"))],
            phones=[
                Extension(
                    username=name,
                    number=NUMBERS[name],
                    trunks=frozenset({"provider"} if name == "bob" else ()),
                    **changes,  # pyright: ignore[reportArgumentType]
                )
                for name in NAMES
            ],
            settings=settings,
        )

    return make


async def ready(centre: SimulatedCentre, *names: str) -> SimulatedPhone:
    """These phones are there, and ring until they are told otherwise; returns a caller."""
    for name in names or NAMES:
        assert await centre.phone(name).register() == 200
        centre.phone(name).answer_after_s = None
    return centre.caller("+15550123")


def forward(centre: SimulatedCentre, name: str, reason: ForwardReason, target: str, after_s: float = 20.0) -> None:
    centre.phone_settings.set(with_forward(centre.phone_settings.of(name), reason, target, after_s))


def rung(centre: SimulatedCentre) -> list[str]:
    return [name for name in centre.phones if centre.phones[name].seen(InviteReceived)]


def invites_to(centre: SimulatedCentre, name: str) -> list[str]:
    return [
        passage.message.decode()
        for passage in centre.network.transcript
        if passage.destination == name and passage.message.startswith(b"INVITE")
    ]


async def talk(centre: SimulatedCentre, caller: SimulatedPhone, name: str) -> None:
    """The phone that rings is answered, they talk, the caller hangs up."""
    await centre.until(lambda: bool(caller.seen(LegAnswered)))
    assert centre.phone(name).is_answered
    caller.hang_up()
    await centre.all_over()


def test_every_call_goes_elsewhere_and_whoever_gets_it_sees_from_whom(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "always", "102")
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")
        assert rung(centre) == ["bob"]
        (invite,) = invites_to(centre, "bob")
        assert "Diversion: <sip:101@centre.test>;reason=unconditional;counter=1" in invite
        assert "History-Info: <sip:101@centre.test>;index=1\r\n" in invite
        assert "History-Info: <sip:102@centre.test;cause=302>;index=1.1\r\n" in invite
        (cdr,) = centre.cdrs()
        assert [(each.by, each.to, each.reason) for each in cdr.forwards] == [("101", "102", "always")]

    centre().run(scenario)


@pytest.mark.parametrize("status", [486, 603])
def test_who_is_busy_or_declines_forwards(centre: Make, status: int) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "busy", "bob")
        centre.phone("ann").busy_status = status
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")
        assert [each.reason for each in centre.cdrs()[0].forwards] == ["busy"]

    centre().run(scenario)


def test_who_does_not_answer_in_time_forwards_and_the_next_has_as_long(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "no_answer", "102", after_s=12)
        centre.phone("bob").answer_after_s = 25.0
        caller.call("101")
        await centre.sleep(11)
        assert rung(centre) == ["ann"]
        await centre.sleep(2)
        assert (rung(centre), centre.phone("ann").leg) == (["ann", "bob"], None)
        await talk(centre, caller, "bob")
        (cdr,) = centre.cdrs()
        assert cdr.ring_s == pytest.approx(37, abs=0.5)

    centre().run(scenario)


def test_a_flow_that_rings_for_less_decides_itself(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "no_answer", "102", after_s=12)
        caller.call("500")
        await centre.all_over()
        assert rung(centre) == ["ann"]
        assert [each.reason for each in outcomes] == [DialReason.NO_ANSWER]

    centre().run(scenario)


def test_where_no_phone_is_registered_the_call_goes_on(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre, "bob", "carl")
        forward(centre, "ann", "unregistered", "dora")
        forward(centre, "dora", "unregistered", "bob")
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")
        (cdr,) = centre.cdrs()
        assert [(each.by, each.to) for each in cdr.forwards] == [("101", "dora"), ("104", "bob")]
        (invite,) = invites_to(centre, "bob")
        assert invite.index("<sip:104@centre.test>;reason=unavailable") < invite.index("<sip:101@centre.test>;reason=u")

    centre().run(scenario)


def test_two_who_forward_to_each_other_do_not_go_round(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "always", "102")
        forward(centre, "bob", "always", "101")
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")
        assert rung(centre) == ["bob"]

    centre().run(scenario)


def test_a_forward_to_the_outside_is_the_extension_s_own_call(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        provider = centre.caller(OUTSIDE)
        provider.answer_after_s = 1.0
        assert str(provider.address.host) == "10.0.9.6"
        forward(centre, "bob", "always", OUTSIDE)
        forward(centre, "carl", "always", OUTSIDE)
        caller.call("103")
        await centre.sleep(2)
        assert rung(centre) == ["carl"], "who may not call there does not forward there"
        caller.hang_up()
        await centre.sleep(1)
        caller.call("102")
        await centre.until(lambda: bool(caller.seen(LegAnswered)))
        assert provider.is_answered
        provider.hang_up()
        await centre.all_over()
        assert outcomes[-1].answered_by == OUTSIDE

    switch = centre()
    trunk = TrunkRoute(name="provider", host="10.0.9.6", prefix="+")
    switch.settings = msgspec.structs.replace(switch.settings, trunks=(trunk,))
    switch.run(scenario)


def test_who_has_forwarded_it_before_is_told_as_well(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "always", "102")
        caller.call("101", headers=[("diversion", "<sip:+4930@far.test>;reason=no-answer")])
        await centre.sleep(1)
        (invite,) = invites_to(centre, "bob")
        assert invite.index("<sip:101@centre.test>;reason=uncond") < invite.index("<sip:+4930@centre.test>;reason=no-")
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_a_call_that_was_forwarded_often_before_is_forwarded_no_more(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        forward(centre, "ann", "always", "102")
        caller.call("101", headers=[("diversion", f"<sip:{n}@far.test>;reason=user-busy") for n in range(5)])
        await centre.sleep(1)
        assert rung(centre) == ["ann"]
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_who_wants_no_calls_is_busy_and_forwards_as_such(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        centre.phone_settings.set(StoredPhone(username="ann", do_not_disturb=True))
        caller.call("101")
        await centre.all_over()
        assert (rung(centre), [each.reason for each in outcomes]) == ([], [DialReason.BUSY])
        forward(centre, "ann", "busy", "102")
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")

    centre().run(scenario)


def test_an_agent_who_wants_no_calls_is_passed_over_and_becomes_not_ready(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await centre.log_in("eve")
        centre.phone_settings.set(StoredPhone(username="eve", do_not_disturb=True))
        caller = centre.caller("+15550123")
        caller.call("600")
        await centre.sleep(2)
        assert rung(centre) == []
        (agent,) = centre.acd.agent_summaries()
        assert (agent.state, agent.reason) == (AgentState.NOT_READY, "declined")
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize(
    ("configured", "chosen", "is_rung"),
    [
        ({}, None, True),
        ({}, False, False),
        ({"call_waiting": False}, None, False),
        ({"call_waiting": False}, True, True),
        ({"calls_max": 1}, None, False),
        ({"calls_max": 2}, None, True),
    ],
)
def test_who_talks_is_rung_again_or_not(
    centre: Make, configured: dict[str, object], chosen: bool | None, is_rung: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        centre.phone_settings.set(StoredPhone(username="ann", call_waiting=chosen))
        assert await centre.phone("ann", place="@desk").register() == 200
        desk = centre.phone("ann", place="@desk")
        desk.call("102", password="Secret-123")
        centre.phone("bob").answer_after_s = 0.5
        await centre.until(lambda: bool(desk.seen(LegAnswered)))
        caller.call("101")
        await centre.sleep(1)
        assert bool(centre.phone("ann").seen(InviteReceived)) == is_rung
        assert [each.reason for each in outcomes] == ([] if is_rung else [DialReason.BUSY])
        caller.hang_up()
        desk.hang_up()
        await centre.all_over()

    centre(**configured).run(scenario)


@pytest.mark.parametrize("may", [False, True])
def test_an_intercom_call_asks_the_phone_to_answer_by_itself(centre: Make, may: bool) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await ready(centre)
        caller = centre.phone("bob")
        forward(centre, "ann", "busy", "103")
        caller.call("7101", password="Secret-123")
        await centre.sleep(1)
        assert [each.reason for each in outcomes] == ([] if may else [DialReason.FORBIDDEN])
        assert rung(centre) == (["ann"] if may else [])
        for invite in invites_to(centre, "ann"):
            assert "Answer-Mode: Auto" in invite
            assert "Call-Info: <sip:centre.test>;answer-after=0" in invite
            assert "Alert-Info: <http://centre.test>;info=alert-autoanswer;delay=0" in invite
        caller.hang_up()
        await centre.all_over()

    centre(intercom=may).run(scenario)


@pytest.mark.parametrize("code", ["*21*102#", "*21*102%23", "*72102"])
def test_a_code_is_dialled_confirmed_and_kept_over_a_restart(centre: Make, code: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        ann = centre.phone("ann")
        ann.call(code, password="Secret-123")
        await centre.until(lambda: bool(ann.seen(LegEnded)))
        (said,) = [command.playback.sounds for command in centre.media_commands if isinstance(command, StartPlay)]
        assert said == ["phone/forwarded", "digit/1", "digit/0", "digit/2"]
        assert PhoneSettings(centre.store, centre.clock).of("ann").forwards == {"always": "102"}
        centre.phone("bob").answer_after_s = 1.0
        caller.call("101")
        await talk(centre, caller, "bob")

    centre().run(scenario)


def test_whatever_was_chosen_and_is_taken_back_leaves_nothing_in_the_store(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await ready(centre)
        forward(centre, "ann", "busy", "102")
        assert centre.store.phones.count() == 1
        forward(centre, "ann", "busy", "")
        assert (centre.store.phones.count(), centre.phone_settings.of("ann")) == (0, StoredPhone(username="ann"))

    centre().run(scenario)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_forwarded_where_no_call_goes_round_and_nothing_is_left(centre: Make, seed: int) -> None:
    random = Random(seed)

    async def scenario(centre: SimulatedCentre) -> None:
        caller = await ready(centre)
        callers = [caller, centre.caller("+15550124"), centre.caller("+15550125")]
        for _ in range(60):
            name = random.choice(NAMES)
            match random.randrange(7):
                case 0 | 1:
                    forward(centre, name, random.choice(REASONS), random.choice([*NUMBERS.values(), ""]), 3.0)
                case 2:
                    phone = centre.phone(name)
                    phone.busy_status = random.choice([None, None, 486, 603, 480])
                    phone.answer_after_s = random.choice([None, 0.0, 2.0])
                case 3:
                    chosen = centre.phone_settings.of(name)
                    centre.phone_settings.set(
                        StoredPhone(
                            username=name,
                            forwards=chosen.forwards,
                            no_answer_s=3.0,
                            do_not_disturb=random.random() < 0.2,
                            call_waiting=random.choice([None, False]),
                        )
                    )
                case 4:
                    centre.phone(name).send_register(expires=random.choice([0, 3600]))
                case 5:
                    random.choice([*callers, centre.phone(name)]).hang_up()
                case _:
                    idle = [each for each in callers if each.leg is None]
                    if idle:
                        idle[0].call(random.choice([*NUMBERS.values()]))
            await centre.sleep(random.choice([0.0, 0.02, 0.5, 2.0, 4.0]))
        await centre.sleep(1)  # whoever has called just now
        for call in list(centre.controller.calls.values()):
            call.hang_up_from_outside("the end of the test")
        await centre.all_over()
        for cdr in centre.cdrs():
            names = [each.by for each in cdr.forwards]
            assert len(set(names)) == len(names) <= 5

    with structlog.testing.capture_logs() as logs:
        centre().run(scenario)
    assert not [each for each in logs if "not taken" in each["event"] or "Traceback" in str(each.get("fault", ""))]
