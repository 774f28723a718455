"""order_desk.py: what it is about is known before anybody answers, and nobody is lost when specialists are busy."""

from pathlib import Path

import pytest

from softswitch.calls.outcomes import LookupAnswer, QueueOutcome, QueueReason
from softswitch.testing.call import FakeCall
from tests.unit.dialplan.shipped import answered, changed, shipped

pytestmark = pytest.mark.usefixtures("restarts")

FLOWS = shipped()


def test_a_new_order_goes_to_the_desk_and_is_rated() -> None:
    call = FakeCall(digits="15", outcomes=[answered("orders")])
    call.run(FLOWS["order_desk"])
    assert call.transcript == [
        "answer",
        "play greeting/welcome",
        "play order/choose",
        "queue orders",
        "play survey/question",
        "play survey/thanks",
    ]
    assert (call.record.tags, call.record.scores) == ({"topic": "new order"}, {"satisfaction": 5})


def test_the_number_of_an_order_is_noted() -> None:
    call = FakeCall(digits="24711#", outcomes=[answered("orders")])
    call.run(FLOWS["order_desk"])
    assert call.record.tags == {"topic": "placed order", "order": "4711"}


def test_the_shop_says_how_the_order_is_and_who_has_taken_it(tmp_path: Path) -> None:
    flows = changed(tmp_path, "order_desk.py", LOOKUP="shop")
    shop = LookupAnswer(fields={"status": "It left our house today.", "agent": "ann"})
    call = FakeCall(digits="24711#", outcomes=[shop, answered("orders")])
    call.run(flows["order_desk"])
    assert "look_up shop order=4711" in call.transcript
    assert any("It left our house today." in line for line in call.transcript)
    (wishes,) = call.queue_wishes
    assert (wishes.preferred_agent, wishes.preferred_for_s) == ("ann", 20.0)


def test_an_unknown_order_may_be_typed_again_and_a_silent_shop_costs_one_question(tmp_path: Path) -> None:
    flows = changed(tmp_path, "order_desk.py", LOOKUP="shop")
    unknown, silent = LookupAnswer(), LookupAnswer(fault="no answer within 1 s")
    call = FakeCall(digits="21111#2222#", outcomes=[unknown, silent, answered("orders")])
    call.run(flows["order_desk"])
    assert call.transcript.count("play order/which") == 2
    assert call.transcript.count("play order/unknown") == 1
    assert call.record.tags["order"] == "2222"
    call = FakeCall(digits="21111#", outcomes=[silent, answered("orders")])
    call.run(flows["order_desk"])
    assert call.transcript.count("play order/which") == 1


@pytest.mark.parametrize("reason", [QueueReason.TIMED_OUT, QueueReason.FULL, QueueReason.CLOSED])
def test_general_agents_take_who_has_found_no_specialist(reason: QueueReason) -> None:
    waited = QueueOutcome(reason=reason, queue="orders", wait_s=40.0)
    call = FakeCall(digits="1", outcomes=[waited, answered("general")])
    call.run(FLOWS["order_desk"])
    assert "queue general" in call.transcript
    assert call.queue_wishes[1].boost_s == 40.0


@pytest.mark.parametrize("reason", [QueueReason.TIMED_OUT, QueueReason.FULL, QueueReason.CLOSED])
def test_who_finds_nobody_at_all_is_told(reason: QueueReason) -> None:
    outcomes = [QueueOutcome(reason=reason, queue=queue) for queue in ("orders", "general")]
    call = FakeCall(digits="1", outcomes=outcomes)
    call.run(FLOWS["order_desk"])
    assert call.transcript[-1].startswith("play queue/")


def test_who_has_left_with_a_key_has_heard_what_comes() -> None:
    call = FakeCall(digits="1", outcomes=[QueueOutcome(reason=QueueReason.EXITED, queue="orders", key="1")])
    call.run(FLOWS["order_desk"])
    assert call.transcript[-1] == "queue orders"
