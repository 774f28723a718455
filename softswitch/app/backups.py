"""Backups: a folder with the store as it was in one moment, voice messages, the configuration, and checksums of it all.

    softswitch-2026-11-30T031500Z/
        manifest.json        what is in it, of which version, with the SHA-256 of each file
        store/data.mdb
        voicemail/...        messages and greetings, by the paths the store knows them by
        recordings/...       if asked for
        configuration/...    TOML files, flows, sounds

The switch may run meanwhile. The store is copied first: the files it names were whole by then, and are copied after it.
A file that is still being written is left out, as the store does not know it. A backup is made beside its final name,
and moved there when it is whole; what is not whole is not called a backup. It holds passwords and calls, so that its
folders are for their owner alone.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from softswitch import __version__
from softswitch.base.errors import SoftswitchError
from softswitch.config import Configuration
from softswitch.store.backup import copy_store, replace_store, require_readable

MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 256 * 1024 * 1024
"""A hundred bytes a file; recordings may be a million."""
UNFINISHED = (".part",)


class BackupError(SoftswitchError):
    """A backup is damaged, or no backup."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What `manifest.json` says; paths are relative to the backup."""

    version: str
    schema: int
    made_at: float
    directory: str
    """The configuration directory it was made of."""
    files: dict[str, str]
    """SHA-256 of each, in hexadecimal digits."""


def make_backup(configuration: Configuration, target: Path, made_at: float, *, with_recordings: bool) -> Path:
    """Write a backup into a new folder of `target`, which is made if need be; returns that folder.

    `made_at` is wall time. Raises `StartError` if there is no store that can be read, `OSError` if there is no room:
    nothing is left then.
    """
    settings = configuration.settings
    place = target / f"softswitch-{datetime.fromtimestamp(made_at, UTC):%Y-%m-%dT%H%M%SZ}"
    if place.exists():
        raise FileExistsError(17, "a backup of this second is there already", str(place))
    unfinished = place.with_name(f".{place.name}.part")
    unfinished.mkdir(mode=0o700, parents=True)
    try:
        (unfinished / "store").mkdir(mode=0o700)
        schema = copy_store(settings.store.directory, unfinished / "store")
        own = Path(configuration.directory)
        kept_apart = (
            settings.store.directory,
            settings.recordings.directory,
            settings.voicemail.directory,
            os.path.dirname(settings.control.socket),
            os.path.join(os.path.dirname(settings.store.directory), "cache"),
            str(target),
        )
        _copy_tree(own, unfinished / "configuration", {os.path.abspath(path) for path in kept_apart})
        _copy_tree(Path(settings.voicemail.directory), unfinished / "voicemail")
        if with_recordings:
            _copy_tree(Path(settings.recordings.directory), unfinished / "recordings")
        sums = {str(path.relative_to(unfinished)): _sha256(path) for path in sorted(_files(unfinished))}
        manifest = Manifest(
            version=__version__, schema=schema, made_at=made_at, directory=configuration.directory, files=sums
        )
        _write(unfinished / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        unfinished.rename(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return place


def read_backup(backup: Path) -> Manifest:
    """The manifest of a backup of which every file is as it was written. Raises `BackupError`."""
    path = backup / MANIFEST
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise BackupError(f"{path} is no manifest of a backup: it is too large")
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise BackupError(f"{backup} is no backup: {path.name} cannot be read ({error.strerror})") from error
    except msgspec.DecodeError as error:
        raise BackupError(f"{backup} is damaged: {path.name} cannot be understood ({error})") from error
    for name, expected in manifest.files.items():
        file = backup / name
        if not file.resolve().is_relative_to(backup.resolve()):
            raise BackupError(f"{backup} is damaged: it names {name}, which is outside")
        try:
            is_good = _sha256(file) == expected
        except OSError as error:
            raise BackupError(f"{backup} is damaged: {name} cannot be read ({error.strerror})") from error
        if not is_good:
            raise BackupError(f"{backup} is damaged: {name} is not what was written. Take another backup")
    return manifest


def restore_backup(backup: Path, configuration: Configuration, now: float) -> list[str]:
    """Put the store, voice messages and recordings of a backup in the place of those that are there.

    No switch may run, and `read_backup` has passed it. What is replaced is moved aside; returns a line for each such
    move. Raises `StartError` if the backup is of a newer version, `OSError` if there is no room.
    """
    settings = configuration.settings
    require_readable(backup / "store")
    suffix = f"before-{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H%M%SZ}"
    moved: list[str] = []
    for name, directory in (("voicemail", settings.voicemail.directory), ("recordings", settings.recordings.directory)):
        if (backup / name).is_dir():
            moved += _replace(directory, suffix, lambda place, name=name: _copy_tree(backup / name, place))
    aside = Path(f"{settings.store.directory}.{suffix}")
    had_one = Path(settings.store.directory).exists()
    replace_store(backup / "store", settings.store.directory, aside)
    return [*moved, f"the former store is {aside}"] if had_one else moved


def restore_configuration(backup: Path, directory: Path) -> None:
    """Copy a backup's configuration into a directory that has none. Raises `OSError`."""
    _copy_tree(backup / "configuration", directory)


def _replace(directory: str, suffix: str, fill: Callable[[Path], None]) -> Iterable[str]:
    place, aside = Path(directory), Path(f"{directory}.{suffix}")
    arriving = place.with_name(f"{place.name}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    fill(arriving)
    had_any = place.exists()
    if had_any:
        place.rename(aside)
    arriving.rename(place)
    return [f"former files are in {aside}"] if had_any else []


def _copy_tree(source: Path, target: Path, kept_apart: Iterable[str] = ()) -> None:
    """Regular files, with their times; what vanishes meanwhile was deleted, and is not missed."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    apart = set(kept_apart)
    for path in _files(source, apart):
        place = target / path.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copy2(path, place)
        except FileNotFoundError:
            continue


def _files(directory: Path, kept_apart: Iterable[str] = ()) -> Iterator[Path]:
    apart = set(kept_apart)
    for folder, folders, names in os.walk(directory):
        paths = {each: os.path.abspath(os.path.join(folder, each)) for each in folders}
        folders[:] = [each for each, path in paths.items() if each != "__pycache__" and path not in apart]
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not name.endswith(UNFINISHED):
                yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
