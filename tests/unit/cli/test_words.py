"""Numbers and instants in words."""

from datetime import datetime
from pathlib import Path

import pytest

from softswitch.cli.words import count, duration, instant, percentage, printable, program, size


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, ""),
        (0, "0:00"),
        (7.9, "0:07"),
        (60, "1:00"),
        (725, "12:05"),
        (3725, "1:02:05"),
        (86400 * 3 + 3725, "3 d 1:02:05"),
        (86400, "1 d 0:00:00"),
        (-3, "0:00"),
    ],
)
def test_duration(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected


def test_instants_are_local_and_as_short_as_they_can_be() -> None:
    now = local("2026-08-30T18:00:00")
    assert instant(local("2026-08-30T14:03:22").timestamp(), now) == "14:03:22"
    assert instant(local("2026-02-01T14:03:22").timestamp(), now) == "02-01 14:03"
    assert instant(local("2025-12-31T23:59:00").timestamp(), now) == "2025-12-31"


def local(text: str) -> datetime:
    """An instant by the clock on this machine's wall."""
    return datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (12_400, "12 KB"), (3_565_158, "3.4 MB"), (5 << 30, "5.0 GB")],
)
def test_size(size_bytes: int, expected: str) -> None:
    assert size(size_bytes) == expected


def test_the_program_is_named_so_that_the_shell_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = tmp_path / ".venv" / "bin" / "softswitch"
    installed.parent.mkdir(parents=True)
    installed.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(installed), "init"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert program() == ".venv/bin/softswitch"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert program() == "softswitch"


def test_percentage_and_count() -> None:
    assert (percentage(0.756), percentage(None)) == ("76 %", "")
    assert (count(1, "agent"), count(0, "agent"), count(12, "agent")) == ("1 agent", "0 agents", "12 agents")


def test_what_peers_write_cannot_command_the_terminal() -> None:
    assert printable("Phone\x1b[2J\r\n1.0 Київ") == "Phone·[2J··1.0 Київ"
