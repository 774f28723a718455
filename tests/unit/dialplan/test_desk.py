"""The flows of hot desks, run against a fake caller."""

import pytest

from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")

PHONE = StoredPhone(username="spare")


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    return shipped()


def played(call: FakeCall) -> list[str]:
    return [line.removeprefix("play ") for line in call.transcript if line.startswith("play ")]


def test_at_his_own_phone_an_agent_needs_no_pin(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*85", phone=PHONE)
    call.run(flows["desk_log_in"])
    assert call.transcript == ["log_in", "answer", "play desk/logged-in"]


def test_with_his_number_he_is_asked_for_the_pin(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*85*4711", phone=PHONE, pins={"4711": "1234"}, digits="1234#")
    call.run(flows["desk_log_in"])
    assert "log_in 4711" in call.transcript
    assert played(call) == ["desk/pin", "desk/logged-in"]


def test_after_three_wrong_pins_it_is_over(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*85*4711", phone=PHONE, pins={"4711": "1234"}, digits="9#" * 3)
    call.run(flows["desk_log_in"])
    assert played(call) == ["desk/pin", "desk/refused"] * 3


def test_whoever_works_at_the_phone_is_logged_out(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*86", phone=PHONE)
    call.run(flows["desk_log_out"])
    assert played(call) == ["desk/logged-out"]


def test_a_phone_at_which_nobody_works_is_told_so(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*86")
    call.run(flows["desk_log_out"])
    assert played(call) == ["phone/not-possible"]


@pytest.mark.parametrize(
    ("flow", "dialled", "done", "said"),
    [
        ("desk_pause", "*87", "pause_work lunch", "desk/paused"),
        ("desk_pause", "*872", "pause_work training", "desk/paused"),
        ("desk_pause", "*87*2#", "pause_work training", "desk/paused"),
        ("desk_pause", "*879", "pause_work", "desk/paused"),
        ("desk_resume", "*88", "resume_work", "desk/resumed"),
        ("desk_done", "*89", "finish_wrap_up", "desk/done"),
    ],
)
def test_breaks_and_the_end_of_wrap_up(flows: dict[str, Flow], flow: str, dialled: str, done: str, said: str) -> None:
    call = FakeCall(called_number=dialled, phone=PHONE)
    call.run(flows[flow])
    assert call.transcript == [done, "answer", f"play {said}"]
    stranger = FakeCall(called_number=dialled)
    stranger.run(flows[flow])
    assert played(stranger) == ["phone/not-possible"]


def test_a_disposition_that_the_disk_refuses_is_not_confirmed() -> None:
    answers: list[bool] = []

    @flow
    async def sold(call: Call) -> None:
        answers.append(await call.finish_wrap_up("sold"))

    for stores in (True, False):
        call = FakeCall(called_number="*89", phone=PHONE)
        call.stores = stores
        call.run(sold)
        assert set(answers) == {stores}
        answers.clear()
