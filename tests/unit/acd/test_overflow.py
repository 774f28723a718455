"""Where a contact goes that its queue does not keep."""

from collections.abc import Callable

import pytest

from softswitch.acd.inputs import ContactExited
from softswitch.acd.limits import OVERFLOW_MOVES_MAX
from softswitch.acd.model import HangUp, OverflowReason, OverflowTarget, Queue, ToFlow, ToQueue
from softswitch.acd.outputs import ContactMoved, ContactOverflowed
from softswitch.acd.overflow import destination
from softswitch.base.ids import ContactId, QueueId
from softswitch.testing.acd import ScriptedAcd


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


def test_the_keys_a_caller_presses_do_not_count_among_the_overflows_that_may_lead_in_circles() -> None:
    a = Queue(queue_id=QueueId("a"), max_wait_s=60.0, overflow=to("b"))
    b = Queue(queue_id=QueueId("b"), max_wait_s=60.0, overflow=to("a"))
    acd = ScriptedAcd([a, b], [])
    acd.call("c1", "a")
    for number in range(3 * OVERFLOW_MOVES_MAX):
        acd.advance(1.0)
        assert acd.tell(ContactExited(ContactId("c1"), "1", QueueId("ab"[number % 2 - 1])))
    outputs = [output for _ in range(OVERFLOW_MOVES_MAX) for output in acd.advance(60.0)]
    assert [type(output) for output in outputs] == [ContactMoved] * OVERFLOW_MOVES_MAX
    assert [type(output) for output in acd.advance(60.0)] == [ContactOverflowed], "that one goes round by itself"
