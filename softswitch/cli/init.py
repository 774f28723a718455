"""`softswitch init`: write a commented configuration to start from."""

import os
import shlex
from zoneinfo import available_timezones

import click

from softswitch.cli.words import count, program


@click.command
@click.argument("directory")
@click.option("--domain", metavar="HOST", help="Address or name phones reach this machine at; otherwise its own IP.")
@click.option("--timezone", metavar="ZONE", help="Of the opening hours (Europe/Berlin); otherwise the machine's.")
def init(directory: str, domain: str | None, timezone: str | None) -> None:
    """Write a commented configuration to start from."""
    from softswitch.app.machine import own_ip
    from softswitch.base.entropy import SystemEntropy
    from softswitch.config import init as write_starter

    if timezone and timezone not in available_timezones():
        raise click.BadParameter(
            'there is no such time zone; write for example "Europe/Berlin" or "UTC"', param_hint="--timezone"
        )
    domain = domain or own_ip()
    paths = write_starter(directory, domain=domain, entropy=SystemEntropy(), timezone=timezone or _own_timezone())
    click.echo(f"{count(len(paths), 'file')} in {directory}: {', '.join(os.path.basename(path) for path in paths)}")
    click.echo(f"1. Start the switch:  {program()} serve {shlex.quote(directory)}")
    click.echo(f"2. Register a phone at {domain}: the top of {os.path.join(directory, 'agents.toml')} says how")


def _own_timezone() -> str:
    """The machine's zone by its name in the tz database; UTC if it does not say."""
    _, separator, zone = os.path.realpath("/etc/localtime").rpartition("/zoneinfo/")
    return zone if separator else "UTC"
