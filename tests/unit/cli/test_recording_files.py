"""`softswitch recordings verify` and `export` over a store on disk, with no switch running."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from softswitch.base.ids import CallId, RecordingId
from softswitch.cli.main import main
from softswitch.media.recording.archive import Archived, ArchiveFile, RecordingFormat
from softswitch.media.runtime.recording.archiver import do
from softswitch.store import open_store
from softswitch.store.schema import StoredRecording
from softswitch.testing.recordings import read_recording, speech_like, write_recording

SOUND = speech_like(4.0)


class Centre:
    """A configuration directory with archived recordings."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.key = directory / "key"
        self.key.write_text("5e" * 32)
        self.key.chmod(0o600)
        (directory / "softswitch.toml").write_text('[recordings]\nkey_file = "key"\n')

    def archive(self, name: str, recording_format: RecordingFormat = "wav", *, is_sealed: bool = False) -> Path:
        """The archived file; its call is "call-" and the name."""
        path = self.directory / f"{name}.wav"
        write_recording(path, SOUND)
        done = do(ArchiveFile(RecordingId(name), str(path), recording_format, str(self.key) if is_sealed else ""))
        assert isinstance(done, Archived)
        self.put(name, path=done.path, sha256=done.sha256, is_sealed=is_sealed, format=recording_format)
        return Path(done.path)

    def put(self, name: str, **changes: object) -> None:
        known: dict[str, object] = {
            "recording_id": RecordingId(name),
            "call_id": CallId(f"call-{name}"),
            "started_at": 1_700_000_000.0,
            "duration_s": 2.0,
            "size_bytes": 64044,
        }
        store = open_store(str(self.directory / "store"), report=pytest.fail)
        store.put_recording(StoredRecording(**{**known, **changes}))  # pyright: ignore[reportArgumentType]
        store.commit().result(5)
        store.close()


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Centre:
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(tmp_path))
    return Centre(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["recordings", *arguments])


def test_verify_names_what_was_changed_or_is_missing(centre: Centre) -> None:
    changed, missing = centre.archive("changed"), centre.archive("missing", "flac")
    centre.archive("good", "flac", is_sealed=True)
    assert run("verify", "good").exit_code == 0
    assert run("verify").stdout == "3 recordings as archived, 0 changed or missing, 0 not archived yet\n"
    content = bytearray(changed.read_bytes())
    content[1000] ^= 1
    changed.write_bytes(content)
    missing.unlink()
    plain = centre.directory / "new.wav"
    write_recording(plain, SOUND)
    centre.put("new", path=str(plain))
    result = run("verify")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"changed: {changed} (changed)",
        f"missing: {missing} (missing)",
        "1 recording as archived, 2 changed or missing, 1 not archived yet",
    ]
    verdicts = {each["recording_id"]: each["verdict"] for each in json.loads(run("verify", "--json").stdout)}
    assert verdicts == {"changed": "changed", "good": "good", "missing": "missing", "new": "no checksum yet"}


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_export_writes_the_format_the_name_asks_for(centre: Centre, is_sealed: bool, suffix: str) -> None:
    centre.archive("one", "flac", is_sealed=is_sealed)
    target = centre.directory / f"out{suffix}"
    result = run("export", "call-one", str(target))
    assert (result.exit_code, result.stdout) == (0, f"Recording one was written to {target}.\n")
    sound = read_recording(target)
    assert len(sound) == len(SOUND)
    assert suffix == ".ogg" or np.array_equal(sound, SOUND)


def test_of_a_damaged_file_the_beginning_is_exported_and_the_damage_told(centre: Centre) -> None:
    sealed = centre.archive("one", is_sealed=True)
    sealed.write_bytes(sealed.read_bytes()[:100_000])
    target = centre.directory / "out.wav"
    result = run("export", "one", str(target))
    assert result.exit_code == 1
    assert "damaged or cut off after 64 KB; what is before that was written" in result.stderr
    assert np.array_equal(read_recording(target), SOUND[: (65536 - 44) // 4])


def test_what_cannot_be_exported_is_said_in_one_line(centre: Centre) -> None:
    sealed = centre.archive("sealed", is_sealed=True)
    out = str(centre.directory / "out.wav")
    for arguments, told in (
        (("sealed", str(centre.directory / "out.mp3")), "must end in .wav, .flac, .opus, .ogg"),
        (("sealed", str(centre.key)), "must end in"),
        (("none", out), 'there is no recording "none"'),
        (("sealed", str(centre.directory / "sealed.wav")), "is there already"),
    ):
        result = run("export", *arguments)
        assert result.exit_code == 1
        assert told in result.stderr
    centre.key.write_text("00" * 32)
    assert "another key" in run("export", "sealed", out).stderr
    centre.key.unlink()
    result = run("export", "sealed", out)
    assert result.exit_code == 2
    assert "key_file" in result.stderr
    (centre.directory / "softswitch.toml").write_text("")
    assert "names no key" in run("export", "sealed", out).stderr
    sealed.unlink()
    assert run("export", "sealed", out).exit_code == 1
    assert not Path(out).exists()


def test_several_recordings_of_one_call_are_told_apart_by_their_own_ids(centre: Centre) -> None:
    for name in ("a1", "a2"):
        centre.put(name, call_id=CallId("call"), path=f"/{name}.wav")
    result = run("verify", "call")
    assert result.exit_code == 1
    assert "2 recordings begin with call" in result.stderr
    assert "missing: /a1.wav" in run("verify", "a1").stdout
