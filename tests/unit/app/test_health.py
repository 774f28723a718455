"""A switch that hangs is told from one that starts, and from one that is gone."""

import socket
from pathlib import Path

import pytest

from softswitch.app.health import SILENT_S, SwitchHealth, notify


def test_one_that_falls_silent_is_killed_once() -> None:
    health = SwitchHealth()
    health.answered(7, 100.0)
    assert not health.silent(7, 100.0 + SILENT_S - 0.1)
    assert health.silent(7, 100.0 + SILENT_S)
    assert not health.silent(7, 100.0 + 2 * SILENT_S)


def test_an_answer_forgives_all_silence() -> None:
    health = SwitchHealth()
    health.answered(7, 100.0)
    assert not health.silent(7, 115.0)
    health.answered(7, 116.0)
    assert not health.silent(7, 116.0 + SILENT_S - 0.1)


def test_one_that_starts_may_take_its_time() -> None:
    health = SwitchHealth()
    assert not health.silent(7, 1000.0)
    health.answered(7, 1001.0)
    assert not health.silent(8, 2000.0)  # another process by now
    assert not health.silent(None, 3000.0)


def test_systemd_is_told_where_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notify("READY=1")
        assert listening.recv(100) == b"READY=1"
    notify("WATCHDOG=1")  # nobody listens any more
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("WATCHDOG=1")
