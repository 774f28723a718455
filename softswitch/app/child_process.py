"""The supervisor's children as the system knows them."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
"""For the children, unless the operator says otherwise: numpy would share among all cores, with threads that spin, what
takes one core a fraction of a millisecond; the other cores have workers of their own."""


class Process:
    """A running child, known by its pidfd (Linux 5.3): its end is an event, and a signal never hits another process."""

    __slots__ = ("_popen", "descriptor", "pid")

    def __init__(self, pid: int, popen: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self._popen = popen
        self.descriptor = os.pidfd_open(pid)

    @classmethod
    def spawn(
        cls,
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
        inherited: Sequence[int] = (),
        *,
        reads_from: int = subprocess.DEVNULL,
    ) -> "Process":
        """Raises `OSError`. A session of its own, so that neither Ctrl-C nor a closed terminal reaches it.

        It has these `variables` besides the supervisor's, and `inherited` descriptors besides the three usual ones;
        `reads_from` is its standard input.
        """
        environment = {**_ENVIRONMENT, **os.environ, **(variables or {})}
        popen = subprocess.Popen(
            arguments,
            stdin=reads_from,
            start_new_session=True,
            env=environment,
            pass_fds=inherited,
        )
        return cls(popen.pid, popen)

    def is_running(self) -> bool:
        """It has not ended yet, as far as the system has told."""
        return self._popen is None or self._popen.poll() is None

    def send(self, name: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.Signals[f"SIG{name}"])

    def finish(self) -> int | None:
        """Bury the ended process. Its exit code; negative is a signal; None for one that is not our own child."""
        os.close(self.descriptor)
        if self._popen is not None:
            return self._popen.wait()
        try:  # the program that was in this process before may have started it
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return None
        return os.waitstatus_to_exitcode(status) if pid else None


def how_it_ended(exit_code: int | None) -> str:
    """In words for people."""
    if exit_code is None:
        return "unknown"
    return f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
