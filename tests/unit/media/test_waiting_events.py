"""Events that wait for a switch."""

from softswitch.base.ids import CallId, RoomId, StreamId
from softswitch.media.limits import EVENTS_WAITING_MAX
from softswitch.media.protocol import DtmfReceived, TalkersChanged
from softswitch.media.waiting_events import WaitingEvents

CALL = CallId("call")


def pressed(number: int) -> DtmfReceived:
    return DtmfReceived(CALL, StreamId(number), "1")


def talkers(room: int, *numbers: int) -> TalkersChanged:
    return TalkersChanged(RoomId(str(room)), [StreamId(number) for number in numbers])


def test_they_are_taken_once_and_in_order_and_of_a_room_the_last() -> None:
    waiting = WaitingEvents()
    for event in (pressed(1), talkers(1, 5), talkers(2, 6), pressed(2), talkers(1), pressed(1)):
        waiting.add(event)
    assert waiting.take() == [pressed(1), talkers(2, 6), pressed(2), talkers(1), pressed(1)]
    assert waiting.take() == []
    waiting.add(pressed(3))
    assert waiting.take() == [pressed(3)]


def test_the_oldest_go_when_there_are_too_many_and_are_counted() -> None:
    waiting = WaitingEvents()
    for number in range(EVENTS_WAITING_MAX + 2):
        waiting.add(pressed(number))
        waiting.add(talkers(1, number))
    kept = waiting.take()
    assert len(kept) == EVENTS_WAITING_MAX
    assert kept[0] == pressed(3)
    assert kept[-1] == talkers(1, EVENTS_WAITING_MAX + 1)
    assert waiting.left_out == 3
