"""Man pages are made of what --help says, one for each command."""

import runpy
from pathlib import Path

import click
import pytest

from softswitch.cli.main import main

SCRIPT = Path(__file__).parents[3] / ".ci" / "man-pages"


def names(group: click.Group, path: str) -> list[str]:
    ctx = click.Context(group)
    found = [path]
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        found += names(command, f"{path}-{name}") if isinstance(command, click.Group) else [f"{path}-{name}"]
    return found


@pytest.mark.filterwarnings("ignore:'click.utils.make_default_short_help'")  # used by click-man, until click 9
def test_every_command_has_its_page(tmp_path: Path) -> None:
    runpy.run_path(str(SCRIPT))["write"](tmp_path)
    assert {page.name for page in tmp_path.iterdir()} == {f"{name}.1" for name in names(main, "softswitch")}
    page = (tmp_path / "softswitch-queues-close.1").read_text()
    assert "Close queues now" in page
    assert "\\-\\-waiting" in page
