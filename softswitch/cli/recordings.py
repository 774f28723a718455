"""`softswitch recordings`: recorded calls and their files, read from the store; the switch need not run."""

import os
from itertools import islice

import click

from softswitch.cli.directory import (
    config_option,
    directory_argument,
    find_directory,
    recordings_directory,
    store_directory,
)
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.words import duration, instant, size
from softswitch.store.schema import StoredRecording


@click.command
@directory_argument
@config_option
@last_option
@json_option
def recordings(directory: str | None, config: str | None, last: int, as_json: bool) -> None:
    """Recorded calls, the newest first."""
    from softswitch.store import open_reader

    found = find_directory(directory or config)
    with open_reader(store_directory(found)) as store:
        rows = list(islice(store.recordings.descending(), last))
    root = recordings_directory(found)
    show_rows(rows, _columns(root), as_json=as_json, empty="No calls have been recorded yet.")
    if rows and not as_json:
        click.echo(f"\nThe files are in {root}")


def _columns(root: str) -> list[Column[StoredRecording]]:
    """`root` is left out of the files' paths."""
    return [
        Column("Began", lambda row: instant(row.started_at)),
        Column("Length", lambda row: duration(row.duration_s), is_number=True),
        Column("Size", lambda row: size(row.size_bytes), is_number=True, is_wide=True),
        Column("From", lambda row: row.calling_number, is_flexible=True),
        Column("Queue", lambda row: row.queue or "", is_wide=True),
        Column("Agent", lambda row: row.agent or "", is_flexible=True),
        Column("File", lambda row: os.path.relpath(row.path, root) if row.path.startswith(root) else row.path),
        Column("Fault", lambda row: row.fault, is_wide=True, style=lambda row: "red"),
    ]
