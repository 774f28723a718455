"""Voice messages at rest: encrypted under their own names, with the recordings' key, and copied out to be heard.

A message keeps its name when it is sealed, so that whatever names it goes on doing so; a file says itself what it is
(sealed_file.py). To be played it is copied, in plain, to memory (/dev/shm) where there is any, for as long as it plays.
All of this is for threads and for processes beside the switch: it waits for disks.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from softswitch.media.runtime.recording.recording_key import read_key

MEMORY = "/dev/shm"
_BEGINS = b"SWSEAL1\n"
_SEALING = ".sealing"


def is_sealed(path: str) -> bool:
    """Raises `OSError`."""
    with open(path, "rb") as file:
        return file.read(len(_BEGINS)) == _BEGINS


def seal_in_place(path: str, key_file: str) -> bool:
    """Encrypt the file under its own name; False if it is so already. Raises `OSError` and `KeyFault`."""
    if is_sealed(path):
        return False
    # Imported here: the cipher's library costs 20 MB, and most centres encrypt nothing.
    from softswitch.media.runtime.recording.sealed_file import seal

    made = path + _SEALING
    try:
        with open(path, "rb") as source, open(made, "wb") as target:
            seal(source, target, read_key(key_file))
            target.flush()
            os.fsync(target.fileno())
        os.chmod(made, os.stat(path).st_mode & 0o777)
        os.rename(made, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(made)
    return True


def plain_copy(path: str, key_file: str, owner: str) -> str:
    """The path of a copy that can be played, to be removed by whoever asks; "" if the file itself can be.

    `owner` tells copies of one switch from those of another. Raises `OSError`, `KeyFault` and `SealFault`.
    """
    if not is_sealed(path):
        return ""
    from softswitch.media.runtime.recording.sealed_file import unseal

    handle, copy = tempfile.mkstemp(prefix=_prefix(owner), suffix=".wav", dir=_directory())
    try:
        with open(path, "rb") as source, os.fdopen(handle, "wb") as target:
            for chunk in unseal(source, read_key(key_file)):
                target.write(chunk)
    except BaseException:
        os.unlink(copy)
        raise
    return copy


def remove_copies(owner: str) -> None:
    """What a switch that died has left."""
    for copy in Path(_directory()).glob(f"{_prefix(owner)}*.wav"):
        copy.unlink(missing_ok=True)


def _directory() -> str:
    return MEMORY if os.path.isdir(MEMORY) else tempfile.gettempdir()


def _prefix(owner: str) -> str:
    return f"softswitch-{hashlib.sha256(owner.encode()).hexdigest()[:12]}-"
