"""The archiver's jobs on real files: formats, encryption, checksums, and what can be wrong with them."""

import fcntl
import hashlib
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from softswitch.base.ids import RecordingId
from softswitch.media.recording.archive import Archived, ArchiveFile, Deleted, DeleteFile, NotDone, RecordingFormat
from softswitch.media.runtime.recording.archiver import do, sha256_of
from softswitch.media.runtime.recording.sealed_file import unseal
from softswitch.testing.recordings import read_recording, speech_like, write_recording

R = RecordingId("r")
SOUND = speech_like(3.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "2026" / "c-1.wav"
    write_recording(path, SOUND)
    return path


@pytest.fixture
def key(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o600)
    return str(path)


def archive(path: Path, recording_format: RecordingFormat = "wav", key: str = "") -> Archived:
    answer = do(ArchiveFile(R, str(path), recording_format, key))
    assert isinstance(answer, Archived), answer
    return answer


def refusal(path: Path, recording_format: RecordingFormat = "wav", key: str = "") -> NotDone:
    answer = do(ArchiveFile(R, str(path), recording_format, key))
    assert isinstance(answer, NotDone), answer
    return answer


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*") if path.is_file() and path.name != "key"}


def test_a_wav_file_that_stays_one_gets_its_checksum(file: Path) -> None:
    done = archive(file)
    assert (done.path, done.size_bytes, done.is_sealed) == (str(file), file.stat().st_size, False)
    assert done.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == sha256_of(str(file))


def test_flac_loses_nothing(file: Path) -> None:
    done = archive(file, "flac")
    assert np.array_equal(read_recording(Path(done.path)), SOUND)
    assert done.size_bytes < 0.7 * file.stat().st_size
    assert names(file.parent) == {"c-1.wav", "c-1.flac"}, "what it was made of is deleted when the index knows"


def test_opus_keeps_length_and_voices_apart(file: Path) -> None:
    alone = SOUND.copy()
    alone[:, 1] = 0
    write_recording(file, alone)
    sound = read_recording(Path(archive(file, "opus").path))
    assert len(sound) == len(SOUND)
    level = np.sqrt((sound.astype(float) ** 2).mean(axis=0))
    assert level[0] > 300
    assert level[1] < level[0] / 300


@pytest.mark.parametrize("recording_format", ["wav", "flac"])
def test_an_encrypted_file_holds_the_recording(file: Path, key: str, recording_format: RecordingFormat) -> None:
    done = archive(file, recording_format, key)
    assert done.is_sealed
    assert done.path == str(file.with_suffix(f".{recording_format}.sealed"))
    plain = file.with_suffix(f".opened.{recording_format}")
    with open(done.path, "rb") as source:
        plain.write_bytes(b"".join(unseal(source, bytes(range(32)))))
    assert np.array_equal(read_recording(plain), SOUND)
    assert names(file.parent) == {"c-1.wav", Path(done.path).name, plain.name}, "nothing plain is left beside it"


def test_what_a_killed_archiver_left_is_written_over(file: Path, key: str) -> None:
    for suffix in (".converting", ".sealing"):
        Path(f"{file}{suffix}").write_bytes(b"half" * 100_000)
    file.with_suffix(".flac").write_bytes(b"of an attempt whose end nobody learnt of")
    assert np.array_equal(read_recording(Path(archive(file, "flac").path)), SOUND)
    archive(file, "flac", key)
    assert names(file.parent) == {"c-1.wav", "c-1.flac", "c-1.flac.sealed"}


def test_a_recording_whose_header_was_never_completed_is_converted_whole(file: Path) -> None:
    write_recording(file, SOUND, is_closed=False)
    done = archive(file, "wav")
    assert done.sha256
    assert len(read_recording(Path(archive(file, "flac").path))) == len(SOUND)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 100])
def test_a_damaged_file_is_told_as_such_and_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    answer = refusal(file, "flac")
    assert "cannot be converted" in answer.reason
    assert not answer.is_passing
    assert names(file.parent) == {"c-1.wav"}


def test_a_missing_file_is_no_passing_trouble(file: Path) -> None:
    file.unlink()
    assert refusal(file) == NotDone(R, "the file is missing", is_passing=False)
    assert do(DeleteFile(R, str(file))) == Deleted(R)


def test_a_missing_key_is_passing_trouble_and_nothing_is_kept_in_plain(file: Path) -> None:
    answer = refusal(file, "flac", "/nowhere/key")
    assert answer.is_passing
    assert "/nowhere/key cannot be read" in answer.reason
    assert names(file.parent) == {"c-1.wav"}


def test_a_file_another_archiver_is_at_waits(file: Path) -> None:
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert refusal(file, "flac").is_passing


@pytest.mark.parametrize("recording_format", ["flac", "opus"])
def test_a_full_disk_is_passing_trouble(file: Path, recording_format: RecordingFormat) -> None:
    Path(f"{file}.converting").symlink_to("/dev/full")
    answer = refusal(file, recording_format)
    assert answer.is_passing, answer
    assert names(file.parent) == {"c-1.wav"}


def test_a_deleted_file_is_gone(file: Path) -> None:
    assert do(DeleteFile(R, str(file))) == Deleted(R)
    assert not file.exists()
    assert isinstance(do(DeleteFile(R, str(file.parent))), NotDone), "a directory is no recording"


def test_wave_reads_what_write_recording_writes(file: Path) -> None:
    with wave.open(io.BytesIO(file.read_bytes())) as reader:
        assert reader.getparams()[:4] == (2, 2, 8000, len(SOUND))
