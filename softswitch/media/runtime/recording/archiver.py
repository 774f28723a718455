"""The archiver process: does one job after another (archive.py), from standard input to standard output.

    python -m softswitch.media.runtime.recording.archiver

It runs only when nothing else wants the processor, ends when its switch is gone, and may be killed at any point: what
it makes has a temporary name until it is whole and on the disk.
"""

import contextlib
import fcntl
import hashlib
import os
import sys
from collections.abc import Generator

import msgspec

from softswitch.base.errors import SoftswitchError
from softswitch.base.giving_way import give_way
from softswitch.media.recording.archive import (
    Answer,
    Archived,
    ArchiveFile,
    Attached,
    AttachFile,
    Deleted,
    DeleteFile,
    Job,
    NotDone,
    kept_path,
)
from softswitch.media.runtime.recording.attachment import attach
from softswitch.media.runtime.recording.recording_conversion import ConversionFault, convert
from softswitch.media.runtime.recording.recording_key import KeyFault, read_key
from softswitch.media.runtime.recording.sealed_sound import plain_copy

_CONVERTED_SUFFIX = ".converting"
_SEALED_SUFFIX = ".sealing"


def do(job: Job) -> Answer:
    """Do a job; whatever hinders it is part of the answer."""
    try:
        match job:
            case ArchiveFile():
                return _archive(job)
            case DeleteFile(recording_id, path):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                return Deleted(recording_id)
            case AttachFile():
                _attach(job)
                return Attached(job.recording_id)
    except BlockingIOError:
        return NotDone(job.recording_id, "another process is at it", is_passing=True)
    except ConversionFault as fault:
        return NotDone(job.recording_id, f"it cannot be converted: {fault}", is_passing=fault.is_passing)
    except KeyFault as fault:
        return NotDone(job.recording_id, str(fault), is_passing=True)
    except SoftswitchError as fault:
        return NotDone(job.recording_id, str(fault), is_passing=False)
    except FileNotFoundError:
        return NotDone(job.recording_id, "the file is missing", is_passing=False)
    except OSError as error:
        return NotDone(job.recording_id, f"{error.filename or job.path}: {error.strerror}", is_passing=True)


def _attach(job: AttachFile) -> None:
    with contextlib.ExitStack() as temporary:
        path = plain_copy(job.path, job.key_file, job.target) if job.key_file else ""
        if path:
            temporary.callback(_remove, path)
        attach(path or job.path, job.target, job.format)


def sha256_of(path: str) -> str:
    """Of the file's bytes, in hexadecimal digits. Raises `OSError`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _archive(job: ArchiveFile) -> Archived:
    key = read_key(job.key_file) if job.key_file else None
    target = kept_path(job.path, job.format, is_sealed=key is not None)
    with _locked(job.path), contextlib.ExitStack() as temporary:
        made = job.path
        if job.format != "wav":
            made = job.path + _CONVERTED_SUFFIX
            temporary.callback(_remove, made)
            convert(job.path, made, job.format)
        if key is not None:
            plain, made = made, job.path + _SEALED_SUFFIX
            temporary.callback(_remove, made)
            _seal(plain, made, key)
        _settle(made, target)
        return Archived(job.recording_id, target, os.path.getsize(target), sha256_of(target), is_sealed=key is not None)


@contextlib.contextmanager
def _locked(path: str) -> Generator[None, None, None]:
    """The archiver of a switch that was killed may still be at its last job."""
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _seal(plain: str, target: str, key: bytes) -> None:
    # Imported here: the cipher's library costs 20 MB, and most archives are not encrypted.
    from softswitch.media.runtime.recording.sealed_file import seal

    with open(plain, "rb") as source, open(target, "wb") as sealed:
        seal(source, sealed, key)


def _settle(made: str, target: str) -> None:
    """Give what was made its name, so that after a power cut either it is whole or it is not there."""
    with open(made, "rb") as file:
        os.fchmod(file.fileno(), 0o640)
        os.fsync(file.fileno())
    os.rename(made, target)
    directory = os.open(os.path.dirname(target), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _stand_back() -> None:
    """Run only when nobody else wants the processor: calls come first."""
    give_way(19)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def main() -> None:
    _stand_back()
    decoder = msgspec.json.Decoder(Job)
    for line in sys.stdin.buffer:
        try:
            os.write(sys.stdout.fileno(), msgspec.json.encode(do(decoder.decode(line))) + b"\n")
        except BrokenPipeError:
            return  # the switch was killed meanwhile; the next one finds what is done, and asks for the rest


if __name__ == "__main__":
    main()
