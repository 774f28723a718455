"""`softswitch doctor`: what on this machine may keep the switch from working well, and what to do about it."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from softswitch.cli.check import checked_configuration
from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.failure import FAILED
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import count

if TYPE_CHECKING:
    from softswitch.app.doctor.finding import Finding
    from softswitch.control.protocol.replies import Status
    from softswitch.control.protocol.rows import TrunkRow

_MARKS = {"good": ("ok", "green"), "warning": ("warning", "yellow"), "fault": ("fault", "red")}


@click.command
@directory_argument
@config_option
@click.option("--offline", is_flag=True, help="Look up no names, and connect to nobody.")
@json_option
def doctor(directory: str | None, config: str | None, offline: bool, as_json: bool) -> None:
    """Examine this machine for the switch, and say what to do."""
    from softswitch.app.doctor.examination import examine

    found = find_directory(directory or config)
    configuration = checked_configuration(found)
    findings = examine(configuration, _running(found), asks_others=not offline)
    shown = list(findings) if as_json else list(_shown(findings))
    if as_json:
        show_json(shown)
    faults, warnings = (sum(each.level == level for each in shown) for level in ("fault", "warning"))
    if not as_json:
        click.echo(f"{count(faults, 'fault')}, {count(warnings, 'warning')}, {count(len(shown), 'check')} in all")
    if faults:
        sys.exit(FAILED)


def _running(directory: str) -> "tuple[Status, list[TrunkRow]] | None":
    """What the switch of this directory says of itself; None if none runs."""
    from softswitch.control.protocol.replies import Status
    from softswitch.control.protocol.requests import GetStatus
    from softswitch.control.runtime.client import NoSwitchRunning

    try:
        with connect(directory, project="") as client:
            return client.ask(GetStatus(), Status), client.trunks()
    except NoSwitchRunning:
        return None


def _shown(findings: "Iterable[Finding]") -> "Iterable[Finding]":
    """Each is printed as it is found."""
    subject = ""
    for finding in findings:
        if finding.subject != subject:
            subject = finding.subject
            click.secho(subject, bold=True)
        word, colour = _MARKS[finding.level]
        click.echo(f"  {click.style(f'{word:8}', fg=colour)} {finding.what}")
        if finding.remedy:
            click.echo(f"           {finding.remedy}")
        yield finding
