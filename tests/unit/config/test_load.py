"""Loading a directory: what comes out of one that is right, and every fault of one that is not."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import Configuration, load, load_settings
from softswitch.config.limits import FILE_BYTES_MAX
from softswitch.config.settings import Settings

PASSWORD = "kuYb6-tzzQ"


def write(directory: Path, **files: str) -> Path:
    """Files by name without ".toml"; softswitch.toml is there in any case."""
    directory.mkdir(exist_ok=True)
    for name, text in {"softswitch": "", **files}.items():
        (directory / f"{name}.toml").write_text(text)
    return directory


def faults_of(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        load(directory)
    return str(error.value).splitlines()


def test_an_empty_file_is_a_configuration(tmp_path: Path):
    configuration = load(write(tmp_path))
    assert configuration.directory == str(tmp_path)
    assert configuration.settings.sip.listen == Settings().sip.listen
    assert configuration.settings.store.directory == str(tmp_path / "store")
    assert configuration.settings.control.socket == str(tmp_path / "run" / "control.sock")
    assert configuration.settings.sounds.default_language == "en"
    assert configuration.settings.sounds.asterisk_sounds == ""
    assert configuration.agents == ()
    assert configuration.trunks == ()


def test_a_configuration_with_everything(tmp_path: Path):
    (tmp_path / "asterisk").mkdir()
    write(
        tmp_path,
        softswitch="""
            [sip]
            domain = "pbx.example.com"
            digest = ["SHA-256", "MD5"]
            [media]
            ports = "30000-30999"
            advertised_ip = "203.0.113.9"
            [sounds]
            languages = ["ru", "en"]
            asterisk_sounds = "asterisk"
            [store]
            directory = "/var/lib/softswitch"
            [shutdown]
            grace_s = 2.5
        """,
        agents=f"""
            [[agent]]
            id = "anna"
            password = "{PASSWORD}"
            skills = {{billing = 8}}
            queues = ["billing"]
            language = "en"
            [[agent]]
            id = "boris"
            name = "Boris"
            username = "b1"
            password = "{PASSWORD}x"
            number = "102"
            auto_login = true
            [[phone]]
            id = "hall"
            password = "{PASSWORD}y"
        """,
        queues="""
            [[queue]]
            id = "billing"
            skills = {billing = 3}
            overflow = "queue:general"
            announce = {every_s = 30}
            [[queue]]
            id = "general"
            overflow = "flow:closed"
            music = "jazz"
            record = false
        """,
        numbers="""
            [[route]]
            number = "100"
            flow = "hotline"
            hours = "office"
            otherwise = "closed"
        """,
        schedules="""
            [[schedule]]
            id = "office"
            timezone = "Europe/Moscow"
            hours = {"mon-fri" = ["09:00-18:00"]}
        """,
        trunks="""
            [[trunk]]
            name = "provider"
            addresses = ["203.0.113.5", "198.51.100.0/24"]
            host = "sip.provider.example"
            permitted_callers = ["anna", "hall"]
        """,
    )
    configuration = load(tmp_path)
    settings = configuration.settings
    assert settings.sip.digest == ("SHA-256", "MD5")
    assert settings.media.port_range == range(30000, 31000)
    assert settings.media.sdp_ip == "203.0.113.9"
    assert settings.store.directory == "/var/lib/softswitch"
    assert settings.sounds.asterisk_sounds == str(tmp_path / "asterisk")
    assert settings.shutdown.grace_s == 2.5
    anna, boris = configuration.agents
    assert (anna.name, anna.username, anna.language, anna.queues) == ("anna", "anna", "en", ("billing",))
    assert (boris.name, boris.username, boris.language, boris.queues) == ("Boris", "b1", "ru", None)
    assert configuration.phones[0].username == "hall"
    billing, general = configuration.queues
    assert (billing.name, billing.music, billing.announce.every_s) == ("billing", "default", 30.0)
    assert (general.music, general.record) == ("jazz", False)
    assert configuration.routes[0].otherwise == "closed"
    assert configuration.schedules[0].hours == {"mon-fri": ("09:00-18:00",)}
    (trunk,) = configuration.trunks
    assert [trunk.permits(caller) for caller in ("anna", "boris", "hall")] == [True, False, True]


def test_nobody_may_call_out_by_default(tmp_path: Path):
    trunks = '[[trunk]]\nname = "p"\nhost = "192.0.2.1"\n'
    agents = f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\n'
    (trunk,) = load(write(tmp_path, trunks=trunks, agents=agents)).trunks
    assert not trunk.permits("anna")
    (trunk,) = load(write(tmp_path, trunks=f'{trunks}permitted_callers = ["*"]\n', agents=agents)).trunks
    assert trunk.permits("anna")


def test_the_machines_own_address_fills_what_was_left_open():
    configuration = Configuration(directory="/").with_own_ip("192.0.2.7")
    assert configuration.settings.sip.domain == "192.0.2.7"
    assert configuration.settings.media.ip == configuration.settings.media.sdp_ip == "192.0.2.7"


def test_what_was_written_is_not_filled(tmp_path: Path):
    write(tmp_path, softswitch='[sip]\ndomain = "a.example"\n[media]\nip = "10.0.0.1"\n')
    settings = load(tmp_path).with_own_ip("192.0.2.7").settings
    assert (settings.sip.domain, settings.media.ip) == ("a.example", "10.0.0.1")
    write(tmp_path, softswitch='[sip]\nadvertised_ip = "203.0.113.1"\n')
    assert load(tmp_path).with_own_ip("192.0.2.7").settings.sip.domain == "203.0.113.1"


def test_faults_of_all_files_come_together_in_order(tmp_path: Path):
    write(
        tmp_path,
        softswitch='[log]\nlevel = "loud"\n[sip]\nlisten = []\n',
        agents='[[agent]]\nid = "anna"\npassword = "anna"\n',
        queues="[[queue]]\n",
        trunks="[[trunk]\n",
    )
    (tmp_path / "queue.toml").write_text("")
    assert [line.split(": ")[:2] for line in faults_of(tmp_path)] == [
        ["queue.toml", "file"],
        ["softswitch.toml:2", "log.level"],
        ["softswitch.toml:4", "sip.listen"],
        ["agents.toml:3", "agent[0].password"],
        ["queues.toml:1", "queue[0].id"],
        ["trunks.toml:1", "file"],
    ]


def test_every_fault_is_one_line_that_says_what_to_do(tmp_path: Path):
    lines = faults_of(write(tmp_path, softswitch="[sip\n", agents="x = 1", queues='[[queue]]\nid = "a\\nb"\n'))
    assert len(lines) == 3
    assert all(line.isprintable() and ". " in line for line in lines)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ('a = "x\n', 1),
        ("a = 1\na = 2\n", 2),
        ("[a]\n[a]\n", 2),
        ("a = [1,\n2", 2),
    ],
)
def test_a_syntax_error_has_its_line(tmp_path: Path, text: str, line: int):
    (fault,) = faults_of(write(tmp_path, softswitch=text))
    assert fault.startswith(f"softswitch.toml:{line}: file: ")


def test_a_file_that_is_not_utf_8(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "agents.toml").write_bytes(b'[[agent]]\nid = "\xe4"\n')
    (fault,) = faults_of(tmp_path)
    assert fault == "agents.toml:2: file: this is not UTF-8 text. Save the file with the encoding UTF-8"


def test_lines_may_end_as_on_windows(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "softswitch.toml").write_bytes(b"[log]\r\nlevel = 'info'\r\nformat = 'xml'\r\n")
    assert faults_of(tmp_path)[0].startswith("softswitch.toml:3: log.format")


def test_a_file_that_is_too_large(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "agents.toml").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    assert "At most 16 MB are read" in faults_of(tmp_path)[0]


def test_brackets_without_end(tmp_path: Path):
    (fault,) = faults_of(write(tmp_path, agents=f"a = {'[' * 5000}{']' * 5000}"))
    assert "nested too deeply" in fault


def test_a_directory_that_cannot_be_read_as_a_file(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "agents.toml").mkdir()
    assert "cannot be read: Is a directory" in faults_of(tmp_path)[0]


def test_no_configuration_at_all(tmp_path: Path):
    directory = tmp_path / "nowhere"
    (fault,) = faults_of(directory)
    assert fault.startswith(f"{directory}: softswitch.toml: there is no such file here")
    assert fault.endswith(f"softswitch init {directory}")


def test_what_refers_to_an_unreadable_file_is_not_called_wrong(tmp_path: Path):
    write(
        tmp_path,
        agents=f'[[agent]]\nid = "anna"\npassword = "{PASSWORD}"\nqueues = ["q"]\n',
        queues="[[queue\n",
        schedules="[[schedule\n",
        numbers='[[route]]\nnumber = "1"\nflow = "f"\nhours = "office"\notherwise = "g"\n',
    )
    assert [line.split(":")[0] for line in faults_of(tmp_path)] == ["queues.toml", "schedules.toml"]


def test_what_refers_to_a_row_with_a_fault_is_not_called_wrong(tmp_path: Path):
    write(
        tmp_path,
        agents='[[agent]]\nid = "anna"\nskills = {billing = 99}\nqueues = ["q"]\n',
        queues='[[queue]]\nid = "q"\nskills = {billing = 5}\nwrap_up_s = -1\n',
        trunks='[[trunk]]\nname = "p"\nhost = "192.0.2.1"\npermitted_callers = ["anna"]\n',
    )
    assert [line.split(": ")[1] for line in faults_of(tmp_path)] == [
        "agent[0].password",
        "agent[0].skills.billing",
        "queue[0].wrap_up_s",
    ]


def test_the_settings_alone_do_not_mind_the_other_files(tmp_path: Path):
    write(tmp_path, softswitch='[control]\nsocket = "/run/s.sock"\n', agents="[[agent\n")
    assert load_settings(tmp_path).control.socket == "/run/s.sock"
    write(tmp_path, softswitch="[control]\nsocke = 5\n")
    with pytest.raises(ConfigurationError, match="socke: there is no such key"):
        load_settings(tmp_path)
    with pytest.raises(ConfigurationError, match="softswitch init"):
        load_settings(tmp_path / "nowhere")
