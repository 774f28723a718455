"""`softswitch subscriptions`: whose phones are told how others are."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.rows import SubscriptionRow


@click.command
@directory_argument
@config_option
@json_option
def subscriptions(directory: str | None, config: str | None, as_json: bool) -> None:
    """Who watches whom."""
    with connect(find_directory(directory or config)) as client:
        rows = client.subscriptions()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody watches anybody.")


_COLUMNS: list[Column[SubscriptionRow]] = [
    Column("Watcher", lambda row: row.watcher, is_flexible=True),
    Column("Event", lambda row: row.event),
    Column("Of", lambda row: row.resource, is_flexible=True),
    Column("At", lambda row: f"{row.transport} {row.remote}"),
    Column("Expires", lambda row: duration(row.expires_in_s), is_number=True),
]
