"""What a command costs before it says anything: numpy takes a tenth of a second, and few commands compute with it."""

import subprocess
import sys

from softswitch.cli.lazy_group import LazyGroup
from softswitch.cli.main import main

COMPUTE = {"demo", "queues", "report", "simulate"}


def test_numpy_is_imported_by_commands_that_compute_alone() -> None:
    """`serve` as well is none of them: its supervisor only starts processes, and would be late with them."""
    assert isinstance(main, LazyGroup)
    modules = sorted({lazy.module for name, lazy in main.lazy_commands.items() if name not in COMPUTE})
    code = f"import sys, {', '.join(modules)}; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
