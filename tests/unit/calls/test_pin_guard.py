"""Guessing PINs: a box and a caller are locked each for themselves, and for a while."""

from softswitch.calls.limits import PIN_GUESSERS_MAX
from softswitch.calls.pin_guard import LOCKED_S, WRONG_PINS_MAX, PinGuard

BOTH = ("box:101", "caller:+15550100")


def test_after_some_wrong_ones_none_is_right_for_a_while() -> None:
    guard = PinGuard()
    for _ in range(WRONG_PINS_MAX - 1):
        assert guard.wrong(BOTH, 0.0) == []
    assert not guard.is_locked(BOTH, 0.0)
    assert guard.wrong(BOTH, 10.0) == list(BOTH)
    assert guard.is_locked(("box:101", "caller:another"), 11.0), "the box, for everybody"
    assert guard.is_locked(("box:102", "caller:+15550100"), 11.0), "and the caller, for all boxes"
    assert not guard.is_locked(("box:102", "caller:another"), 11.0)
    assert guard.is_locked(BOTH, 10.0 + LOCKED_S - 1)
    assert not guard.is_locked(BOTH, 10.0 + LOCKED_S)


def test_a_right_one_clears_the_count() -> None:
    guard = PinGuard()
    for _ in range(3):
        for _ in range(WRONG_PINS_MAX - 1):
            assert guard.wrong(BOTH, 0.0) == []
        guard.right(BOTH)
    assert not guard.is_locked(BOTH, 0.0)


def test_a_crowd_of_forged_callers_does_not_make_it_grow() -> None:
    guard = PinGuard()
    for number in range(2 * PIN_GUESSERS_MAX):
        guard.wrong(("box:101", f"caller:{number}"), 0.0)
    assert guard.is_locked(("box:101", "caller:me"), 0.0)
    assert sum(len(kept) for kept in (guard._wrong, guard._locked_until)) <= 2 * PIN_GUESSERS_MAX  # pyright: ignore[reportPrivateUsage]
