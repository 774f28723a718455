"""A program of somebody else's as a child of the test: started in a directory of its own, ended by its pid."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from softswitch.media.runtime.precedence import PRIORITY

ENDS_WITHIN_S = 3.0
POLL_S = 0.01


def program_path(name: str, package: str) -> str:
    """Where it is installed; a developer without it skips the test, CI fails."""
    path = shutil.which(name)
    return path if path is not None else left_out(f"{name} is not installed: apt-get install {package}")


def left_out(missing: str) -> NoReturn:
    """What a test needs is not there: that is an error in CI only."""
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


class Program:
    """Running from the moment it is made; its output is in `output.log` of its directory.

    A phone has a processor to itself, which no other test takes from it: where the system allows it has the precedence
    that our media workers have.
    """

    def __init__(self, arguments: Sequence[str], directory: Path, environment: dict[str, str] | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.output_path = directory / "output.log"
        with self.output_path.open("wb") as output:
            self._popen = subprocess.Popen(
                arguments,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TERM": "dumb", **(environment or {})},
            )
        with suppress(OSError):  # not allowed, or it has ended already
            os.sched_setscheduler(self._popen.pid, os.SCHED_RR, os.sched_param(PRIORITY))

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def wait(self, timeout_s: float) -> int:
        """Until it has ended by itself; the exit code. Raises `TimeoutExpired`."""
        return self._popen.wait(timeout_s)

    def stop(self) -> None:
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()

    def output(self) -> str:
        return self.output_path.read_text("utf-8", "replace") if self.output_path.exists() else ""


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Raises `AssertionError` that names `what` did not come about."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(POLL_S)
