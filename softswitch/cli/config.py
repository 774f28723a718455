"""`softswitch config`: the configuration as the switch understands it."""

from collections.abc import Iterator
from typing import cast

import click
import msgspec

from softswitch.cli.check import checked_configuration
from softswitch.cli.directory import config_option, directory_argument, find_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import json_option, show_json


@click.group
def config() -> None:
    """The configuration as the switch understands it."""


@config.command
@directory_argument
@config_option
@click.option("--effective", is_flag=True, help="With every default, and what only this machine knows.")
@click.option("--only", metavar="PATH", default="", help="What begins with it: settings.media, queues.support.")
@json_option
def show(directory: str | None, config: str | None, effective: bool, only: str, as_json: bool) -> None:
    """What is configured, secrets masked."""
    from softswitch.app.machine import own_ip
    from softswitch.config import display

    configuration = checked_configuration(find_directory(directory or config))
    complete = display.effective(configuration.with_own_ip(own_ip()))
    document = complete if effective else display.chosen(configuration)
    beginning = only and f"{only}."
    lines = [(path, value) for path, value in _lines("", document) if f"{path}.".startswith(beginning)]
    if not any(f"{path}.".startswith(beginning) for path, _ in _lines("", complete)):
        raise Failure(f'nothing begins with "{only}": {_nearest(only, complete)}', CONFIGURATION)
    if as_json:
        show_json(document if not only else dict(lines))
    elif not lines:
        click.echo(f"{only} is as it comes: no key is set" if only else "Everything is as it comes: no key is set")
    else:
        for path, value in lines:
            click.echo(f"{path} = {msgspec.json.encode(value).decode()}")


def _nearest(only: str, document: dict[str, object]) -> str:
    """What might have been meant."""
    from softswitch.config.conversion import did_you_mean

    paths = {".".join(path.split(".")[:depth]) for path, _ in _lines("", document) for depth in (1, 2)}
    remedy = did_you_mean(only, paths | {path.removeprefix("settings.") for path in paths}, "")
    named = next((path for path in paths if path == f"settings.{only}"), "")
    return f'Did you mean "{named}"?' if named else remedy or f"there are {', '.join(document)}"


def _lines(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Every value with its path; rows by their names."""
    named: dict[str, object] | None = None
    if isinstance(value, dict):
        named = cast(dict[str, object], value)
    elif isinstance(value, list | tuple) and any(isinstance(each, dict) for each in cast(list[object], value)):
        rows = cast(list[dict[str, object]], value)
        named = {str(row.get("id") or row.get("name") or row.get("number") or n): row for n, row in enumerate(rows)}
    if not named:
        yield path, value
        return
    for key, each in named.items():
        yield from _lines(f"{path}.{key}" if path else key, each)
