"""Giving way: what a process beside the switch does first, so that calls have the processor when both want it.

The kernel gives a process of niceness 0 nine times as much of a core as one of niceness 10. But it counts so only among
the processes of a session where `sched_autogroup_enabled` is set (sched(7)), and ours have sessions of their own: there
the session as a whole has to be nice. One that a process shares with others, a terminal's say, it leaves as it is.
"""

import os
from contextlib import suppress

AUTOGROUP = "/proc/self/autogroup"


def give_way(niceness: int) -> None:
    """For good: of this process, those it starts, and its session, if that is its own."""
    os.nice(niceness)
    if os.getsid(0) != os.getpid():
        return
    with suppress(OSError):  # a kernel without autogroups
        descriptor = os.open(AUTOGROUP, os.O_WRONLY)
        try:
            os.write(descriptor, b"%d" % niceness)
        finally:
            os.close(descriptor)
