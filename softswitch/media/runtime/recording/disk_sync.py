"""What was written reaches the disk within seconds, without anybody waiting for it.

Hundreds of files grow at once. To sync each by itself costs as many journal commits as there are files, 5 ms of time
and 0.2 ms of CPU each; one `syncfs` of the file system they are on costs 2 ms of CPU for all. It may take long, on a
disk that others keep busy too, so it is called in a thread of its own. What survives the death of the process needs no
sync, the kernel has it; this is for a power cut.
"""

import ctypes
import os
import threading

from softswitch.base.log import get_logger

_libc = ctypes.CDLL(None, use_errno=True)
_log = get_logger("recorder")


class DiskSync:
    """Syncs the file systems it was told of, every `every_s` seconds while `is_dirty` is being set."""

    __slots__ = ("_directories", "_every_s", "_is_failing", "_stopped", "_thread", "is_dirty")

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._directories: dict[int, int] = {}
        """An open directory of each file system, by its device."""
        self._is_failing = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk-sync", daemon=True)
        self.is_dirty = False
        """Something was written since the last sync began. Set by the writer, reset here."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Sync a last time; a disk that takes longer than `timeout_s` is left to it."""
        self._stopped.set()
        self._thread.join(timeout_s)

    def include(self, directory: str) -> None:
        """Also the file system of this directory. Raises `OSError`."""
        device = os.stat(directory).st_dev
        if device not in self._directories:
            self._directories[device] = os.open(directory, os.O_RDONLY)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopped.wait(self._every_s)
            if self.is_dirty:
                self.is_dirty = False
                for directory in list(self._directories.values()):
                    self._sync(directory)

    def _sync(self, directory: int) -> None:
        is_failing = _libc.syncfs(directory) != 0
        if is_failing and not self._is_failing:
            _log.error("recordings are not safe from a power cut", fault=os.strerror(ctypes.get_errno()))
        self._is_failing = is_failing
