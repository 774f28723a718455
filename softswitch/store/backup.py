"""A copy of the store while the switch writes into it, and a copy put in its place.

LMDB shows a reader one state, whatever is written meanwhile; the copy is of that state, without the room that deleted
records have left. It ends on the disk before the call returns.
"""

import os
import shutil
from pathlib import Path

import lmdb

from softswitch.base.errors import StartError
from softswitch.store.environment import DATA_FILE, LOCK_FILE, open_for_reading, schema_version


def copy_store(directory: str, target: Path) -> int:
    """Copy the store of `directory` into `target`, an empty directory. Returns its schema's version.

    Raises `StartError` if there is none that can be read, `OSError` if the copy cannot be written.
    """
    open_for_reading(directory, ()).close()  # says in one line what is wrong with it
    with lmdb.open(directory, readonly=True, create=False) as environment:
        try:
            environment.copy(str(target), compact=True)
        except lmdb.Error as error:
            raise OSError(f"the store cannot be copied to {target}: {error}") from error
    _sync(target / DATA_FILE)
    version = schema_version(str(target))
    (target / LOCK_FILE).unlink(missing_ok=True)  # every reader writes into it: it is no part of the copy
    return version


def replace_store(copy: Path, directory: str, aside: Path) -> None:
    """Put a copy in the place of a store that no switch has open; what was there is moved to `aside`.

    Raises `StartError` for a copy that this version cannot read, `OSError` if it cannot be written: the old one is
    then where it was.
    """
    open_for_reading(str(copy), ()).close()
    place = Path(directory)
    arriving = place.with_name(f"{place.name}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(mode=0o700, parents=True)
    shutil.copyfile(copy / DATA_FILE, arriving / DATA_FILE)
    os.chmod(arriving / DATA_FILE, 0o600)
    _sync(arriving / DATA_FILE)
    if place.exists():
        place.rename(aside)
    arriving.rename(place)


def require_readable(copy: Path) -> None:
    """Raises `StartError` with one line for a copy that this version cannot take over."""
    if not (copy / DATA_FILE).is_file():
        raise StartError(f"there is no copy of a store in {copy}")
    open_for_reading(str(copy), ()).close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
