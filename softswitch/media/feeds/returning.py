"""When a program is dialled again."""

FIRST_S = 0.5
LONGEST_S = 15.0
SETTLED_S = 10.0
"""A connection that lasted so long was a good one: the next wait is the first again."""


class Redialling:
    """Half a second, then twice as long each time."""

    __slots__ = ("_next_s",)

    def __init__(self) -> None:
        self._next_s = FIRST_S

    def lost_after(self, seconds: float) -> float:
        """How long to wait, after a connection that lasted so long (0: it never came to be)."""
        if seconds >= SETTLED_S:
            self._next_s = FIRST_S
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        return wait_s
