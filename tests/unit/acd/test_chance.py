"""The dice: repeatable, even, and continued from their state."""

from softswitch.acd.chance import Chance


def test_the_published_numbers_of_the_generator() -> None:
    dice = Chance(1234567)
    expected = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    assert [dice.draw() for _ in expected] == [(number >> 11) / 2**53 for number in expected]


def test_the_state_is_all_there_is() -> None:
    one = Chance(5)
    one.draw()
    other = Chance(one.state)
    assert [one.draw() for _ in range(5)] == [other.draw() for _ in range(5)]


def test_draws_are_even() -> None:
    dice = Chance(7)
    draws = [dice.draw() for _ in range(10_000)]
    assert all(0.0 <= draw < 1.0 for draw in draws)
    assert abs(sum(draws) / len(draws) - 0.5) < 0.01
