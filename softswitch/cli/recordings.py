"""`softswitch recordings`: recorded calls and their files, and what is being recorded of calls in progress."""

import getpass
import os
from itertools import islice

import click

from softswitch.cli.call_ids import complete_call_id
from softswitch.cli.directory import (
    DirectoryGroup,
    config_option,
    connect,
    find_directory,
    open_records,
    project_option,
    recordings_directory,
)
from softswitch.cli.recording_files import export, hold, release, verify
from softswitch.cli.render import Column, json_option, last_option, show_rows
from softswitch.cli.words import duration, instant, size
from softswitch.control.protocol.replies import RecordingSet
from softswitch.control.protocol.requests import RecordingAction, SetRecording
from softswitch.control.protocol.rows import CallRow
from softswitch.store.schema import StoredRecording


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@project_option
@last_option
@json_option
@click.pass_context
def recordings(ctx: click.Context, config: str | None, project: str, last: int, as_json: bool) -> None:
    """Recorded calls, the newest first."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    found = find_directory(config)
    root = recordings_directory(found)
    with open_records(found, is_for_projects=True) as store:
        of_project = (row for row in store.recordings.descending() if project in ("", row.project))
        rows = list(islice(of_project, last))
    show_rows(rows, _columns(root), as_json=as_json, empty="No calls have been recorded yet.")
    if rows and not as_json:
        click.echo(f"\nThe files are in {root}")


for command in (verify, export, hold, release):
    recordings.add_command(command)

_call_argument = click.argument("call_id")


@recordings.command
@_call_argument
@click.option("--for", "seconds", type=click.FloatRange(min=1), metavar="SECONDS", help="At most so long.")
@config_option
@click.pass_context
def mask(ctx: click.Context, call_id: str, seconds: float | None, config: str | None) -> None:
    """Record silence in place of a call in progress, for a time."""
    row = _set(config or ctx.obj, call_id, "mask", seconds)
    click.echo(f"Call {row.call_id}: what is said is not recorded for {duration(row.masked_s)}, or until unmasked.")


@recordings.command
@_call_argument
@config_option
@click.pass_context
def unmask(ctx: click.Context, call_id: str, config: str | None) -> None:
    """Record what is said in a call again."""
    row = _set(config or ctx.obj, call_id, "unmask")
    click.echo(f"Call {row.call_id}: {_state(row)}.")


@recordings.command
@_call_argument
@config_option
@click.pass_context
def start(ctx: click.Context, call_id: str, config: str | None) -> None:
    """Begin to record a call in progress."""
    row = _set(config or ctx.obj, call_id, "start")
    click.echo(f"Call {row.call_id}: {_state(row)}.")


@recordings.command
@_call_argument
@config_option
@click.pass_context
def stop(ctx: click.Context, call_id: str, config: str | None) -> None:
    """End the recording of a call in progress."""
    row = _set(config or ctx.obj, call_id, "stop")
    click.echo(f"Call {row.call_id}: {_state(row)}.")


def _set(config: str | None, call_id: str, action: RecordingAction, seconds: float | None = None) -> CallRow:
    with connect(find_directory(config)) as client:
        found = complete_call_id(call_id, client.calls())
        return client.ask(SetRecording(found, action, seconds, getpass.getuser()), RecordingSet).call


def _state(row: CallRow) -> str:
    if not row.recording:
        return "not recorded"
    return f"recorded, masked for {duration(row.masked_s)}" if row.masked_s else "recorded"


def _columns(root: str) -> list[Column[StoredRecording]]:
    """`root` is left out of the files' paths."""
    return [
        Column("Began", lambda row: instant(row.started_at)),
        Column("Length", lambda row: duration(row.duration_s), is_number=True),
        Column("Size", lambda row: size(row.size_bytes), is_number=True, is_wide=True),
        Column("From", lambda row: row.calling_number, is_flexible=True),
        Column("Project", lambda row: row.project, is_wide=True),
        Column("Queue", lambda row: row.queue or "", is_wide=True),
        Column("Agent", lambda row: row.agent or "", is_flexible=True),
        Column("Held", lambda row: "held" if row.is_held else "", is_wide=True),
        Column("Masked", lambda row: duration(sum(m.until_s - m.from_s for m in row.masks) or None), is_wide=True),
        Column("File", lambda row: os.path.relpath(row.path, root) if row.path.startswith(root) else row.path),
        Column("Fault", lambda row: row.fault or row.archive_fault, is_wide=True, style=lambda row: "red"),
        Column("Id", lambda row: row.recording_id, is_wide=True),
    ]
