"""What a tick frees the next tick gets back, without the kernel."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.network

TICKS = """
import resource
import numpy as np
from softswitch.media.runtime.allocator import keep_freed_memory

def tick():
    return [np.ones(size) for size in (40_000, 80_000, 20_000, 60_000)]

assert keep_freed_memory()
tick()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    tick()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_hundred_ticks_fault_no_pages() -> None:
    """1.6 MB each, 390 pages."""
    ended = subprocess.run([sys.executable, "-c", TICKS], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < 500
