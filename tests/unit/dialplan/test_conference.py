"""The flow of conferences that ships, and the verb in the hands of others."""

import pytest

from softswitch.calls.outcomes import ConferenceOutcome, ConferenceReason, DialOutcome, DialReason
from softswitch.dialplan import Call, flow
from softswitch.dialplan.flows import Flow
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")


@pytest.fixture(scope="module")
def conference() -> Flow:
    return shipped()["conference"]


@pytest.mark.parametrize("reason", list(ConferenceReason))
def test_the_room_of_the_number_and_then_goodbye(conference: Flow, reason: ConferenceReason) -> None:
    call = FakeCall(outcomes=[ConferenceOutcome(reason=reason)])
    call.run(conference)
    assert call.transcript == ["answer", "conference"]


@flow
async def board_or_reception(call: Call) -> None:
    outcome = await call.conference("board")
    if not outcome.has_taken_part:
        await call.dial("reception")


def test_who_does_not_come_in_goes_elsewhere() -> None:
    taken_part = FakeCall(outcomes=[ConferenceOutcome(reason=ConferenceReason.ENDED, conference="conf-1")])
    taken_part.run(board_or_reception)
    assert taken_part.transcript == ["answer", "conference board"]
    full = FakeCall(
        outcomes=[
            ConferenceOutcome(reason=ConferenceReason.FULL),
            DialOutcome(reason=DialReason.ANSWERED, target="reception"),
        ]
    )
    full.run(board_or_reception)
    assert full.transcript == ["answer", "conference board", "dial reception"]
