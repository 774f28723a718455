"""Calls that programs make: click to call, flows, caller ids, rights, and what comes of them when nobody answers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.acd.model import Agent, AgentState, Queue
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.origination import Origination
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.originating import originate
from softswitch.calls.settings import CallSettings, Extension, Project, QueueTreatment, RecordingPolicy, TrunkRoute
from softswitch.calls.told.call_events import CallAnswered, CallEnded
from softswitch.calls.told.events import kind_of
from softswitch.calls.toll_policy import TollRules
from softswitch.dialplan import Call, flow
from softswitch.sip.outputs import InviteReceived, LegAnswered
from softswitch.sip.trunks.numbers import Habits
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

OUTSIDE = "+442071838750"
Make = Callable[..., SimulatedCentre]


@flow
async def colleague(call: Call) -> None:
    await call.dial(call.called_number)


@flow
async def survey(call: Call) -> None:
    await call.play("survey/welcome")
    call.tag("customer", call.variables["customer"])


@flow
async def hold_the_line(call: Call) -> None:
    await call.park("701", timeout_s=60)


@pytest.fixture
def centre(tmp_path: Path) -> Make:
    def make(**changes: object) -> SimulatedCentre:
        settings = CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path),
            queues={QueueId("support"): QueueTreatment()},
            projects={"acme": Project(id="acme", calls_max=1, recording=RecordingPolicy.ALWAYS)},
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            habits=Habits(country_code="44", national_prefix="0", international_prefix="00"),
            parking_slots=("701",),
            ring_s=20.0,
        )
        whole: dict[str, object] = {
            "flows": {each.__name__: each for each in (colleague, survey, hold_the_line)},
            "routes": {"10x": "colleague", "700": "hold_the_line"},
            "queues": [Queue(queue_id=QueueId("support"))],
            "agents": [Agent(agent_id=AgentId("ann"))],
            "phones": [
                Extension(username="bob", number="101", name="Bob", trunks=frozenset({"provider"})),
                Extension(username="carl", number="102", name="Carl"),
            ],
            "settings": settings,
        }
        return SimulatedCentre(tmp_path, **{**whole, **changes})  # pyright: ignore[reportArgumentType]

    return make


def begin(centre: SimulatedCentre, first: str, to: str = "", **wish: object) -> ActiveCall:
    return originate(
        Origination(first=first, to=to, **wish),  # pyright: ignore[reportArgumentType]
        centre.around,
        centre.controller,
    )


async def register(centre: SimulatedCentre, *names: str) -> None:
    for name in names:
        assert await centre.phone(name).register() == 200


def invite(centre: SimulatedCentre, name: str) -> InviteReceived:
    """The last that a phone has got."""
    event = centre.phones[name].seen(InviteReceived)[-1]
    assert isinstance(event, InviteReceived)
    return event


def test_click_to_call_rings_one_and_then_the_other_as_if_he_had_dialled(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob", "carl")
        call = begin(centre, "bob", "102", variables={"customer": "4711"}, tags={"campaign": "spring"}, by="crm")
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        assert (invite(centre, "bob").calling_number, invite(centre, "carl").calling_number) == ("102", "101")
        assert (call.record.flow, call.variables) == ("colleague", {"customer": "4711"})
        await centre.sleep(10)
        centre.phone("bob").hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.calling_number, cdr.calling_name, cdr.called_number) == ("101", "Bob", "102")
        assert cdr.tags["campaign"] == "spring"
        assert cdr.talk_s == pytest.approx(10.0, abs=0.5)
        assert [kind_of(each) for each in centre.happened("call")] == [
            "call.began",
            "call.ringing",
            "call.answered",
            "call.ringing",
            "call.bridged",
            "call.parted",
            "call.ended",
        ]

    centre().run(scenario)


def test_a_number_outside_is_shown_the_caller_id_and_reached_by_the_right_of_who_calls(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(OUTSIDE)
        await register(centre, "bob")
        begin(centre, "bob", OUTSIDE, caller_id="+18005550100", caller_name="Acme", display="Ada Lovelace")
        await centre.until(lambda: bool(customer.seen(InviteReceived)) or not centre.controller.calls)
        assert invite(centre, OUTSIDE).calling_number == "+18005550100"
        assert invite(centre, "bob").calling_name == "Ada Lovelace"
        await centre.sleep(5)
        customer.hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.calling_number, cdr.called_number, cdr.trunks[0].status) == ("101", OUTSIDE, 200)

    centre().run(scenario)


def test_who_may_not_call_out_is_not_connected_and_limits_of_calls_to_the_outside_hold(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(OUTSIDE)
        await register(centre, "carl", "bob")
        begin(centre, "carl", OUTSIDE)
        await centre.all_over()
        assert not customer.seen(InviteReceived)
        centre.settings = replace(centre.settings, toll={"phone:bob": TollRules(calls_per_day=1)})
        begin(centre, "carl", OUTSIDE, through="bob")
        await centre.until(lambda: bool(customer.seen(InviteReceived)))
        customer.hang_up()
        await centre.all_over()
        begin(centre, "bob", OUTSIDE)
        await centre.all_over()
        assert len(customer.seen(InviteReceived)) == 1
        assert "1 calls today already" in centre.cdrs()[-1].tags["refused"]

    centre().run(scenario)


def test_an_agent_who_is_rung_so_is_busy_for_the_queues(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "carl")
        await centre.log_in("ann")
        begin(centre, "ann", "102")
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        (summary,) = centre.acd.agent_summaries()
        assert summary.state is AgentState.BUSY
        centre.phone("ann").hang_up()
        await centre.all_over()
        (summary,) = centre.acd.agent_summaries()
        assert summary.state is AgentState.READY

    centre().run(scenario)


def test_a_flow_gets_the_call_with_its_variables(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(OUTSIDE)
        begin(centre, OUTSIDE, flow="survey", through="bob", variables={"customer": "4711"})
        await centre.until(lambda: bool(customer.seen(InviteReceived)))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.calling_number, cdr.flow, cdr.tags, cdr.end_reason) == (
            OUTSIDE,
            "survey",
            {"customer": "4711"},
            "completed",
        )

    centre().run(scenario)


def test_who_is_parked_is_fetched(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob")
        caller = centre.caller("+15550123")
        caller.call("700")
        await centre.sleep(5)
        begin(centre, "bob", slot="701")
        await centre.until(lambda: bool(centre.happened("call.retrieved")))
        assert caller.seen(LegAnswered)
        caller.hang_up()
        await centre.all_over()

    centre().run(scenario)


@pytest.mark.parametrize(("status", "reason"), [(486, "busy"), (603, "declined"), (None, "no_answer")])
def test_why_the_first_was_not_reached_stands_in_the_record(centre: Make, status: int | None, reason: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob", "carl")
        bob = centre.phone("bob")
        bob.busy_status, bob.answer_after_s = status, None
        begin(centre, "bob", "102", ring_s=5.0)
        began_at = centre.clock.now()
        await centre.until(lambda: bool(centre.happened("call.ended")))
        assert centre.clock.now() - began_at < 6.0
        assert not centre.phone("carl").seen(InviteReceived)
        await centre.all_over()
        (ended,) = centre.happened("call.ended")
        assert isinstance(ended, CallEnded)
        assert ended.tags == {"not_reached": reason}
        assert (ended.calling_number, ended.called_number, ended.end_reason) == ("101", "102", "rejected")
        assert not [each for each in centre.happened("call.answered") if isinstance(each, CallAnswered)]

    centre().run(scenario)


def test_the_phone_is_asked_to_answer_by_itself(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob", "carl")
        begin(centre, "bob", "102", answers_itself=True)
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        assert "answer-after=0" in invite(centre, "bob").headers["call-info"]
        assert "call-info" not in invite(centre, "carl").headers
        centre.phone("bob").hang_up()
        await centre.all_over()

    centre().run(scenario)


def test_who_hangs_up_while_it_rings_at_the_other_side_ends_it(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob", "carl")
        centre.phone("carl").answer_after_s = None
        begin(centre, "bob", "102")
        await centre.until(lambda: bool(centre.phone("carl").seen(InviteReceived)))
        centre.phone("bob").hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.end_reason == "abandoned"

    centre().run(scenario)


def test_a_project_has_no_more_calls_than_it_may_and_its_recordings(centre: Make) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob", "carl")
        begin(centre, "bob", "102", project="acme")
        with pytest.raises(LocalError, match="as many calls as it may"):
            begin(centre, "bob", "102", project="acme")
        await centre.until(lambda: bool(centre.happened("call.bridged")))
        await centre.sleep(3)
        centre.phone("bob").hang_up()
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.project == "acme"
        assert len(cdr.recordings) == 1

    centre().run(scenario)


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"first": ""}, "nobody to ring first"),
        ({"first": "bob"}, "say what comes after the answer"),
        ({"first": "bob", "to": "102", "flow": "survey"}, "one of them"),
        ({"first": "bob", "to": "bob"}, "to himself"),
        ({"first": "dave", "to": "102"}, "no extension, no agent and no trunk"),
        ({"first": OUTSIDE, "to": "102"}, "through which extension"),
        ({"first": OUTSIDE, "to": "102", "through": "dave"}, 'no extension "dave"'),
        ({"first": "carl", "to": "101"}, "no phone of carl is registered"),
        ({"first": "bob", "to": "no-such"}, 'leads to "no-such"'),
        ({"first": "bob", "flow": "nonesuch"}, 'no flow "nonesuch"'),
        ({"first": "bob", "slot": "701"}, "nobody is parked in 701"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(centre: Make, wish: dict[str, str], reason: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await register(centre, "bob")
        with pytest.raises(LocalError, match=reason):
            begin(centre, **wish)
        assert not centre.controller.calls

    centre().run(scenario)
