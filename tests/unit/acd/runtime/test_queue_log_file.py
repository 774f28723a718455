"""The queue_log on disk: appended to, rotated, and no harm when the disk refuses."""

from pathlib import Path

import pytest

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


def test_a_directory_that_is_missing_costs_lines_and_is_tried_again(
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
    assert path.read_text() == "four\n"
    log.close()
    said = capsys.readouterr()
    assert (said.out + said.err).count("cannot be written") == 1
    assert "lost=3" in said.out + said.err
