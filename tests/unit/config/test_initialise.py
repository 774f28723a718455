"""`softswitch init`: what it writes is right, complete, and enough to register a phone."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

import softswitch.config
from softswitch.base.entropy import SeededEntropy
from softswitch.base.errors import ConfigurationError
from softswitch.config import init, load
from softswitch.config.conference_rows import RoomRow
from softswitch.config.draft import FILES
from softswitch.config.project_rows import ProjectRow
from softswitch.config.report_rows import ReportRow
from softswitch.config.rows import AgentRow, QueueRow, RouteRow, ScheduleRow
from softswitch.config.settings import Settings
from softswitch.config.survey_rows import SurveyRow
from softswitch.config.tariff_rows import TariffRow
from softswitch.config.trunk_rows import TrunkRow
from softswitch.config.voicemail_rows import BoxRow
from softswitch.config.webhook_rows import WebhookRow


def initialise(directory: Path, *, domain: str = "192.0.2.10", timezone: str = "UTC") -> tuple[str, ...]:
    return init(directory, domain=domain, entropy=SeededEntropy(1), timezone=timezone)


def starter(name: str) -> str:
    return Path(softswitch.config.__file__).with_name("starter").joinpath(name).read_text("utf-8")


def test_what_it_writes_loads_without_a_fault(tmp_path: Path):
    assert initialise(tmp_path / "pbx", timezone="Europe/Moscow") == tuple(str(tmp_path / "pbx" / f) for f in FILES)
    configuration = load(tmp_path / "pbx")
    assert configuration.settings.sip.domain == "192.0.2.10"
    assert [agent.id for agent in configuration.agents] == ["anna", "boris"]
    assert {route.number: route.flow for route in configuration.routes} == {
        "100": "hotline",
        "1xx": "extension",
        "*97": "voicemail",
        "*98": "voicemail",
        "*85!": "desk_log_in",
        "*86": "desk_log_out",
        "*87!": "desk_pause",
        "*88": "desk_resume",
        "*89": "desk_done",
        "*51!": "supervise_listen",
        "*52!": "supervise_whisper",
        "*53!": "supervise_barge",
        "*54!": "supervise_follow",
        "*!": "star_codes",
        "#!": "star_codes",
    }
    assert [(schedule.id, schedule.timezone) for schedule in configuration.schedules] == [("office", "Europe/Moscow")]
    assert configuration.trunks == ()


def test_passwords_differ_and_are_hard_to_guess(tmp_path: Path):
    initialise(tmp_path / "pbx")
    configuration = load(tmp_path / "pbx")
    passwords = {row.password for row in (*configuration.agents, *configuration.phones)}
    assert len(passwords) == 3
    assert all(re.fullmatch("[0-9a-f]{20}", password) for password in passwords)


def test_the_first_lines_of_agents_toml_say_what_to_type_into_a_phone(tmp_path: Path):
    initialise(tmp_path / "pbx")
    anna = load(tmp_path / "pbx").agents[0]
    top = (tmp_path / "pbx" / "agents.toml").read_text().splitlines()[:8]
    for typed in (anna.username, anna.password, "192.0.2.10", "UDP, port 5060"):
        assert any(typed in line for line in top)


def test_only_the_owner_may_read_the_files(tmp_path: Path):
    for path in initialise(tmp_path / "pbx"):
        assert Path(path).stat().st_mode & 0o777 == 0o600


def test_an_empty_directory_is_fine_and_any_other_is_left_alone(tmp_path: Path):
    initialise(tmp_path)
    before = (tmp_path / "agents.toml").read_text()
    with pytest.raises(ConfigurationError, match="the directory is not empty") as error:
        initialise(tmp_path)
    assert len(str(error.value).splitlines()) == 1
    assert (tmp_path / "agents.toml").read_text() == before


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="Not a directory"):
        initialise(tmp_path / "file" / "pbx")


def test_a_domain_that_is_none_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="no address and no host name"):
        initialise(tmp_path / "pbx", domain='x"\n[evil]')
    assert not (tmp_path / "pbx").exists()


def test_the_commented_defaults_of_softswitch_toml_are_the_real_ones_and_complete():
    text = starter("softswitch.toml").replace("$domain", "").replace("$directory", "")
    uncommented = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    assert msgspec.convert(uncommented, Settings) == Settings()
    assert {table: list(keys) for table, keys in uncommented.items()} == {
        section.name: [field.name for field in msgspec.structs.fields(section.type)]
        for section in msgspec.structs.fields(Settings)
    }


@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("projects.toml", ProjectRow),
        ("agents.toml", AgentRow),
        ("queues.toml", QueueRow),
        ("numbers.toml", RouteRow),
        ("schedules.toml", ScheduleRow),
        ("conferences.toml", RoomRow),
        ("trunks.toml", TrunkRow),
        ("voicemail.toml", BoxRow),
        ("surveys.toml", SurveyRow),
        ("reports.toml", ReportRow),
        ("tariffs.toml", TariffRow),
        ("webhooks.toml", WebhookRow),
    ],
)
def test_every_key_of_a_row_is_explained_in_a_line(file: str, row: type[msgspec.Struct]):
    explained = re.findall(r"^#   (\w+)\b", starter(file), flags=re.MULTILINE)
    assert explained == [field.name for field in msgspec.structs.fields(row)]


def test_the_trunk_that_is_shown_as_an_example_is_right(tmp_path: Path):
    initialise(tmp_path / "pbx")
    path = tmp_path / "pbx" / "trunks.toml"
    head, example = path.read_text().split("# [[trunk]]")
    path.write_text(head + re.sub("^# ", "", f"# [[trunk]]{example}", flags=re.MULTILINE))
    (trunk,) = load(tmp_path / "pbx").trunks
    assert trunk.permits("reception")


def test_the_directory_may_have_any_name(tmp_path: Path):
    written: dict[str, Any] = {}
    for path in initialise(tmp_path / "my $PBX"):
        written[Path(path).name] = tomllib.loads(Path(path).read_text())
    assert set(written) == set(FILES)
