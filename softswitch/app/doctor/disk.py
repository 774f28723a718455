"""Where the store, recordings and messages are: room, kind of file system, how long a promise takes to be kept."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from softswitch.app.doctor.finding import Finding

RECORDED_BYTES_PER_HOUR = 2 * 2 * 8000 * 3600
"""Two channels of 16 bits at 8 kHz, before anything is compressed."""
FREE_BYTES_MIN = 256 * 1024 * 1024
FREE_HOURS_MIN = 100
FREE_SHARE_MIN = 0.1
SYNCS = 12
SYNC_SLOW_S = 0.05
"""What a caller waits for before he is promised anything is two of these."""
SYNC_HOPELESS_S = 0.5
NETWORK_KINDS = ("nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "glusterfs", "fuse.sshfs")
PASSING_KINDS = ("tmpfs", "ramfs", "overlay")


def disk_findings(directories: dict[str, str], mounts: str, clock: Callable[[], float]) -> Iterator[Finding]:
    """Of directories by what they are for ("store", "recordings"); what is not made yet is looked for above it.

    `mounts` is the text of /proc/mounts; `clock` counts seconds. The store's disk is written to for a moment.
    """
    for purpose, directory in directories.items():
        there = existing(directory)
        yield from _writable(purpose, directory, there)
        yield from _kind(purpose, there, mounts)
        yield from _room(purpose, there)
    if "store" in directories:
        yield from _syncs(existing(directories["store"]), clock)


def existing(directory: str) -> Path:
    """The directory, or the nearest one above it that is there."""
    path = Path(directory).absolute()
    while not path.is_dir():
        path = path.parent
    return path


def _writable(purpose: str, directory: str, there: Path) -> Iterator[Finding]:
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "disk",
            "fault",
            f"{purpose}: {directory} cannot be written by user {os.geteuid()}",
            f"chown it to the user who runs the switch, or set [{purpose}] directory to another place",
        )


def _kind(purpose: str, there: Path, mounts: str) -> Iterator[Finding]:
    kind = _file_system(str(there), mounts)
    if kind in NETWORK_KINDS and purpose == "store":
        yield Finding(
            "disk",
            "fault",
            f"the store is on a network file system ({kind}), where its file would be damaged",
            "Set [store] directory to a local disk",
        )
    elif kind in NETWORK_KINDS:
        yield Finding(
            "disk",
            "warning",
            f"{purpose} are on a network file system ({kind}): they are alarmed and wait when it is away",
            f"Set [{purpose}] directory to a local disk, and copy from there",
        )
    elif kind in PASSING_KINDS:
        yield Finding(
            "disk",
            "warning",
            f"{purpose}: {there} is in memory or inside a container ({kind}), and gone after a restart",
            "Mount a volume there",
        )


def _file_system(path: str, mounts: str) -> str:
    """The kind of the one that is mounted nearest above a path."""
    found, kind = "", ""
    for line in mounts.splitlines():
        words = line.split()
        if len(words) < 3:
            continue
        at = words[1].replace("\\040", " ")
        is_above = path == at or path.startswith(at.rstrip("/") + "/")
        if is_above and len(at) >= len(found):
            found, kind = at, words[2]
    return kind


def _room(purpose: str, there: Path) -> Iterator[Finding]:
    statistics = os.statvfs(there)
    free, total = statistics.f_bavail * statistics.f_frsize, statistics.f_blocks * statistics.f_frsize
    hours = free // RECORDED_BYTES_PER_HOUR
    words = f"{purpose}: {free / 1024**3:.1f} GB of {total / 1024**3:.0f} GB are free"
    if purpose == "recordings":
        words += f", {hours} hours of recorded calls"
    remedy = "Delete what is not needed, set [recordings] keep_days, or take a larger disk"
    if free < FREE_BYTES_MIN:
        yield Finding("disk", "fault", words, remedy)
    elif free < FREE_SHARE_MIN * total or (purpose == "recordings" and hours < FREE_HOURS_MIN):
        yield Finding("disk", "warning", words, remedy)
    else:
        yield Finding("disk", "good", words)
    if statistics.f_files and statistics.f_favail < 1000:
        yield Finding("disk", "fault", f"{purpose}: {there} has no room for more files (inodes)", remedy)


def _syncs(there: Path, clock: Callable[[], float]) -> Iterator[Finding]:
    """How long it takes until written data are on the disk."""
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            took = [_sync(file.fileno(), clock) for _ in range(SYNCS)]
    except OSError as error:
        yield Finding("disk", "fault", f"store: {there} cannot be written: {error.strerror}", "Repair that disk")
        return
    middle = median(took)
    words = f"store: {middle * 1000:.1f} ms until something is on disk, {max(took) * 1000:.1f} ms at worst"
    remedy = "Put the store on an SSD of its own: whoever is promised a call-back waits for this"
    if middle > SYNC_HOPELESS_S:
        yield Finding("disk", "fault", words, remedy)
    elif middle > SYNC_SLOW_S:
        yield Finding("disk", "warning", words, remedy)
    else:
        yield Finding("disk", "good", words)


def _sync(descriptor: int, clock: Callable[[], float]) -> float:
    began_at = clock()
    os.pwrite(descriptor, bytes(4096), 0)
    os.fdatasync(descriptor)
    return clock() - began_at
