"""What is counted for those who watch: numbers that only grow, and how values are spread over fixed bounds.

The words are those of Prometheus: a histogram counts, for each bound, the values up to it. Labels must be of a closed
set, so that no peer can make the number of series grow.
"""

from bisect import bisect_left
from collections.abc import Sequence

RESPONSE_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
WAIT_BOUNDS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0)
TALK_BOUNDS_S = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)


class Histogram:
    """`counts[i]` values were above `bounds[i - 1]` and not above `bounds[i]`; the last one counts those above all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0
        """The sum of all values."""

    def note(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
