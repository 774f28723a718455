"""Digits of one party: which of them are the same press, and type-ahead."""

import pytest

from softswitch.calls.runtime.digits import DIGITS_MAX, PRESSES_MAX, DigitMethod, KeyPresses, TypedDigits

Arrival = tuple[str, DigitMethod, float]


@pytest.mark.parametrize(
    ("arrivals", "counted"),
    [
        pytest.param([("1", "event", 0.0), ("1", "info", 0.05)], "1", id="event, then INFO"),
        pytest.param([("1", "info", 0.0), ("1", "event", 0.1), ("1", "tone", 0.15)], "1", id="all three"),
        pytest.param([("1", "event", 0.0), ("1", "info", 1.2)], "1", id="INFO when the key is released"),
        pytest.param([("1", "event", 0.0), ("1", "event", 0.2)], "11", id="twice by one method"),
        pytest.param(
            [("1", "event", 0.0), ("1", "info", 0.05), ("1", "event", 0.2), ("1", "info", 0.25)],
            "11",
            id="twice by both",
        ),
        pytest.param(
            [("1", "event", 0.0), ("1", "event", 0.2), ("1", "info", 0.3), ("1", "info", 0.35)], "11", id="INFO is late"
        ),
        pytest.param(
            [("1", "event", 0.0), ("2", "event", 0.2), ("1", "info", 0.3), ("2", "info", 0.35)], "12", id="two keys"
        ),
        pytest.param([("1", "event", 0.0), ("1", "info", 2.0)], "11", id="too late to be the same"),
        pytest.param([("1", "event", 0.0), ("2", "info", 0.1)], "12", id="another key"),
    ],
)
def test_a_press_that_comes_in_several_ways_is_one(arrivals: list[Arrival], counted: str) -> None:
    presses = KeyPresses()
    assert "".join(digit for digit, method, now in arrivals if presses.is_new(digit, method, now)) == counted


def test_more_presses_than_anybody_makes_are_not_counted() -> None:
    presses = KeyPresses()
    assert [presses.is_new("1", "event", 0.01 * n) for n in range(100)] == [True] * PRESSES_MAX + [False] * (
        100 - PRESSES_MAX
    )
    assert presses.is_new("1", "event", 3.0)


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
