"""The flow of star codes, run against a fake caller."""

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason
from softswitch.dialplan.flows import Flow
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")

ANN = StoredPhone(username="ann")


@pytest.fixture(scope="module")
def star_codes() -> Flow:
    return shipped()["star_codes"]


def dial(flow: Flow, number: str, phone: StoredPhone | None = ANN, digits: str = "") -> FakeCall:
    call = FakeCall(called_number=number, phone=phone, forwards_to=["102", "+4420"], digits=digits)
    call.run(flow)
    return call


def said(call: FakeCall) -> str:
    return call.transcript[-2].removeprefix("play ")


@pytest.mark.parametrize(
    ("dialled", "reason", "number"),
    [
        ("*21*102#", "always", "102"),
        ("*21*102", "always", "102"),
        ("*21102", "always", "102"),
        ("*72102", "always", "102"),
        ("*67*+4420#", "busy", "+4420"),
        ("*90102", "busy", "102"),
        ("*61*102#", "no_answer", "102"),
        ("*62*102#", "unregistered", "102"),
    ],
)
def test_a_forward_is_set_and_spoken(star_codes: Flow, dialled: str, reason: str, number: str) -> None:
    call = dial(star_codes, dialled)
    assert call.phone == StoredPhone(username="ann", forwards={reason: number})
    assert said(call).startswith("phone/forwarded")
    assert said(call).split()[1:] == [f"digit/{'plus' if each == '+' else each}" for each in number]
    assert call.transcript[-1] == "hang_up"


def test_what_is_no_time_is_passed_over(star_codes: Flow) -> None:
    assert dial(star_codes, "*61*102*²#").phone == StoredPhone(username="ann", forwards={"no_answer": "102"})


def test_how_long_the_phone_rings_before(star_codes: Flow) -> None:
    assert dial(star_codes, "*61*102*15#").phone == StoredPhone(
        username="ann", forwards={"no_answer": "102"}, no_answer_s=15
    )


def test_a_code_without_a_number_asks_for_it(star_codes: Flow) -> None:
    call = dial(star_codes, "*72", digits="102#")
    assert "play phone/enter-number" in call.transcript
    assert call.phone == StoredPhone(username="ann", forwards={"always": "102"})


@pytest.mark.parametrize("dialled", ["*21*999#", "*61*102*0#", "*72"])
def test_what_is_not_possible_is_said_and_changes_nothing(star_codes: Flow, dialled: str) -> None:
    call = dial(star_codes, dialled)
    assert (call.phone, said(call)) == (ANN, "phone/not-possible")


@pytest.mark.parametrize("dialled", ["*21*102#", "#21#", "*26#", "*43#", "*#21#", "#002#"])
def test_who_has_no_extension_has_nothing_to_set(star_codes: Flow, dialled: str) -> None:
    assert said(dial(star_codes, dialled, phone=None)) == "phone/not-possible"


def test_forwards_are_taken_back_one_by_one_or_all(star_codes: Flow) -> None:
    phone = StoredPhone(username="ann", forwards={"always": "102", "busy": "103"})
    assert dial(star_codes, "#21#", phone).phone == StoredPhone(username="ann", forwards={"busy": "103"})
    assert dial(star_codes, "*91", phone).phone == StoredPhone(username="ann", forwards={"always": "102"})
    call = dial(star_codes, "#002#", phone)
    assert (call.phone, said(call)) == (ANN, "phone/forwarded-no-more")


@pytest.mark.parametrize(("dialled", "is_on"), [("*26#", True), ("*78", True), ("#26#", False), ("*79", False)])
def test_do_not_disturb(star_codes: Flow, dialled: str, is_on: bool) -> None:
    call = dial(star_codes, dialled)
    assert call.phone == StoredPhone(username="ann", do_not_disturb=is_on)
    assert said(call) == f"phone/do-not-disturb-{'on' if is_on else 'off'}"


@pytest.mark.parametrize(("dialled", "is_on"), [("*43#", True), ("*70", True), ("#43#", False), ("*71", False)])
def test_call_waiting(star_codes: Flow, dialled: str, is_on: bool) -> None:
    call = dial(star_codes, dialled)
    assert call.phone == StoredPhone(username="ann", call_waiting=is_on)
    assert said(call) == f"phone/call-waiting-{'on' if is_on else 'off'}"


def test_what_is_on_is_spoken(star_codes: Flow) -> None:
    phone = StoredPhone(username="ann", forwards={"busy": "12"}, do_not_disturb=True)
    assert dial(star_codes, "*#21#", phone).transcript == [
        "answer",
        "play phone/forwarded-busy digit/1 digit/2",
        "play phone/do-not-disturb-on",
        "hang_up",
    ]


@pytest.mark.parametrize(("reason", "last"), [(DialReason.ANSWERED, "dial 102 intercom"), (DialReason.FORBIDDEN, "")])
def test_intercom(star_codes: Flow, reason: DialReason, last: str) -> None:
    call = FakeCall(called_number="*80102", phone=ANN, outcomes=[DialOutcome(reason=reason, target="102")])
    call.run(star_codes)
    assert call.transcript[-2] == (last or "play phone/not-possible")


def test_a_code_that_nobody_knows(star_codes: Flow) -> None:
    assert said(dial(star_codes, "*1234#")) == "phone/unknown-code"


@pytest.mark.parametrize(("dialled", "verb"), [("*8", "pick_up"), ("*8#", "pick_up"), ("**102", "pick_up 102")])
def test_pickup(star_codes: Flow, dialled: str, verb: str) -> None:
    assert dial(star_codes, dialled).transcript[:3] == [verb, "answer", "play phone/nobody-rings"]
    call = FakeCall(called_number=dialled, phone=ANN, picks_up=True)
    call.run(star_codes)
    assert call.transcript == [verb]


def test_the_last_caller_is_said_and_called(star_codes: Flow) -> None:
    call = FakeCall(
        called_number="*69",
        phone=ANN,
        last_caller="102",
        digits="1",
        outcomes=[DialOutcome(reason=DialReason.ANSWERED, target="102")],
    )
    call.run(star_codes)
    assert "play phone/last-caller digit/1 digit/0 digit/2 phone/press-one-to-call" in call.transcript
    assert "dial 102" in call.transcript
    nobody = FakeCall(called_number="*69", phone=ANN)
    nobody.run(star_codes)
    assert "play phone/nobody-called" in nobody.transcript


@pytest.mark.parametrize(
    ("dialled", "done"),
    [("*37", "call_when_free 103"), ("*37102", "call_when_free 102"), ("*37*102#", "call_when_free 102"),
     ("#37", "cancel_calls_when_free")],
)  # fmt: skip
def test_calls_to_those_who_were_busy(star_codes: Flow, dialled: str, done: str) -> None:
    call = FakeCall(called_number=dialled, phone=ANN, last_called="103")
    call.run(star_codes)
    assert call.transcript[0] == done
    assert said(call).startswith("phone/")
