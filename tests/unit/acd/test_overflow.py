"""Where a contact goes that its queue does not keep."""

import pytest

from softswitch.acd.model import HangUp, OverflowTarget, Queue, ToFlow, ToQueue
from softswitch.acd.overflow import destination
from softswitch.base.ids import QueueId


def queue(name: str, overflow: OverflowTarget) -> Queue:
    return Queue(queue_id=QueueId(name), overflow=overflow)


def to(name: str) -> ToQueue:
    return ToQueue(QueueId(name))


@pytest.mark.parametrize(
    ("overflows", "full", "expected"),
    [
        ({"a": HangUp()}, "", HangUp()),
        ({"a": ToFlow("sorry")}, "", ToFlow("sorry")),
        ({"a": to("b"), "b": HangUp()}, "", to("b")),
        ({"a": to("b"), "b": to("c"), "c": HangUp()}, "b", to("c")),
        ({"a": to("b"), "b": ToFlow("sorry")}, "b", ToFlow("sorry")),
        ({"a": to("b"), "b": HangUp()}, "b", HangUp()),
        ({"a": to("a")}, "", HangUp()),
        ({"a": to("b"), "b": to("a")}, "", to("b")),
        ({"a": to("b"), "b": to("a")}, "b", HangUp()),
        ({"a": to("b"), "b": to("c"), "c": to("b")}, "bc", HangUp()),
        ({"a": to("nowhere")}, "", HangUp()),
    ],
)
def test_the_way_out_of_queue_a(overflows: dict[str, OverflowTarget], full: str, expected: OverflowTarget) -> None:
    queues = {QueueId(name): queue(name, overflow) for name, overflow in overflows.items()}
    assert destination(queues[QueueId("a")], queues.get, lambda queue_id: queue_id not in full) == expected
