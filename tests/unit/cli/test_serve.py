"""What `softswitch serve` refuses before it starts anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from softswitch.app.run_directory import RunDirectory
from softswitch.base.errors import Fault
from softswitch.cli.main import main
from softswitch.cli.serve import told_once


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "softswitch.toml").write_text("")
    return tmp_path


def test_a_second_serve_of_the_same_directory_is_one_line(directory: Path) -> None:
    first = RunDirectory(str(directory / "run"))
    first.lock()
    result = CliRunner().invoke(main, ["serve", str(directory)])
    first.unlock()
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert "serves this configuration already: stop it first" in result.stderr
    assert not (directory / "cache").exists()


def test_faults_are_all_printed_and_nothing_is_started(directory: Path) -> None:
    (directory / "softswitch.toml").write_text('[sip]\nlisten = ["udp:nowhere"]\n[media]\nports = "9-1"\n')
    result = CliRunner().invoke(main, ["serve", "--config", str(directory)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "listen" in result.stderr
    assert "ports" in result.stderr
    assert not (directory / "run").exists()


def test_a_run_directory_that_cannot_be_is_one_line(directory: Path) -> None:
    (directory / "softswitch.toml").write_text('[control]\nsocket = "softswitch.toml/control.sock"\n')
    result = CliRunner().invoke(main, ["serve", str(directory)])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "cannot be made" in result.stderr


def test_what_is_wrong_with_many_sounds_alike_is_told_once() -> None:
    full = [
        Fault(f"{number}.wav", "sound", "it cannot be written (No space left on device)", "Make room")
        for number in range(45)
    ]
    other = Fault("x.wav", "sound", "it cannot be played", "Replace the file or remove it")
    assert told_once([*full, other]) == [f"{full[0]} (and 44 files more)", str(other)]
