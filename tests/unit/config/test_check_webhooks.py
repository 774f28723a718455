"""webhooks.toml: what it refuses, read with the rest of the configuration or alone."""

from pathlib import Path

import pytest

from softswitch.base.errors import ConfigurationError
from softswitch.config import Configuration, differences, load, load_webhooks

URL = 'url = "https://crm.example/hook"'


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ('url = "ftp://crm.example/hook"', "webhook[0].url: this is no address that can be sent to"),
        (f'{URL}\nsecret = "short"', "webhook[0].secret: a secret of fewer than 16 characters can be guessed"),
        (f'{URL}\nkinds = ["nosuch"]', 'webhook[0].kinds[0]: there is no kind of event "nosuch"'),
        (f'{URL}\nproject = "x"', 'webhook[0].project: there is no project "x"'),
        (f'{URL}\n[[webhook]]\nid = "crm"\n{URL}', 'webhook[1].id: there is a webhook "crm" already'),
    ],
)
def test_what_is_refused(tmp_path: Path, row: str, fault: str) -> None:
    (tmp_path / "softswitch.toml").write_text("")
    (tmp_path / "projects.toml").write_text('[[project]]\nid = "acme"\n')
    (tmp_path / "webhooks.toml").write_text(f'[[webhook]]\nid = "crm"\n{row}\n')
    for read in (load, load_webhooks):
        with pytest.raises(ConfigurationError) as error:
            read(tmp_path)
        (found,) = error.value.faults
        assert f"{found.key}: {found.reason}".startswith(fault)


def test_a_reload_names_what_has_changed(tmp_path: Path) -> None:
    def written(text: str) -> Configuration:
        (tmp_path / "softswitch.toml").write_text("")
        (tmp_path / "webhooks.toml").write_text(text)
        return load(tmp_path)

    before = written(f'[[webhook]]\nid = "crm"\n{URL}\nsecret = "0123456789abcdef"\n')
    after = written(f'[[webhook]]\nid = "crm"\n{URL}\nsecret = "0123456789abcdeg"\nbatch = 5\n')
    assert differences(before, after) == ["webhooks.crm.secret: changed", "webhooks.crm.batch: 20 -> 5"]
    assert differences(after, written("")) == ["webhooks.crm: removed"]
