from softswitch.base.ids import StreamId
from softswitch.media.hearings import Hearings

A, B, C = StreamId(1), StreamId(2), StreamId(3)


def test_both_directions_are_known() -> None:
    hearings = Hearings()
    hearings.set(A, [B, C, B])
    hearings.set(B, [C])
    assert hearings.sources(A) == [B, C]
    assert hearings.listeners(C) == [A, B]
    hearings.set(A, [C])
    assert hearings.listeners(B) == []
    hearings.set(A, [])
    hearings.set(B, [])
    assert hearings.listeners(C) == []
    assert hearings.sources(A) == []
