"""The queue_log on disk: appended to, rotated, and no harm when the disk refuses."""

import resource
from pathlib import Path

import pytest

from softswitch.acd.runtime import queue_log_file
from softswitch.acd.runtime.queue_log_file import RETRY_S, QueueLogFile


def test_lines_are_appended_and_are_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text("older\n")
    log = QueueLogFile(str(path))
    log.write(["one", "two"], 0.0)
    assert path.read_text() == "older\none\ntwo\n"
    log.close()


def test_a_file_that_was_moved_away_is_left_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    log = QueueLogFile(str(path))
    log.write(["one"], 0.0)
    path.rename(tmp_path / "queue_log.1")
    log.write(["two"], 1.0)
    log.reopen()
    log.write(["three"], 2.0)
    assert (tmp_path / "queue_log.1").read_text() == "one\ntwo\n"
    assert path.read_text() == "three\n"
    log.close()


def test_a_directory_that_is_missing_is_tried_again_and_lines_wait_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log" / "queue_log"
    log = QueueLogFile(str(path))
    log.write(["one"], 0.0)
    log.write(["two"], 1.0)
    path.parent.mkdir()
    log.write(["three"], RETRY_S - 1)
    assert not path.exists()
    log.write(["four"], RETRY_S)
    assert path.read_text() == "one\ntwo\nthree\nfour\n"
    log.close()
    said = capsys.readouterr()
    assert (said.out + said.err).count("cannot be written") == 1
    assert "lost=0" in said.out + said.err


@pytest.mark.usefixtures("capsys")  # which is no file
def test_a_disk_that_was_full_in_the_midst_of_a_line_has_each_line_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    log = QueueLogFile(str(path))
    log.write(["older"], 0.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len("older\none\ntw"), hard))
    try:
        log.write(["one", "two"], 1.0)
        log.write(["three"], 2.0)
        written = path.read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert written == "older\none\ntw", "as a full disk leaves it"
    log.write(["four"], 1.0 + RETRY_S)
    assert path.read_text() == "older\none\ntwo\nthree\nfour\n"
    log.close()


def test_lines_that_wait_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(queue_log_file, "QUEUE_LOG_LINES_WAITING_MAX", 2)
    path = tmp_path / "log" / "queue_log"
    log = QueueLogFile(str(path))
    log.write(["one"], 0.0)
    log.write(["two", "lost"], 1.0)
    log.write(["lost too"], 2.0)
    path.parent.mkdir()
    log.write(["five"], RETRY_S)
    assert path.read_text() == "one\ntwo\nfive\n"
    said = capsys.readouterr()
    assert "lost=2" in said.out + said.err
    log.close()
