"""The run directory: the control socket, the media workers' sockets, pid files, and the supervisor's lock.

It is where the control socket is: `run` inside the configuration directory unless [control] says otherwise.
"""

import contextlib
import fcntl
import os
from pathlib import Path

from softswitch.base.errors import StartError
from softswitch.config import Configuration

SWITCH = "switch"
"""What the switch process is called among the children."""
WEB = "web"
"""What the web process is called among the children."""
WAREHOUSE = "warehouse"
"""And the one that copies call records to a database."""
TELEMETRY = "telemetry"
"""And the one that exports calls as traces."""


def worker_sockets(configuration: Configuration) -> dict[str, str]:
    """Media workers by name ("media-0", ...), and the path of the socket on which each listens."""
    count = configuration.settings.media.workers or max(1, len(os.sched_getaffinity(0)) - 1)
    directory = os.path.dirname(configuration.settings.control.socket)
    return {f"media-{number}": os.path.join(directory, f"media-{number}.sock") for number in range(count)}


def streamer_socket(configuration: Configuration) -> str:
    """Where the streamer listens for the media workers."""
    return os.path.join(os.path.dirname(configuration.settings.control.socket), "streamer.sock")


class RunDirectory:
    """Made by the supervisor; private to the user who runs it."""

    def __init__(self, path: str) -> None:
        """Raises `StartError` if there cannot be such a directory."""
        self.path = Path(path)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"the run directory {path} cannot be made ({error.strerror}): "
                "make it writable, or set [control] socket in softswitch.toml to a path in one that is"
            ) from error
        self._lock: int | None = None

    def lock(self, left: int | None = None) -> None:
        """Keep every other supervisor out until this process ends. Raises `StartError` if one is there already.

        `left` is the descriptor of one that was locked in this process, by another program (`leave`).
        """
        if left is not None:
            os.set_inheritable(left, False)
            self._lock = left
            return
        path = self.path / "supervisor.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartError(f"{path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise StartError(f"a supervisor (pid {holder}) serves this configuration already: stop it first") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor

    def leave(self) -> int | None:
        """The lock is the next program's in this process, which `execv` begins."""
        if self._lock is not None:
            os.set_inheritable(self._lock, True)
        return self._lock

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def note_process(self, name: str, pid: int) -> None:
        """Remember a child, so that the next supervisor finds it if this one is killed. A full disk costs just that."""
        with contextlib.suppress(OSError):
            self._pid_file(name).write_text(f"{pid} {_started_at_tick(pid)}\n")

    def forget_process(self, name: str) -> None:
        with contextlib.suppress(OSError):
            self._pid_file(name).unlink(missing_ok=True)

    def living_process(self, name: str) -> int | None:
        """The pid of a child that a former supervisor left behind alive."""
        try:
            pid, started_at = self._pid_file(name).read_text().split()
        except (OSError, ValueError):
            return None
        if pid.isdigit() and _started_at_tick(int(pid)) == started_at:
            return int(pid)
        return None

    def _pid_file(self, name: str) -> Path:
        return self.path / f"{name}.pid"


def _started_at_tick(pid: int) -> str | None:
    """When the process began (proc(5), field 22 of stat): with the pid it names one process for ever."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]  # the command's name, in brackets, may hold anything
