"""`softswitch users` and `softswitch audit`: what they write, show and refuse."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from softswitch.cli.main import main
from softswitch.config import load_users
from softswitch.web.audit import AuditRow
from softswitch.web.callers import KnownCallers
from softswitch.web.passwords import is_password
from softswitch.web.runtime.audit_file import AuditFile

PASSWORD = "correct horse battery"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "projects.toml").write_text('[[project]]\nid = "acme"\n')
    (tmp_path / "agents.toml").write_text('[[agent]]\nid = "anna"\npassword = "long enough"\nteams = ["first"]\n')
    return tmp_path


def run(directory: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["users", "--config", str(directory), *arguments], input=typed)


def test_a_user_is_added_with_a_password_that_is_right(directory: Path) -> None:
    added = run(directory, "add", "olga", "--role", "admin", "--name", "Olga", "--password-stdin", typed=PASSWORD)
    assert (added.exit_code, added.output) == (0, "olga may log in as admin.\n")
    (row,), _ = load_users(directory)
    assert (row.name, is_password(PASSWORD, row.password)) == ("Olga", True)
    changed = run(directory, "password", "olga", "--password-stdin", typed="another good one")
    assert changed.exit_code == 0
    (row,), _ = load_users(directory)
    assert is_password("another good one", row.password)


def test_a_password_is_asked_for_twice(directory: Path) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert run(directory, "add", "olga", "--role", "admin", typed=typed).exit_code == 0


def test_a_short_password_is_refused_and_nothing_is_written(directory: Path) -> None:
    result = run(directory, "add", "olga", "--role", "admin", "--password-stdin", typed="short")
    assert result.exit_code == 2
    assert not (directory / "users.toml").exists()


def test_a_key_is_shown_once_and_works(directory: Path) -> None:
    made = run(directory, "key", "crm", "--role", "project", "--of-project", "acme", "--expires", "2027-12-31")
    assert made.exit_code == 0
    secret = made.stdout.strip()
    assert secret not in (directory / "users.toml").read_text()
    known = KnownCallers(*load_users(directory))
    caller = known.by_key(secret, 1_800_000_000.0)
    assert caller is not None
    assert (caller.name, caller.project, caller.has_commands) == ("key:crm", "acme", False)
    assert known.by_key(secret, 2_000_000_000.0) is None
    assert known.by_key(secret[:-1], 1_800_000_000.0) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("key", "x", "--role", "project"), "must say which project"),
        (("key", "x", "--role", "agent", "--agent", "bob"), 'no agent "bob"'),
        (("key", "x", "--role", "supervisor", "--team", "ninth"), 'no agent belongs to a team "ninth"'),
        (("password", "nobody"), 'no user "nobody"'),
        (("remove", "nobody"), 'no user "nobody"'),
        (("remove", "nobody", "--key"), 'no key "nobody"'),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(directory: Path, arguments: tuple[str, ...], words: str) -> None:
    result = run(directory, *arguments)
    assert result.exit_code in (1, 2)
    assert words in result.stderr
    assert not (directory / "users.toml").exists()


def test_the_listing_shows_who_is_let_in_and_no_hash(directory: Path) -> None:
    run(directory, "add", "olga", "--role", "supervisor", "--team", "first", "--password-stdin", typed=PASSWORD)
    run(directory, "key", "wall", "--role", "supervisor", "--team", "*")
    shown = CliRunner().invoke(main, ["users", "--config", str(directory), "--json"])
    rows = json.loads(shown.output)
    assert [(row["kind"], row["id"], row["of"]) for row in rows] == [
        ("user", "olga", ["first"]),
        ("key", "wall", ["*"]),
    ]
    assert "argon2" not in shown.output
    assert run(directory, "remove", "wall", "--key").exit_code == 0
    assert load_users(directory)[1] == []


def test_the_audit_log_is_shown_newest_first(directory: Path) -> None:
    log = AuditFile(str(directory / "audit.jsonl"), bytes_max=1_000_000)
    for at, caller in ((1.0, "olga"), (2.0, "key:crm")):
        log.write(AuditRow(at=at, caller=caller, role="admin", address="::1", method="POST", path="/x", status=200))
    shown = CliRunner().invoke(main, ["audit", str(directory), "--json"])
    assert [row["caller"] for row in json.loads(shown.output)] == ["key:crm", "olga"]
    shown = CliRunner().invoke(main, ["audit", str(directory), "--by", "olga"])
    assert "olga" in shown.output
    assert "crm" not in shown.output
