"""How much a provider carries: calls at a time, in each direction and in both, and calls begun per second.

What is beyond is refused here with a reason in words, before the provider refuses it without one, or bills it.
"""

from typing import Literal

import msgspec

Direction = Literal["in", "out"]


class CapacitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Calls at a time: in both directions together, from there, to there; and calls to there begun per second.

    0: no limit.
    """

    both_max: int = 0
    in_max: int = 0
    out_max: int = 0
    out_per_s: float = 0.0


class Capacity:
    """Of one trunk. Every call taken is given back once."""

    __slots__ = ("_filled_at", "_tokens", "settings", "used_in", "used_out")

    def __init__(self, settings: CapacitySettings) -> None:
        self.settings = settings
        self.used_in = 0
        self.used_out = 0
        self._tokens = self._burst
        self._filled_at = 0.0

    @property
    def used(self) -> int:
        return self.used_in + self.used_out

    def take(self, direction: Direction, now: float) -> str:
        """Count one more call; "" if there is room for it, otherwise why there is none, and it is not counted."""
        settings = self.settings
        if settings.both_max and self.used >= settings.both_max:
            return f"all {settings.both_max} channels are in use"
        if direction == "in":
            if settings.in_max and self.used_in >= settings.in_max:
                return f"all {settings.in_max} channels for calls from there are in use"
            self.used_in += 1
            return ""
        if settings.out_max and self.used_out >= settings.out_max:
            return f"all {settings.out_max} channels for calls to there are in use"
        if settings.out_per_s and not self._take_token(now):
            return f"{settings.out_per_s:g} calls per second are begun already"
        self.used_out += 1
        return ""

    def goes_on(self, direction: Direction) -> None:
        """Count a call that was in progress before: nobody asks whether there is room for it."""
        if direction == "in":
            self.used_in += 1
        else:
            self.used_out += 1

    def give_back(self, direction: Direction) -> None:
        """A call is over."""
        if direction == "in":
            self.used_in = max(0, self.used_in - 1)
        else:
            self.used_out = max(0, self.used_out - 1)

    # Private

    @property
    def _burst(self) -> float:
        """A second's worth may begin together; one always may."""
        return max(1.0, self.settings.out_per_s)

    def _take_token(self, now: float) -> bool:
        filled = self._tokens + (now - self._filled_at) * self.settings.out_per_s
        self._tokens = min(self._burst, filled)
        self._filled_at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
