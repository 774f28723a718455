"""How long somebody will still wait, estimated from what this queue has just done.

Two estimators (Ibrahim and Whitt 2009), because each fails where the other does well:

* by the length (QL): place x mean time between two answers while somebody waited. Exact in a steady queue; slow to
  notice that agents left.
* by the last (LES, HOL): who waits now waits as long as the last who was answered did, or the head of the line does by
  now, less what he has waited. Follows changes of staff and of call length at once; noisy.

The estimate is their mean, or the one there is. In simulation (tests/simulation/test_acd_traffic.py) it beats both: at
97 % load, with waits of 624 s in the mean, it was wrong by 95 s, QL alone by 118 s, LES and HOL alone by 101 s. Without
either there is no estimate and nothing is announced: an invented number is worse than silence. The time between two
reservations is only measured while somebody waits, and divided by the share of reservations that are answered; it needs
no knowledge of how many agents there are or of whom else they serve.
"""

SMOOTHING = 1 / 16
"""Weight of the newest interval: some sixteen reservations back, a few minutes of a busy queue."""


class WaitEstimator:
    """What one queue remembers of its pace."""

    __slots__ = ("_answered_share", "_interval_s", "_intervals", "_last_wait_s", "_since")

    def __init__(self) -> None:
        self._interval_s = 0.0
        self._intervals = 0
        self._answered_share = 1.0
        self._last_wait_s: float | None = None
        self._since: float | None = None

    def somebody_waits(self, now: float) -> None:
        """A contact found no agent: the time until one is found is time under load."""
        if self._since is None:
            self._since = now

    def nobody_waits(self) -> None:
        """The line is empty: the time until the next reservation says nothing about the pace."""
        self._since = None

    def reserved(self, now: float) -> None:
        """An agent was found for a contact."""
        if self._since is None:
            return
        self._intervals += 1
        weight = max(SMOOTHING, 1 / self._intervals)
        self._interval_s += weight * (now - self._since - self._interval_s)
        self._since = now

    def connected(self, wait_s: float) -> None:
        """A contact that had waited `wait_s` talks to its agent."""
        self._last_wait_s = wait_s
        self._answered_share += SMOOTHING * (1.0 - self._answered_share)

    def failed(self) -> None:
        """An agent did not take the contact reserved for him; it will need another reservation."""
        self._answered_share -= SMOOTHING * self._answered_share

    def estimate(self, *, position: int, waited_s: float, head_waited_s: float) -> float | None:
        """Seconds still to wait at `position` (from 1), or None while nothing is known."""
        by_length = position * self._interval_s / self._answered_share if self._intervals else None
        if self._last_wait_s is None:
            return by_length
        by_last = max(0.0, max(self._last_wait_s, head_waited_s) - waited_s)
        return by_last if by_length is None else (by_length + by_last) / 2
