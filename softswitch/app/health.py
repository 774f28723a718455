"""Whether the switch still answers, and what is told of it to systemd (sd_notify(3)).

A process that hangs is worse than one that died: nobody starts it again. The supervisor asks the switch for its status
every few seconds; one that has answered before and then says nothing for `SILENT_S` is killed, and started again as
after any death. Calls that are established have their sound meanwhile, as the media workers go on.

systemd in turn watches the supervisor: `WATCHDOG=1` says that its loop runs.
"""

import os
import socket

ASK_EVERY_S = 2.0
ANSWER_WITHIN_S = 2.0
SILENT_S = 20.0
"""A flow that blocks the switch is ended after ten; a disk that hangs does not block it at all."""


class SwitchHealth:
    """Fed with what came of each question; knows no time but what it is told."""

    __slots__ = ("_heard_at", "_pid")

    def __init__(self) -> None:
        self._pid: int | None = None
        self._heard_at: float | None = None

    def answered(self, pid: int | None, now: float) -> None:
        self._pid, self._heard_at = pid, now

    def silent(self, pid: int | None, now: float) -> bool:
        """The process `pid` (None: there is none) did not answer: whether it is to be killed."""
        if self._heard_at is None or pid != self._pid:
            self._heard_at = None  # it starts, which may take as long as it takes
            return False
        if now - self._heard_at < SILENT_S:
            return False
        self._heard_at = None
        return True


def notify(state: str) -> None:
    """Tell whoever has started us, if it wants to know. Raises nothing: nobody to tell is no fault."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        try:
            told.sendto(state.encode(), address)
        except OSError:
            return
