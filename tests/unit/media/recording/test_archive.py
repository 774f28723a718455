"""Where a recording is kept, and that both ends understand each other's words."""

import msgspec
import pytest

from softswitch.base.ids import RecordingId
from softswitch.media.recording.archive import (
    Answer,
    Archived,
    ArchiveFile,
    Deleted,
    DeleteFile,
    Job,
    NotDone,
    RecordingFormat,
    kept_path,
)

R = RecordingId("r")


@pytest.mark.parametrize(
    ("recording_format", "is_sealed", "name"),
    [
        ("wav", False, "/a/c.d-1.wav"),
        ("flac", False, "/a/c.d-1.flac"),
        ("opus", True, "/a/c.d-1.opus.sealed"),
        ("wav", True, "/a/c.d-1.wav.sealed"),
    ],
)
def test_the_name_says_what_is_in_the_file(recording_format: RecordingFormat, is_sealed: bool, name: str) -> None:
    assert kept_path("/a/c.d-1.wav", recording_format, is_sealed=is_sealed) == name


@pytest.mark.parametrize("job", [ArchiveFile(R, "/a.wav", "flac", "/key"), DeleteFile(R, "/a.wav")])
def test_jobs_are_one_line_each(job: Job) -> None:
    line = msgspec.json.encode(job)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Job) == job


@pytest.mark.parametrize(
    "answer",
    [Archived(R, "/a.flac", 5, "ff", is_sealed=False), Deleted(R), NotDone(R, "two\nlines", is_passing=True)],
)
def test_answers_are_one_line_each(answer: Answer) -> None:
    line = msgspec.json.encode(answer)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Answer) == answer
