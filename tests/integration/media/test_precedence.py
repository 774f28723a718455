"""A worker goes before other programs where the system allows it."""

import os
import subprocess
import sys

import pytest

from softswitch.testing.runtime.media_process import MediaProcess

pytestmark = pytest.mark.network

ATTEMPT = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"


def test_a_worker_and_its_threads_have_real_time_priority(worker: MediaProcess) -> None:
    """Ticks, recorder, what waits for its disk, loader, and order log; libraries' own threads do nothing."""
    attempt = subprocess.run([sys.executable, "-c", ATTEMPT], stderr=subprocess.DEVNULL)
    worker.command()

    threads = [int(name) for name in os.listdir(f"/proc/{worker.process.pid}/task")]
    with_priority = [thread for thread in threads if os.sched_getscheduler(thread) == os.SCHED_RR]

    assert (worker.process.pid in with_priority) == (attempt.returncode == 0)
    assert len(with_priority) in ((5,) if attempt.returncode == 0 else (0,))
