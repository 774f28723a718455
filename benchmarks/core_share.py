"""Whose a core was, from moment to moment, as the kernel's scheduler noted it: by perf, as root.

On a machine that does other work meanwhile, what a program took is lost in what it waited for others. Less the time in
which others had its core, it is what it would have been without them.
"""

import bisect
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Container
from pathlib import Path

IDLE = 0
_SWITCH = re.compile(r"\s*([\d.]+):.*next_pid=(\d+)")


class CoreShare:
    """Watches from its making until `stop`."""

    def __init__(self, core: int, path: Path) -> None:
        self._path = path
        command = ["perf", "record", "-q", "-k", "CLOCK_MONOTONIC", "-C", str(core), "-e", "sched:sched_switch"]
        self._perf = subprocess.Popen([*command, "-o", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def is_possible() -> bool:
        if shutil.which("perf") is None:
            return False
        tried = ["perf", "record", "-q", "-a", "-e", "sched:sched_switch", "-o", "/dev/null", "--", "true"]
        return subprocess.run(tried, capture_output=True).returncode == 0

    def stop(self, own: Container[int]) -> Callable[[float, float], float]:
        """How many milliseconds of a span of wall time (in milliseconds) threads that are not `own` had the core."""
        self._perf.send_signal(signal.SIGINT)
        self._perf.wait(60)
        offset_ms = (time.time() - time.monotonic()) * 1000
        command = ["perf", "script", "-i", str(self._path), "--ns", "-F", "time,event,trace"]
        times: list[float] = []
        is_others: list[bool] = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
            assert script.stdout is not None
            for line in script.stdout:
                found = _SWITCH.match(line)
                if found is not None:
                    thread = int(found[2])
                    times.append(float(found[1]) * 1000 + offset_ms)
                    is_others.append(thread != IDLE and thread not in own)

        def others_ms(began: float, ended: float) -> float:
            total = 0.0
            place = max(0, bisect.bisect_right(times, began) - 1)
            while place < len(times) and times[place] < ended:
                until = times[place + 1] if place + 1 < len(times) else ended
                if is_others[place]:
                    total += max(0.0, min(ended, until) - max(began, times[place]))
                place += 1
            return total

        return others_ms
