"""The only reader of time.

Three times are kept apart by name: `now` is monotonic seconds and drives every timer, `wall` is seconds since the
epoch and is for records people read, and media time is the RTP timestamp. CLOCK_MONOTONIC is common to all
processes of a machine, so `now` may be sent from the switch to a media worker.
"""

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clocks."""

    __slots__ = ()

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
