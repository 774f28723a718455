"""What the switch and the archiver say to each other: JSON, one job a line, one answer a line.

After its call a recording is converted, encrypted, given a checksum: by a process of its own at the lowest priority
(runtime/archiver.py), because an hour of sound takes seconds. The switch gives it one job at a time and keeps the
index. Every job may be done again from the beginning, whatever a process that was killed has left behind.
"""

from pathlib import PurePath
from typing import Literal

import msgspec

from softswitch.base.ids import RecordingId

RecordingFormat = Literal["wav", "flac", "opus"]
AttachmentFormat = Literal["wav", "mp3", "opus"]
"""Of mails."""

SUFFIXES: dict[RecordingFormat, str] = {"wav": ".wav", "flac": ".flac", "opus": ".opus"}
"""Of the files' names; Opus is in Ogg (RFC 7845)."""

SEALED_SUFFIX = ".sealed"
"""After the format's, of encrypted files."""


class ArchiveFile(msgspec.Struct, frozen=True, tag=True):
    """Make the file at `path` what is to be kept. With `key_file` ("" for none) it is encrypted."""

    recording_id: RecordingId
    path: str
    format: RecordingFormat
    key_file: str = ""


class DeleteFile(msgspec.Struct, frozen=True, tag=True):
    """Delete the file; one that is not there is deleted."""

    recording_id: RecordingId
    path: str


class AttachFile(msgspec.Struct, frozen=True, tag=True):
    """Write the sound of the voice message at `path` to `target`, as small as a mail wants it."""

    recording_id: RecordingId
    path: str
    target: str
    format: AttachmentFormat
    key_file: str = ""
    """What it may be encrypted with; "": it is not."""


class Archived(msgspec.Struct, frozen=True, tag=True):
    """The file is at `path` and on the disk; what it was made of is still there if it had another name."""

    recording_id: RecordingId
    path: str
    size_bytes: int
    sha256: str
    is_sealed: bool


class Deleted(msgspec.Struct, frozen=True, tag=True):
    recording_id: RecordingId


class Attached(msgspec.Struct, frozen=True, tag=True):
    recording_id: RecordingId


class NotDone(msgspec.Struct, frozen=True, tag=True):
    """`reason` is for people. With `is_passing` the machine is at fault (a full disk, a missing key), not the file."""

    recording_id: RecordingId
    reason: str
    is_passing: bool


Job = ArchiveFile | DeleteFile | AttachFile
Answer = Archived | Deleted | Attached | NotDone


def kept_path(path: str, recording_format: RecordingFormat, *, is_sealed: bool) -> str:
    """Where the recording at `path` is kept in that format."""
    return str(PurePath(path).with_suffix(SUFFIXES[recording_format])) + (SEALED_SUFFIX if is_sealed else "")
