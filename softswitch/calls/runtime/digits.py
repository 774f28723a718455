"""Digits of one party: each press counted once, however it came; and what nobody has asked for yet (type-ahead)."""

from typing import Literal

from softswitch.calls.dtmf_info import DIGITS

DIGITS_MAX = 64
"""Type-ahead that is kept; nobody means more than that, and whoever sends more gets no further."""

SAME_PRESS_S = 1.5
"""A press comes by one method this long after another at most: INFO is often sent when the key is released."""

PRESSES_MAX = 32
"""Presses counted in that time; machines dial 19, and whoever sends more means no digits."""

DigitMethod = Literal["event", "tone", "info"]


class KeyPresses:
    """What a party sent lately, so that a digit that comes as an event and as INFO, or as a tone too, is one digit.

    The first to come counts. What comes by another method is taken for the earliest press of the same key that has not
    come by that method yet; so pressing a key twice in a row is not mistaken for one press.
    """

    __slots__ = ("_presses",)

    def __init__(self) -> None:
        self._presses: list[tuple[str, float, set[DigitMethod]]] = []
        """Digit, time, and how it has come so far; the earliest first."""

    def is_new(self, digit: str, method: DigitMethod, now: float) -> bool:
        """Take a digit; whether it is a press that was not counted yet."""
        self._presses = [press for press in self._presses if now - press[1] <= SAME_PRESS_S]
        for known, _, methods in self._presses:
            if known == digit and method not in methods:
                methods.add(method)
                return False
        if len(self._presses) == PRESSES_MAX:
            return False
        self._presses.append((digit, now, {method}))
        return True


class TypedDigits:
    """Digits in the order they were typed."""

    __slots__ = ("_digits",)

    def __init__(self) -> None:
        self._digits = ""

    def keep(self) -> str:
        return self._digits

    def adopt(self, digits: str) -> None:
        """What was typed, and nobody had asked for, in the switch before."""
        self._digits = digits

    def add(self, digit: str) -> bool:
        """Keep a digit; returns False when there is no room for it."""
        if len(self._digits) == DIGITS_MAX or digit not in DIGITS:
            return False
        self._digits += digit
        return True

    def take(self, wanted: str = DIGITS) -> str:
        """Take the first of the digits in `wanted`, leaving the others; "" if there is none."""
        found = next((digit for digit in self._digits if digit in wanted), "")
        self._digits = self._digits.replace(found, "", 1) if found else self._digits
        return found

    def clear(self) -> None:
        self._digits = ""
