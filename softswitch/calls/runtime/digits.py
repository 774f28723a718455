"""What a caller has typed and nobody has asked for yet (type-ahead)."""

from softswitch.calls.dtmf_info import DIGITS

DIGITS_MAX = 64
"""Type-ahead that is kept; nobody means more than that, and whoever sends more gets no further."""


class TypedDigits:
    """Digits in the order they were typed."""

    __slots__ = ("_digits",)

    def __init__(self) -> None:
        self._digits = ""

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
