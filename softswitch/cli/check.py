"""`softswitch check`: say everything that is wrong with a configuration, without starting anything."""

import sys

import click

from softswitch.base.errors import ConfigurationError, Fault
from softswitch.cli.directory import config_option, directory_argument, find_directory
from softswitch.cli.failure import CONFIGURATION
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import count
from softswitch.config import Configuration


@click.command
@directory_argument
@config_option
@json_option
def check(directory: str | None, config: str | None, as_json: bool) -> None:
    """Say everything that is wrong with a configuration."""
    found = find_directory(directory or config)
    try:
        configuration = checked_configuration(found)
    except ConfigurationError as error:
        if as_json:
            show_json(error.faults)
        else:
            click.echo(str(error), err=True)
            click.echo(f"{count(len(error.faults), 'fault')} in {found}", err=True)
        sys.exit(CONFIGURATION)
    if as_json:
        show_json([])
    else:
        click.echo(f"{found} is good: {summary(configuration)}")


def checked_configuration(directory: str) -> Configuration:
    """The configuration if files, flows and numbers are all good. Raises `ConfigurationError` with every fault."""
    from softswitch.app.settings import dialplan_of
    from softswitch.config import load

    try:
        configuration = load(directory)
    except ConfigurationError as error:
        raise ConfigurationError([*error.faults, *_faults_of_flows(directory)]) from error
    dialplan_of(configuration)
    return configuration


def summary(configuration: Configuration) -> str:
    """What there is, in a few words."""
    parts = (
        (len(configuration.agents), "agent"),
        (len(configuration.phones), "other phone"),
        (len(configuration.queues), "queue"),
        (len(configuration.routes), "number"),
        (len(configuration.trunks), "trunk"),
    )
    return ", ".join(count(number, noun) for number, noun in parts if number) or "nothing is configured yet"


def _faults_of_flows(directory: str) -> list[Fault]:
    """The flows can be looked at even while other files are wrong, if softswitch.toml says where they are."""
    from softswitch.config import load_settings
    from softswitch.dialplan.runtime.loader import check as check_flows

    try:
        settings = load_settings(directory)
    except ConfigurationError:
        return []
    return check_flows([settings.dialplans.directory])
