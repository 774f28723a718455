"""Which configuration directory a command takes, and where its switch listens."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from softswitch.cli.directory import control_socket, find_directory, recordings_directory, store_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.main import main


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    configuration = tmp_path / "centre"
    configuration.mkdir()
    (configuration / "softswitch.toml").write_text("")
    return configuration


def test_a_named_directory_is_taken_as_an_absolute_path(directory: Path) -> None:
    assert find_directory("centre") == str(directory)


def test_the_current_directory_is_taken_if_it_holds_a_configuration(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(directory)
    assert find_directory(None) == str(directory)


def test_a_named_directory_without_a_configuration_is_refused(directory: Path) -> None:
    with pytest.raises(Failure, match="softswitch init elsewhere") as refused:
        find_directory("elsewhere")
    assert refused.value.exit_code == CONFIGURATION


@pytest.mark.usefixtures("directory")
def test_no_configuration_anywhere_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.cli.directory.SYSTEM_DIRECTORY", "/nowhere")
    with pytest.raises(Failure, match="--config DIRECTORY"):
        find_directory(None)


def test_paths_are_those_of_the_file_or_the_defaults(directory: Path) -> None:
    assert control_socket(str(directory)) == str(directory / "run" / "control.sock")
    assert store_directory(str(directory)) == str(directory / "store")
    assert recordings_directory(str(directory)) == str(directory / "recordings")
    (directory / "softswitch.toml").write_text('[control]\nsocket = "/run/switch.sock"\n[store]\ndirectory = "db"\n')
    assert control_socket(str(directory)) == "/run/switch.sock"
    assert store_directory(str(directory)) == str(directory / "db")


@pytest.mark.parametrize("text", ["[control\n", "[control]\nsocket = 5\n", "control = 5\n", "\udcff"])
def test_a_broken_file_does_not_keep_anybody_from_the_running_switch(directory: Path, text: str) -> None:
    (directory / "softswitch.toml").write_text(text, errors="surrogateescape")
    assert control_socket(str(directory)) == str(directory / "run" / "control.sock")


@pytest.mark.parametrize("command", ["status", "sites", "mails", "trunks"])
def test_the_directory_that_a_command_names_is_meant_whatever_the_environment_says(
    directory: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("SOFTSWITCH_CONFIG", str(directory))
    assert "no softswitch.toml in elsewhere" in CliRunner().invoke(main, [command, "elsewhere"]).stderr
