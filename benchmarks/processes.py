"""What a process has used so far, read from /proc, and where and when that was."""

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
"""What is measured has the first core, what loads it the second."""

PRECEDENCE = 20


def cpu_s(pid: int) -> float:
    """User and system time of all threads of a process, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def put_on_core(pid: int, core: int) -> None:
    """All threads of the process there, where that is permitted: "one core" is one."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            os.sched_setaffinity(int(task.name), {core})


def before_others(pids: Iterable[int]) -> None:
    """As root: these go before whatever else the machine does at present, and one before the other as they did.

    The kernel shares the processors among sessions first (sched(7), autogroup); a switch's processes have their own.
    """
    sessions = {os.getsid(pid): pid for pid in pids}
    for pid in sessions.values():
        with suppress(OSError):
            autogroup = Path(f"/proc/{pid}/autogroup")
            niceness = int(autogroup.read_text().split()[-1])
            autogroup.write_text(str(max(-20, niceness - PRECEDENCE)))


def resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def own_kib(pid: int) -> int:
    """Memory of the process's own; the pages of the store's file, which it maps, are the kernel's to keep or drop."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def where_and_when() -> dict[str, object]:
    return {
        "machine": {
            "cores": os.cpu_count(),
            "processor": processor(),
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
