"""Where calls can be watched though nobody registers there."""

from pathlib import Path

import pytest

from softswitch.app.settings import sip_settings
from softswitch.config import load


@pytest.mark.parametrize(
    ("parking", "places"),
    [
        ('slots = "701-703"', {"701", "702", "703"}),
        ('slots = "098-099"', {"098", "099"}),
        ('slots = ""', set[str]()),
    ],
)
def test_parking_slots_can_be_watched(tmp_path: Path, parking: str, places: set[str]) -> None:
    (tmp_path / "softswitch.toml").write_text(
        f'[sip]\ndomain = "pbx.example"\n[media]\nip = "192.0.2.1"\n[parking]\n{parking}\n'
    )
    assert sip_settings(load(tmp_path)).places == places
