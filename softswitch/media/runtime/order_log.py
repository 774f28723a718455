"""What a worker was ordered, in a file beside its socket, for the worker that takes its place if it dies.

The next one goes on by that at once, whether or not there is a switch to tell it: both may have died together. What the
switch says afterwards counts for more, and changes nothing where it is the same. A worker that ends in good order takes
the file with it.

    file      a frame for each turn: length (4 bytes), then the commands as msgpack; the first one describes everything
    written   by a thread, for a disk may be slow and sound may not; what is still to be written dies with the worker
    believed  for RESTORE_WITHIN_S after the last touch: later nobody waits for sound any more
    taken     once, so that orders of which a worker dies are not the first that the next one sees

SRTP keys are in it, so that nobody but the worker's user can read it.
"""

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import msgspec

from softswitch.base.log import get_logger
from softswitch.media.description import MediaDescription
from softswitch.media.limits import ORDER_LOG_BYTES_MAX
from softswitch.media.protocol import (
    PROTOCOL_VERSION,
    Describe,
    GiveAccount,
    HoldPort,
    MediaCommand,
    SendDigits,
)

RESTORE_WITHIN_S = 10.0
REWRITE_BYTES = 64 * 1024
"""So much may be added to a file that describes nothing before it is written anew; to others as much as they have."""

_PASSING = HoldPort | SendDigits | GiveAccount | Describe
"""Orders of the moment; what `Describe` says is in what follows from it (`rewrite`)."""
_LENGTH_BYTES = 4

_log = get_logger("media")
_encode = msgspec.msgpack.Encoder().encode


class _Turn(msgspec.Struct, frozen=True):
    version: int
    commands: list[MediaCommand]


_decoder: msgspec.msgpack.Decoder[_Turn] = msgspec.msgpack.Decoder(_Turn)


class OrderLog:
    """Of one worker. No method waits for the disk but `read`, at the start, and `end`."""

    __slots__ = ("_added", "_base", "_path", "_tasks", "_thread")

    def __init__(self, path: str) -> None:
        self._path = path
        self._base = self._added = 0
        """Bytes of the description, and of what came after it."""
        self._tasks: SimpleQueue[tuple[bool, bytes] | None] = SimpleQueue()
        """Frames to be added; True: in place of all that is there. None is the end."""
        self._thread = threading.Thread(target=self._write_all, name="order log", daemon=True)

    def read(self) -> list[Describe]:
        """What the last worker did, if it was alive a moment ago; a frame that was not written wholly is left out."""
        content = self._take()
        done = MediaDescription()
        at = 0
        while at + _LENGTH_BYTES <= len(content):
            end = at + _LENGTH_BYTES + int.from_bytes(content[at : at + _LENGTH_BYTES], "big")
            if end > len(content):
                break
            try:
                turn = _decoder.decode(content[at + _LENGTH_BYTES : end])
            except msgspec.DecodeError:
                break
            if turn.version != PROTOCOL_VERSION:
                return []
            for command in turn.commands:
                done.apply(command)
            at = end
        return done.describe() if done.streams or done.recordings else []

    def _take(self) -> bytes:
        try:
            with open(self._path, "rb") as file:
                status = os.fstat(file.fileno())
                is_fresh = 0.0 <= time.time() - status.st_mtime < RESTORE_WITHIN_S
                content = file.read(ORDER_LOG_BYTES_MAX) if is_fresh and status.st_uid == os.geteuid() else b""
            os.unlink(self._path)
        except OSError:
            return b""
        return content

    def start(self) -> None:
        self._thread.start()

    def note(self, commands: Sequence[MediaCommand]) -> None:
        """They were carried out."""
        lasting: list[MediaCommand] = [command for command in commands if not isinstance(command, _PASSING)]
        if lasting:
            frame = _frame(lasting)
            self._added += len(frame)
            self._tasks.put((False, frame))

    def rewrite(self, account: Sequence[Describe]) -> None:
        """Everything is so now."""
        content = b"".join(_frame([part]) for part in account)
        self._base, self._added = len(content), 0
        self._tasks.put((True, content))

    @property
    def is_long(self) -> bool:
        """Most of the file is of no use any more."""
        return self._added > max(self._base, REWRITE_BYTES)

    def touch(self) -> None:
        """The worker is alive: once a second."""
        self._tasks.put((False, b""))

    def stop(self) -> None:
        """Wait until all is written; nothing is noted any more."""
        self._tasks.put(None)
        self._thread.join(RESTORE_WITHIN_S)

    def end(self) -> None:
        """The worker ends, and nobody is to go on for it."""
        self.stop()
        with suppress(OSError):
            os.unlink(self._path)

    def _write_all(self) -> None:
        """In the thread. A fault costs what a worker's death would cost without this; it is told once."""
        is_faulty = False
        file: int | None = None
        while (task := self._tasks.get()) is not None:
            is_whole, frame = task
            try:
                if is_whole:
                    if file is not None:
                        os.close(file)
                    file = self._replace(frame)
                elif file is not None and frame:
                    os.write(file, frame)
                elif file is not None:
                    os.utime(file)
            except OSError as error:
                if not is_faulty:
                    is_faulty = True
                    _log.warning("orders cannot be noted for the next worker", path=self._path, reason=error.strerror)
        if file is not None:
            os.close(file)

    def _replace(self, content: bytes) -> int:
        new = f"{self._path}.new"
        Path(new).unlink(missing_ok=True)
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            os.write(file, content)
            os.rename(new, self._path)
        except OSError:
            os.close(file)
            raise
        return file


def _frame(commands: list[MediaCommand]) -> bytes:
    packet = _encode(_Turn(PROTOCOL_VERSION, commands))
    return len(packet).to_bytes(_LENGTH_BYTES, "big") + packet
