"""The flow that offers a call-back, run against a fake caller."""

import pytest

from softswitch.dialplan.flows import Flow
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")


@pytest.fixture(scope="module")
def offer() -> Flow:
    return shipped()["callback_offer"]


def test_who_confirms_his_number_is_promised_a_call(offer: Flow) -> None:
    call = FakeCall(calling_number="+1555", digits="1")
    call.run(offer)
    assert any("digit/plus digit/1 digit/5 digit/5 digit/5" in line for line in call.transcript)
    assert call.transcript[-2:] == ["request_callback", "play callback/promised"]


def test_nothing_is_promised_that_cannot_be_kept(offer: Flow) -> None:
    call = FakeCall(digits="1", calls_back=False)
    call.run(offer)
    assert call.transcript[-1] == "play callback/not-possible"


@pytest.mark.parametrize("digits", ["..", "55"])
def test_who_does_not_confirm_is_not_called(offer: Flow, digits: str) -> None:
    call = FakeCall(digits=digits)
    call.run(offer)
    assert "request_callback" not in call.transcript


def test_who_hides_his_number_cannot_be_called(offer: Flow) -> None:
    call = FakeCall(calling_number="")
    call.run(offer)
    assert call.transcript == ["answer", "play callback/not-possible"]
