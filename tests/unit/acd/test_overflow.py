"""Where a contact goes that its queue does not keep."""

from collections.abc import Callable

import pytest

from softswitch.acd.model import HangUp, OverflowReason, OverflowTarget, Queue, ToFlow, ToQueue
from softswitch.acd.overflow import destination
from softswitch.base.ids import QueueId


def queue(name: str, overflow: OverflowTarget) -> Queue:
    return Queue(queue_id=QueueId(name), overflow=overflow)


def full_in(names: str) -> Callable[[QueueId], OverflowReason | None]:
    return lambda queue_id: "full" if queue_id in names else None


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
    assert destination(queues[QueueId("a")], "max_wait", queues.get, full_in(full)) == expected


def test_each_reason_has_its_way_out_and_the_next_queue_that_of_its_own_obstacle() -> None:
    a = Queue(queue_id=QueueId("a"), overflow=HangUp(), overflows={"closed": to("b")})
    b = Queue(queue_id=QueueId("b"), overflow=HangUp(), overflows={"full": ToFlow("sorry")})
    queues = {each.queue_id: each for each in (a, b)}
    assert destination(a, "closed", queues.get, full_in("")) == to("b")
    assert destination(a, "closed", queues.get, full_in("b")) == ToFlow("sorry")
    assert destination(a, "max_wait", queues.get, full_in("")) == HangUp()
