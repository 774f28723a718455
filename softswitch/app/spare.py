"""A process that has loaded its program already, for the moment in which one like it dies.

A media worker needs half a second to start, several on a busy machine, in which its callers hear nothing. One that
waits needs only be told which one it is: its command line goes to it as a line of JSON, and it is the child from then
on. Then another is made ready. If there is none, or it has died, a child is started as any other.

The spare ends when its standard input does, and so with the supervisor, however that ends.
"""

import os
from collections.abc import Sequence

import msgspec

from softswitch.app.child_process import Process
from softswitch.base.log import get_logger

_log = get_logger("supervisor")


class Spare:
    """At most one process of this command line."""

    __slots__ = ("_arguments", "_input", "_process")

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = tuple(arguments)
        self._process: Process | None = None
        self._input: int | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        return self._arguments

    @property
    def pid(self) -> int | None:
        """Of the process that waits."""
        return None if self._process is None else self._process.pid

    def prepare(self) -> None:
        """Have one ready. A system that refuses costs nothing but the time it would have saved."""
        if self._process is not None and self._process.is_running():
            return
        self.end()
        reads, writes = os.pipe()
        try:
            self._process = Process.spawn(self._arguments, reads_from=reads)
        except OSError as error:
            _log.warning("no spare process can be started", reason=error.strerror)
            os.close(writes)
        else:
            self._input = writes
        finally:
            os.close(reads)

    def become(self, arguments: Sequence[str]) -> Process | None:
        """The spare goes on as the program with these `arguments` after its own; None if there is no spare."""
        process, writes = self._process, self._input
        if process is None or writes is None or not process.is_running():
            return None
        try:
            os.write(writes, msgspec.json.encode(arguments) + b"\n")
        except BrokenPipeError:
            return None
        os.close(writes)
        self._process = self._input = None
        return process

    def end(self) -> None:
        """No spare any more."""
        if self._input is not None:
            os.close(self._input)
        if self._process is not None:
            self._process.send("KILL")
            self._process.finish()
        self._process = self._input = None
