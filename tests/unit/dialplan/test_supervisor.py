"""The flows of supervisors, run against a fake caller."""

import pytest

from softswitch.dialplan.flows import Flow
from softswitch.store.schema import StoredPhone
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import shipped

pytestmark = pytest.mark.usefixtures("restarts")

PHONE = StoredPhone(username="olga")


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    return shipped()


@pytest.mark.parametrize(
    ("flow", "dialled", "done"),
    [
        ("supervise_listen", "*51102", "supervise 102 listen"),
        ("supervise_whisper", "*52*102#", "supervise 102 whisper"),
        ("supervise_barge", "*53102", "supervise 102 barge"),
        ("supervise_follow", "*54102", "supervise 102 listen follow"),
    ],
)
def test_each_code_has_its_mode(flows: dict[str, Flow], flow: str, dialled: str, done: str) -> None:
    call = FakeCall(called_number=dialled, phone=PHONE)
    call.run(flows[flow])
    assert call.transcript == [done]


def test_the_extension_is_asked_for(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*51", phone=PHONE, digits="102#")
    call.run(flows["supervise_listen"])
    assert call.transcript[-1] == "supervise 102 listen"


def test_who_may_not_is_told_so(flows: dict[str, Flow]) -> None:
    call = FakeCall(called_number="*51102")
    call.run(flows["supervise_listen"])
    assert call.transcript[-1] == "play phone/not-possible"
