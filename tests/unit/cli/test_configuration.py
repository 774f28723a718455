"""`softswitch config show` and `softswitch completion`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from softswitch.cli.main import main


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture
def directory(tmp_path: Path) -> str:
    (tmp_path / "softswitch.toml").write_text('[sip]\ndomain = "pbx.example"\n[media]\nports = "20000-29999"\n')
    (tmp_path / "queues.toml").write_text('[[queue]]\nid = "sales"\nwrap_up_s = 7\n[[queue]]\nid = "support"\n')
    (tmp_path / "agents.toml").write_text('[[agent]]\nid = "anna"\npassword = "hush-hush"\nqueues = ["sales"]\n')
    return str(tmp_path)


def test_what_is_as_it_comes_is_not_shown(directory: str) -> None:
    lines = printed("config", "show", directory).splitlines()
    assert 'settings.sip.domain = "pbx.example"' in lines
    assert "queues.sales.wrap_up_s = 7.0" in lines
    assert not [line for line in lines if "ports" in line or "settings.log" in line]


def test_the_effective_configuration_has_every_default(directory: str) -> None:
    lines = printed("config", "show", directory, "--effective").splitlines()
    assert 'settings.media.ports = "20000-29999"' in lines
    assert 'settings.log.level = "info"' in lines
    assert [line for line in lines if line.startswith("settings.media.ip = ") and not line.endswith('""')]


def test_no_password_is_shown(directory: str) -> None:
    for options in ((), ("--effective",), ("--json",), ("--effective", "--json")):
        assert "hush" not in printed("config", "show", directory, *options)


def test_a_part_can_be_asked_for(directory: str) -> None:
    lines = printed("config", "show", directory, "--effective", "--only", "queues.sales").splitlines()
    assert lines
    assert all(line.startswith("queues.sales.") for line in lines)
    assert printed("config", "show", directory, "--only", "settings.log").startswith("settings.log is as it comes")


@pytest.mark.parametrize(
    ("only", "remedy"),
    [
        ("nonsense", "there are directory, settings, projects"),
        ("media", 'Did you mean "settings.media"?'),
        ("queus", 'Did you mean "queues"?'),
        ("queues.nosuch", "queues"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--effective",), ("--json",)])
def test_a_part_that_there_is_not_is_a_fault(directory: str, only: str, remedy: str, options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["config", "show", directory, "--only", only, *options])
    assert result.exit_code == 2
    assert f'nothing begins with "{only}": ' in result.stderr
    assert remedy in result.stderr


def test_webhooks_are_shown_and_their_secrets_are_not(directory: str) -> None:
    row = 'id = "crm"\nurl = "https://crm.example/hook"\nsecret = "0123456789abcdef"\n'
    (Path(directory) / "webhooks.toml").write_text(f"[[webhook]]\n{row}")
    lines = printed("config", "show", directory, "--only", "webhooks").splitlines()
    assert lines == [
        'webhooks.crm.id = "crm"',
        'webhooks.crm.url = "https://crm.example/hook"',
        'webhooks.crm.secret = "***"',
    ]


def test_json_is_one_document(directory: str) -> None:
    document = json.loads(printed("config", "show", directory, "--effective", "--json"))
    assert document["settings"]["sip"]["domain"] == "pbx.example"
    assert [row["id"] for row in document["queues"]] == ["sales", "support"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_the_command_by_its_name(shell: str) -> None:
    script = printed("completion", shell)
    assert "_SOFTSWITCH_COMPLETE" in script


def test_commands_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_SOFTSWITCH_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "softswitch agents lo")
    monkeypatch.setenv("COMP_CWORD", "2")
    result = CliRunner().invoke(main, [], prog_name="softswitch", complete_var="_SOFTSWITCH_COMPLETE")
    assert result.stdout.split() == ["plain,login", "plain,logout"]
