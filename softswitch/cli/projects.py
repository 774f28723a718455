"""`softswitch projects`: client companies, what they have now and what their calls came to."""

import time
from datetime import datetime

import click

from softswitch.calls.project_tallies import ProjectTally, tallies_of
from softswitch.cli.directory import (
    DirectoryGroup,
    config_option,
    connect,
    find_directory,
    project_option,
    store_directory,
)
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.stored_events import instant_of, midnight, since_option, until_option
from softswitch.cli.words import duration
from softswitch.control.protocol.rows import ProjectRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def projects(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Client companies: calls now, limits, queues, agents."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.projects()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No projects: projects.toml has none.")


@projects.command
@project_option
@since_option
@until_option
@config_option
@json_option
@click.pass_context
def stats(
    ctx: click.Context,
    project: str,
    since: datetime | None,
    until: datetime | None,
    config: str | None,
    as_json: bool,
) -> None:
    """What the calls of each came to, from their records; without --since today's."""
    from softswitch.store import open_reader

    from_wall, until_wall = instant_of(since, midnight()), instant_of(until, time.time() + 1)
    with open_reader(store_directory(find_directory(config or ctx.obj), is_for_projects=True)) as store:
        rows = tallies_of(store.cdrs.ascending((from_wall, ""), (until_wall, "")), project)
    show_rows(rows, _TALLY_COLUMNS, as_json=as_json, empty="No calls ended then.")


_COLUMNS: list[Column[ProjectRow]] = [
    Column("Project", lambda row: row.project_id, is_flexible=True),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("Calls", lambda row: f"{row.calls} of {row.max_calls}" if row.max_calls else str(row.calls), is_number=True),
    Column("Refused", lambda row: str(row.refused), is_number=True, style=lambda row: "red" if row.refused else ""),
    Column("Queues", lambda row: str(row.queues), is_number=True),
    Column("Waiting", lambda row: str(row.waiting), is_number=True, style=lambda row: "yellow" if row.waiting else ""),
    Column("Agents", lambda row: str(row.agents), is_number=True),
    Column("Contact", lambda row: row.contact, is_wide=True, is_flexible=True),
]
_TALLY_COLUMNS: list[Column[ProjectTally]] = [
    Column("Project", lambda row: row.project or "(nobody's)", is_flexible=True),
    Column("Calls", lambda row: str(row.calls), is_number=True),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("Queued", lambda row: str(row.in_queues), is_number=True),
    Column("Lost", lambda row: str(row.abandoned_in_queues), is_number=True),
    Column("Elsewhere", lambda row: str(row.elsewhere), is_number=True, is_wide=True),
    Column("Refused", lambda row: str(row.refused), is_number=True),
    Column("Outgoing", lambda row: str(row.outgoing), is_number=True, is_wide=True),
    Column("Connected", lambda row: duration(row.connected_s), is_number=True),
    Column("Waited", lambda row: duration(row.wait_s), is_number=True, is_wide=True),
    Column("Talked", lambda row: duration(row.talk_s), is_number=True),
    Column("Held", lambda row: duration(row.hold_s), is_number=True, is_wide=True),
    Column("Wrap-up", lambda row: duration(row.wrap_up_s), is_number=True, is_wide=True),
    Column("Recordings", lambda row: str(row.recordings), is_number=True, is_wide=True),
]
