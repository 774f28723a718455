"""The tree of commands: complete in docs/cli.md, and with the same summaries everywhere."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from softswitch.cli.lazy_group import LazyGroup
from softswitch.cli.main import main

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command under its full name ("agents login")."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        if isinstance(group, LazyGroup) and find_spec(group.lazy_commands[name].module) is None:
            continue
        command = group.get_command(ctx, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands())


def section(name: str) -> str:
    """The part of docs/cli.md about one command."""
    heading = f"## `softswitch {name}"
    parts = [part for part in DOCUMENT.read_text().split("\n## ")[1:] if f"## {part}".startswith(heading)]
    named = [part for part in parts if f"## {part}"[len(heading)] in " `"]
    assert named, f"docs/cli.md has no section {heading}`"
    return named[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_documentation(name: str) -> None:
    text = section(name)
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert f"`{option}" in text, f"docs/cli.md: {name} lacks {option}"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name in main.list_commands(click.Context(main))])
def test_the_summary_in_the_list_is_the_command_s_own(name: str) -> None:
    assert isinstance(main, LazyGroup)
    assert main.lazy_commands[name].summary == COMMANDS[name].get_short_help_str(100)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_works_everywhere_and_fits_80_columns(name: str) -> None:
    result = CliRunner().invoke(main, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_an_unknown_command_is_an_error_of_usage() -> None:
    result = CliRunner().invoke(main, ["explode"])
    assert result.exit_code == 2
    assert "No such command 'explode'" in result.stderr
