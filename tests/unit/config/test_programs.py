"""programs.toml: what is refused, with file, key and remedy, and what becomes of the rest."""

from pathlib import Path

import pytest

from softswitch.app.program_settings import programs
from softswitch.base.errors import ConfigurationError
from softswitch.config import load
from softswitch.config.display import differences


def written(directory: Path, text: str) -> Path:
    (directory / "softswitch.toml").touch()
    (directory / "programs.toml").write_text(text)
    return directory


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('id = "bot"\nurl = "http://x"', 'programs.toml:3: program[0].url: "http://x" is no ws:// or wss:// URL'),
        ('id = "bot"\nurl = "ws://x"\nca = "ca.pem"', "program[0].ca: only wss:// has a certificate to be checked"),
        ('id = "bot"\nurl = "wss://x"\nca = "ca.pem"', "program[0].ca: ca.pem is no file"),
        ('id = "bot"\nurl = "ws://x"\nheaders = {"X Y" = "1"}', "this is no header of HTTP"),
        ('id = "bot"\nurl = "ws://x"\nrate_hz = 44100', "program[0].rate_hz"),
        ('id = "bot"\nurl = "ws://x"\nproject = "acme"', "program[0].project"),
        ('id = "bot"\nurl = "ws://x"\n[[program]]\nid = "bot"\nurl = "ws://y"', 'there is a program "bot" already'),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, row: str, fault: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(written(tmp_path, f"[[program]]\n{row}\n"))
    assert any(fault in str(each) for each in refused.value.faults), [str(each) for each in refused.value.faults]


def test_what_is_right_reaches_the_calls(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("")
    row = 'id = "bot"\nurl = "wss://x"\nca = "ca.pem"\nrate_hz = 16000\nconnect_ms = 700\nheaders = {X-Key = "secret"}'
    configuration = load(written(tmp_path, f"[[program]]\n{row}\n"))
    program = programs(configuration)["bot"]
    assert (program.url, program.rate_hz, program.connect_s) == ("wss://x", 16000, 0.7)
    assert program.ca_file == str(tmp_path / "ca.pem")
    changed = load(written(tmp_path, f"[[program]]\n{row.replace('secret', 'other')}\n"))
    (line,) = differences(configuration, changed)
    assert "headers: changed" in line
    assert "secret" not in line
