"""Whatever a flow does with its call, and whenever the switch dies: the caller and the world get everything once."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from softswitch.calls.outcomes import DialOutcome, DialReason, QueueOutcome, QueueReason
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Dialplan
from softswitch.dialplan.numbers import NumberPlan
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from softswitch.testing.restarts import Restarts, check_restarts

NO_DIALPLAN = Dialplan(numbers=NumberPlan(), flows={}, schedules={})
STEPS = st.lists(
    st.sampled_from(
        [
            "play",
            "menu",
            "gather",
            "queue",
            "dial",
            "pause",
            "enlist",
            "listed",
            "rate",
            "log_in",
            "language",
            "variable",
            "counted",
            "hidden",
            "clock",
            "failing",
            "forwarding",
            "callback",
        ]
    ),
    max_size=12,
)
ANSWERED = QueueOutcome(reason=QueueReason.ANSWERED, queue="sales", agent="ann")
BUSY = DialOutcome(reason=DialReason.BUSY, target="101")


async def step(call: Call, name: str) -> None:
    """Each leaves its mark: on the caller, elsewhere, or on what the flow does next."""
    match name:
        case "play":
            await call.play("welcome", call.language, *(["again"] if call.is_answered else []))
        case "menu":
            choice = await call.menu("menu", digits="123", default="1")
            call.tag("menu", choice.digit)
        case "gather":
            call.variables["typed"] = (await call.gather("number", maximum=4)).digits
        case "queue":
            await call.queue("sales", boost_s=float(len(call.variables)))
        case "dial":
            await call.dial("101", screened=call.is_caller_hidden)
        case "pause":
            await call.pause(1.5)
        case "enlist":
            await call.enlist("vip", note=call.variables.get("typed", "none"))
        case "listed":
            listed = call.listed("vip")
            await call.play("listed" if listed is None else f"listed/{listed.note or 'empty'}")
        case "rate":
            call._verbs.rate("survey", "", 3)  # pyright: ignore[reportPrivateUsage]
        case "log_in":
            await call.log_in()
        case "language":
            call.language = "ru" if call.language == "en" else "en"
        case "variable":
            call.variables.pop("typed", None)
        case "counted":
            call.variables["count"] = str(int(call.variables.get("count", "0")) + 1)
        case "hidden":
            call.is_caller_hidden = not call.is_caller_hidden
        case "clock":
            call.tag("at", str(call.clock.wall()))
        case "failing":
            try:
                call.listed("nowhere")
            except Exception as error:
                call.tag("failed", type(error).__name__)
        case "forwarding":
            await call.set_forwarding("busy", "102")
        case _:
            await call.request_callback()


def new_call(typed: str, steps: Sequence[str]) -> FakeCall:
    outcomes = [ANSWERED if name == "queue" else BUSY for name in steps if name in ("queue", "dial")]
    phone = StoredPhone(username="anna")
    return FakeCall(digits=typed, outcomes=outcomes, lists={"vip": {}}, phone=phone, forwards_to=("102",))


def flow_of(steps: Sequence[str]) -> Any:
    @flow
    async def some(call: Call) -> None:
        for name in steps:
            await step(call, name)

    return some


@given(steps=STEPS, typed=st.text("123#.", max_size=12))
def test_a_flow_ends_the_same_wherever_the_switch_dies(steps: list[str], typed: str) -> None:
    check_restarts(new_call(typed, steps), flow_of(steps), NO_DIALPLAN)


@given(steps=STEPS, dies_at=st.lists(st.integers(1, 4), max_size=12))
def test_and_however_often(steps: list[str], dies_at: list[int]) -> None:
    undisturbed, disturbed = new_call("12", steps), new_call("12", steps)
    Restarts(undisturbed, ()).run(flow_of(steps), NO_DIALPLAN)
    Restarts(disturbed, dies_at).run(flow_of(steps), NO_DIALPLAN)
    assert disturbed.transcript == undisturbed.transcript
    assert disturbed.variables == undisturbed.variables
    assert disturbed.record.tags == undisturbed.record.tags
    assert disturbed.clock.now() == undisturbed.clock.now()
