"""Backups of a store that is being written, and what can be put back."""

import json
import shutil
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch.app.run_directory import RunDirectory
from softswitch.base.ids import CallId, RecordingId
from softswitch.cli.main import main
from softswitch.store import open_reader, open_store
from softswitch.store.schema import Cdr, StoredRecording

STARTED_AT = 1_780_000_000.0


def cdr(number: int) -> Cdr:
    return Cdr(
        call_id=CallId(f"call-{number}"),
        started_at=STARTED_AT + number,
        ended_at=STARTED_AT + number + 5,
        calling_number=str(number),
        called_number="100",
        end_reason="completed",
        ended_by="caller",
    )


def unexpected(line: str) -> None:
    raise AssertionError(line)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    directory = tmp_path / "centre"
    assert run("init", str(directory), "--domain", "192.0.2.5", "--timezone", "UTC").exit_code == 0
    (directory / "voicemail" / "anna").mkdir(parents=True)
    (directory / "voicemail" / "anna" / "1.wav").write_bytes(b"a message")
    (directory / "voicemail" / "anna" / "2.wav.part").write_bytes(b"half")
    (directory / "recordings").mkdir()
    (directory / "recordings" / "call.wav").write_bytes(b"a call")
    return directory


def write(directory: Path, first: int, number: int) -> None:
    store = open_store(str(directory / "store"), report=unexpected)
    for each in range(first, first + number):
        store.cdrs.put((cdr(each).started_at, f"call-{each}"), cdr(each))
    store.commit().result(10)
    store.close()


def kept(directory: Path) -> list[str]:
    with open_reader(str(directory)) as store:
        return [row.call_id for row in store.cdrs.ascending()]


def only_backup(folder: Path) -> Path:
    (backup,) = folder.iterdir()
    return backup


def test_a_backup_has_everything_but_recordings_and_half_files(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 3)
    result = run("backup", str(tmp_path / "backups"), "--config", str(centre))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "read again and good" in result.stdout
    backup = only_backup(tmp_path / "backups")
    names = set(json.loads((backup / "manifest.json").read_text())["files"])
    assert {"store/data.mdb", "voicemail/anna/1.wav", "configuration/softswitch.toml"} <= names
    assert not [name for name in names if "recordings" in name or name.endswith(".part")]
    assert backup.stat().st_mode & 0o777 == 0o700
    assert kept(backup / "store") == ["call-0", "call-1", "call-2"]


def test_a_copy_made_while_the_switch_writes_is_of_one_moment(centre: Path, tmp_path: Path) -> None:
    store = open_store(str(centre / "store"), report=unexpected)
    stopped = threading.Event()
    written = 0

    def write_pairs() -> None:
        """Two records in each commit: a copy has both or neither."""
        nonlocal written
        while not stopped.is_set():
            for each in (written, written + 1):
                store.cdrs.put((cdr(each).started_at, f"call-{each}"), cdr(each))
            store.commit().result(10)
            written += 2

    writer = threading.Thread(target=write_pairs)
    writer.start()
    try:
        for number in range(3):
            target = str(
                tmp_path / f"backups-{number}"
            )  # by a process of its own, as an environment is opened once in each
            subprocess.run([sys.executable, "-m", "softswitch", "backup", target, "--config", str(centre)], check=True)
            calls = kept(only_backup(tmp_path / f"backups-{number}") / "store")
            assert len(calls) % 2 == 0
            assert calls == [f"call-{each}" for each in range(len(calls))]
    finally:
        stopped.set()
        writer.join()
        store.close()


