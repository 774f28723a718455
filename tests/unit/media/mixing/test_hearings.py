from softswitch.base.ids import StreamId
from softswitch.media.mixing.hearings import Heard, Hearings

A, B, C = StreamId(1), StreamId(2), StreamId(3)


def test_both_directions_are_known() -> None:
    hearings = Hearings()
    hearings.set(A, [B, C, B])
    hearings.set(B, [C])
    assert list(hearings.sources(A)) == [B, C]
    assert hearings.listeners(C) == [A, B]
    hearings.set(A, [C])
    assert hearings.listeners(B) == []
    hearings.set(A, [])
    hearings.set(B, [])
    assert hearings.listeners(C) == []
    assert hearings.sources(A) == {}


def test_each_source_has_a_gain() -> None:
    hearings = Hearings()
    hearings.set(A, [B, C], [-6.0, 3.0])
    assert hearings.sources(A) == {B: -6.0, C: 3.0}
    hearings.set(A, [B])
    assert hearings.sources(A) == {B: 0.0}


def test_a_row_that_is_gone_is_in_nothing_that_was_heard() -> None:
    heard = Heard((1, 2, 3), (2, 4), (1.0, 0.5))
    assert heard.without(2) == Heard((1, 3), (4,), (0.5,))
