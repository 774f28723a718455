"""Whether the machine's clock is right: records, opening hours, bills and certificates go by it."""

import ctypes
from collections.abc import Iterator

from softswitch.app.doctor.finding import Finding

TIME_ERROR = 5
"""What adjtimex(2) returns while nothing keeps the clock."""
BYTES_OF_TIMEX = 208
"""struct timex; all zero, it asks and changes nothing."""
BEFORE_WALL = 1_764_000_000.0
"""This was written after it (November 2025), so that a clock that shows less is wrong."""


def clock_findings(wall: float, state: int) -> Iterator[Finding]:
    """`wall` is what the clock shows, `state` as `kept_state` tells it."""
    if wall < BEFORE_WALL:
        yield Finding("clock", "fault", "the clock shows a time long past", "Set it, and install chrony")
    elif state == TIME_ERROR:
        yield Finding(
            "clock",
            "warning",
            "nothing keeps the clock right: records of calls and opening hours will drift",
            "apt install chrony, or timedatectl set-ntp true; in a container the host's does",
        )
    elif state < 0:
        yield Finding("clock", "warning", "whether something keeps the clock right cannot be told", "See timedatectl")
    else:
        yield Finding("clock", "good", "the clock is kept right")


def kept_state() -> int:
    """What adjtimex(2) says of the clock; -1 if it may not be asked."""
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.adjtimex(ctypes.create_string_buffer(BYTES_OF_TIMEX)))
