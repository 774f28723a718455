"""Guessing PINs."""

from softswitch.calls.conferences.limits import CALLERS_REMEMBERED_MAX
from softswitch.calls.conferences.pins import ROOM_MAX, WINDOW_S, WRONG_MAX, PinGuard


def test_a_caller_who_guesses_is_asked_no_more_for_a_time() -> None:
    guard = PinGuard()
    for number in range(WRONG_MAX):
        assert guard.may_try("board", "+49", float(number))
        guard.wrong("board", "+49", float(number))
    assert not guard.may_try("board", "+49", 10.0)
    assert guard.may_try("board", "+50", 10.0)
    assert guard.may_try("staff", "+49", 10.0)
    assert not guard.may_try("board", "+49", WINDOW_S - 0.1)
    assert guard.may_try("board", "+49", WINDOW_S)


def test_who_knows_the_pin_may_have_mistyped_it() -> None:
    guard = PinGuard()
    for number in range(3 * WRONG_MAX):
        guard.wrong("board", "+49", float(number))
        guard.right("board", "+49")
    assert guard.may_try("board", "+49", 60.0)


def test_many_callers_together_do_not_guess_more_than_a_room_allows() -> None:
    guard = PinGuard()
    for number in range(ROOM_MAX):
        guard.wrong("board", f"+49{number}", 0.0)
    assert not guard.may_try("board", "+50", 1.0)
    assert guard.may_try("staff", "+50", 1.0)
    assert guard.may_try("board", "+50", WINDOW_S)


def test_callers_are_forgotten_when_they_are_too_many() -> None:
    guard = PinGuard()
    for number in range(CALLERS_REMEMBERED_MAX + 100):
        guard.wrong(f"room{number}", "+49", 0.0)
    assert len(guard._wrong) <= CALLERS_REMEMBERED_MAX  # pyright: ignore[reportPrivateUsage]
