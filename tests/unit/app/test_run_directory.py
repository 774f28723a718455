"""The run directory: its lock, its pid files, and the workers' sockets."""

import os
import stat
from pathlib import Path

import pytest

from softswitch.app.run_directory import RunDirectory, worker_sockets
from softswitch.base.errors import StartError
from softswitch.config import load


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    RunDirectory(str(tmp_path / "a" / "run"))
    assert stat.S_IMODE((tmp_path / "a" / "run").stat().st_mode) == 0o700


def test_a_place_where_it_cannot_be_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"cannot be made \(Not a directory\): .* set \[control\] socket"):
        RunDirectory(str(tmp_path / "file" / "run"))


def test_the_lock_keeps_out_a_second_supervisor_and_names_the_first(tmp_path: Path) -> None:
    first, second = RunDirectory(str(tmp_path)), RunDirectory(str(tmp_path))
    first.lock()
    with pytest.raises(StartError, match=rf"pid {os.getpid()}\) serves this configuration already"):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()


def test_a_process_that_lives_is_found_again(tmp_path: Path) -> None:
    directory = RunDirectory(str(tmp_path))
    directory.note_process("switch", os.getpid())
    assert directory.living_process("switch") == os.getpid()
    directory.forget_process("switch")
    directory.forget_process("switch")
    assert directory.living_process("switch") is None


@pytest.mark.parametrize("text", ["", "1\n", "OWN 5\n", "4194305 5\n", "x y\n", "1 2 3\n"])
def test_the_pid_file_of_another_process_is_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "switch.pid").write_text(text.replace("OWN", str(os.getpid())))
    assert RunDirectory(str(tmp_path)).living_process("switch") is None


def test_workers_listen_beside_the_control_socket(tmp_path: Path) -> None:
    (tmp_path / "softswitch.toml").write_text('[media]\nworkers = 2\n[control]\nsocket = "r/c.sock"\n')
    assert worker_sockets(load(tmp_path)) == {
        "media-0": str(tmp_path / "r" / "media-0.sock"),
        "media-1": str(tmp_path / "r" / "media-1.sock"),
    }


def test_there_is_always_a_worker(tmp_path: Path) -> None:
    (tmp_path / "softswitch.toml").write_text("")
    assert "media-0" in worker_sockets(load(tmp_path))
