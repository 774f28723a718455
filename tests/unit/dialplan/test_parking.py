"""The flows of parking, run against a fake caller."""

import pytest

from softswitch.calls.outcomes import DialOutcome, DialReason, ParkOutcome, ParkReason
from softswitch.dialplan.flows import Flow
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")

TIMED_OUT = ParkOutcome(reason=ParkReason.TIMED_OUT, slot="701", parked_by="ann")


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    return shipped()


def test_who_is_fetched_is_served(flows: dict[str, Flow]) -> None:
    call = FakeCall(outcomes=[ParkOutcome(reason=ParkReason.RETRIEVED, slot="701", retrieved_by="bob")])
    call.run(flows["park"])
    assert call.transcript == ["answer", "park"]


def test_who_is_not_fetched_goes_back_to_who_parked_him(flows: dict[str, Flow]) -> None:
    call = FakeCall(outcomes=[TIMED_OUT, DialOutcome(reason=DialReason.ANSWERED, target="ann")])
    call.run(flows["park"])
    assert call.transcript == ["answer", "park", "dial ann"]


def test_he_is_parked_again_while_nobody_is_there(flows: dict[str, Flow]) -> None:
    call = FakeCall(outcomes=[TIMED_OUT, DialOutcome(reason=DialReason.NO_ANSWER, target="ann")] * 10)
    call.run(flows["park"])
    assert call.transcript[-1] == "play connect/no-answer"


def test_a_full_lot_sends_him_back(flows: dict[str, Flow]) -> None:
    full = ParkOutcome(reason=ParkReason.FULL, parked_by="ann")
    call = FakeCall(outcomes=[full, DialOutcome(reason=DialReason.ANSWERED, target="ann")])
    call.run(flows["park"])
    assert call.transcript == ["answer", "park", "play parking/full", "dial ann"]


def test_an_empty_slot_says_so(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="701")
    call.run(flows["retrieve"])
    assert call.transcript == ["retrieve 701", "answer", "play parking/nobody-there"]
