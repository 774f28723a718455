"""A process that has loaded its program already, for the moment in which one like it dies.

A media worker needs half a second to start, several on a busy machine, in which its callers hear nothing; the switch
needs as long before it even looks at its calls. One that waits needs only be told which one it is (`Becoming`), and is
the child from then on. Then another is made ready. If there is none, or it has died, a child is started as any other.

The two speak over a socket pair, the spare's standard input: one line of JSON, with the descriptors that the child is
to inherit (SCM_RIGHTS). The spare ends when its end is closed, and so with the supervisor, however that ends.
"""

import os
import socket
from collections.abc import Mapping, Sequence

import msgspec

from softswitch.app.child_process import Process
from softswitch.base.log import get_logger

LINE_BYTES_MAX = 64 * 1024
DESCRIPTORS_MAX = 200

_log = get_logger("supervisor")


class Becoming(msgspec.Struct, frozen=True):
    """What a spare process becomes: arguments and environment variables beside its own; `inherited` are the numbers
    that those variables call the descriptors by that came with this."""

    arguments: list[str]
    variables: dict[str, str] = {}
    inherited: list[int] = []


class Spare:
    """At most one process of this command line."""

    __slots__ = ("_arguments", "_channel", "_process")

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = tuple(arguments)
        self._process: Process | None = None
        self._channel: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that waits."""
        return None if self._process is None else self._process.pid

    def prepare(self) -> None:
        """Have one ready. A system that refuses costs nothing but the time it would have saved."""
        if self._process is not None and self._process.is_running():
            return
        self.end()
        ours, theirs = socket.socketpair()
        try:
            self._process = Process.spawn(self._arguments, reads_from=theirs.fileno())
        except OSError as error:
            _log.warning("no spare process can be started", reason=error.strerror)
            ours.close()
        else:
            self._channel = ours
        finally:
            theirs.close()

    def become(
        self, arguments: Sequence[str], variables: Mapping[str, str] | None = None, inherited: Sequence[int] = ()
    ) -> Process | None:
        """The spare goes on as the program with these `arguments` after its own, these `variables` besides its own, and
        these descriptors; None if there is no spare."""
        process, channel = self._process, self._channel
        if process is None or channel is None or not process.is_running():
            return None
        line = msgspec.json.encode(Becoming(list(arguments), dict(variables or {}), list(inherited))) + b"\n"
        try:
            socket.send_fds(channel, [line], list(inherited))
        except OSError:
            return None
        channel.close()
        self._process = self._channel = None
        return process

    def end(self) -> None:
        """No spare any more."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.send("KILL")
            self._process.finish()
        self._process = self._channel = None


def wait_to_be_needed() -> tuple[Becoming, dict[int, int]] | None:
    """In the spare process: what it becomes, and its own numbers of the descriptors, by those that it was told.

    None when whoever could tell it has ended.
    """
    with socket.socket(fileno=os.dup(0)) as channel:
        line, numbers, _, _ = socket.recv_fds(channel, LINE_BYTES_MAX, DESCRIPTORS_MAX)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if not line:
        return None
    becoming = msgspec.json.decode(line, type=Becoming)
    return becoming, dict(zip(becoming.inherited, numbers, strict=True))
