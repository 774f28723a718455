"""`softswitch init` and `softswitch check`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch.cli.main import main
from softswitch.testing.certificates import Authority


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = run("init", str(tmp_path / "centre"), "--domain", "192.0.2.5", "--timezone", "Europe/Berlin")
    assert made.exit_code == 0, made.stderr
    assert f"softswitch serve {tmp_path / 'centre'}" in made.stdout
    return tmp_path / "centre"


def test_what_init_writes_is_good(directory: Path) -> None:
    result = run("check", str(directory))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "is good: 2 agents" in result.stdout
    assert "192.0.2.5" in (directory / "softswitch.toml").read_text()
    assert "Europe/Berlin" in (directory / "schedules.toml").read_text()


def test_init_refuses_a_directory_that_is_not_empty(directory: Path) -> None:
    result = run("init", str(directory))
    assert result.exit_code == 2
    assert "not empty" in result.stderr


def test_init_refuses_a_time_zone_that_is_none(tmp_path: Path) -> None:
    result = run("init", str(tmp_path / "centre"), "--timezone", "Mars/Olympus")
    assert result.exit_code == 2
    assert "there is no such time zone" in result.stderr
    assert not (tmp_path / "centre").exists()


def test_every_fault_of_files_flows_and_numbers_comes_at_once(directory: Path) -> None:
    (directory / "dialplans").mkdir()
    (directory / "dialplans" / "broken.py").write_text("async def f(call):\n    retrun 1\n")
    (directory / "queues.toml").write_text(
        '[[queue]]\nid = "a"\nring_timeout_s = "long"\n[[queue]]\nid = "b"\ncolour = 5\n'
    )
    result = run("check", "--config", str(directory))
    assert result.exit_code == 2
    assert result.stdout == ""
    for expected in ("ring_timeout_s", "colour", "broken.py"):
        assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_a_number_that_leads_to_no_flow_is_a_fault(directory: Path) -> None:
    (directory / "numbers.toml").write_text('[[route]]\nnumber = "100"\nflow = "hotlin"\n')
    result = run("check", str(directory))
    assert result.exit_code == 2
    assert "hotlin" in result.stderr


def test_faults_as_json(directory: Path) -> None:
    assert json.loads(run("check", str(directory), "--json").stdout) == []
    (directory / "trunks.toml").write_text("[[trunk]]\nname = 5\n")
    result = run("check", str(directory), "--json")
    assert result.exit_code == 2
    faults = json.loads(result.stdout)
    assert {"file", "key", "reason", "remedy"} <= set(faults[0])


def test_a_certificate_is_checked_with_its_key_and_its_time(directory: Path) -> None:
    authority = Authority(directory / "tls")
    settings = directory / "softswitch.toml"
    text = settings.read_text()

    def verdict(file: str, names: list[str], ends_in_days: float = 30.0) -> Result:
        authority.issue(file, names, ends_in_days=ends_in_days)
        tls = f'[tls]\ncertificate = "tls/{file}.pem"\nprivate_key = "tls/{file}.key"\n'
        settings.write_text(text.replace("[tls]\n", tls))
        return run("check", str(directory))

    assert verdict("good", ["192.0.2.5"]).exit_code == 0
    old = verdict("old", ["192.0.2.5"], -1.0)
    assert old.exit_code == 2
    assert "tls.certificate: " in old.stderr
    assert "has expired" in old.stderr
    (directory / "tls" / "old.key").unlink()
    gone = run("check", str(directory))
    assert (gone.exit_code, "tls.private_key: " in gone.stderr) == (2, True)
