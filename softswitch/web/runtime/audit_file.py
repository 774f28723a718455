"""The audit log as two files of JSON lines: the one that is written, and the one before it.

When the first holds half of what may be kept it takes the place of the second. What cannot be written (a full disk) is
said in the log once, and counted; requests are answered all the same.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from softswitch.base.log import get_logger
from softswitch.web.audit import AuditRow

_log = get_logger("web")
_decoder = msgspec.json.Decoder(AuditRow)
READ_BYTES = 64 * 1024


class AuditFile:
    """Written by the web process alone."""

    def __init__(self, path: str, *, bytes_max: int) -> None:
        self._path = Path(path)
        self._half = bytes_max // 2
        self.lost = 0

    def write(self, row: AuditRow) -> None:
        line = msgspec.json.encode(row) + b"\n"
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
            if size + len(line) >= self._half:
                os.replace(self._path, former(self._path))
        except OSError as error:
            if not self.lost:
                _log.error("audit log not written", path=str(self._path), fault=error.strerror)
            self.lost += 1

    def newest(self) -> Iterator[AuditRow]:
        """The last row first."""
        return newest_rows(str(self._path))


def former(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def newest_rows(path: str) -> Iterator[AuditRow]:
    """The last one first. What is no row, because the machine crashed while it was written, is passed over."""
    for file in (Path(path), former(Path(path))):
        for line in _lines_from_the_end(file):
            try:
                yield _decoder.decode(line)
            except msgspec.MsgspecError:
                continue


def _lines_from_the_end(path: Path) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        at = file.seek(0, os.SEEK_END)
        rest = b""
        while at > 0:
            begin = max(0, at - READ_BYTES)
            file.seek(begin)
            lines = (file.read(at - begin) + rest).split(b"\n")
            at = begin
            rest = lines[0]
            yield from (line for line in reversed(lines[1:]) if line)
        if rest:
            yield rest
