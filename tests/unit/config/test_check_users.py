"""users.toml: what it refuses, and how it is changed without losing what people have written."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import differences, load, load_users
from softswitch.config.users_document import UsersDocument

HASH = "0" * 64


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "projects.toml").write_text('[[project]]\nid = "acme"\n')
    (tmp_path / "agents.toml").write_text('[[agent]]\nid = "anna"\npassword = "long enough"\nteams = ["first"]\n')
    return tmp_path


def faults(directory: Path, text: str) -> list[str]:
    (directory / "users.toml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load(directory)
    return [f"{fault.key}: {fault.reason}" for fault in error.value.faults]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('id = "a"\nrole = "agent"', 'user[0].agent: role = "agent" must say which agent'),
        ('id = "a"\nrole = "agent"\nagent = "bob"', 'user[0].agent: there is no agent "bob"'),
        ('id = "a"\nrole = "project"\nproject = "x"', 'user[0].project: there is no project "x"'),
        ('id = "a"\nrole = "supervisor"\nteams = ["x"]', 'user[0].teams[0]: no agent belongs to a team "x"'),
        ('id = "a"\nrole = "admin"\nteams = ["first"]', 'user[0].teams: this is for role = "supervisor"'),
        ('id = "a"\nrole = "admin"\ncommands = true', 'user[0].commands: this is for role = "project"; others may act'),
        ('id = "a"\nrole = "admin"\npassword = "x"', "user[0].password: this is no argon2 hash of a password"),
    ],
)
def test_a_user_that_is_wrong(directory: Path, row: str, fault: str):
    assert faults(directory, f"[[user]]\n{row}\n") == [fault]


def test_keys_that_are_wrong(directory: Path):
    key = f'[[key]]\nid = "crm"\nrole = "admin"\nhash = "{HASH}"\n'
    assert faults(directory, key + 'expires = "2027-02-30"\n') == ['key[0].expires: "2027-02-30" is no date']
    found = faults(directory, key + key)
    assert 'key[1].id: there is a key "crm" already' in found
    assert "key[0].hash: another key has the same" in found


def test_a_day_is_good_to_its_end(directory: Path):
    text = f'[[key]]\nid = "crm"\nrole = "admin"\nhash = "{HASH}"\nexpires = "1970-01-01"\n'
    (directory / "users.toml").write_text(text)
    (key,) = load_users(directory)[1]
    assert key.expires_at == 86_400.0


def test_what_people_have_written_stays(directory: Path):
    path = directory / "users.toml"
    path.write_text('# ours\n[[user]]\nid = "olga"  # the boss\nrole = "admin"\n')
    path.chmod(0o640)
    document = UsersDocument(str(directory))
    document.add("key", {"id": "crm", "role": "project", "project": "acme", "hash": HASH})
    document.set_password("olga", "$argon2id$x")
    document.write()
    assert "# ours" in path.read_text()
    assert "# the boss" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    users, keys = load_users(directory)
    assert ([row.id for row in users], [row.id for row in keys]) == (["olga"], ["crm"])
    assert users[0].password == "$argon2id$x"
    document = UsersDocument(str(directory))
    document.remove("key", "crm")
    document.remove("user", "olga")
    document.write()
    assert load_users(directory) == ([], [])


def test_a_change_that_would_be_wrong_is_not_written(directory: Path):
    before = UsersDocument(str(directory))
    before.add("user", {"id": "olga", "role": "admin"})
    before.write()
    text = (directory / "users.toml").read_text()
    document = UsersDocument(str(directory))
    with pytest.raises(ConfigurationError, match="already"):
        document.add("user", {"id": "olga", "role": "admin"})
    document.add("user", {"id": "anna", "role": "agent", "agent": "nobody"})
    with pytest.raises(ConfigurationError, match='no agent "nobody"'):
        document.write()
    assert (directory / "users.toml").read_text() == text


def test_hashes_are_not_shown(directory: Path):
    before = load(directory)
    for number in (0, 1):
        text = f'[[key]]\nid = "crm"\nrole = "admin"\nhash = "{str(number) * 64}"\n'
        (directory / "users.toml").write_text(text)
        before, after = load(directory), before
    assert differences(after, before) == ["keys.crm.hash: changed"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('listen = "nowhere"', 'web.listen: "nowhere" is no address:port'),
        ('listen = "0.0.0.0:8080"', "web.listen: passwords and keys would cross the network in the clear"),
        ('public_url = "pbx"', 'web.public_url: "pbx" is no address of a web site'),
        ('origins = ["https://x/y"]', 'web.origins[0]: "https://x/y" is no origin of web pages'),
        ('proxies = ["10.0.0.1/8"]', 'web.proxies[0]: "10.0.0.1/8" is no address or network'),
    ],
)
def test_web_settings_that_are_wrong(directory: Path, lines: str, fault: str):
    (directory / "softswitch.toml").write_text(f"[web]\nenabled = true\n{lines}\n")
    assert faults(directory, "") == [fault]


def test_a_proxy_may_speak_tls_before_us(directory: Path):
    text = '[web]\nenabled = true\nlisten = "0.0.0.0:8080"\npublic_url = "https://pbx.example.com/"\n'
    (directory / "softswitch.toml").write_text(text)
    web = load(directory).settings.web
    assert (web.url, web.is_secure) == ("https://pbx.example.com", True)
