"""Guessing of PINs: after some wrong ones in a row none is right for a while, of an agent, of a box and for a caller.

Of boxes both are counted: else one caller could try all boxes, or many callers one. A right PIN clears the caller's
count and the box's. Pure, in monotonic seconds.
"""

from softswitch.calls.limits import PIN_GUESSERS_MAX

WRONG_PINS_MAX = 5
"""In a row: a person mistypes twice, a machine goes on."""
LOCKED_S = 300.0
"""Four digits hold out for a month then."""


class PinGuard:
    """Subjects are agents' ids, or "box:101" and "caller:+15550100"; who has not guessed wrong costs nothing."""

    __slots__ = ("_locked_until", "_wrong")

    def __init__(self) -> None:
        self._wrong: dict[str, int] = {}
        self._locked_until: dict[str, float] = {}

    def is_locked(self, subjects: tuple[str, ...], now: float) -> bool:
        return any(now < self._locked_until.get(subject, 0.0) for subject in subjects)

    def right(self, subjects: tuple[str, ...]) -> None:
        for subject in subjects:
            self._wrong.pop(subject, None)

    def wrong(self, subjects: tuple[str, ...], now: float) -> list[str]:
        """One more; those that are locked by it."""
        locked: list[str] = []
        for subject in subjects:
            count = self._wrong.pop(subject, 0) + 1
            if count >= WRONG_PINS_MAX:
                self._locked_until.pop(subject, None)
                self._locked_until[subject] = now + LOCKED_S
                locked.append(subject)
            else:
                self._wrong[subject] = count
        # The oldest goes: a crowd of forged callers must not make it grow, and costs itself the most.
        for kept in (self._wrong, self._locked_until):
            while len(kept) > PIN_GUESSERS_MAX:
                del kept[next(iter(kept))]
        return locked
