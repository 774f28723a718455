"""One recording's file on disk: written front to back, readable at any instant, never in the way of the call.

Sound is written at the place its time gives it, so what was lost is a hole in the file, and a hole reads as silence and
takes no room on a disk that has none. A write that fails is counted and the next one is tried all the same: room may
have been made. The `.part` file is locked while it is open, which tells a living worker's file from a dead one's.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from softswitch.media.recording.recording import (
    CHANNELS,
    FRAME_BYTES,
    PART_SUFFIX,
    duration_s,
    frames_at,
    frames_in,
    position_of,
)
from softswitch.media.runtime.recording.disk_sync import DiskSync
from softswitch.media.sounds.wav import HEADER_BYTES, header

_MODE = 0o640


class ClosedFile(msgspec.Struct, frozen=True):
    """What became of a recording's file. `fault` is empty when nothing was lost; `size_bytes` 0 when there is none."""

    path: str
    frames: int
    size_bytes: int
    fault: str = ""


class RecordingFile:
    """The file of a recording in progress. No method raises for anything the disk does."""

    __slots__ = ("_end", "_fault", "_file", "_lost", "_part", "_path", "_sync", "failing")

    def __init__(self, path: str, *, started_at: float, now: float, sync: DiskSync | None = None) -> None:
        """Opens `path`.part; the time from `started_at` to `now` not yet in it is silence. `sync` looks after it."""
        self._sync = sync
        self._path = path
        self._part = path + PART_SUFFIX
        self._end = frames_at(started_at, now)
        self._lost = 0
        self._fault = ""
        self._file: int | None = None
        self.failing = ""
        """Why what came last could not be written; empty: it was."""
        self._open()

    def append(self, sound: bytes) -> None:
        """Add sound: int16 frames of CHANNELS, little-endian, a whole number of frames."""
        frames = len(sound) // FRAME_BYTES
        if self._file is None:
            self._open()
        start = self._end
        self._end += frames
        if self._file is None:
            self._lost += frames
            return
        written = 0
        try:
            while written < len(sound):
                written += os.pwrite(self._file, memoryview(sound)[written:], position_of(start) + written)
            self.failing = ""
        except OSError as error:
            self._fail(error, lost=frames - written // FRAME_BYTES)

    def skip(self, frames: int, fault: str) -> None:
        """Leave silence for sound that was lost before it came here."""
        self._end += frames
        self._lost += frames
        self._fault = self._fault or fault

    def close(self) -> ClosedFile:
        """Complete the header, give the file its final name."""
        if self._file is None:
            return ClosedFile(self._path, 0, 0, self._describe_fault())
        try:
            if os.fstat(self._file).st_size < position_of(self._end):
                os.ftruncate(self._file, position_of(self._end))
        except OSError as error:
            self._fail(error, lost=0)
        closed = self._finish(self._file)
        os.close(self._file)
        self._file = None
        return closed

    def _open(self) -> None:
        try:
            file = _open_part(self._path)
        except BlockingIOError:
            self._fault = self._fault or "another process is writing this recording"
        except (OSError, ValueError) as error:
            self._fail(error, lost=0)
        else:
            self._end = max(self._end, frames_in(os.fstat(file).st_size))
            self._file = file
            if self._sync is not None:
                self._sync.include(os.path.dirname(self._part) or ".")

    def _finish(self, file: int) -> ClosedFile:
        frames = 0
        try:
            frames = _complete(file)
            os.rename(self._part, self._path)
        except OSError as error:
            self._fail(error, lost=0)
        return ClosedFile(self._path, frames, os.fstat(file).st_size, self._describe_fault())

    def _fail(self, error: OSError | ValueError, *, lost: int) -> None:
        self._lost += lost
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self.failing = reason or "input/output error"
        self._fault = self._fault or self.failing

    def _describe_fault(self) -> str:
        if self._lost == 0:
            return self._fault
        return f"{self._fault}; {duration_s(self._lost):.1f} s are silent"


def repair_parts(directory: str) -> list[ClosedFile]:
    """Complete every recording under `directory` that a crash left as a `.part` file.

    Files a living worker writes are locked and left alone. Returns what was completed, in the order of the names.
    Files without a single frame are removed and not returned; what cannot be completed has a `fault` and stays.
    """
    return [closed for part in sorted(_parts(directory)) if (closed := _repair(part)) is not None]


def _parts(directory: str) -> Iterator[Path]:
    return Path(directory).rglob(f"*.wav{PART_SUFFIX}")


def _repair(part: Path) -> ClosedFile | None:
    path = str(part).removesuffix(PART_SUFFIX)
    try:
        file = os.open(part, os.O_RDWR)
    except OSError as error:
        return ClosedFile(path, 0, 0, error.strerror or str(error))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if frames_in(os.fstat(file).st_size) == 0:
            os.unlink(part)
            return None
        frames = _complete(file)
        os.fdatasync(file)
        os.rename(part, path)
        return ClosedFile(path, frames, position_of(frames))
    except BlockingIOError:
        return None
    except OSError as error:
        return ClosedFile(path, 0, 0, error.strerror or str(error))
    finally:
        os.close(file)


def _open_part(path: str) -> int:
    """Open and lock `path`.part and begin it with a header.

    A recording already closed under `path` becomes a part again: its worker was stopped in good order during the call
    and we are the replacement.
    """
    part = path + PART_SUFFIX
    os.makedirs(os.path.dirname(part) or ".", exist_ok=True)
    if not os.path.exists(part) and os.path.exists(path):
        os.rename(path, part)
    file = os.open(part, os.O_RDWR | os.O_CREAT, _MODE)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.pwrite(file, header(channels=CHANNELS, frames=None), 0)
    except OSError:
        os.close(file)
        raise
    return file


def _complete(file: int) -> int:
    """Write the header with its sizes, cut off a frame that is not whole; returns the number of frames."""
    frames = frames_in(os.fstat(file).st_size)
    os.ftruncate(file, max(HEADER_BYTES, position_of(frames)))
    os.pwrite(file, header(channels=CHANNELS, frames=frames), 0)
    return frames
