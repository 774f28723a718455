"""`softswitch metrics`: what is counted and measured, in the text format of Prometheus."""

import os

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import json_option, show_json
from softswitch.control.protocol.metrics import GetMetrics, Metrics


@click.command
@directory_argument
@config_option
@click.option("--output", "-o", metavar="FILE", default="", help="Into this file, all at once: for node_exporter.")
@json_option
def metrics(directory: str | None, config: str | None, output: str, as_json: bool) -> None:
    """What is counted and measured, for Prometheus."""
    from softswitch.control.exposition import exposition

    with connect(find_directory(directory or config)) as client:
        answer = client.ask(GetMetrics(), Metrics)
    if as_json:
        show_json(answer.families)
        return
    text = exposition(answer.families).decode()
    if not output:
        click.echo(text, nl=False)
        return
    unfinished = f"{output}.part"
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(unfinished, output)
