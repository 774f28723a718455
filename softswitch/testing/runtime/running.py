"""A whole switch in real processes, for tests and the demo: `softswitch serve` on a directory made for it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.requests import GetStatus
from softswitch.control.runtime.client import ControlClient, ControlFailed, NoSwitchRunning
from softswitch.store import StoreReader, open_reader

POLL_S = 0.01
READY_WITHIN_S = 30.0


class RunningSwitch:
    """A context manager: running inside, ended in order (and its log kept in `serve.log`) after.

    `files` are the configuration's files by name. Raises `TimeoutError` with the log when it does not become ready.
    """

    spoken: ClassVar[Path | None] = None
    """A directory for the prompts that the first switch speaks, so that those after it need not; None: each its own."""

    def __init__(self, directory: Path, files: Mapping[str, str]) -> None:
        self.directory = directory
        self.log_path = directory / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._cache = directory / "cache" / "sounds"
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self._take_spoken()

    def __enter__(self) -> "RunningSwitch":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._take_spoken()
        with self.log_path.open("ab") as log:
            arguments = [sys.executable, "-m", "softswitch", "serve", str(self.directory)]
            self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until(lambda: self.status() is not None, READY_WITHIN_S)
        if self.spoken is not None and not self.spoken.exists() and self._cache.exists():
            shutil.copytree(self._cache, self.spoken)

    def stop(self) -> int:
        """SIGTERM, and wait; returns the exit code."""
        assert self._process is not None, "stop() comes after start()"
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def control(self) -> ControlClient:
        return ControlClient(str(self.directory / "run" / "control.sock"), str(self.directory))

    def status(self) -> Status | None:
        """None while the switch does not answer."""
        try:
            with self.control() as client:
                return client.ask(GetStatus(), Status)
        except (NoSwitchRunning, ControlFailed):
            return None

    def store(self) -> StoreReader:
        return open_reader(str(self.directory / "store"), recordings=str(self.directory / "recordings"))

    @property
    def supervisor_pid(self) -> int:
        assert self._process is not None, "it comes after start()"
        return self._process.pid

    def pid(self, child: str) -> int:
        """Of "switch", "media-0" …; 0 while it does not run."""
        try:
            return int((self.directory / "run" / f"{child}.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return 0

    def spare_switches(self) -> list[int]:
        """Processes that wait to become the switch."""
        supervisor = self.supervisor_pid
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        waiting = b"softswitch.app.switch\0--spare"
        return [
            int(child)
            for child in children
            if waiting in Path(f"/proc/{child}/cmdline").read_bytes() and int(child) != self.pid("switch")
        ]

    def kill(self, child: str) -> int:
        """`kill -9` one of its processes; returns the pid that is no more."""
        pid = self.pid(child)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> float:
        """Returns how long it took, in seconds. Raises `TimeoutError` with the end of the log."""
        began_at = time.monotonic()
        while not condition():
            is_over = self._process is not None and self._process.poll() is not None
            if is_over or time.monotonic() - began_at > timeout_s:
                raise TimeoutError(f"not within {timeout_s} s; the log ends:\n{self.log()[-4000:]}")
            time.sleep(POLL_S)
        return time.monotonic() - began_at

    def log(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    # Private

    def _take_spoken(self) -> None:
        if self.spoken is not None and self.spoken.exists() and not self._cache.exists():
            shutil.copytree(self.spoken, self._cache)
