"""Type-ahead."""

from softswitch.calls.runtime.digits import DIGITS_MAX, TypedDigits


def test_digits_are_taken_in_order() -> None:
    typed = TypedDigits()
    assert all(typed.add(digit) for digit in "12")
    assert [typed.take(), typed.take(), typed.take()] == ["1", "2", ""]


def test_who_wants_certain_digits_leaves_the_others() -> None:
    typed = TypedDigits()
    for digit in "5195":
        typed.add(digit)
    assert typed.take("19") == "1"
    assert typed.take("") == ""
    assert [typed.take() for _ in range(3)] == ["5", "9", "5"]


def test_there_is_room_for_so_many_and_for_digits_alone() -> None:
    typed = TypedDigits()
    assert not typed.add("x")
    assert [typed.add("1") for _ in range(DIGITS_MAX + 1)] == [True] * DIGITS_MAX + [False]
    typed.clear()
    assert typed.take() == ""
