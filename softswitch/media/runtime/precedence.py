"""Precedence over other programs: a tick that begins late is heard in every call of the worker.

The kernel shares the processors fairly. On a busy machine that can leave a worker that needs a twentieth of one waiting
for seconds; a program with real-time priority (sched(7)) runs when it is due. The lowest such priority is enough. The
kernel keeps 5 % of the time for all others, so that a worker gone mad can still be killed.
"""

import os

PRIORITY = 1


def take_precedence() -> bool:
    """Real-time priority for this thread and those it starts from now on; False where the system does not allow it.

    It allows root, CAP_SYS_NICE, and whoever has a limit for it (RLIMIT_RTPRIO; systemd's LimitRTPRIO).
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True