def test_what_is_restored_is_what_was_saved_and_what_was_there_is_kept(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 3)
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre), "--recordings").exit_code == 0
    backup = only_backup(tmp_path / "backups")
    write(centre, 3, 2)
    (centre / "voicemail" / "anna" / "1.wav").unlink()
    result = run("restore", str(backup), str(centre))
    assert (result.exit_code, result.stderr) == (0, "")
    assert kept(centre / "store") == ["call-0", "call-1", "call-2"]
    assert (centre / "voicemail" / "anna" / "1.wav").read_bytes() == b"a message"
    assert (centre / "recordings" / "call.wav").read_bytes() == b"a call"
    (former,) = centre.glob("store.before-*")
    assert kept(former) == [f"call-{each}" for each in range(5)]


def test_a_backup_can_be_restored_again(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 3)
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre)).exit_code == 0
    backup = only_backup(tmp_path / "backups")
    for each in range(2):
        result = run("restore", str(backup), str(tmp_path / f"machine-{each}"))
        assert (result.exit_code, result.stderr) == (0, "")
        assert kept(tmp_path / f"machine-{each}" / "store") == ["call-0", "call-1", "call-2"]


def test_recordings_are_found_where_they_were_restored(centre: Path, tmp_path: Path) -> None:
    directory = centre / "recordings"
    store = open_store(str(centre / "store"), report=unexpected, recordings=str(directory))
    entry = StoredRecording(
        recording_id=RecordingId("call"),
        call_id=CallId("call-0"),
        path=str(directory / "call.wav"),
        started_at=STARTED_AT,
        duration_s=1.0,
        size_bytes=6,
        sha256=sha256(b"a call").hexdigest(),
    )
    store.recordings.put((STARTED_AT, "call"), entry)
    store.commit().result(10)
    store.close()
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre), "--recordings").exit_code == 0
    shutil.rmtree(centre)
    elsewhere = tmp_path / "elsewhere"
    assert run("restore", str(only_backup(tmp_path / "backups")), str(elsewhere)).exit_code == 0
    (row,) = json.loads(run("recordings", "--config", str(elsewhere), "--json").stdout)
    assert row["path"] == str(elsewhere / "recordings" / "call.wav")
    verified = run("recordings", "verify", "--config", str(elsewhere))
    assert (verified.exit_code, verified.stderr) == (0, "")


def test_a_machine_without_anything_gets_the_configuration_as_well(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 1)
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre)).exit_code == 0
    shutil.rmtree(centre)
    result = run("restore", str(only_backup(tmp_path / "backups")), str(centre))
    assert (result.exit_code, result.stderr) == (0, "")
    assert kept(centre / "store") == ["call-0"]
    assert run("check", str(centre)).exit_code == 0


def test_a_damaged_backup_changes_nothing(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 1)
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre)).exit_code == 0
    backup = only_backup(tmp_path / "backups")
    (backup / "voicemail" / "anna" / "1.wav").write_bytes(b"another")
    result = run("restore", str(backup), str(centre))
    assert result.exit_code == 1
    assert "voicemail/anna/1.wav is not what was written" in result.stderr
    assert list(centre.glob("*.before-*")) == []


def test_no_backup_is_restored_under_a_switch_that_runs(centre: Path, tmp_path: Path) -> None:
    write(centre, 0, 1)
    assert run("backup", str(tmp_path / "backups"), "--config", str(centre)).exit_code == 0
    serving = RunDirectory(str(centre / "run"))
    serving.lock()
    try:
        result = run("restore", str(only_backup(tmp_path / "backups")), str(centre))
    finally:
        serving.unlock()
    assert result.exit_code == 2
    assert "stop it first" in result.stderr
    assert list(centre.glob("*.before-*")) == []


def test_a_folder_that_is_no_backup_is_refused(centre: Path, tmp_path: Path) -> None:
    result = run("restore", str(tmp_path), str(centre))
    assert result.exit_code == 1
    assert "is no backup" in result.stderr


def test_migrating_says_that_there_is_nothing_to_do(centre: Path) -> None:
    assert "there is no store" in run("migrate", str(centre)).stdout
    write(centre, 0, 1)
    result = run("migrate", str(centre), "--check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Nothing to do" in result.stdout
