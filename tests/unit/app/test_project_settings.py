"""What calls, the ACD and the archive are told of projects."""

from pathlib import Path

from softswitch.app.acd_settings import acd_configuration
from softswitch.app.archive import Keeping
from softswitch.app.settings import archive_settings, call_settings
from softswitch.calls.settings import RecordingPolicy
from softswitch.config import Configuration, load

PROJECTS = """
[[project]]
id = "acme"
name = "Acme Ltd"
record = "on_demand"
music = "polka"
keep_recordings_days = 7
max_calls = 30
when_full = "busy"
[[project]]
id = "bolt"
"""
QUEUES = """
[[queue]]
id = "a1"
project = "acme"
[[queue]]
id = "a2"
project = "acme"
music = "waltz"
record = true
recording_format = "flac"
[[queue]]
id = "shared"
"""
PASSWORD = 'password = "kuYb6-tzzQ"\n'
PEOPLE = f"""
[[agent]]
id = "anna"
{PASSWORD}
projects = ["acme"]
[[agent]]
id = "boris"
{PASSWORD}
projects = ["acme"]
queues = ["a2"]
[[agent]]
id = "carl"
{PASSWORD}
[[phone]]
id = "hall"
{PASSWORD}
project = "bolt"
"""


def configuration(directory: Path) -> Configuration:
    texts = {"softswitch": "", "projects": PROJECTS, "queues": QUEUES, "agents": PEOPLE}
    for name, text in texts.items():
        (directory / f"{name}.toml").write_text(text)
    return load(directory)


def test_agents_of_a_project_serve_its_queues_alone(tmp_path: Path) -> None:
    served = {agent.agent_id: agent.queues for agent in acd_configuration(configuration(tmp_path)).agents}
    assert served == {"anna": ("a1", "a2"), "boris": ("a2",), "carl": None}


def test_queues_have_what_they_do_not_say_from_their_project(tmp_path: Path) -> None:
    settings = call_settings(configuration(tmp_path))
    queues = {name: (each.project, each.music, each.recording) for name, each in settings.queues.items()}
    assert queues == {
        "a1": ("acme", "polka", None),
        "a2": ("acme", "waltz", RecordingPolicy.ALWAYS),
        "shared": ("", "default", None),
    }
    acme = settings.projects["acme"]
    assert (acme.name, acme.recording, acme.calls_max, acme.status_when_full) == (
        "Acme Ltd",
        RecordingPolicy.ON_DEMAND,
        30,
        486,
    )
    assert {name: each.projects for name, each in settings.extensions.items() if each.projects} == {
        "anna": ("acme",),
        "boris": ("acme",),
        "hall": ("bolt",),
    }


def test_recordings_are_kept_as_queue_or_project_say(tmp_path: Path) -> None:
    settings = archive_settings(configuration(tmp_path))
    assert settings.projects == {"acme": Keeping(format="wav", days=7), "bolt": Keeping()}
    assert settings.queues == {"a1": Keeping(format="wav", days=7), "a2": Keeping(format="flac", days=7)}
