"""`softswitch reload`: take over a changed configuration, or not at all."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.failure import CONFIGURATION, FAILED, Failure
from softswitch.control.protocol.replies import Reloaded
from softswitch.control.protocol.requests import Reload
from softswitch.control.runtime.client import ControlRefused

_ANSWER_S = 60.0
"""The switch compiles flows and looks up the trunks' host names."""


@click.command
@directory_argument
@config_option
def reload(directory: str | None, config: str | None) -> None:
    """Take over a changed configuration, or not at all."""
    with connect(find_directory(directory or config)) as client:
        try:
            answer = client.ask(Reload(), Reloaded, answer_s=_ANSWER_S)
        except ControlRefused as refused:
            reply = refused.reply
            exit_code = CONFIGURATION if reply.code == "configuration" else FAILED
            raise Failure("\n".join([*reply.faults, reply.message]), exit_code) from refused
    for change in answer.changes:
        click.echo(change)
    if not answer.changes:
        click.echo("No key of the configuration has changed; the flows are loaded anew.")
    for key in answer.restart_needed:
        click.echo(f"Needs a restart of the switch: {key}")
