"""The flow for agents who keep their line open, run against a fake caller."""

import pytest

from softswitch.dialplan.flows import Flow
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")


@pytest.fixture(scope="module")
def agent_line() -> Flow:
    return shipped()["agent_line"]


def test_an_agent_stays_on_the_line(agent_line: Flow) -> None:
    call = FakeCall(phone=StoredPhone(username="ann"))
    call.run(agent_line)
    assert call.transcript == ["answer", "agent_line"]


def test_somebody_else_is_told_that_it_is_not_possible(agent_line: Flow) -> None:
    call = FakeCall()
    call.run(agent_line)
    assert call.transcript == ["answer", "play phone/not-possible"]
