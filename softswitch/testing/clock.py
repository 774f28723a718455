"""A clock that moves only when told to."""


class ManualClock:
    """Starts at `now` monotonic seconds and `wall` epoch seconds; `advance` moves both."""

    def __init__(self, now: float = 1000.0, wall: float = 1_700_000_000.0) -> None:
        self._now = now
        self._wall = wall

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall

    def advance(self, seconds: float) -> float:
        """Move time forward; returns the new `now`."""
        self._now += seconds
        self._wall += seconds
        return self._now

    def advance_to(self, now: float) -> float:
        """Move to `now`, which must not lie in the past."""
        return self.advance(max(0.0, now - self._now))
