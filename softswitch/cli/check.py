"""`softswitch check`: say everything that is wrong with a configuration, without starting anything."""

import sys
from datetime import datetime

import click

from softswitch.base.errors import ConfigurationError
from softswitch.cli.directory import config_option, directory_argument, find_directory
from softswitch.cli.failure import CONFIGURATION
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import count
from softswitch.config import Configuration
from softswitch.config.tariffs import tariff_warnings


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
    for warning in tariff_warnings(configuration, datetime.now().astimezone().date()):
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        show_json([])
    else:
        click.echo(f"{found} is good: {summary(configuration)}")


def checked_configuration(directory: str) -> Configuration:
    """The configuration if files and flows are all good. Raises `ConfigurationError` with every fault."""
    from softswitch.app.certificates import certificate_faults
    from softswitch.app.settings import read
    from softswitch.base.clock import SystemClock

    configuration = read(directory)[0]
    faults = list(certificate_faults(configuration, SystemClock().wall()))
    if faults:
        raise ConfigurationError(faults)
    return configuration


def summary(configuration: Configuration) -> str:
    """What there is, in a few words."""
    parts = (
        (len(configuration.agents), "agent"),
        (len(configuration.phones), "other phone"),
        (len(configuration.queues), "queue"),
        (len(configuration.routes), "number"),
        (len(configuration.menus), "menu"),
        (len(configuration.trunks), "trunk"),
    )
    return ", ".join(count(number, noun) for number, noun in parts if number) or "nothing is configured yet"
