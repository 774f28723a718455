"""The file of the queue_log: appended to, and opened again when asked, so that it can be rotated."""

import os
from collections.abc import Sequence
from typing import TextIO

from softswitch.acd.limits import QUEUE_LOG_LINES_WAITING_MAX
from softswitch.base.log import get_logger

logger = get_logger("queue_log")

RETRY_S = 5.0
"""Between attempts to open a file that could not be written to."""

TAIL_BYTES = 256 * 1024
"""Of a file that is looked at: a hundred times the lines of the moment before a kill."""


def cut_torn_line(path: str) -> None:
    """A machine that died while a line was written has left its beginning: it will be written again. Raises OSError."""
    with open(path, "rb+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        end = file.read()
        torn = len(end) - (end.rfind(b"\n") + 1)
        if torn and torn < TAIL_BYTES:
            file.truncate(size - torn)


def missing_lines(path: str, lines: Sequence[str]) -> Sequence[str]:
    """Which of these lines, the last that were to be written, are not in the file: those after its end. Raises OSError.

    Of a file that has just been rotated and is empty nothing is known: then it is all of them.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        written = file.read().decode(errors="replace").splitlines()
    for count in range(len(lines), 0, -1):
        there = written[-count:]
        if there and there == list(lines[count - len(there) : count]):
            return lines[count:]
    return lines


class QueueLogFile:
    """One file. While the disk refuses, lines wait; one warning says so, and one when it is over, with how many were
    too many to wait."""

    __slots__ = ("_file", "_lost", "_path", "_retry_at", "_waiting")

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._retry_at: float | None = None
        self._lost = 0
        self._waiting: list[str] = []
        """Of these some may be in the file, and a part of one."""

    def write(self, lines: Sequence[str], now: float) -> None:
        """Append the lines; they are with the operating system on return."""
        if self._file is None and (self._retry_at is None or now >= self._retry_at):
            self._open(now)
        if self._file is None:
            self._keep(lines)
            return
        try:
            _append(self._file, lines)
        except OSError as error:
            self._keep(lines)
            self._fail(error, now)

    def reopen(self) -> None:
        """The next line goes to whatever has the name then."""
        self.close()
        self._retry_at = None

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                logger.warning("the queue_log was not closed", path=self._path, reason=error.strerror)

    def _open(self, now: float) -> None:
        try:
            self._file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115  # open as long as the switch runs
            if self._waiting:
                cut_torn_line(self._path)
                _append(self._file, missing_lines(self._path, self._waiting))
        except OSError as error:
            self._fail(error, now)
            return
        if self._waiting:
            logger.warning("the queue_log is written again", path=self._path, lost=self._lost)
        self._waiting, self._lost = [], 0
        self._retry_at = None

    def _keep(self, lines: Sequence[str]) -> None:
        room = QUEUE_LOG_LINES_WAITING_MAX - len(self._waiting)
        self._waiting += lines[:room]
        self._lost += len(lines[room:])

    def _fail(self, error: OSError, now: float) -> None:
        if self._retry_at is None:
            logger.warning(
                "the queue_log cannot be written: make its directory, or room on the disk; calls go on",
                path=self._path,
                reason=error.strerror,
            )
        self._retry_at = now + RETRY_S
        self.close()


def _append(file: TextIO, lines: Sequence[str]) -> None:
    file.write("".join(f"{line}\n" for line in lines))
    file.flush()
