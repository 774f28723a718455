"""Which boxes there are, by what agents.toml, voicemail.toml and [voicemail] say."""

from pathlib import Path

from softswitch.app.voicemail_settings import mail_settings, voice_boxes
from softswitch.calls.voice_box import VoiceBox
from softswitch.config import load

AGENTS = """
[[agent]]
id = "anna"
username = "a.phone"
name = "Anna"
password = "kuYb6-tzzQ"
number = "101"
voicemail = {pin = "4711", operator = "", longest_s = 30, email = ["anna@example.com"]}
[[phone]]
id = "hall"
password = "kuYb6-tzzS"
voicemail = {enabled = false}
[[phone]]
id = "lift"
password = "kuYb6-tzzR"
"""
BOXES = """
[[box]]
id = "sales"
number = "190"
members = ["anna", "hall"]
queue = "support"
attach = "none"
keep_days = 30
[[box]]
id = "old"
enabled = false
"""
SETTINGS = """
[voicemail]
extensions = {extensions}
operator = "100"
attach = "opus"
[mail]
server = "smtp.example.com"
sender = "switch@example.com"
security = "tls"
tls_verify = false
"""


def boxes(folder: Path, *, extensions: str) -> dict[str, VoiceBox]:
    (folder / "softswitch.toml").write_text(SETTINGS.format(extensions=extensions))
    (folder / "agents.toml").write_text(AGENTS)
    (folder / "voicemail.toml").write_text(BOXES)
    (folder / "numbers.toml").write_text('[[route]]\nnumber = "1xx"\nflow = "extension"\n')
    (folder / "queues.toml").write_text('[[queue]]\nid = "support"\n')
    return voice_boxes(load(folder))


def test_extensions_have_boxes_where_that_is_wanted(tmp_path: Path) -> None:
    assert list(boxes(tmp_path, extensions="true")) == ["a.phone", "lift", "sales"]
    assert list(boxes(tmp_path, extensions="false")) == ["sales"]


def test_what_a_box_does_not_say_is_as_everywhere(tmp_path: Path) -> None:
    found = boxes(tmp_path, extensions="true")
    assert found["a.phone"] == VoiceBox(
        box="a.phone",
        number="101",
        name="Anna",
        owner="a.phone",
        pin="4711",
        longest_s=30.0,
        mail_to=("anna@example.com",),
        attach="opus",
    )
    assert (found["lift"].operator, found["lift"].longest_s) == ("100", 180.0)
    sales = found["sales"]
    assert sales.members == {"a.phone", "hall"}
    assert (sales.owner, sales.queue, sales.attach, sales.keep_days) == ("", "support", None, 30.0)
    assert sales.is_open_to("a.phone")
    assert not sales.is_open_to("lift")


def test_the_mail_server(tmp_path: Path) -> None:
    boxes(tmp_path, extensions="true")
    settings = mail_settings(load(tmp_path))
    assert (settings.server, settings.sender, settings.security, settings.is_verified) == (
        "smtp.example.com",
        "switch@example.com",
        "tls",
        False,
    )
