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
from collections import Counter
from collections.abc import Container
from pathlib import Path

from processes import LOAD_CORE, put_on_core

IDLE = 0
_SWITCH = re.compile(r"\s*([\d.]+):.*next_comm=(.*) next_pid=(\d+)")


class CoreShare:
    """Watches from its making until `stop`."""

    def __init__(self, core: int, path: Path) -> None:
        self._path = path
        command = ["perf", "record", "-q", "-k", "CLOCK_MONOTONIC", "-C", str(core), "-e", "sched:sched_switch"]
        self._perf = subprocess.Popen([*command, "-o", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        put_on_core(self._perf.pid, LOAD_CORE)

    @staticmethod
    def is_possible() -> bool:
        if shutil.which("perf") is None:
            return False
        tried = ["perf", "record", "-q", "-a", "-e", "sched:sched_switch", "-o", "/dev/null", "--", "true"]
        return subprocess.run(tried, capture_output=True).returncode == 0

    def stop(self, own: Container[int]) -> "Turns":
        """`own` are the threads of the program that is looked at."""
        self._perf.send_signal(signal.SIGINT)
        self._perf.wait(60)
        offset_ms = (time.time() - time.monotonic()) * 1000
        command = ["perf", "script", "-i", str(self._path), "--ns", "-F", "time,event,trace"]
        times: list[float] = []
        names: list[str] = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as script:
            assert script.stdout is not None
            for line in script.stdout:
                found = _SWITCH.match(line)
                if found is not None:
                    thread = int(found[3])
                    times.append(float(found[1]) * 1000 + offset_ms)
                    names.append("" if thread == IDLE or thread in own else found[2])
        return Turns(times, names)


class Turns:
    """Who had the core since when (wall time in milliseconds): its name, "" for the program itself, or nobody."""

    def __init__(self, times_ms: list[float], names: list[str]) -> None:
        self._times = times_ms
        self._names = names

    def others_us(self, began: float, ended: float) -> Counter[str]:
        """How many microseconds others had it in this span, by name."""
        found: Counter[str] = Counter()
        place = max(0, bisect.bisect_right(self._times, began) - 1)
        while place < len(self._times) and self._times[place] < ended:
            until = self._times[place + 1] if place + 1 < len(self._times) else ended
            if name := self._names[place]:
                found[name] += round(1000 * max(0.0, min(ended, until) - max(began, self._times[place])))
            place += 1
        return found
